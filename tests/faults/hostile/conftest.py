"""A command in a process of its own, which measures its time and memory; a good checkpoint to make bad ones of."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest
from faults.hostile.judging import DEADLINE, MEASURED
from faults.sealing import small_checkpoint


@dataclass(frozen=True)
class Ended:
    """The result of a command in its own process."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float  # of the processor
    megabytes: float  # at its highest


@pytest.fixture
def command(tmp_path_factory):
    """Run the command line in a process of its own and an empty folder."""
    place = tmp_path_factory.mktemp("measured")

    def run(*arguments):
        result = place / "measured.json"
        result.unlink(missing_ok=True)
        folder = place / "cwd"
        folder.mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, result, *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            cwd=folder,
            timeout=DEADLINE,
            check=False,
            env=os.environ | {"CHARRNN_CACHE_DIR": str(place / "cache")},
        )
        seconds, megabytes = json.loads(result.read_text("utf-8"))
        return Ended(done.returncode, done.stdout, done.stderr, seconds, megabytes)

    run.folder = place
    return run


@pytest.fixture
def place(tmp_path_factory):
    """A folder whose name has no word that the tests look for in messages."""
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """The bytes of a checkpoint with nothing wrong."""
    return small_checkpoint(tmp_path_factory.mktemp("whole") / "whole.safetensors").read_bytes()


@pytest.fixture(scope="session")
def startup(tmp_path_factory):
    """Seconds of the processor until the command line and its libraries are loaded; the least of three."""
    path = small_checkpoint(tmp_path_factory.mktemp("startup") / "whole.safetensors")
    result = path.with_name("measured.json")
    times = []
    for _ in range(3):
        subprocess.run(
            [sys.executable, "-c", MEASURED, result, "sample", path, "-n", "1"], capture_output=True, check=True
        )
        times.append(json.loads(result.read_text("utf-8"))[0])
    return min(times)
