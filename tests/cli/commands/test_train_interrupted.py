"""`train` with a closed output, or interrupted."""

import os
import subprocess
import sys
import time

import pytest
from slow import mostly_slow
from tiny import OPTIONS as TINY

from charrnn.runs.storage.checkpoint import load


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end differently on Windows")
@mostly_slow(
    ("how", "reader"),
    [("--json -q", "| head -1"), ("", "2>&1 | head -1"), ("", "2>&1 | head -5")],
    one_in=3,
)
def test_a_training_that_nobody_reads_any_more_saves_and_stops(text_file, tmp_path, how, reader):
    out = tmp_path / "r"
    training = f"{sys.executable} -m charrnn train {text_file} {how} -o {out} {' '.join(TINY[:-2])} --steps 100000"
    done = subprocess.run(
        ["bash", "-c", f"{training} {reader}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 141
    assert "Traceback" not in done.stderr
    assert load(out / "last.safetensors").progress.step < 100000
    assert reader == "2>&1 | head -1" or load(out / "last.safetensors").progress.step > 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.slow
def test_sigterm_while_measuring_leaves_nothing_behind(tmp_path, text_file):
    (tmp_path / "t").mkdir()
    command = [sys.executable, "-m", "charrnn", "train", str(text_file), "--time", "300s", "-o", str(tmp_path / "r")]
    process = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(tmp_path / "t")}, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while not list((tmp_path / "t").iterdir()) and time.monotonic() < end:
        time.sleep(0.02)
    assert list((tmp_path / "t").iterdir()), "it measures in a folder of its own"
    process.terminate()
    assert process.wait(20) == 143
    assert list((tmp_path / "t").iterdir()) == []
    assert not (tmp_path / "r").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.slow
def test_json_into_a_full_disk_is_an_error_and_the_training_is_saved(text_file, tmp_path):
    command = [
        sys.executable,
        "-m",
        "charrnn",
        "train",
        str(text_file),
        *TINY,
        "--json",
        "-q",
        "-o",
        str(tmp_path / "r"),
    ]
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, encoding="utf-8", timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("error: standard output: No space left on device")
    assert (tmp_path / "r" / "last.safetensors").is_file()
