"""Malicious checkpoints: each is refused in one line, quickly and in little memory, and nothing is written."""

import json
import math
import os
import pickle

import numpy as np
import pytest
from faults.hostile.judging import MARKS, TINY_OPTIONS, cheap, listing, not_a_file, refused
from faults.sealing import assembled, contents, described, parts, sealed, small_checkpoint
from slow import mostly_exhaustive

from charrnn.errors import CheckpointError
from charrnn.models import export
from charrnn.runs.storage import checkpoint as checkpoints

pytestmark = MARKS


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
    """`count` different symbols of four bytes each."""
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
    "a record that is not JSON": (with_record(lambda _: "{"), "record is not valid"),
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


WEIGHTS_ALONE = {
    "negative sizes": (with_tensor("parameters.b_h", shape=[-1, -2]), "impossible shape"),
    "a product past 64 bits": (with_tensor("parameters.b_h", shape=[1 << 32, 1 << 32]), "shape"),
    "offsets past the end": (with_tensor("parameters.b_h", data_offsets=[1 << 40, (1 << 40) + 4]), "gaps"),
    "F32 in the place of F16": (with_tensor("parameters.b_h", dtype="F32"), "length in bytes"),
    "integers": (with_tensor("parameters.b_h", dtype="I64"), "length in bytes"),
    "BF16": (with_tensor("parameters.b_h", dtype="BF16"), "'BF16'"),
    "a state": (
        with_header(lambda content: {**content, "state": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}),
        "which its configuration does not use",
    ),
    "as an ordinary checkpoint": (with_record(lambda record: record.update(format=2)), "is float16"),
    "a newer format": (with_record(lambda record: record.update(format=4)), "written by a newer charrnn"),
    "a format of 400 digits": (with_record(lambda record: record.update(format=10**400)), "newer charrnn"),
    "hidden_size 65536": (with_record(lambda record: record["config"]["model"].update(hidden_size=65536)), "65536"),
    "64 layers": (with_record(lambda record: record["config"]["model"].update(num_layers=64)), "lacks the tensor"),
    "10^15 stalls": (with_record(lambda record: record["progress"].update(stalls=10**15)), "larger than in any training"),
    "NaN": (lambda whole: sealed(parts(whole)[0], b"\x00\x7e" * (len(parts(whole)[1]) // 2)), "not finite"),
    "infinity": (lambda whole: sealed(parts(whole)[0], b"\x00\x7c" * (len(parts(whole)[1]) // 2)), "not finite"),
    "half of it": (lambda whole: whole[: len(whole) // 2], "damaged"),
    "the digest of another file": (lambda whole: whole[:-1] + bytes([whole[-1] ^ 1]), "digest"),
}  # fmt: skip


@pytest.fixture(scope="session")
def alone(tmp_path_factory, whole):
    """The bytes of a file of weights alone with nothing wrong."""
    path = tmp_path_factory.mktemp("alone") / "whole.safetensors"
    path.write_bytes(whole)
    out = path.with_name("alone.safetensors")
    export.write(checkpoints.load(path), out, "charrnn", half=True)
    return out.read_bytes()


@pytest.mark.parametrize("case", WEIGHTS_ALONE)
def test_weights_alone(charrnn, tmp_path, place, alone, case):
    make, words = WEIGHTS_ALONE[case]
    (place / "c.safetensors").write_bytes(make(alone))
    before = listing(place, tmp_path)
    result = charrnn("sample", place / "c.safetensors", "-n", "3")
    refused(result, "c.safetensors", words)
    assert len(result.stderr.splitlines()) == 1
    assert listing(place, tmp_path) == before


def test_a_batch_of_2_to_the_24_takes_no_memory_in_weights_alone(charrnn, tmp_path, alone):
    """They have no state of such a size."""
    large = with_record(lambda record: record["config"]["training"].update(batch_size=1 << 24))(alone)
    for content in (alone, large):
        (tmp_path / "c.safetensors").write_bytes(content)
        assert charrnn("sample", tmp_path / "c.safetensors", "-n", "3").exit_code == 0
    assert checkpoints.load(tmp_path / "c.safetensors").state.nbytes < 100


@pytest.mark.parametrize("source", ["/etc/hostname", "text.txt", "/dev/zero", "-"])
def test_a_text_that_weights_alone_name_is_never_read(charrnn, tmp_path, alone, source):
    named = with_record(lambda record: record["text"].update(sources=[source]))(alone)
    (tmp_path / "c.safetensors").write_bytes(named)
    result = charrnn("eval", tmp_path / "c.safetensors")
    refused(result, "weights alone do not say where their training text is")


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


@mostly_exhaustive("case", LARGE_CHECKPOINTS, one_in=3)
def test_checkpoints_that_are_after_memory_or_time(command, startup, whole, case):
    path = command.folder / "c.safetensors"
    path.write_bytes(LARGE_CHECKPOINTS[case](whole))
    before = listing(command.folder)
    result = command("sample", path, "-n", "3")
    refused(result, "c.safetensors")
    cheap(result, startup)
    assert set(listing(command.folder)) <= {*before, str(command.folder / "cwd"), str(command.folder / "measured.json")}


@mostly_exhaustive("tail", ["a whole checkpoint and zeros", "zeros"], one_in=2)
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


NO_FILES = ["folder", "pipe", "link to nothing", "link to itself", "/dev/zero", "/dev/urandom"]


@mostly_exhaustive("kind", NO_FILES, one_in=3)
@pytest.mark.parametrize("arguments", [["sample"], ["train", "--dry-run", "-c"], ["train", *TINY_OPTIONS, "-o", "run"]])
def test_paths_that_are_not_files(command, startup, kind, arguments):
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
