"""Files made to do harm: each is refused in one line, soon and in little memory, and nothing is written.

Where time or memory is what the file is after, the command runs in a process of its own, which measures both itself;
the rest runs here.
"""

import bz2
import gzip
import hashlib
import json
import lzma
import math
import os
import pickle
import re
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from faults.sealing import assembled, contents, described, parts, sealed, small_checkpoint

from charrnn.errors import CheckpointError, TextError
from charrnn.runs.storage import checkpoint as checkpoints
from charrnn.system import plain_files
from charrnn.text import bounded_matching, cache, corpus, source_text
from charrnn.text.reading import recorded_sources, sources, text_file
from charrnn.text.splits import Split
from charrnn.text.vocabulary import END

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

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(os.name == "nt", reason="pipes, devices and links as Unix has them"),
]


@dataclass(frozen=True)
class Ended:
    """What a command in its own process came to."""

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
            text=True,
            cwd=folder,
            timeout=DEADLINE,
            check=False,
            env=os.environ | {"CHARRNN_CACHE_DIR": str(place / "cache")},
        )
        seconds, megabytes = json.loads(result.read_text())
        return Ended(done.returncode, done.stdout, done.stderr, seconds, megabytes)

    run.folder = place
    return run


@pytest.fixture
def place(tmp_path_factory):
    """A folder whose name, which messages show, holds no word of the test's."""
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
        times.append(json.loads(result.read_text())[0])
    return min(times)


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


# Checkpoints


def with_header(change):
    """A case: the header's JSON after `change`, which alters or replaces it, and a digest that is right."""

    def made(whole):
        content, _, data = contents(whole)
        return sealed(described(change(content) or content), data)

    return made


def with_record(change):
    """A case: the record after `change`, which alters or replaces it, and a digest that is right."""

    def made(whole):
        content, record, data = contents(whole)
        changed = change(record)
        return assembled(content, record if changed is None else changed, data)

    return made


def with_tensor(name, **fields):
    """A case: a tensor of the header described otherwise."""
    return with_header(lambda content: content[name].update(fields))


def with_text(old, new):
    """A case: the header's text with something replaced, where JSON itself would not do."""

    def made(whole):
        header, data = parts(whole)
        assert old in header
        return sealed(header.replace(old, new, 1), data)

    return made


def with_length(length):
    """A case: another length written for the header."""
    return lambda whole: sealed(*parts(whole), length=length)


def with_numbers(value):
    """A case: every number of every tensor replaced, and a digest that is right."""

    def made(whole):
        header, data = parts(whole)
        return sealed(header, np.full(len(data) // 4, value, "<f4").tobytes())

    return made


def with_vocabulary(symbols):
    """A case: other symbols, in JSON that stays short enough to be read, and a digest that is right."""
    text = json.dumps(symbols, ensure_ascii=False, separators=(",", ":"))
    return with_header(lambda content: content["__metadata__"].update(vocabulary=text))


def letters(size):
    """So many different symbols, of four bytes each."""
    return [chr(0x10000 + number) for number in range(size)]


def npz(_):
    from io import BytesIO

    file = BytesIO()
    np.savez(file, state=np.zeros(3))
    return file.getvalue()


CHECKPOINTS = {
    "length 0": (with_length(0), "damaged"),
    "length 1": (with_length(1), "damaged"),
    "length 2^63": (with_length(1 << 63), "cut off"),
    "length 2^64 - 1": (with_length((1 << 64) - 1), "cut off"),
    "length past the end": (lambda whole: sealed(*parts(whole), length=len(whole)), "cut off"),
    "length of the file": (lambda whole: sealed(*parts(whole), length=len(whole) - 8), "damaged"),
    "header of 5 MB of spaces": (lambda whole: sealed(b"{}" + b" " * 5_000_000), "at most"),
    "product past 64 bits": (with_tensor("state", shape=[1 << 32, 1 << 32, 1]), "shape"),
    "product that wraps round to the right one": (with_tensor("state", shape=[1 << 63, 2, 1]), "shape"),
    "negative sizes": (with_tensor("state", shape=[1, -1, -2]), "impossible shape"),
    "a truth as a size": (with_tensor("state", shape=[True, 1, 2]), "impossible shape"),
    "a fraction as a size": (with_tensor("state", shape=[1.0, 1, 2]), "impossible shape"),
    "a text as a size": (with_tensor("state", shape=["1", 1, 2]), "impossible shape"),
    "no list of sizes": (with_tensor("state", shape=2), "not safetensors"),
    "a hundred sizes": (with_tensor("state", shape=[1] * 99 + [2]), "impossible shape"),
    "nothing of 10^18": (with_tensor("state", shape=[0, 10**18], data_offsets=[0, 0]), ""),
    "a size of 4,000 digits": (with_tensor("state", shape=[10**4000, 0], data_offsets=[0, 0]), ""),
    "overlapping": (with_header(lambda content: content["state"].update(content["parameters.b_h"])), "overlap"),
    "all of the file for each": (with_tensor("state", shape=[0], data_offsets=[4, 4]), "damaged"),
    "gap": (with_header(lambda content: content.pop("parameters.W_hh") and None), "gaps"),
    "negative offsets": (with_tensor("state", data_offsets=[-8, 0]), "overlap"),
    "offsets past the end": (with_tensor("state", data_offsets=[1 << 40, (1 << 40) + 8]), "gaps"),
    "offsets backwards": (with_tensor("state", shape=[0], data_offsets=[8, 0]), "length in bytes"),
    "offsets of 4,000 digits": (with_tensor("state", data_offsets=[0, 10**4000]), "length in bytes"),
    "three offsets": (with_tensor("state", data_offsets=[0, 4, 8]), "not safetensors"),
    "BF16": (with_tensor("state", dtype="BF16"), "'BF16'"),
    "PYTHON": (with_tensor("state", dtype="PYTHON"), "'PYTHON'"),
    "dtype null": (with_tensor("state", dtype=None), "not safetensors"),
    "another precision": (with_tensor("state", dtype="I64", shape=[1, 1, 1]), "state has shape"),
    "a name of 100,000 letters": (with_header(lambda content: {**content, "x" * 100_000: 1}), "not safetensors"),
    "a name that moves the cursor": (with_header(lambda content: {**content, "\x1b[2J\n": 1}), "not safetensors"),
    "two tensors of a name": (with_text(b'"state":', b'"parameters.b_h":'), "twice"),
    "two metadata of a name": (with_text(b'"charrnn":', b'"charrnn":"","charrnn":'), "twice"),
    "two lists of metadata": (with_text(b'"state":', b'"__metadata__":{},"state":'), "twice"),
    "metadata that is a list": (with_text(b'"__metadata__":{', b'"__metadata__":[{'), "damaged"),
    "metadata of numbers": (with_header(lambda content: content["__metadata__"].update(n=3)), "metadata"),
    "metadata of lists": (with_header(lambda content: content["__metadata__"].update(n=["a"])), "metadata"),
    "no record": (with_header(lambda content: content["__metadata__"].pop("charrnn") and None), "not a checkpoint"),
    "a record that is no JSON": (with_record(lambda _: "{"), "record is not valid"),
    "a record that is half a surrogate pair": (with_record(lambda _: "\ud800"), ""),
    "a record nested 100,000 deep": (with_record(lambda _: "[" * 100_000), "record is not valid"),
    "a record of objects nested deep": (with_record(lambda _: '{"config":' * 50_000), "record is not valid"),
    "a record with a line's end in a key": (with_record(lambda record: record.update({"a\nb\x1b[2J": 1})), "not valid"),
    "a record with a key of 100,000 letters": (with_record(lambda record: record.update({"x" * 100_000: 1})), ""),
    **{  # that a training which went on could not write again
        f"a {name} of 10^15": (with_record(lambda record, name=name: record.update({name: 10**15})), "larger than in any training")
        for name in ("updates", "position")
    },
    "10^15 stalls": (with_record(lambda record: record["progress"].update(stalls=10**15)), "larger than in any training"),
    "a level of 10^14": (with_record(lambda record: record["progress"]["level"].update(mean=1e14)), "larger than in any training"),
    "a step of 400 digits": (with_record(lambda record: record["progress"].update(step=10**400)), "not valid"),
    "updates of 400 digits": (with_record(lambda record: record.update(updates=10**400)), "not valid"),
    "a position of 400 digits": (with_record(lambda record: record.update(position=10**400)), "not valid"),
    "header nested 100,000 deep": (lambda whole: sealed(b"[" * 100_000 + b"]" * 100_000), "not JSON"),
    "header that is a list": (lambda whole: sealed(b"[]"), "not a JSON object"),
    "header with NaN": (with_text(b'"shape":[1,', b'"shape":[NaN,'), "NaN"),
    "header with a number of 5,000 digits": (with_text(b'"shape":[1,', b'"shape":[' + b"1" * 5000 + b","), "not JSON"),
    "header that is not UTF-8": (with_text(b'"state"', b'"st\xffte"'), "not JSON"),
    "a vocabulary of 300,000": (with_vocabulary(letters(300_000)), "vocabulary"),
    "hidden_size 65536": (with_record(lambda record: record["config"]["model"].update(hidden_size=65536)), "65536"),
    "hidden_size 65537": (with_record(lambda record: record["config"]["model"].update(hidden_size=65537)), "not valid"),
    "64 layers": (with_record(lambda record: record["config"]["model"].update(num_layers=64)), "lacks the tensor"),
    "a batch of 2^24": (with_record(lambda record: record["config"]["training"].update(batch_size=1 << 24)), "state"),
    "NaN": (with_numbers(np.nan), "not finite"),
    "infinity": (with_numbers(-np.inf), "not finite"),
    "no digest": (with_text(b'"sha256"', b'"sha25x"'), "no digest"),
    "the digest of another file": (lambda whole: whole[:-1] + bytes([whole[-1] ^ 1]), "digest"),
    "a digest of zeros": (lambda whole: whole.replace(whole[35:99], b"0" * 64), "digest"),
    "a pickle": (lambda _: pickle.dumps({"state": np.zeros(3)}), "damaged"),
    "a zip": (npz, "damaged"),
    "nothing": (lambda _: b"", "damaged"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHECKPOINTS)
def test_checkpoints(charrnn, tmp_path, place, whole, case):
    make, words = CHECKPOINTS[case]
    (place / "c.safetensors").write_bytes(make(whole))
    before = listing(place, tmp_path)
    result = charrnn("sample", place / "c.safetensors", "-n", "3")
    refused(result, "c.safetensors", words)
    assert len(result.stderr.splitlines()) == 1
    assert listing(place, tmp_path) == before


def test_the_checkpoint_that_those_are_made_of_is_a_good_one(charrnn, tmp_path, whole):
    unchanged = [whole, with_record(lambda _: None)(whole), with_header(lambda _: None)(whole), sealed(*parts(whole))]
    for content in unchanged:
        (tmp_path / "c.safetensors").write_bytes(content)
        assert charrnn("sample", tmp_path / "c.safetensors", "-n", "3").exit_code == 0


def large_shapes(content):
    """A network of 65536 units, in a file of 2 kB."""
    end = 0
    for name, tensor in content.items():
        if name != "__metadata__":
            tensor["shape"] = [65536 if size == 2 else size for size in tensor["shape"]]
            start, end = end, end + 4 * math.prod(tensor["shape"])
            tensor["data_offsets"] = [start, end]


LARGE_CHECKPOINTS = {
    "340,000 fields in the record": with_record(lambda record: record.update({f"{n:x}": 0 for n in range(340_000)})),
    "260,000 numbers as a vocabulary": with_vocabulary([1] * 260_000),
    "340,000 wrong versions": with_record(lambda record: record.update(versions={f"{n:x}": 0 for n in range(340_000)})),
    "500,000 objects in the header": with_header(lambda content: {**content, "x": [{"": 0}] * 500_000}),
    "60,000 tensors": with_header(
        lambda content: {
            **content,
            **{f"{n:x}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(60_000)},
        }
    ),
    "a header of 4 MB in letters of four bytes": with_header(
        lambda content: {**content, "x": "\U0001f600" * 1_000_000}
    ),
    "a vocabulary of 262,144": with_vocabulary(letters(262_144)),
    "65536 units in the header": with_header(large_shapes),
}


@pytest.mark.parametrize("case", LARGE_CHECKPOINTS)
def test_checkpoints_that_are_after_memory_or_time(command, startup, whole, case):
    path = command.folder / "c.safetensors"
    path.write_bytes(LARGE_CHECKPOINTS[case](whole))
    before = listing(command.folder)
    result = command("sample", path, "-n", "3")
    refused(result, "c.safetensors")
    cheap(result, startup)
    assert set(listing(command.folder)) <= {*before, str(command.folder / "cwd"), str(command.folder / "measured.json")}


@pytest.mark.parametrize("tail", ["zeros", "a whole checkpoint and zeros"])
def test_a_file_of_50_gb_that_takes_no_room(command, startup, whole, tail):
    path = command.folder / "c.safetensors"
    path.write_bytes(b"" if tail == "zeros" else whole)
    try:
        os.truncate(path, 50 << 30)
    except OSError:
        pytest.skip("this file system has no such files")
    result = command("sample", path, "-n", "3")
    refused(result, "c.safetensors: damaged")
    cheap(result, startup)


def not_a_file(folder, kind):
    """What stands under a file's name without being one."""
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


NO_FILES = ["folder", "pipe", "link to nothing", "link to itself", "/dev/zero", "/dev/urandom"]


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("arguments", [["sample"], ["train", "--dry-run", "-c"], ["train", *TINY_OPTIONS, "-o", "run"]])
def test_what_is_no_file(command, startup, kind, arguments):
    path = not_a_file(command.folder, kind)
    result = command(*arguments, path)
    refused(result, str(path))
    cheap(result, startup)
    assert listing(command.folder / "cwd") == []


def test_a_checkpoint_that_shrinks_while_it_is_read(tmp_path, monkeypatch):
    path = small_checkpoint(tmp_path / "c.safetensors", "model.hidden_size=128")

    class Shrinking(checkpoints.SafetensorsReader):
        def read(self):
            os.truncate(path, path.stat().st_size // 2)
            return super().read()

    monkeypatch.setattr(checkpoints, "SafetensorsReader", Shrinking)
    with pytest.raises(CheckpointError, match="became shorter"):
        checkpoints.load(path)


# What a checkpoint names: its text, and where a document of it ends


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
        (place / "text" / f"{number}.txt").write_text("ab\n")
    run = run_naming(place / "run", whole, str(place / "text"))
    result = charrnn(*[run if word == "RUN" else word for word in arguments])
    refused(result, "is not read from where its checkpoint says", "more than 50 files and folders; name it: ")
    assert len(result.stderr.splitlines()) == 1


def test_what_the_user_names_is_read_all_the_same(charrnn, place, whole, monkeypatch):
    monkeypatch.setattr(recorded_sources, "MAX_ENTRIES", 1)
    (place / "text").mkdir()
    for number in range(2):
        (place / "text" / f"{number}.txt").write_text("ab\n" * 50)
    run = run_naming(place / "run", whole, str(place / "text"))
    refused(charrnn("eval", run), "more than 1 files and folders")
    assert charrnn("eval", run, place / "text", "--no-baselines").exit_code == 0
    refused(charrnn("eval", run, "--text", place / "text"), "the text differs from the one that the run was trained on")


@pytest.mark.parametrize("source", ["/", "/dev/zero", "/dev", "pipe", "/**/nothing", "large"])
def test_a_checkpoint_that_names_what_is_no_text(command, startup, whole, source):
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
    from charrnn.runs.planning import run_text

    monkeypatch.setattr(run_text, "GROWN", 100)
    monkeypatch.setattr(sources, "PIECE", 50)
    (place / "text").mkdir()
    for number in range(9):
        (place / "text" / f"{number}.txt").write_text("ab\n" * 100)
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
def test_a_boundary_that_tries_too_many_ways(charrnn, place, whole, monkeypatch, arguments):
    monkeypatch.setattr(bounded_matching, "SECONDS", 0.2)
    text = place / "text.txt"
    text.write_text("a" * 60 + "b\n")
    run = run_naming(place / "run", whole, str(text), boundary="(a+)+$")
    given = {"RUN": run, "TEXT": text}
    result = charrnn(*[given.get(word, word) for word in arguments])
    refused(result, "data.boundary='(a+)+$': this expression was not done with 62 characters", "(a+)+")


def test_a_boundary_of_a_configuration_is_bounded_too(charrnn, place, monkeypatch):
    monkeypatch.setattr(bounded_matching, "SECONDS", 0.2)
    (place / "text.txt").write_text("a" * 60 + "b\n")
    refused(charrnn("train", place / "text.txt", "-s", "data.boundary=(a+)+$", "--dry-run"), "data.boundary='(a+)+$'")


# Numbers that are finite, and too large to compute with

NUMBERS = {
    "3e38": lambda n: np.full(n, 3e38),
    "3e38 and -3e38": lambda n: np.where(np.arange(n) % 2, 3e38, -3e38),
    "up to 1e12": lambda n: np.random.default_rng(0).uniform(-1e12, 1e12, n),
    "denormal": lambda n: np.full(n, 1e-42),
}
NETWORKS = {
    "relu": ["model.nonlinearity=relu"],
    "relu, three layers": ["model.nonlinearity=relu", "model.num_layers=3"],
    "gru, deep": ["model.cell=gru", "model.readout=deep", "model.num_layers=2"],
    "lstm, dropout": [
        "model.cell=lstm",
        "model.dropout=0.3",
        "model.weight_dropout=0.2",
        "training.label_smoothing=0.1",
    ],
}
COMPUTING = [
    ["sample", "RUN", "-n", "9", "--count", "2", "--rerank", "3"],
    ["sample", "RUN", "-n", "9", "-t", "0", "--trace", "--novelty"],
    ["score", "RUN", "TEXT"],
    ["eval", "RUN", "--dynamic"],
    ["view", "RUN", "TEXT", "-o", "page.html"],
    ["gradflow", "RUN", "TEXT", "--lags", "20"],
    ["gradcheck", "--run", "RUN", "--entries", "2"],
    ["export", "RUN", "-o", "weights.safetensors"],
    ["train", "TEXT", "--from", "RUN", "--steps", "2", "-q", "-o", "new"],
    ["train", "--resume", "RUN", "--steps", "6", "-q"],
]


@pytest.mark.parametrize("numbers", NUMBERS)
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_numbers_that_overflow_end_in_an_error_and_no_warning(charrnn, tmp_path, network, numbers):
    text = tmp_path / "text.txt"
    text.write_text("abba\nab\n" * 40)
    header, data = parts(small_checkpoint(tmp_path / "c.safetensors", *NETWORKS[network]).read_bytes())
    made = sealed(header, NUMBERS[numbers](len(data) // 4).astype("<f4").tobytes())
    content, record, data = contents(made)
    record["text"] = {
        "sources": [str(text)],
        "sha256": hashlib.sha256(text.read_bytes()).hexdigest(),
        "characters": len(text.read_text()),
    }
    (tmp_path / "run").mkdir()
    for name in ("last.safetensors", "best.safetensors"):
        (tmp_path / "run" / name).write_bytes(assembled(content, record, data))
    for arguments in COMPUTING:
        result = charrnn(*[{"RUN": tmp_path / "run", "TEXT": text}.get(word, word) for word in arguments])
        assert "Warning" not in result.stderr
        if result.exit_code:
            assert result.exit_code == 1
            assert result.stderr.splitlines()[-1].startswith("error: "), arguments
        if numbers == "3e38" and network == "relu" and arguments[0] in ("sample", "score", "view"):
            refused(result, "no longer a finite number")


# Where a pipe, a device or a socket stands in a file's place

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
def test_what_is_no_plain_file_is_not_waited_for(charrnn, place, whole, monkeypatch, arguments, kind):
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


# Configurations

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)
CONFIGURATIONS = {
    "alias bomb": (BOMB.encode(), "alias"),
    "an alias of itself": (b"model: &a {hidden_size: *a}", "alias"),
    "a merge of itself": (b"model: &a {<<: *a}", "alias"),
    "10 MB": (b"model:\n  hidden_size: 5\n" * 400_000, "at most"),
    "100,000 letters in one value": (b"model: {cell: " + b"x" * 100_000 + b"}", "at most"),
    "lists nested 30,000 deep": (b"model: " + b"[" * 30_000 + b"]" * 30_000, "nested too deeply"),
    "mappings nested 10,000 deep": (b"{a: " * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
    "items nested 30,000 deep": (b"model:\n  " + b"- " * 30_000 + b"x", "nested too deeply"),
    "keys nested 20,000 deep": (b"? " * 20_000 + b"x", "not YAML"),
    "five sections deep": (b"model: {a: {b: {c: {d: 1}}}}", "nested too deeply"),
    "a function of Python": (b"model: !!python/object/apply:os.system [touch harmed]", ""),
    "a module of Python": (b"model: {cell: !!python/name:os.system }", "not YAML"),
    "a tag that does not suit": (b"model: {cell: !!timestamp foo, num_layers: !!bool foo}", "not YAML"),
    "binary": (b"model: {cell: !!binary aGVsbG8=}", "model.cell"),
    "NULs": (b"model:\0 {}\0", "not YAML"),
    "only NULs": (b"\0" * 10_000, "not YAML"),
    "not UTF-8": (b"model: {cell: caf\xe9}", "not UTF-8"),
    "half of a surrogate pair": (b"model: {cell: \xed\xa0\x80}", "not UTF-8"),
    "an escaped half of one": (b'model: {cell: "\\uD800"}', ""),
    "UTF-16": ("model: {cell: rnn}".encode("utf-16"), "not UTF-8"),
    "an integer of 20,000 digits": (b"training: {steps: " + b"9" * 20_000 + b"}", "c.yaml"),
    "an integer of 4,000 digits": (b"training: {steps: " + b"9" * 4_000 + b"}", "training.steps"),
    "a number of 20,000 zeros": (b"training: {epochs: 0." + b"0" * 20_000 + b"}", "training.epochs"),
    "1e400": (b"training: {learning_rate: 1e400}", "finite"),
    "not a number": (b"training: {learning_rate: .nan}", "finite"),
    "an exponent of 10,000 digits": (b"training: {learning_rate: 1e" + b"9" * 10_000 + b"}", "finite"),
    "10,000 unknown keys": (b"".join(b"%x:\n" % n for n in range(10_000)), "9,980 more"),
    "8,000 unknown keys of a section": (b"model: {" + b"".join(b"%x: ," % n for n in range(8_000)) + b"}", "more"),
    "a key 15,000 times": (b"a:\n" * 15_000, "more"),
    "a key of 1,000 letters": (b"x" * 1_000 + b": 1", "a key of 1,000 characters"),
    "a key that moves the cursor": (b'"a\\nb\\e[2J": 1', "no such key"),
    "a list as a key": (b"? [a, b]\n: 1", ""),
    "a value that moves the cursor": (b'model: {cell: "\\e[2J\\n"}', "model.cell"),
    "keys twice": (b"training: {seed: 1, seed: 2}", "written twice"),
    "sections twice": (b"model: {}\nmodel: {}\n", "written twice"),
    "two documents": (b"model: {}\n---\nmodel: {}\n", "not YAML"),
    "an encoding that is a path": (b"data: {encoding: ../../os}", "data.encoding"),
    "an encoding that is no text": (b"data: {encoding: bz2}", "data.encoding"),
    "an encoding with a NUL": (b'data: {encoding: "utf-8\\0"}', "data.encoding"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_configurations(charrnn, tmp_path, place, text_file, case):
    content, words = CONFIGURATIONS[case]
    (place / "c.yaml").write_bytes(content)
    before = listing(place, tmp_path)
    refused(charrnn("train", text_file, "-c", place / "c.yaml", "--dry-run"), "c.yaml", words)
    assert listing(place, tmp_path) == before


@pytest.mark.parametrize(
    "case",
    [
        "10 MB",
        "lists nested 30,000 deep",
        "keys nested 20,000 deep",
        "10,000 unknown keys",
        "a key 15,000 times",
        "NULs",
    ],
)
def test_configurations_that_are_after_memory_or_time(command, startup, case):
    path = command.folder / "c.yaml"
    path.write_bytes(CONFIGURATIONS[case][0])
    result = command("train", "-c", path, "--dry-run")
    refused(result, "c.yaml")
    cheap(result, startup)


def test_a_configuration_of_50_gb_that_takes_no_room(command, startup):
    path = command.folder / "c.yaml"
    path.write_bytes(b"")
    os.truncate(path, 50 << 30)
    result = command("train", "-c", path, "--dry-run")
    refused(result, "53,687,091,200 bytes")
    cheap(result, startup)


# Texts

LINE = b"the cat sat on the mat\n"
TEXTS = {
    "an end that is not UTF-8": ("t.txt", LINE * 100 + b"\xe2\x82", "at offset 2,300 (line 101)"),
    "a NUL at the end": ("t.txt", LINE * 100 + b"\0", "a NUL at byte 2,300"),
    "only NULs": ("t.txt", b"\0" * 10_000, "looks binary"),
    "half of a surrogate pair": (
        "t.txt",
        LINE * 100 + b"\xed\xa0\x80",
        "half of a surrogate pair (U+D800) at byte 2,300",
    ),
    "half a gzip": ("t.gz", gzip.compress(LINE * 100)[:-20], "damaged .gz"),
    "a gzip with something behind": ("t.gz", gzip.compress(LINE * 100) + b"garbage", "damaged .gz"),
    "a gzip that is none": ("t.gz", LINE * 100, "damaged .gz"),
    "a gzip with another checksum": ("t.gz", gzip.compress(LINE * 100)[:-8] + b"\1" * 8, "damaged .gz"),
    "half a bzip2": ("t.bz2", bz2.compress(LINE * 100)[:-20], "damaged .bz2"),
    "half an xz": ("t.xz", lzma.compress(LINE * 100)[:-20], "damaged .xz"),
    "an empty xz": ("t.xz", b"", "t.xz"),
    "only line ends": ("t.txt", b"\r" * 10_000, "holds no text"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_texts(charrnn, tmp_path, place, case):
    name, content, words = TEXTS[case]
    (place / name).write_bytes(content)
    before = listing(place, tmp_path)
    refused(charrnn("train", place / name, *TINY_OPTIONS, "-o", place / "run"), name, words)
    assert listing(place, tmp_path) == before


@pytest.mark.parametrize("escaped", ["+2AA-", "+3/8-" * 20])
def test_a_text_with_escaped_halves_of_surrogate_pairs(charrnn, tmp_path, escaped):
    (tmp_path / "t.txt").write_text("hello " * 100 + escaped)
    options = ["-s", "data.encoding=utf-7", *TINY_OPTIONS, "-o", tmp_path / "run"]
    refused(charrnn("train", tmp_path / "t.txt", *options), "half of a surrogate pair")


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz"])
def test_bombs(command, startup, ending):
    """40 MB from a few kB are refused unless allowed; then they are read like any text."""
    packed = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[ending](b"ab c\n" * 4_000_000)
    path = command.folder / f"bomb{ending}"
    path.write_bytes(packed)
    assert len(packed) * text_file.MAX_EXPANSION < 20_000_000
    result = command("train", path, *TINY_OPTIONS, "-o", command.folder / "run")
    refused(result, "suspiciously many", "data.max_expansion=")
    cheap(result, startup)
    assert not (command.folder / "run").exists()
    allowed = command("train", path, "-s", "data.max_expansion=1e9", *TINY_OPTIONS, "-q", "-o", command.folder / "run")
    assert allowed.exit_code == 0, allowed.stderr
    assert (command.folder / "run" / "last.safetensors").exists()


def test_a_text_of_more_characters_than_a_vocabulary_has(command, startup):
    points = [point for point in range(0x20, 0x50000) if not 0xD800 <= point < 0xE000]
    path = command.folder / "all.txt"
    path.write_text("".join(map(chr, points)), "utf-8")
    result = command("train", path, *TINY_OPTIONS, "-o", command.folder / "run")
    refused(result, f"{len(points):,} different characters", "data.unit=byte")
    cheap(result, startup)
    assert not (command.folder / "run").exists()


def test_a_line_of_20_mb_is_a_text(command):
    path = command.folder / "line.txt"
    path.write_bytes(b"abcd" * 5_000_000)
    result = command("train", path, *TINY_OPTIONS, "-q", "-o", command.folder / "run")
    assert result.exit_code == 0, result.stderr
    assert result.megabytes < 2 * MEGABYTES
    assert (command.folder / "run" / "last.safetensors").exists()


@pytest.mark.parametrize("content", [b"the cat\rsat on\r" * 50, b"\xef\xbb\xbf" + b"the cat\r\nsat on\r\n" * 50])
def test_other_line_ends_are_texts(charrnn, tmp_path, content):
    (tmp_path / "t.txt").write_bytes(content)
    result = charrnn("train", tmp_path / "t.txt", *TINY_OPTIONS, "-q", "-o", tmp_path / "run")
    assert result.exit_code == 0, result.stderr


def test_a_folder_that_leads_back_to_itself_is_read_once(tmp_path):
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    (folder / "text.txt").write_bytes(LINE)
    (folder / "below" / "up").symlink_to(folder)
    (folder / "itself").symlink_to(folder / "itself")
    (folder / "nothing").symlink_to(folder / "not there")
    os.mkfifo(folder / "pipe")
    assert source_text.read_text([str(folder)]).content == LINE.decode()


@pytest.mark.parametrize("change", ["grows", "shrinks", "is written again"])
@pytest.mark.parametrize("ending", [".txt", ".gz"])
def test_a_text_that_changes_while_it_is_read(tmp_path, monkeypatch, change, ending):
    """Something is read that never was in the file, unless that is noticed."""
    path = tmp_path / f"text{ending}"
    content = np.random.default_rng(0).integers(97, 120, 50_000, np.uint8).tobytes()
    path.write_bytes(gzip.compress(content) if ending == ".gz" else content)
    monkeypatch.setattr(sources, "PIECE", 1000)
    read, changed = text_file.TextFile.read, []

    def meddled(self, size):
        piece = read(self, size)
        if not changed:
            changed.append(True)
            match change:
                case "grows":
                    with path.open("ab") as file:
                        file.write(b"more")
                case "shrinks":
                    os.truncate(path, path.stat().st_size // 2)
                case _:
                    path.write_bytes(path.read_bytes()[::-1])
                    os.utime(path, (1, 1))
        return piece

    monkeypatch.setattr(text_file.TextFile, "read", meddled)
    with pytest.raises(TextError, match=r"changed while it was read|damaged"):
        source_text.read_text([str(path)])


def test_a_long_text_that_changes_between_the_first_reading_and_the_second(tmp_path, monkeypatch):
    monkeypatch.setattr(source_text, "IN_MEMORY", 1000)
    monkeypatch.setenv("CHARRNN_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "text.txt"
    path.write_bytes(LINE * 100)
    text = source_text.read_text([str(path)])
    path.write_bytes(LINE[::-1] * 100)
    with pytest.raises(TextError, match="changed while it was read"):
        corpus.build(text, text.vocabulary(1), Split((0.9, 0.05, 0.05)))
    assert listing(tmp_path / "cache") == [str(cache.folder())]
    assert listing(cache.folder()) == []


@pytest.mark.skipif(hasattr(os, "getuid") and os.getuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("arguments", [["sample"], ["train", "--dry-run", "-c"], ["train", *TINY_OPTIONS, "-o", "run"]])
def test_a_file_that_may_not_be_read(charrnn, tmp_path, arguments):
    path = tmp_path / "c.safetensors"
    path.write_bytes(LINE)
    path.chmod(0)
    refused(charrnn(*arguments, path), "Permission denied")
    assert listing(tmp_path / "cwd") == []
