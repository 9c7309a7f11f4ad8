"""Checks of every refusal of a hostile file, and its limits of time and memory."""

import os

import pytest

SECONDS = 2.0  # of the processor, beyond what the same command takes for a good file
MEGABYTES = 200
DEADLINE = 100  # seconds by the clock, for a command that would wait for ever
TINY = [
    "model.hidden_size=2",
    "training.batch_size=2",
    "training.sequence_length=8",
    "training.eval_characters=100",
    "training.sample_every=0",
    "runtime.threads=1",
]
TINY_OPTIONS = ["--steps", "1", *(word for setting in TINY for word in ("-s", setting))]
# A process's peak begins, in getrusage, with that of the process that started it; VmHWM does not.
MEASURED = """
import json, os, resource, runpy, sys, time
def peak():
    try:
        lines = open("/proc/self/status").read().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
result = sys.argv.pop(1)
try:
    runpy.run_module("charrnn", run_name="__main__", alter_sys=True)
finally:
    with open(result, "w") as file:
        json.dump([time.process_time(), peak()], file)
"""
MARKS = [
    pytest.mark.faults,
    pytest.mark.skipif(os.name == "nt", reason="pipes, devices and links as Unix has them"),
]


def refused(result, *words):
    """Exit code 1 or 2, one line that begins with `error:`, nothing else."""
    assert result.exit_code in (1, 2), result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    lines = result.stderr.splitlines()
    assert sum(line.startswith("error:") for line in lines) == 1, result.stderr[:2000]
    assert lines[0].startswith("error:")
    assert all(line.startswith("  ") for line in lines[1:]), result.stderr[:2000]  # the mistakes of a configuration
    assert max(map(len, lines)) < 3000  # people read it
    for word in words:
        assert word in " ".join(result.stderr.split()), result.stderr[:2000]


def cheap(result, startup, most=MEGABYTES):
    """Little time, little memory."""
    assert result.seconds - startup < SECONDS
    assert result.megabytes < most


def listing(*folders):
    """Every name below the folders."""
    return sorted(str(path) for folder in folders for path in folder.rglob("*"))


def not_a_file(folder, kind):
    """Special files in the place of a file."""
    path = folder / "c.safetensors"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "link to nothing":
            path.symlink_to(folder / "nothing")
        case "link to itself":
            path.symlink_to(path)
        case _:
            return kind
    return path
