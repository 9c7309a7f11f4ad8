"""The page that the package index shows: README.md and the changes, with links that work from there."""

import re
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from charrnn.version import __version__

pytest.importorskip("hatchling", reason="needs hatchling, which builds the page")
ROOT = Path(__file__).resolve().parents[1]
ADDRESS = "https://host.example/owner/charrnn"
spec = spec_from_file_location("index_page", ROOT / ".readme/index_page.py")
index_page = module_from_spec(spec)
spec.loader.exec_module(index_page)
PAGE = index_page.page(ROOT, "charrnn-numpy", ADDRESS, __version__)


def targets(text):
    """Each link and image of a Markdown text: its kind and where it leads."""
    tokens = [child for token in MarkdownIt("commonmark").enable("table").parse(text) for child in token.children or ()]
    names = {"link_open": "href", "image": "src"}
    return [(token.type, token.attrs[names[token.type]]) for token in tokens if token.type in names]


def test_every_link_is_absolute_and_leads_to_a_file_of_this_version():
    for kind, target in targets(PAGE):
        if not target.startswith(ADDRESS):
            assert target.startswith("https://"), target
            continue
        found = re.fullmatch(rf"{ADDRESS}/(raw|blob|tree)/v{re.escape(__version__)}/([^#]+)(#.*)?", target)
        assert found, target
        path = ROOT / found[2]
        assert path.exists(), target
        assert found[1] == ("raw" if kind == "image" else "tree" if path.is_dir() else "blob")


def test_what_to_install_is_found_from_anywhere():
    installs = set(re.findall(r"pip install [^\s`]+", PAGE))
    assert installs == {
        "pip install charrnn",  # the other one, which the page warns of
        "pip install charrnn-numpy",
        "pip install 'charrnn-numpy[write]'",
        "pip install 'charrnn-numpy[serve]'",
        "pip install '.[test]'",  # in the folder, where the tests are
    }


def test_nothing_else_differs():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(targets(readme)) > 40
    undone = re.sub(rf"{ADDRESS}/(raw|blob|tree)/v[^/]+/", "", PAGE).replace("](README.md#", "](#")
    undone = undone.replace("charrnn-numpy", ".")
    assert undone.startswith(readme)


def test_the_changes_are_below():
    assert PAGE.index("## Changes\n") < PAGE.index(f"### {__version__}")


def test_code_stays_as_it_is():
    text = "`[a](b)` and\n\n```text\n[a](b)\n```\n"
    assert index_page.absolute(text, ROOT, ROOT / "README.md", ADDRESS, "v1") == text


def test_a_link_to_nothing_stops_the_build():
    with pytest.raises(ValueError, match=r"README\.md links to no/file\.md, which is not there"):
        index_page.absolute("[a](no/file.md)", ROOT, ROOT / "README.md", ADDRESS, "v1")


def test_the_repository_s_address_stands_in_one_place():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    address = project["tool"]["hatch"]["metadata"]["hooks"]["custom"]["repository"]
    metadata = {"name": "charrnn-numpy", "version": __version__}
    index_page.IndexPage(str(ROOT), {"repository": address}).update(metadata)
    assert all(url.startswith(address) for url in metadata["urls"].values())
    assert set(project["project"]["dynamic"]) == set(metadata) - {"name"}
    written = [*(ROOT / "charrnn").rglob("*.py"), *ROOT.rglob("*.md"), *(ROOT / ".github").rglob("*")]
    assert [str(path) for path in written if path.is_file() and address in path.read_text("utf-8")] == []


def test_the_index_would_show_it():
    markdown = pytest.importorskip(
        "readme_renderer.markdown", reason="needs readme_renderer: pip install --group release"
    )
    shown = markdown.render(PAGE)
    assert shown.count("<img") == PAGE.count("![")
    assert "<table>" in shown
