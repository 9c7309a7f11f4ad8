"""Everything that a training needs to go on, and sampling to write, in one safetensors file.

Tensors: `parameters.NAME` for each parameter, `optimizer.NAME` for each moment, (P,), and `state`, (S, B, H).
Metadata: one JSON text, `charrnn`, with the fields of `Record`. Nothing in it can run: numbers and JSON, that is all.
The same training gives the same bytes.
"""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import safetensors
import safetensors.numpy
from pydantic import Field, ValidationError

import charrnn
from charrnn.errors import CheckpointError, NetworkError, VocabularyError
from charrnn.learning.trainer import Progress
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.runs.config import Config, Section
from charrnn.text.vocabulary import Vocabulary, from_symbols

METADATA = "charrnn"
PARAMETERS, MOMENTS, STATE = "parameters.", "optimizer.", "state"


@dataclass(frozen=True)
class TextRecord:
    """Which text a run was trained on."""

    sources: tuple[str, ...]
    sha256: str
    characters: int


class Record(Section):
    """What a checkpoint holds besides tensors, as it stands in the file."""

    format: Literal[1] = 1
    config: Config
    vocabulary: tuple[str, ...] = Field(strict=False)
    progress: Progress
    updates: int = Field(ge=0)
    position: int = Field(ge=0)
    text: TextRecord
    versions: dict[str, str]


@dataclass(frozen=True)
class Checkpoint:
    """A training as it stood after `progress.step` updates."""

    config: Config
    vocabulary: Vocabulary
    network: Network
    moments: Mapping[str, Array]
    updates: int
    state: Array
    position: int
    progress: Progress
    text: TextRecord


def save(checkpoint: Checkpoint, path: Path, previous: Path | None = None) -> None:
    """Write to a side file, flush it to the disk, and only then let it take the name: no reader ever sees a part.

    What bore the name before is kept as `previous`, where that is given. Raises OSError; the side file is then removed
    and whatever bore the name is still there.
    """
    side = path.with_name(path.name + ".tmp")
    try:
        with side.open("wb") as file:
            file.write(_serialise(checkpoint))
            file.flush()
            os.fsync(file.fileno())
        if previous and path.exists():
            os.replace(path, previous)
        os.replace(side, path)
    except BaseException:
        side.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def load(path: Path) -> Checkpoint:
    """Read and verify a checkpoint.

    Raises CheckpointError for a file that is missing, damaged, not charrnn's, or whose parts do not fit together.
    """
    metadata, tensors = _read(path)
    if METADATA not in metadata:
        raise CheckpointError(f"{path}: a safetensors file, but not a checkpoint of charrnn")
    try:
        return _assemble(Record.model_validate_json(metadata[METADATA]), tensors, path)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise CheckpointError(f"{path}: its record is not valid: {key}: {first['msg']}") from None
    except (NetworkError, VocabularyError) as error:
        raise CheckpointError(f"{path}: its parts do not fit together: {error}") from None


def _serialise(checkpoint: Checkpoint) -> bytes:
    tensors = {PARAMETERS + name: view for name, view in checkpoint.network.parameters.items()}
    tensors |= {MOMENTS + name: moment for name, moment in checkpoint.moments.items()}
    tensors[STATE] = checkpoint.state
    record = Record(
        config=checkpoint.config,
        vocabulary=checkpoint.vocabulary.symbols,
        progress=checkpoint.progress,
        updates=checkpoint.updates,
        position=checkpoint.position,
        text=checkpoint.text,
        versions=versions(),
    )
    metadata = {METADATA: record.model_dump_json()}
    return safetensors.numpy.save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, metadata)


def versions() -> dict[str, str]:
    """What wrote a checkpoint."""
    return {"charrnn": charrnn.__version__, "numpy": np.__version__, "python": platform.python_version()}


def _read(path: Path) -> tuple[Mapping[str, str], dict[str, Array]]:
    try:
        if path.stat().st_size == 0:
            raise CheckpointError(f"{path}: an empty file, not a checkpoint")
        with safetensors.safe_open(path, framework="np") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such checkpoint") from None
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (safetensors.SafetensorError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path}: damaged, or not a safetensors file: {error}") from None


def _assemble(record: Record, tensors: Mapping[str, Array], path: Path) -> Checkpoint:
    config, precision = record.config, record.config.training.precision
    vocabulary = from_symbols(record.vocabulary, config.data.unit)
    architecture = config.model.architecture(len(vocabulary))
    weights, moments = _under(PARAMETERS, tensors), _under(MOMENTS, tensors)
    _verify(weights, architecture.shapes(), precision, path)
    parameters = Parameters(architecture.shapes(), precision)
    parameters.load(weights)
    _verify(moments, dict.fromkeys(moments, (len(parameters),)), precision, path)
    network = Network(architecture, parameters)
    _verify(_under(STATE, tensors), {"": network.state_shape(config.training.batch_size)}, precision, path)
    return Checkpoint(
        config=config,
        vocabulary=vocabulary,
        network=network,
        moments=moments,
        updates=record.updates,
        state=tensors[STATE],
        position=record.position,
        progress=record.progress,
        text=record.text,
    )


def _under(prefix: str, tensors: Mapping[str, Array]) -> dict[str, Array]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _verify(tensors: Mapping[str, Array], shapes: Mapping[str, Sequence[int]], dtype: str, path: Path) -> None:
    """Names, shapes, precision, and that every number is finite."""
    for name, shape in shapes.items():
        if name not in tensors:
            raise CheckpointError(f"{path}: lacks the tensor {name or STATE}, {tuple(shape)}")
        if tensors[name].shape != tuple(shape):
            raise CheckpointError(
                f"{path}: {name or STATE} has shape {tensors[name].shape}; its configuration and vocabulary need {tuple(shape)}"
            )
    for name, tensor in tensors.items():
        if tensor.dtype != dtype:
            raise CheckpointError(f"{path}: {name or STATE} is {tensor.dtype}; its configuration says {dtype}")
        if not np.isfinite(tensor).all():
            raise CheckpointError(f"{path}: {name or STATE} holds numbers that are not finite")


def _flush_folder(folder: Path) -> None:
    """Make a rename survive a power cut. Windows has no such call, and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
