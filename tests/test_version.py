"""The version, and the other package named charrnn that the package index has: what is said where both are."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import charrnn
from charrnn.cli.app import ANOTHER
from charrnn.version import REPLACED, __version__

ROOT = Path(__file__).resolve().parents[1]
THEIR_INIT = "__author__ = 'somebody'\nfrom . version import __version__\nfrom . train import *\n"
THEIR_MAIN = "from . cli import command_line\n"


def test_it_stands_in_one_place():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert ROOT / project["tool"]["hatch"]["version"]["path"] == ROOT / "charrnn/version/__init__.py"
    sources = (path for path in (ROOT / "charrnn").rglob("*.py") if path.parent.name != "version")
    assert [path.name for path in sources if re.search(r"__version__ *=", path.read_text("utf-8"))] == []
    assert charrnn.__version__ == __version__


def test_the_changes_begin_with_it():
    text = (ROOT / ".github/CHANGELOG.md").read_text("utf-8")
    assert re.search(r"^## (\S+?),? ", text, re.MULTILINE)[1] == __version__


def test_both_names_of_the_command_start_the_same():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert scripts == dict.fromkeys(("charrnn", "charrnn-numpy"), "charrnn.cli.main:main")


@pytest.fixture
def run(tmp_path):
    """A function that runs Python with a site of its own, whose charrnn is ours, with other files put over it."""
    (tmp_path / "charrnn").mkdir()
    for path in Path(charrnn.__file__).parent.iterdir():
        link(tmp_path / "charrnn" / path.name, path)
    for folder in {Path(name) for name in sys.path if Path(name).name == "site-packages"}:
        for path in folder.iterdir():
            if not path.name.startswith("charrnn"):
                link(tmp_path / path.name, path)

    def run(code, files, *arguments, argv0="charrnn"):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_text(text, "utf-8")
        program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv[0] = {argv0!r}; {code}"
        return subprocess.run([sys.executable, "-I", "-S", "-c", program, *arguments], capture_output=True, text=True)

    return run


def link(new, old):
    if old.name == "__pycache__" or old.suffix == ".pth" or new.exists():
        return
    try:
        new.symlink_to(old)
    except OSError:
        pytest.skip("needs links, which this system gives to administrators alone")


THEIR_FILES = {
    "charrnn/__init__.py": THEIR_INIT,
    "charrnn/__main__.py": THEIR_MAIN,
    "charrnn/version.py": "__version__ = '0.1.1'",
}
MAIN = "from charrnn.cli.main import main; main()"


@pytest.mark.parametrize("name", ["charrnn", "charrnn-numpy"])
@pytest.mark.parametrize("code", [MAIN, "from charrnn.__main__ import main; main()"], ids=["ours", "theirs"])
def test_the_other_one_over_this_one(run, code, name):
    done = run(code, THEIR_FILES, "--version", argv0=f"/usr/bin/{name}")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"error: {REPLACED}\n")


def test_the_other_one_over_this_one_in_a_program(run):
    done = run("import charrnn", THEIR_FILES, argv0="program.py")
    assert done.stderr.splitlines()[-1] == f"ImportError: {REPLACED}"


def test_the_other_one_was_removed_and_took_our_files_along(run):
    done = run(MAIN, {"charrnn/__init__.py": None, "charrnn/__main__.py": None}, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"error: {REPLACED}\n")


def test_this_one_over_the_other_one(run):
    metadata = {"charrnn-0.1.1.dist-info/METADATA": "Metadata-Version: 2.0\nName: charrnn\nVersion: 0.1.1\n"}
    leftovers = {"charrnn/train.py": "raise ImportError", "charrnn/version.py": "raise ImportError"}
    done = run(MAIN, metadata | leftovers, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"charrnn {__version__}\n", f"{ANOTHER}\n")


def test_alone_it_prints_its_version_and_nothing_else(run):
    done = run(MAIN, {}, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"charrnn {__version__}\n", "")
