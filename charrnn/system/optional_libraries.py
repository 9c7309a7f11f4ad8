"""Libraries that only some need: the error where one is missing, and the command that installs it.

They are the extras of pyproject.toml. The command installs into the environment that charrnn runs in, from the place
that charrnn was installed from.
"""

import json
import re
import shutil
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from charrnn.errors import MissingLibraryError
from charrnn.package import FOLDER
from charrnn.system.shell import shell_word

DISTRIBUTION = "charrnn-numpy"


def missing_library(user: str, library: str, extra: str, reason: object = "") -> MissingLibraryError:
    """The error of a `user` that needs a library of an `extra`."""
    found = f" ({reason})" if reason else ""
    return MissingLibraryError(f"{user} needs {library}: {install_command(extra)}{found}")


def install_command(extra: str) -> str:
    """The command that installs an extra, such as `pip install '.[plot]'` in the folder that charrnn came from."""
    try:
        installed = distribution(DISTRIBUTION)
    except PackageNotFoundError:  # it runs from its folder
        installed = None
    return " ".join(map(shell_word, [*_installer(), *_requirements(extra, installed)]))


def _installer() -> list[str]:
    """What installs into this environment: pip if it is the one that the user would start, else its full name."""
    if not find_spec("pip"):
        return ["uv", "pip", "install", "-p", sys.prefix]
    pip = shutil.which("pip")
    is_ours = pip is not None and Path(pip).parent == Path(sys.executable).parent
    return ["pip", "install"] if is_ours else [sys.executable, "-m", "pip", "install"]


def _requirements(extra: str, installed: Distribution | None) -> list[str]:
    """What to install: the extra of the folder or file that charrnn came from, or if that is gone, its libraries."""
    origin = json.loads((installed and installed.read_text("direct_url.json")) or "{}")
    source = _path(origin) if installed else FOLDER.parent
    if source and source.exists():
        name = "." if source == Path.cwd() else str(source)
        editable = ["-e"] if origin.get("dir_info", {}).get("editable") else []
        return [*editable, f"{name}[{extra}]"]
    lines = (installed and installed.requires) or []
    return [line.partition(";")[0].strip() for line in lines if re.search(rf"extra == ['\"]{extra}['\"]", line)]


def _path(origin: dict[str, Any]) -> Path | None:
    """The folder or the file of a direct_url.json (PEP 610); None for what came over a network."""
    url = urlparse(origin.get("url", ""))
    return Path(url2pathname(url.path)) if url.scheme == "file" else None
