"""What a hostile checkpoint names: its text, and where a document of it ends."""

import json
import os

import pytest
from faults.hostile.judging import MARKS, TINY_OPTIONS, cheap, refused
from faults.sealing import assembled, contents
from slow import mostly_exhaustive

from charrnn.text import bounded_matching
from charrnn.text.reading import recorded_sources, sources, text_file
from charrnn.text.vocabulary import END

pytestmark = MARKS


def run_naming(folder, whole, *sources, characters=100, **data):
    """A run directory whose checkpoint says that its text is there, with as many characters."""

    def change(record):
        record["text"].update(sources=sources, characters=characters)
        record["config"]["data"].update(data)

    content, record, tensors = contents(whole)
    change(record)
    if "boundary" in data:
        symbols = json.loads(content["__metadata__"]["vocabulary"])
        content["__metadata__"]["vocabulary"] = json.dumps([*symbols[:-1], END])
    folder.mkdir()
    for name in ("last.safetensors", "best.safetensors"):
        (folder / name).write_bytes(assembled(content, record, tensors))
    return folder


READING_ITS_TEXT = {
    "eval": ["eval", "RUN"],
    "view": ["view", "RUN", "-o", "page.html"],
    "sample --novelty": ["sample", "RUN", "--novelty", "-n", "5"],
    "sample --ngram": ["sample", "RUN", "--ngram", "-n", "5"],
    "score --ngram": ["score", "RUN", "builtin:names", "--ngram"],
    "gradflow": ["gradflow", "RUN"],
    "train --resume": ["train", "--resume", "RUN", "--steps", "5"],
}


@pytest.mark.parametrize("arguments", READING_ITS_TEXT.values(), ids=READING_ITS_TEXT)
def test_a_checkpoint_does_not_lead_over_the_disk(charrnn, place, whole, monkeypatch, arguments):
    monkeypatch.setattr(recorded_sources, "MAX_ENTRIES", 50)
    (place / "text").mkdir()
    for number in range(51):
        (place / "text" / f"{number}.txt").write_text("ab\n", "utf-8")
    run = run_naming(place / "run", whole, str(place / "text"))
    result = charrnn(*[run if word == "RUN" else word for word in arguments])
    refused(result, "is not read from where its checkpoint says", "more than 50 files and folders; name it: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_text_named_by_the_user_is_always_read(charrnn, place, whole, monkeypatch):
    monkeypatch.setattr(recorded_sources, "MAX_ENTRIES", 1)
    (place / "text").mkdir()
    for number in range(2):
        (place / "text" / f"{number}.txt").write_text("ab\n" * 50, "utf-8")
    run = run_naming(place / "run", whole, str(place / "text"))
    refused(charrnn("eval", run), "more than 1 files and folders")
    assert charrnn("eval", run, place / "text", "--no-baselines").exit_code == 0
    refused(charrnn("eval", run, "--text", place / "text"), "the text differs from the one that the run was trained on")


@mostly_exhaustive("source", ["/", "/dev", "/**/nothing", "pipe", "/dev/zero", "large"], one_in=3)
def test_a_checkpoint_that_names_a_file_that_is_not_text(command, startup, whole, source):
    path = command.folder / "pipe"
    if source == "pipe":
        os.mkfifo(path)
    if source == "large":
        (command.folder / "large").write_bytes(b"")
        os.truncate(command.folder / "large", 50 << 30)
    named = source if source.startswith("/") else str(command.folder / source)
    result = command("eval", run_naming(command.folder / "run", whole, named))
    refused(result, "is not read from where its checkpoint says", "name it: --text TEXT")
    cheap(result, startup)


def test_no_more_is_read_than_a_checkpoint_says_its_text_had(charrnn, place, whole, monkeypatch):
    from charrnn.runs import recorded_text

    monkeypatch.setattr(recorded_text, "GROWN", 100)
    monkeypatch.setattr(sources, "PIECE", 50)
    (place / "text").mkdir()
    for number in range(9):
        (place / "text" / f"{number}.txt").write_text("ab\n" * 100, "utf-8")
    run, read = run_naming(place / "run", whole, str(place / "text")), []
    opened = text_file.TextFile.read
    monkeypatch.setattr(text_file.TextFile, "read", lambda self, size: read.append(size) or opened(self, size))
    refused(charrnn("eval", run), "more than 200 characters, and so more than it had", "name it: --text TEXT")
    assert sum(size for size in read if size == 50) <= 2 * 350  # of 2,700, for each of the ways to read a folder


@pytest.mark.parametrize(
    "arguments",
    [
        ["score", "RUN", "TEXT"],
        ["eval", "RUN", "TEXT"],
        ["eval", "RUN"],
        ["view", "RUN", "TEXT", "-o", "page.html"],
        ["gradflow", "RUN", "TEXT"],
        ["sample", "RUN", "--novelty", "-n", "5"],
        ["train", "--resume", "RUN", "--steps", "5"],
        ["train", "TEXT", "--from", "RUN", *TINY_OPTIONS, "-o", "new"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_boundary_that_backtracks_too_long(charrnn, place, whole, monkeypatch, arguments):
    monkeypatch.setattr(bounded_matching, "SECONDS", 0.2)
    text = place / "text.txt"
    text.write_text("a" * 60 + "b\n", "utf-8")
    run = run_naming(place / "run", whole, str(text), boundary="(a+)+$")
    given = {"RUN": run, "TEXT": text}
    result = charrnn(*[given.get(word, word) for word in arguments])
    refused(result, "data.boundary='(a+)+$': this expression needed more than 200 ms for 62 characters", "(a+)+")


def test_a_boundary_of_a_configuration_is_bounded_too(charrnn, place, monkeypatch):
    monkeypatch.setattr(bounded_matching, "SECONDS", 0.2)
    (place / "text.txt").write_text("a" * 60 + "b\n", "utf-8")
    refused(charrnn("train", place / "text.txt", "-s", "data.boundary=(a+)+$", "--dry-run"), "data.boundary='(a+)+$'")
