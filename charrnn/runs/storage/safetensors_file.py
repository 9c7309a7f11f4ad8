"""Read and write safetensors files: in one stream, with a digest over every byte, and without trust in their headers.

    8 bytes    n, the header's length, little-endian n bytes    JSON: {"__metadata__": {name: text}, name: {"dtype":
    "F32", "shape": [...], "data_offsets": [start, end]}, ...} the rest   the tensors, one after the other, without gaps

The digest is the metadata's first entry: the SHA-256 of the whole file with zeros in the digest's place.

The library `safetensors` reads these files too (the tests compare). But it maps them into memory, so that a file which
shrinks meanwhile ends the process; it accepts headers of 100 MB; and it has no digest. Here a header is checked against
the file's size before any memory is allocated for it.
"""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, Never

import numpy as np

from charrnn.network.arrays import Array

DTYPES: dict[str, np.dtype[Any]] = {
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "I64": np.dtype("<i8"),
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
MAX_HEADER_BYTES = 4 << 20  # three times as much as all assigned characters of Unicode need
MAX_AXES = 8
ALIGNMENT = 8  # of the tensors within the file
BEFORE_DIGEST = b'{"__metadata__":{"sha256":"'
NO_DIGEST = "0" * 64


class MalformedError(ValueError):
    """A file that is not safetensors, or has a wrong digest; the message says why."""


@dataclass(frozen=True)
class Entry:
    """A tensor's entry in the header; `start` and `end` are in bytes from the end of the header."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    end: int


def write(file: IO[bytes], tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write header and tensors, C-contiguous arrays of one of DTYPES. Raises OSError."""
    header = _header(tensors, metadata)
    digest = hashlib.sha256(header)
    for tensor in tensors.values():
        digest.update(_bytes(tensor))
    place = 8 + len(BEFORE_DIGEST)
    file.write(header[:place] + digest.hexdigest().encode() + header[place + len(NO_DIGEST) :])
    for tensor in tensors.values():
        file.write(_bytes(tensor))


class SafetensorsReader:
    """Reads an open file: the header first, then with `read` the tensors."""

    def __init__(self, file: IO[bytes]) -> None:
        """Read the header and check it against the file's size. Raises MalformedError and OSError."""
        self._file, self._header = file, _read_header(file)
        content = _parse(self._header[8:])
        self.metadata = _metadata(content.pop("__metadata__", {}))
        self.entries = {name: _entry(name, value) for name, value in content.items()}
        _require_no_gaps(self.entries, os.fstat(file.fileno()).st_size - len(self._header))

    def read(self) -> dict[str, Array]:
        """All tensors. Raises MalformedError if the digest is wrong, and OSError."""
        place = slice(8 + len(BEFORE_DIGEST), 8 + len(BEFORE_DIGEST) + len(NO_DIGEST))
        found = self._header[place].decode("ascii", "replace")
        if found != self.metadata.get("sha256"):
            raise MalformedError("holds no digest")
        digest = hashlib.sha256(self._header[: place.start] + NO_DIGEST.encode() + self._header[place.stop :])
        tensors = {name: np.empty(entry.shape, entry.dtype) for name, entry in self.entries.items()}
        for name in sorted(self.entries, key=lambda name: self.entries[name].start):
            data = _bytes(tensors[name])
            if self._file.readinto(data) != len(data):  # type: ignore[attr-defined]
                raise MalformedError("became shorter while it was read")
            digest.update(data)
        if digest.hexdigest() != found:
            raise MalformedError("its digest is wrong")
        return tensors


def _header(tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> bytes:
    """Length and JSON, with zeros for the digest, padded so that the tensors are aligned."""
    content: dict[str, Any] = {"__metadata__": {"sha256": NO_DIGEST, **metadata}}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.nbytes
        content[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def _bytes(tensor: Array) -> memoryview:
    """The memory of a tensor, without a copy."""
    return tensor.reshape(-1).view(np.uint8).data


def _read_header(file: IO[bytes]) -> bytes:
    first = file.read(8)
    length = int.from_bytes(first, "little")
    if len(first) < 8 or length > os.fstat(file.fileno()).st_size - 8:
        raise MalformedError("not a safetensors file, or cut off")
    if length > MAX_HEADER_BYTES:
        raise MalformedError(f"its header has {length:,} bytes; at most {MAX_HEADER_BYTES:,} are read")
    return first + file.read(length)


def _parse(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text.decode(), object_pairs_hook=_without_duplicates, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"its header is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise MalformedError("its header is not a JSON object")
    return content


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a name occurs twice")
    return content


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is not JSON")


def _metadata(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise MalformedError("its metadata is not a mapping of names to texts")
    return value


def _entry(name: str, value: Any) -> Entry:
    match value:
        case {"dtype": str(known), "shape": [*shape], "data_offsets": [int(start), int(end)]} if len(value) == 3:
            pass  # true and false count as 1 and 0
        case _:
            raise MalformedError(f"its header describes the tensor {name[:80]!r} in a way that is not safetensors")
    if known not in DTYPES:
        raise MalformedError(f"the tensor {name[:80]!r} is {known[:20]!r}; known are {', '.join(DTYPES)}")
    if len(shape) > MAX_AXES or not all(type(size) is int and size >= 0 for size in shape):
        raise MalformedError(f"the tensor {name[:80]!r} has an impossible shape")
    dtype = DTYPES[known]
    if end - start != math.prod(shape) * dtype.itemsize:
        raise MalformedError(f"the tensor {name[:80]!r} has a shape that does not suit its length in bytes")
    return Entry(dtype, tuple(shape), start, end)


def _require_no_gaps(entries: Mapping[str, Entry], size: int) -> None:
    """Raises MalformedError unless the tensors fill the rest of the file, `size` bytes, one after the other."""
    reached = 0
    for entry in sorted(entries.values(), key=lambda entry: (entry.start, entry.end)):
        if entry.start != reached:
            raise MalformedError("its tensors overlap, or leave gaps")
        reached = entry.end
    if reached != size:
        raise MalformedError(f"its header describes {reached:,} bytes of tensors; found {size:,}")
