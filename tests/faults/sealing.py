"""Checkpoints made by hand: any header, any data, and a digest that is right, so that what lies behind the digest is tried.

A digest shows damage, not malice: anybody who writes a file can seal it. So every check after it must hold alone.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.config.resolve import resolve
from charrnn.config.sizing import TYPICAL_LENGTH, fill_sizes
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.runs.storage.checkpoint import Checkpoint, save
from charrnn.runs.storage.checkpoint_record import TextRecord
from charrnn.runs.storage.safetensors_file import BEFORE_DIGEST, NO_DIGEST
from charrnn.text.vocabulary import Vocabulary
from charrnn.training.optim.optimizers import OPTIMIZERS
from charrnn.training.trainer import Progress

TINY = ("model.hidden_size=2", "training.batch_size=1", "training.sequence_length=4", "training.steps=4")
PLACE = slice(len(BEFORE_DIGEST), len(BEFORE_DIGEST) + len(NO_DIGEST))  # of the digest within the header


def small_checkpoint(path: Path, *settings: str, symbols: str = "\nab") -> Path:
    """A whole checkpoint of a tiny network, about 2 kB."""
    config = fill_sizes(resolve(None, [*TINY, *settings]).config, TYPICAL_LENGTH)
    byte = config.data.unit == "byte"
    vocabulary = Vocabulary.from_bytes() if byte else Vocabulary(tuple(sorted(symbols)))
    architecture = config.model.architecture(len(vocabulary))
    parameters = Parameters(architecture.shapes(), config.training.precision)
    parameters.flat[:] = np.linspace(-1, 1, parameters.flat.size)
    moments = OPTIMIZERS[config.training.optimizer].names_of_moments
    save(
        Checkpoint(
            config=config,
            vocabulary=vocabulary,
            network=Network(architecture, parameters),
            moments={name: np.zeros_like(parameters.flat) for name in moments},
            updates=4,
            state=np.zeros(architecture.state_shape(config.training.batch_size), config.training.precision),
            position=4,
            progress=Progress(step=4),
            text=TextRecord(("text.txt",), "0" * 64, 100),
        ),
        path,
    )
    return path


def parts(file: bytes) -> tuple[bytes, bytes]:
    """Header without its length, and data; where the length is a lie, what could be meant by it."""
    length = int.from_bytes(file[:8], "little")
    return file[8 : 8 + length], file[8 + length :]


def sealed(header: bytes, data: bytes = b"", length: int | None = None) -> bytes:
    """A file of this header and data, with the digest it should have, where the header has a place for one.

    `length`: the length of the header to write in place of the true one.
    """
    size = (len(header) if length is None else length).to_bytes(8, "little")
    if not header.startswith(BEFORE_DIGEST) or len(header) < PLACE.stop:
        return size + header + data
    before, after = header[: PLACE.start], header[PLACE.stop :]
    digest = hashlib.sha256(size + before + NO_DIGEST.encode() + after + data).hexdigest().encode()
    return size + before + digest + after + data


def described(content: dict[str, Any]) -> bytes:
    """A header of this content, with the place of the digest in front."""
    metadata = content.get("__metadata__")
    if isinstance(metadata, dict):
        first = {"sha256": NO_DIGEST} | {name: value for name, value in metadata.items() if name != "sha256"}
        content = {"__metadata__": first} | {name: value for name, value in content.items() if name != "__metadata__"}
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def contents(file: bytes) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Header, record and data of a whole checkpoint, to be changed and put together again with `assembled`."""
    header, data = parts(file)
    content = json.loads(header)
    return content, json.loads(content["__metadata__"]["charrnn"]), data


def assembled(content: dict[str, Any], record: Any, data: bytes) -> bytes:
    """A sealed file of such parts; `record` is a text, or what JSON can say."""
    text = record if isinstance(record, str) else json.dumps(record, separators=(",", ":"))
    return sealed(described(content | {"__metadata__": content["__metadata__"] | {"charrnn": text}}), data)
