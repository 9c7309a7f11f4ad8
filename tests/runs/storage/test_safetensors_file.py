"""Compatibility with the safetensors library, and strict reading."""

import hashlib
import io
import json

import numpy as np
import pytest
import safetensors
import safetensors.numpy

from charrnn.runs.storage import safetensors_file as module
from charrnn.runs.storage.safetensors_file import MalformedError, SafetensorsReader, write

TENSORS = {
    "weights": np.arange(6, dtype=np.float32).reshape(2, 3),
    "é": np.array([1.5, -2.5]),
    "ids": np.arange(4).reshape(1, 2, 2),
    "none": np.zeros((0, 3), np.float32),
}
METADATA = {"record": '{"a": "quotes \\" and ß"}'}


@pytest.fixture
def path(tmp_path):
    with (tmp_path / "x.safetensors").open("wb") as file:
        write(file, TENSORS, METADATA)
    return tmp_path / "x.safetensors"


def read(path):
    with path.open("rb") as file:
        reader = SafetensorsReader(file)
        return reader.metadata, reader.read()


def file_of(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def refused(tmp_path, content, message):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(MalformedError, match=message):
        read(tmp_path / "x")


def test_written_tensors_are_read_back(path):
    metadata, tensors = read(path)
    assert metadata["record"] == METADATA["record"]
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(tensor, TENSORS[name], strict=True)


def test_the_safetensors_library_reads_written_files(path):
    with safetensors.safe_open(path, framework="np") as file:
        assert file.metadata()["record"] == METADATA["record"]
    for name, tensor in safetensors.numpy.load_file(path).items():
        np.testing.assert_array_equal(tensor, TENSORS[name], strict=True)


def test_the_digest_is_that_of_the_file_with_zeros_in_its_place(path):
    content = path.read_bytes()
    digest = read(path)[0]["sha256"]
    assert content.count(digest.encode()) == 1
    assert hashlib.sha256(content.replace(digest.encode(), b"0" * 64)).hexdigest() == digest


def test_files_of_the_safetensors_library_are_valid_without_a_digest(tmp_path):
    safetensors.numpy.save_file(TENSORS, tmp_path / "x", METADATA)
    with (tmp_path / "x").open("rb") as file:
        reader = SafetensorsReader(file)
        assert reader.metadata == METADATA
        assert {name: entry.shape for name, entry in reader.entries.items()} == {
            name: tensor.shape for name, tensor in TENSORS.items()
        }
        with pytest.raises(MalformedError, match="no digest"):
            reader.read()


@pytest.mark.parametrize("place", [0, 9, 50, 100, -1, -30])
def test_a_byte_that_changed_is_noticed(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(MalformedError):
        read(path)


def entry(dtype="F32", shape=(2,), offsets=(0, 8), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


@pytest.mark.parametrize(
    ("header", "data", "message"),
    [
        ({"a": entry()}, b"12345678", "no digest"),
        ({"a": entry()}, b"1234567", "describes 8 bytes of tensors; found 7"),
        ({"a": entry()}, b"123456789", "describes 8 bytes of tensors; found 9"),
        ({"a": entry(shape=[3])}, b"12345678", "does not suit its length"),
        ({"a": entry(shape=[1 << 62, 1 << 62])}, b"12345678", "does not suit"),
        ({"a": entry(shape=[-1, -2])}, b"12345678", "impossible shape"),
        ({"a": entry(shape=[True, 2])}, b"12345678", "impossible shape"),
        ({"a": entry(shape=[2.0])}, b"12345678", "impossible shape"),
        ({"a": entry(shape=[1] * 9)}, b"1234", "impossible shape"),
        ({"a": entry(offsets=(4, 12))}, b"123456789012", "leave gaps"),
        ({"a": entry(offsets=(-8, 0))}, b"", "leave gaps"),
        ({"a": entry(), "b": entry(offsets=(4, 12))}, b"123456789012", "overlap"),
        ({"a": entry("BF16")}, b"12345678", "is 'BF16'; known are F16, F32"),
        ({"a": entry(more=1)}, b"12345678", "in a way that is not safetensors"),
        ({"a": [1]}, b"", "in a way that is not safetensors"),
        ({"a": entry() | {"shape": "2"}}, b"12345678", "in a way that is not safetensors"),
        ({"__metadata__": {"a": 1}}, b"", "metadata"),
        ({"__metadata__": []}, b"", "metadata"),
        (b'{"a": 1, "a": 2}', b"", "occurs twice"),
        (b'{"a": NaN}', b"", "NaN is not JSON"),
        (b"[]", b"", "not a JSON object"),
        (b"{", b"", "not JSON"),
        (b"\xff\xfe", b"", "not JSON"),
        (b"[" * 100_000, b"", "not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", b"", "not JSON"),
        (b" " * (module.MAX_HEADER_BYTES + 1), b"", "at most 4,194,304"),
    ],
)
def test_invalid_files_are_refused(tmp_path, header, data, message):
    refused(tmp_path, file_of(header, data), message)


@pytest.mark.parametrize(
    "content", [b"", b"1234567", (1 << 62).to_bytes(8, "little") + b"{}", (3).to_bytes(8, "little") + b"{}"]
)
def test_truncated_files_are_refused(tmp_path, content):
    refused(tmp_path, content, "not a safetensors file, or cut off")


def test_a_file_that_shrinks_while_it_is_read(path):
    with path.open("r+b") as file:
        reader = SafetensorsReader(io.FileIO(file.fileno(), closefd=False))
        file.truncate(path.stat().st_size - 9)
        with pytest.raises(MalformedError, match="became shorter"):
            reader.read()
