"""A pipe, a device or a socket in a file's place."""

import os
import re
import subprocess

import pytest
from faults.hostile.judging import MARKS, not_a_file, refused

from charrnn.system.files import plain_files

pytestmark = MARKS


PLACES = {
    "sample": ["sample", "PLACE"],
    "plot": ["plot", "PLACE"],
    "export": ["export", "PLACE", "-o", "x.safetensors"],
    "eval": ["eval", "PLACE"],
    "view": ["view", "PLACE", "-o", "x.html"],
    "gradflow": ["gradflow", "PLACE"],
    "gradcheck": ["gradcheck", "--run", "PLACE"],
    "gradcheck -c": ["gradcheck", "-c", "PLACE"],
    "train": ["train", "PLACE", "--dry-run"],
    "train -c": ["train", "-c", "PLACE", "--dry-run"],
    "train --from": ["train", "--from", "PLACE", "--dry-run"],
    "train --resume": ["train", "--resume", "PLACE"],
    "score": ["score", "RUN", "PLACE"],
    "sample --prompt-file": ["sample", "RUN", "--prompt-file", "PLACE"],
    "sample --with": ["sample", "RUN", "--with", "PLACE"],
    "score --against": ["score", "RUN", "builtin:names", "--against", "PLACE"],
}


@pytest.mark.parametrize("arguments", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("kind", ["pipe", "/dev/zero"])
def test_special_files_are_not_waited_for(charrnn, place, whole, monkeypatch, arguments, kind):
    monkeypatch.setattr(plain_files, "PATIENCE", 0.1)
    (place / "run.safetensors").write_bytes(whole)
    path = not_a_file(place, kind)
    given = {"PLACE": path, "RUN": place / "run.safetensors"}
    result = charrnn(*[given.get(word, word) for word in arguments])
    refused(result, str(path))
    there_is = "not a plain file|not a regular file|a pipe to which nobody writes|no such run directory"
    assert re.search(there_is, result.stderr), result.stderr


@pytest.mark.parametrize("name", ["metrics.jsonl", "config.yaml", "best.safetensors", "last.safetensors", "lock"])
def test_a_pipe_within_a_run_directory_is_not_waited_for(charrnn, tiny_run, name):
    (tiny_run / name).unlink()
    os.mkfifo(tiny_run / name)
    for arguments in (
        ["sample", tiny_run, "-n", "3"],
        ["plot", tiny_run],
        ["train", "--resume", tiny_run, "-q", "--steps", "21"],
    ):
        result = charrnn(*arguments)
        assert result.exit_code == 0 or result.stderr.startswith("error: "), result.stderr
    assert charrnn("sample", tiny_run, "-n", "3").exit_code == 0


def test_a_run_directory_with_nothing_but_a_pipe(charrnn, place):
    os.mkfifo(place / "last.safetensors")
    refused(charrnn("sample", place), "last.safetensors: a pipe, not a plain file")


def test_a_pipe_in_the_place_of_a_sweeps_record_is_not_waited_for(charrnn, place, text_file):
    (place / "sweep").mkdir()
    os.mkfifo(place / "sweep" / "sweep.json")
    result = charrnn("sweep", "quick", text_file, "--grid", "training.seed=1,2", "--steps", "1", "-o", place / "sweep")
    refused(result, "sweep.json: cannot be read: a pipe, not a plain file")


def test_a_pipe_to_which_a_command_writes_is_read(charrnn, place, tiny_run):
    """As in `charrnn plot <(zcat events.gz)`."""
    os.mkfifo(place / "events")
    writer = subprocess.Popen(["sh", "-c", f"cat '{tiny_run}/metrics.jsonl' > '{place}/events'"])
    try:
        assert charrnn("plot", place / "events").exit_code == 0
    finally:
        writer.kill()
        writer.wait()
