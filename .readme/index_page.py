"""The package index shows README.md, where a relative link leads nowhere and `pip install .` installs something else.

Hatchling calls this when it builds.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

CODE = r"^```(?s:.*?)^```$|`[^`\n]+`"
LINK_OR_CODE = re.compile(rf"(?P<image>!?)\[(?P<text>[^]]*)\]\((?P<target>[^)\s]+)\)|{CODE}", re.MULTILINE)
FROM_THE_FOLDER = re.compile(r"(pip install '?)\.(?!\[test\])(?=[\s\[])")  # tests need the folder
CHANGES = ".github/CHANGELOG.md"


def page(root: Path, name: str, address: str, version: str) -> str:
    """README.md and the changes, with links that work from anywhere, to the files of this version at `address`, and
    the name to install.
    """
    tag = f"v{version}"
    readme = absolute((root / "README.md").read_text("utf-8"), root, root / "README.md", address, tag)
    changes = absolute((root / CHANGES).read_text("utf-8"), root, root / CHANGES, address, tag)
    readme = FROM_THE_FOLDER.sub(rf"\g<1>{name}", readme)
    return f"{readme}\n{re.sub('^#', '##', changes, flags=re.MULTILINE)}"


def absolute(text: str, root: Path, file: Path, address: str, tag: str) -> str:
    """The text of a file of this repository, each relative link made absolute; code stays as it is.

    Raises ValueError for a link to what is not there.
    """

    def replaced(link: re.Match[str]) -> str:
        target = link["target"]
        if not target or re.match(r"[a-z]+:", target):  # code, or a link that is absolute
            return link[0]
        name, _, heading = target.partition("#")
        path = (file.parent / name).resolve() if name else file
        if not path.exists():
            raise ValueError(f"{file.name} links to {target}, which is not there")
        kind = "raw" if link["image"] else "tree" if path.is_dir() else "blob"
        anchor = f"#{heading}" if heading else ""
        whole = f"{address}/{kind}/{tag}/{path.relative_to(root.resolve()).as_posix()}{anchor}"
        return f"{link['image']}[{link['text']}]({whole})"

    return LINK_OR_CODE.sub(replaced, text)


class IndexPage(MetadataHookInterface):
    """Fills in what pyproject.toml leaves to it: the page, and all that the repository's address gives."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add `readme`, `authors` and `urls`; the repository's address stands in pyproject.toml, with this hook."""
        address = self.config["repository"]
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": page(Path(self.root), metadata["name"], address, metadata["version"]),
        }
        owner = address.rstrip("/").split("/")[-2]
        metadata["authors"] = [{"name": "the charrnn developers", "email": f"{owner}@users.noreply.github.com"}]
        metadata["urls"] = {
            "Repository": address,
            "Documentation": f"{address}#readme",
            "Issues": f"{address}/issues",
            "Changelog": f"{address}/blob/main/{CHANGES}",
        }
