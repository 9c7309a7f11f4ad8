"""The JSON record of a checkpoint, in the file's metadata: checked strictly, because a stranger may have written it."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Literal

import numpy as np
from pydantic import Field, ValidationError

import charrnn
from charrnn.config.problems import shorten
from charrnn.config.schema import SizedConfig
from charrnn.config.section import MAX_STEPS, StrictModel
from charrnn.errors import CheckpointError, RunError, UnreadableError
from charrnn.runs.storage.text_place import RUN_PARENT
from charrnn.system.machine import blas_libraries
from charrnn.system.vector_extensions import vector_extensions
from charrnn.training.divergence import MAX_LOSS
from charrnn.training.trainer import Progress

FORMAT: Literal[2] = 2
WEIGHTS_FORMAT: Literal[3] = 3  # of weights alone, which versions before them refuse as newer
RECORD, VOCABULARY = "charrnn", "vocabulary"
MAX_RECORD_CHARS = 1 << 20


def require_storable(name: str, remedy: str) -> None:
    """Raises RunError for a name that cannot be recorded: the record is JSON, which is UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        try:
            shown, why = os.fsencode(name).decode(), "a file name that this locale cannot read; set PYTHONUTF8=1"
        except UnicodeError:
            shown, why = name.encode("utf-8", "backslashreplace").decode(), f"a file name that is not UTF-8; {remedy}"
        raise RunError(f"{shown}: {why}") from None


@cache
def versions(ranks: int = 1) -> Mapping[str, str]:
    """Versions of everything that the numbers of a training depend on, and the number of its ranks."""
    return {
        "charrnn": charrnn.__version__,
        "numpy": np.__version__,
        "simd": " ".join(vector_extensions()) or "unknown",
        "blas": ", ".join(library for library, _ in blas_libraries()) or "unknown",
        "python": platform.python_version(),
        "ranks": str(ranks),
    }


@dataclass(frozen=True)
class TextRecord:
    """The text that a run was trained on."""

    sources: tuple[str, ...]
    sha256: str
    characters: int


class Lineage(StrictModel):
    """The base of a fine-tune: its file, its step, and the digests of its text and its flat parameter vector."""

    path: str
    step: int = Field(ge=0, le=MAX_STEPS)
    text_sha256: str
    weights_sha256: str


class Record(StrictModel):
    """What a checkpoint stores besides tensors."""

    format: Literal[2, 3] = FORMAT
    config: SizedConfig
    progress: Progress
    updates: int = Field(ge=0, le=MAX_STEPS)
    position: int = Field(ge=0, le=MAX_STEPS)
    text: TextRecord
    versions: Mapping[str, str]
    base: Lineage | None = None

    @property
    def weights_only(self) -> bool:
        """Whether the file has weights alone, without what a training needs to go on; see weights_only.py."""
        return self.format == WEIGHTS_FORMAT


def to_metadata(record: Record, symbols: Sequence[str], run_parent: str | None = None) -> dict[str, str]:
    """Record and vocabulary as texts, which `parse_record` and `parse_symbols` read, and the place of the run."""
    # What versions of charrnn before these keys do anyway is left out, because they would refuse the keys; without
    # eval_every they take 500.
    data, training = record.config.data, record.config.training
    new_in_training = {
        "eval_every": training.eval_every is None,
        "l2_sp": not training.l2_sp,
        "look_up_rate": training.look_up_rate == 1,
    }
    new_in_data = {"field": data.field is None, "shuffle": not data.shuffle}
    unchosen = {
        section: {key for key, is_old in new.items() if is_old}
        for section, new in (("training", new_in_training), ("data", new_in_data))
    }
    text = record.model_dump_json(exclude={"config": unchosen})
    # Escapes would make the vocabulary four times as long.
    metadata = {RECORD: text, VOCABULARY: json.dumps(symbols, ensure_ascii=False)}
    return metadata if run_parent is None else {**metadata, RUN_PARENT: run_parent}


def parse_record(metadata: Mapping[str, str]) -> Record:
    """The record in a file's metadata. Raises CheckpointError, and UnreadableError for a newer format."""
    if RECORD not in metadata:
        raise CheckpointError(_not_a_checkpoint(metadata))
    if len(metadata[RECORD]) > MAX_RECORD_CHARS:  # a list of all mistakes in a long one would take much memory
        raise CheckpointError(f"its record is not valid: longer than {MAX_RECORD_CHARS:,} characters")
    try:
        record = Record.model_validate_json(metadata[RECORD])
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] == ("format",) and isinstance(first["input"], int) and first["input"] > WEIGHTS_FORMAT:
            raise UnreadableError(
                f"written by a newer charrnn (format {first['input']:,}; this one reads {FORMAT} and {WEIGHTS_FORMAT})"
            ) from None
        key = shorten(repr(".".join(map(str, first["loc"])))[1:-1])
        raise CheckpointError(f"its record is not valid: {key}: {first['msg']}") from None
    _require_counts(record)
    return record


def _not_a_checkpoint(metadata: Mapping[str, str]) -> str:
    """What a safetensors file without a record is."""
    if not {VOCABULARY, "config"} <= metadata.keys():
        return "a safetensors file, but not a checkpoint of charrnn"
    if {"step", "reason"} <= metadata.keys():
        return "what a training read when it diverged, not a checkpoint; name its run directory"
    return "weights that charrnn export wrote for other tools, not a checkpoint; name the run that they came from"


def _require_counts(record: Record) -> None:
    """Raises CheckpointError for numbers below 0, or so large that a resumed training could not write its own
    record.
    """
    numbers = asdict(record.progress) | {"updates": record.updates, "position": record.position}
    level = numbers.pop("level")
    counts = [number or 0 for number in (*numbers.values(), level["variance"])]
    if not (all(0 <= count <= MAX_STEPS // 2 for count in counts) and 0 <= (level["mean"] or 0) <= MAX_LOSS):
        raise CheckpointError("its record is not valid: a count in it is negative, or larger than in any training")


def parse_symbols(metadata: Mapping[str, str]) -> list[str]:
    """The vocabulary's symbols in a file's metadata, in id order. Raises CheckpointError."""
    try:
        symbols = json.loads(metadata.get(VOCABULARY, "null"))
        "".join(symbols).encode()
    except (ValueError, RecursionError, TypeError) as error:  # not JSON, half of a surrogate pair, not a list of texts
        raise CheckpointError(f"its vocabulary is not valid: {error}") from None
    if not isinstance(symbols, list):
        raise CheckpointError("its vocabulary is not valid: not a list")
    return symbols
