"""The base of a fine-tune: the network of another run, which was possibly trained on another text.

Its size and kind stay. Its vocabulary loses nothing, and grows by the symbols that only the new text has.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from charrnn.config import resolve
from charrnn.config.resolve import OptionValues
from charrnn.config.schema import Config, SizedConfig, Training
from charrnn.config.typed_values import as_text
from charrnn.errors import CheckpointError, ConfigError, NetworkError, RunError
from charrnn.network.network import Network
from charrnn.package import shipped_model
from charrnn.runs.finding import find_run
from charrnn.runs.planning.vocabulary_extension import extend_vocabulary
from charrnn.runs.storage import directory
from charrnn.runs.storage.checkpoint_record import Lineage, require_storable
from charrnn.text.source_text import SourceText
from charrnn.text.vocabulary import UNKNOWN, Ids, Vocabulary
from charrnn.training.events import digits
from charrnn.words import parameter

INHERITED_KEYS = (
    "model.cell",
    "model.nonlinearity",
    "model.hidden_size",
    "model.num_layers",
    "model.readout",
    "model.bias",
    "data.unit",
)
MAX_SYMBOLS_SHOWN = 20  # in a note
COUNTED_CHARS = 1_000_000  # of the text: enough to say how frequent a new symbol is


@dataclass(frozen=True)
class FineTuneBase:
    """The network of a run, its vocabulary and configuration, and where it comes from."""

    run: Path  # as the user named it
    network: Network
    vocabulary: Vocabulary
    config: SizedConfig
    lineage: Lineage
    notes: tuple[str, ...]  # about loading it

    @property
    def settings(self) -> OptionValues:
        """The keys of its network with their values: the defaults of a fine-tune."""
        return network_settings(self.config)

    def require_compatible(self, config: Config) -> None:
        """Raises ConfigError if a configuration has another network, or another unit."""
        there, asked = dict(resolve.flatten(self.config)), dict(resolve.flatten(config))
        other = [
            f"{key} is {as_text(there[key])} in the base, and {as_text(asked[key])} here"
            for key in INHERITED_KEYS
            if asked[key] != there[key]
        ]
        if self.config.data.has_documents and not config.data.has_documents:
            key = "data.field" if self.config.data.boundary is None else "data.boundary"
            other.append(f"{key} is set in the base, and null here")
        if other:
            raise ConfigError(
                f"{parameter('base')} {self.run}: {'; '.join(other)}; a fine-tune keeps its base's network: leave that out, or train without {parameter('base')}"
            )

    def weights(self, vocabulary: Vocabulary, ids: Ids, seed: int, dtype: DTypeLike) -> Network:
        """Its network, extended to a vocabulary that contains its own, for a text of these `ids`; `seed` draws what new
        symbols begin with.

        Raises NetworkError if a weight is too large for `dtype`, or if the network does not fit into memory.
        """
        try:
            counts = np.bincount(ids[:COUNTED_CHARS], minlength=len(vocabulary))
            generator = np.random.default_rng(seed)
            return extend_vocabulary(self.network, self.vocabulary, vocabulary, counts, generator, dtype)
        except NetworkError as error:
            raise NetworkError(f"{parameter('base')} {self.run}: {error}") from None
        except MemoryError:
            raise NetworkError(
                f"{parameter('base')} {self.run}: its network does not fit into this machine's memory"
            ) from None

    def describe(self, text: SourceText, vocabulary: Vocabulary, training: Training) -> tuple[str, ...]:
        """Notes: which of its symbols occur in `text`, which are new in `vocabulary`, which new ones cannot learn."""
        if self.vocabulary.unit == "byte":
            return (*self.notes, "the vocabulary stays: the 256 bytes")
        old = self.vocabulary.symbols
        known = set(old)
        new = [symbol for symbol in vocabulary.symbols if symbol not in known]
        present = set(text.vocabulary(1).symbols)
        if present - set(vocabulary.symbols):
            present.add(UNKNOWN)
        unused = [symbol for symbol in old if symbol not in present]
        counts = f"{len(old) - len(unused):,} of its {len(old):,} characters occur in this text"
        counts += f", {len(unused):,} do not: {_join(unused)}" if unused else ""
        counts += f"; {len(new):,} are new: {_join(new)}" if new else "; none is new"
        frozen = [part for part in ("layer1", "readout") if new and part in training.freeze]
        return (
            *self.notes,
            counts,
            *(f"{part} is frozen: the new characters keep the weights there that they begin with" for part in frozen),
        )


def network_settings(config: Config) -> OptionValues:
    """The keys that a fine-tune of a run with this configuration inherits, with their values."""
    kept = (*INHERITED_KEYS, "data.boundary", "data.field")
    return {key: (parameter("base"), value) for key, value in resolve.flatten(config) if key in kept}


def load_base(run: Path) -> FineTuneBase:
    """The base at `run`: a checkpoint, or the best one of a run directory, or its last if there is no best.

    Raises RunError and CheckpointError.
    """
    try:
        loaded = directory.load(find_run(run))
    except (RunError, CheckpointError) as error:
        raise type(error)(f"{parameter('base')} {error}") from None
    saved, path = loaded.checkpoint, recorded_path(loaded.path)
    require_storable(path, f"rename it to use it as {parameter('base')}")
    lineage = Lineage(
        path=path,
        step=saved.progress.step,
        text_sha256=saved.text.sha256,
        weights_sha256=hashlib.sha256(saved.network.parameters.flat.tobytes()).hexdigest(),
    )
    note, progress = f"from {loaded.path}: step {saved.progress.step:,}", saved.progress
    if progress.best_loss is not None and progress.best_step == progress.step:
        note += f", validation loss {digits(progress.best_loss)}"
    notes = (note, loaded.note) if loaded.note else (note,)
    return FineTuneBase(run, saved.network, saved.vocabulary, saved.config, lineage, notes)


def recorded_path(base: Path) -> str:
    """The path of a base as its fine-tune records it: absolute, or the name of a model that ships with the program."""
    return str(base if shipped_model(base) else base.absolute())


def _join(symbols: Sequence[str]) -> str:
    """Symbols as a message shows them, at most MAX_SYMBOLS_SHOWN of them."""
    names = ["the unknown symbol" if symbol == UNKNOWN else repr(symbol) for symbol in symbols[:MAX_SYMBOLS_SHOWN]]
    more = len(symbols) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")
