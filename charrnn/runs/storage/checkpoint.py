"""A checkpoint: all that a training needs to go on, and that sampling needs, in one safetensors file.

Tensors: `parameters.NAME` for each parameter, `optimizer.NAME` for each moment, (P,), and `state`, (S, B, H). With an
average of the weights, the average is in the parameters, and the weights that go on learning are in `learning`, (P,).
With a pull towards the weights of a base, those are in `base`, (P,).
A file of weights alone has the parameters only, possibly in half precision (weights_only.py).

Metadata: a digest over every byte; two JSON texts, `charrnn` with the fields of `Record`, and `vocabulary`, a list of
the symbols in id order; and `run_parent`, by which a text that moved together with its run is found (text_place.py).
The file has only numbers and JSON, nothing that can run. The same training gives the same bytes.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from charrnn.config.schema import SizedConfig
from charrnn.errors import CheckpointError, DivergedError, NetworkError, UnreadableError, VocabularyError
from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters, Shapes
from charrnn.runs.storage import safetensors_file as files
from charrnn.runs.storage.checkpoint_record import (
    FORMAT,
    RECORD,
    WEIGHTS_FORMAT,
    Lineage,
    Record,
    TextRecord,
    parse_record,
    parse_symbols,
    to_metadata,
    versions,
)
from charrnn.runs.storage.safetensors_file import Entry, MalformedError, SafetensorsReader
from charrnn.runs.storage.text_place import RUN_PARENT
from charrnn.system.files.folder_handle import Folder
from charrnn.system.files.plain_files import NotPlainError
from charrnn.text.vocabulary import END, Vocabulary
from charrnn.training.divergence import DIVERGED
from charrnn.training.optim.optimizers import OPTIMIZERS
from charrnn.training.trainer import Progress

PARAMETERS, MOMENTS, STATE, LEARNING, BASE = "parameters.", "optimizer.", "state", "learning", "base"
HALF = "float16"  # a precision of weights alone; they are read as numbers of their configuration's
RECORD_FIELDS = Record.model_fields.keys() - {"format"}  # those that a Checkpoint has, too


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training after `progress.step` updates."""

    config: SizedConfig
    vocabulary: Vocabulary
    network: Network
    moments: Mapping[str, Array]
    updates: int
    state: Array
    position: int
    progress: Progress
    text: TextRecord
    versions: Mapping[str, str] = field(default_factory=versions)
    base: Lineage | None = None  # of a fine-tune
    learning: Array | None = None  # (P,), the weights if `network` has their average; otherwise None
    base_weights: Array | None = None  # (P,), if they pull
    run_parent: str | None = None  # the folder of the run, seen from that of the text; see text_place.py
    folder: Path | None = None  # where the checkpoint was read
    weights_only: bool = False  # no moments, and a state of zeros: a training cannot go on with it


def save(checkpoint: Checkpoint, path: Path, previous: Path | None = None) -> None:
    """The same as save_in, to a path; `previous` is in the same directory."""
    with Folder(path.parent) as folder:
        save_in(folder, checkpoint, path.name, previous.name if previous else None)


def save_in(folder: Folder, checkpoint: Checkpoint, name: str, previous: str | None = None) -> None:
    """Write the whole file or nothing. The file that had this name is kept as `previous`, if that is given.

    Raises OSError, and DivergedError for numbers that are not finite.
    """
    tensors, metadata = contents(checkpoint)
    with folder.whole_file(name, previous) as file:
        files.write(file, tensors, metadata)


def contents(checkpoint: Checkpoint) -> tuple[dict[str, Array], dict[str, str]]:
    """The tensors and the metadata of its file. Raises DivergedError for numbers that are not finite."""
    tensors = _tensors(checkpoint)
    if bad := _not_finite(tensors):
        raise DivergedError(f"{DIVERGED} at step {checkpoint.progress.step:,}: {bad} is not finite")
    kind = WEIGHTS_FORMAT if checkpoint.weights_only else FORMAT
    record = Record(format=kind, **{key: getattr(checkpoint, key) for key in RECORD_FIELDS})
    return tensors, to_metadata(record, checkpoint.vocabulary.symbols, checkpoint.run_parent)


def load(path: Path) -> Checkpoint:
    """The same as load_from, from a path."""
    return load_from(Folder.at(path.parent), path.name)


def load_from(folder: Folder, name: str) -> Checkpoint:
    """Read a checkpoint and verify its digest, names, shapes, precision, and that every number is finite.

    Raises CheckpointError if the file is missing, damaged, not charrnn's, or inconsistent, and UnreadableError if it
    may be whole but cannot be read here.
    """
    with checkpoint_errors(folder.path / name), folder.read(name) as file:
        reader = SafetensorsReader(file)
        record = parse_record(reader.metadata)
        vocabulary = Vocabulary(tuple(parse_symbols(reader.metadata)), record.config.data.unit)
        _require_ends(record.config, vocabulary)
        architecture = record.config.model.architecture(len(vocabulary))
        _require(reader.entries, _expected_shapes(record, architecture), _precisions(record))
        tensors = reader.read()
        if bad := _not_finite(tensors):
            raise CheckpointError(f"{bad} holds numbers that are not finite")
        saved = _assemble(record, vocabulary, architecture, tensors)
        parent = None if record.weights_only else reader.metadata.get(RUN_PARENT)
        return replace(saved, run_parent=parent, folder=folder.path)


@contextmanager
def checkpoint_errors(path: Path) -> Iterator[None]:
    """In the `with` block, whatever is wrong with the file becomes a CheckpointError that names it, or an
    UnreadableError if it may be whole but cannot be read here.
    """
    try:
        yield
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such checkpoint") from None
    except NotPlainError as error:
        raise CheckpointError(f"{path}: {error.strerror}") from None
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror or error}") from None
    except MalformedError as error:
        raise CheckpointError(f"{path}: damaged: {error}") from None
    except (CheckpointError, NetworkError, VocabularyError) as error:
        kind = UnreadableError if isinstance(error, UnreadableError) else CheckpointError
        raise kind(f"{path}: {error}") from None


def looks_like_checkpoint(folder: Folder, name: str) -> bool:
    """Whether the file has the header of a checkpoint; the rest may be damaged."""
    try:
        with folder.read(name) as file:
            return RECORD in SafetensorsReader(file).metadata
    except (OSError, MalformedError):
        return False


def _tensors(checkpoint: Checkpoint) -> dict[str, Array]:
    tensors = {PARAMETERS + name: view for name, view in checkpoint.network.parameters.items()}
    if not checkpoint.weights_only:
        tensors |= {MOMENTS + name: moment for name, moment in checkpoint.moments.items()}
        tensors[STATE] = checkpoint.state
        if checkpoint.learning is not None:
            tensors[LEARNING] = checkpoint.learning
        if checkpoint.base_weights is not None:
            tensors[BASE] = checkpoint.base_weights
    return {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}


def _expected_shapes(record: Record, architecture: Architecture) -> Shapes:
    """The names and shapes of the tensors in a checkpoint with this record."""
    config, shapes = record.config, architecture.shapes()
    parameters = {PARAMETERS + name: shape for name, shape in shapes.items()}
    if record.weights_only:
        return parameters
    vectors = [MOMENTS + name for name in OPTIMIZERS[config.training.optimizer].names_of_moments]
    if config.training.ema_decay is not None:
        vectors.append(LEARNING)
    if config.training.l2_sp:
        vectors.append(BASE)
    return {
        **parameters,
        **{name: (Parameters.size(shapes),) for name in vectors},
        STATE: architecture.state_shape(config.training.batch_size),
    }


def _precisions(record: Record) -> tuple[str, ...]:
    """What its tensors may be: the configuration's precision first."""
    precision = record.config.training.precision
    return (precision, HALF) if record.weights_only else (precision,)


def _require(found: Mapping[str, Entry], needed: Shapes, precisions: tuple[str, ...]) -> None:
    """Raises CheckpointError unless names and shapes are exactly those needed, and each precision is allowed."""
    for name, shape in needed.items():
        if name not in found:
            raise CheckpointError(f"lacks the tensor {name}, {tuple(shape)}, which its configuration needs")
        if found[name].shape != shape:
            raise CheckpointError(
                f"{name} has shape {found[name].shape}; its configuration and vocabulary need {tuple(shape)}"
            )
        if found[name].dtype not in precisions:
            raise CheckpointError(f"{name} is {found[name].dtype}; its configuration says {precisions[0]}")
    if unknown := sorted(found.keys() - needed.keys()):
        raise CheckpointError(f"holds the tensor {unknown[0][:80]!r}, which its configuration does not use")


def _require_ends(config: SizedConfig, vocabulary: Vocabulary) -> None:
    if config.data.has_documents != (vocabulary.end_id is not None):
        has = "has no" if vocabulary.end_id is None else "has an"
        raise CheckpointError(
            f"its vocabulary {has} {END}; its configuration has data.boundary {config.data.boundary!r} and data.field {config.data.field!r}"
        )


def _not_finite(tensors: Mapping[str, Array]) -> str | None:
    """The name of a tensor with a number that is not finite."""
    return next((name for name, tensor in tensors.items() if not np.isfinite(tensor).all()), None)


def _require_zero_biases(architecture: Architecture, parameters: Parameters, learning: Array | None) -> None:
    vectors = [parameters.flat] if learning is None else [parameters.flat, learning]
    for name in architecture.held_biases():
        if any(vector[parameters.place(name)].any() for vector in vectors):
            raise CheckpointError(f"{name} is not 0, but its configuration has model.bias false")


def _assemble(
    record: Record, vocabulary: Vocabulary, architecture: Architecture, tensors: Mapping[str, Array]
) -> Checkpoint:
    parameters = Parameters(architecture.shapes(), record.config.training.precision)
    parameters.load(_with_prefix(PARAMETERS, tensors))
    _require_zero_biases(architecture, parameters, tensors.get(LEARNING))
    state = tensors.get(STATE, np.zeros(architecture.state_shape(1), parameters.flat.dtype))  # none: weights alone
    return Checkpoint(
        vocabulary=vocabulary,
        network=Network(architecture, parameters),
        moments=_with_prefix(MOMENTS, tensors),
        state=state,
        learning=tensors.get(LEARNING),
        base_weights=tensors.get(BASE),
        weights_only=record.weights_only,
        **{key: getattr(record, key) for key in RECORD_FIELDS},
    )


def _with_prefix(prefix: str, tensors: Mapping[str, Array]) -> dict[str, Array]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
