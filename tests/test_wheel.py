"""What `pip install` gets: a wheel with everything that charrnn reads at run time, and not too large."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="needs hatchling, which builds the wheel")
ROOT = Path(__file__).resolve().parents[1]
MAX_BYTES = 6_000_000
ABOUT = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
SUFFIXES = {".py", ".typed", ".md", ".ipynb", ".html", ".css", ".js", ".yaml", ".txt", ".safetensors"}


def build(target, folder):
    if not (ROOT / "pyproject.toml").exists():
        pytest.skip("needs a checkout, with its pyproject.toml")
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(Path(folder).iterdir())


def kept(folder):
    """The files of a folder that git keeps; all but caches where this is no checkout of git."""
    listed = subprocess.run(["git", "ls-files", "-z", "--", folder], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        return {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}
    paths = (path for path in (ROOT / folder).rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    return {path.relative_to(ROOT).as_posix() for path in paths}


@pytest.mark.slow
def test_the_wheel_has_what_ships_and_nothing_else(tmp_path):
    wheel = build("wheel", tmp_path)
    assert wheel.stat().st_size < MAX_BYTES
    files = set(zipfile.ZipFile(wheel).namelist())
    about = {name for name in files if ".dist-info/" in name}
    assert {name.partition("/")[2] for name in about} == ABOUT
    assert files - about == kept("charrnn") | {f"charrnn/{name}" for name in kept("configs") | kept("corpora")}
    assert {Path(name).suffix for name in files - about} == SUFFIXES


@pytest.mark.slow
def test_the_source_archive_has_all_that_it_is_built_and_tested_from(tmp_path):
    with tarfile.open(build("sdist", tmp_path)) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
    needed = set().union(*map(kept, ("charrnn", "configs", "corpora", "tests", ".ci", ".github", ".readme")))
    assert needed | {"README.md", "LICENSE", "pyproject.toml"} <= files
    assert not {name for name in files if name.startswith((".git/", "runs/", "measured/"))}


@pytest.mark.slow
def test_an_installed_charrnn_writes_with_its_model_at_once(tmp_path):
    """From the wheel, unpacked, in an empty folder, with nothing of this checkout on the path."""
    zipfile.ZipFile(build("wheel", tmp_path / "wheel")).extractall(tmp_path / "site")
    (tmp_path / "cwd").mkdir()
    code = "import sys; sys.path.insert(0, site := sys.argv.pop(1)); import charrnn; assert charrnn.__file__.startswith(site); from charrnn.cli.main import main; main()"
    words = ["sample", "builtin:english", "-p", "It was", "-n", "50", "--seed", "1"]
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "site", *words],
        cwd=tmp_path / "cwd",
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.startswith("It was")
    assert len(done.stdout) == len("It was") + 50 + 1
    assert "builtin:english" in done.stderr
    assert not list((tmp_path / "cwd").iterdir())
