"""What a network does while it reads a text: its expectations, its surprisals, and all its states and gates.

The text is cut into streams that are read side by side, each after a warm-up; see training/surprisal.py. It begins as
in models/encoded_text.py; a first character that nothing predicts is a blind guess.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import DTypeLike, NDArray

from charrnn.errors import OUTPUT_NOT_FINITE, DivergedError
from charrnn.models.encoded_text import Block
from charrnn.models.scoring.scoring import UNKNOWN_COST
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.network.readout import log_softmax
from charrnn.system.blas_threads import one_blas_thread
from charrnn.text.characters.utf_8 import character_starts, decode_character
from charrnn.text.positions import NO_PLACES, Places
from charrnn.text.vocabulary import END, Vocabulary
from charrnn.training.surprisal import SCORING_WINDOW, WARM_UP, cut_in_streams

PREDICTIONS = 5  # kept for each character


@dataclass(frozen=True)
class Inspection:
    """What was found for each of n characters. What is not UTF-8 is U+FFFD; the end of a document is a line break.

    `units`: the number of characters, or for a byte model of bytes.
    """

    characters: list[str]
    unknown: NDArray[np.bool_]  # (n,) True where the vocabulary lacks the character
    surprisals: Array  # (n,) nats
    likeliest: NDArray[np.intp]  # (n, k) symbols most expected in its place; for several bytes, in place of the first
    probabilities: Array  # (n, k) of these
    activations: dict[str, Array]  # (n, H) each, after reading the character; see Workspace.activations
    units: int
    starts: Places = NO_PLACES  # which of the characters begin a file or a document
    ends: frozenset[int] = frozenset()  # the characters that end a document
    first_bytes: bytes = b""  # (n,) for a byte model, the only trace of what is not UTF-8

    @property
    def text(self) -> str:
        """The characters as one string."""
        return "".join(self.characters)


@dataclass(frozen=True)
class _Places:
    """A window of streams, (T, B): the place of each step in the text, whether the step counts, and whether it resets
    the state.
    """

    at: NDArray[np.intp]
    own: NDArray[np.bool_]
    begins: NDArray[np.bool_]


@one_blas_thread()
def inspect(network: Network, vocabulary: Vocabulary, block: Block, dtype: DTypeLike = np.float16) -> Inspection:
    """Read one text, a block of one row with at least 1 character, from its beginning. `dtype`: of the activations.

    Raises DivergedError if the network's output is not finite.
    """
    ids = block.ids[0].astype(np.intp)
    n, k, H = len(ids), min(PREDICTIONS, len(vocabulary)), network.architecture.hidden_size
    surprisals, likeliest, probabilities = np.zeros(n), np.zeros((n, k), np.intp), np.zeros((n, k))
    activations: dict[str, Array] = {}
    largest = float(np.finfo(dtype).max)

    def predict(places: NDArray[np.intp], logits: Array) -> None:
        if not np.isfinite(logits).all():
            raise DivergedError(OUTPUT_NOT_FINITE)
        log_p = log_softmax(logits)
        order = np.argsort(-log_p, axis=1, kind="stable")[:, :k]
        surprisals[places] = -log_p[np.arange(len(places)), ids[places]]
        likeliest[places], probabilities[places] = order, np.exp(np.take_along_axis(log_p, order, axis=1))

    predict(np.zeros(1, np.intp), np.zeros((1, len(vocabulary))))  # for the unseen id, or a blind guess
    for places, found, logits in _read(network, ids, vocabulary.end_id):
        for name, values in found.items():
            activations.setdefault(name, np.zeros((n, H), dtype))[places] = np.clip(values, -largest, largest)
        predict(places[places < n - 1] + 1, logits[places < n - 1])
    surprisals[block.unknown[0]] = UNKNOWN_COST
    seen = slice(block.unseen, None)
    made = Inspection(
        [_whole(str(character)) for character in block.characters],
        block.unknown[0, seen],
        surprisals[seen],
        likeliest[seen],
        probabilities[seen],
        {name: values[seen] for name, values in activations.items()},
        n - block.unseen,
        block.starts,
        frozenset(at for at, character in enumerate(block.characters) if character == END),
    )
    return _in_characters(made, block.ids[0, seen].tobytes()) if vocabulary.unit == "byte" else made


def _read(
    network: Network, ids: NDArray[np.intp], end_id: int | None
) -> Iterator[tuple[NDArray[np.intp], dict[str, Array], Array]]:
    """Places in the text, (m,), each once; their activations, (m, H); and the logits of the next characters, (m, V)."""
    B, length = cut_in_streams(len(ids) - 1)
    ws, state = network.workspace(SCORING_WINDOW, B), network.zero_state(B)
    for places in _windows(len(ids), B, length):
        inputs = ids[places.at]
        reset_mask = places.begins if end_id is None else places.begins | (inputs == end_id)
        network.logits(inputs, state, ws, reset_mask)
        state = ws.state
        found = {name: values[places.own] for name, values in ws.activations.items()}
        yield places.at[places.own], found, ws.logits[places.own]


def _windows(n: int, B: int, length: int) -> Iterator[_Places]:
    """The windows of B streams. Each stream first reads the WARM_UP characters before its own, unless it is the only
    one; the last stream continues to the end.
    """
    warm_up, begins = WARM_UP if B > 1 else 0, np.arange(B) * length
    ends = np.append(begins[1:], n)
    for start in range(0, warm_up + n - int(begins[-1]), SCORING_WINDOW):
        at = np.arange(start, start + SCORING_WINDOW)[:, np.newaxis] - warm_up + begins
        yield _Places(np.clip(at, 0, n - 1), (at >= begins) & (at < ends), at == 0)


def _in_characters(made: Inspection, data: bytes) -> Inspection:
    """Characters from bytes: the sum of the surprisals, the expectations of the first byte, the activations after the
    last.
    """
    starts = character_starts(data)
    ends = np.append(starts[1:], len(data))
    characters = [decode_character(data[start:end]) for start, end in zip(starts, ends, strict=True)]
    return Inspection(
        characters,
        made.unknown[starts],
        np.add.reduceat(made.surprisals, starts),
        made.likeliest[starts],
        made.probabilities[starts],
        {name: values[ends - 1] for name, values in made.activations.items()},
        made.units,
        replace(made.starts, at=starts.searchsorted(made.starts.at)),
        first_bytes=bytes(data[start] for start in starts),
    )


def _whole(character: str) -> str:
    """A character to show: a line break for the end of a document, U+FFFD for half of a surrogate pair."""
    if character == END:
        return "\n"
    return "\ufffd" if "\ud800" <= character <= "\udfff" else character
