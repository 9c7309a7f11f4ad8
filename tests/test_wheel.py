"""What `pip install` gets: a wheel with everything that charrnn reads at run time, and not too large."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="needs hatchling, which builds the wheel")
ROOT = Path(__file__).resolve().parents[1]
MAX_BYTES = 6_000_000


def build(target, folder):
    if not (ROOT / "pyproject.toml").exists():
        pytest.skip("needs a checkout, with its pyproject.toml")
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(Path(folder).iterdir())


@pytest.mark.slow
def test_the_wheel_has_what_ships_and_is_small(tmp_path):
    wheel = build("wheel", tmp_path / "wheel")
    assert wheel.stat().st_size < MAX_BYTES
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("corpora", "configs"):
        for path in (ROOT / folder).iterdir():
            assert f"charrnn/{folder}/{path.name}" in names  # models and their cards too
    pages = [path for kind in ("html", "css", "js") for path in (ROOT / "charrnn").rglob(f"*.{kind}")]
    assert len(pages) >= 8
    assert {path.relative_to(ROOT).as_posix() for path in pages} <= names


@pytest.mark.slow
def test_the_source_archive_has_them_too(tmp_path):
    import tarfile

    with tarfile.open(build("sdist", tmp_path / "sdist")) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"corpora/{path.name}" for path in (ROOT / "corpora").iterdir()} <= names


@pytest.mark.slow
@pytest.mark.skipif(
    not (ROOT / "corpora" / "english.safetensors").exists(),
    reason="corpora/english.safetensors is not in this checkout yet",
)
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
