"""Text that ends where a stop string begins, even if the string is split between two pieces of the text."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from charrnn.generation.incremental_decoder import Decoder, Piece
from charrnn.network.arrays import Array
from charrnn.text.vocabulary import Vocabulary, list_characters
from charrnn.words import parameter


def explain_impossible(stop: str, vocabulary: Vocabulary, disallowed: Array | None, length: int) -> str | None:
    """Return why no text of `length` characters or bytes (0: no limit) can contain a stop string; None if one can.

    `disallowed` is the mask of `disallowed_symbols`.
    """
    if length and len(vocabulary.read(stop)[0]) > length:
        return f"it is longer than {parameter('length')}, {length:,}"
    lost = [] if vocabulary.unit == "byte" else [c for c in stop if c not in vocabulary.characters]
    if lost:
        return f"the model does not know {list_characters(lost)}"
    left_out = [] if disallowed is None else [c for c in stop if disallowed[vocabulary.encode(c)].any()]
    return f"{parameter('only')} leaves out {list_characters(left_out)}" if left_out else None


def until(pieces: Iterator[str], stops: Sequence[str]) -> Iterator[str]:
    """The text up to the first stop string, without it. A possible beginning of one is held back."""
    held = ""
    for piece in pieces:
        held += piece
        if (end := first_stop(held, stops)) is not None:
            yield from filter(None, [held[:end]])
            return
        free = len(held) - possible_start_length(held, stops)
        if free:
            yield held[:free]
            held = held[free:]
    if held:
        yield held


def pieces_until(given: Iterable[Piece], stops: Sequence[str]) -> Iterator[Piece]:
    """The same as `until`, for characters with their surprisals."""
    surprisals: deque[float] = deque()

    def texts() -> Iterator[str]:
        for character, surprisal in given:
            surprisals.append(surprisal)
            yield character

    for text in until(texts(), stops):
        yield from ((character, surprisals.popleft()) for character in text)


def first_stop(text: str, stops: Sequence[str]) -> int | None:
    """The beginning of the stop string that is complete first, of two the longer; None if there is none."""
    ends = [(text.index(stop) + len(stop), -len(stop)) for stop in stops if stop in text]
    return sum(min(ends)) if ends else None


def possible_start_length(text: str, stops: Sequence[str]) -> int:
    """The number of last characters that may be the beginning of a stop string."""
    longest = max(map(len, stops), default=1) - 1
    return next(
        (n for n in range(min(longest, len(text)), 0, -1) if any(stop.startswith(text[-n:]) for stop in stops)), 0
    )


class StopDetector:
    """Finds, one id at a time, where each of B texts meets its first stop string or the end of its document."""

    def __init__(self, decoders: Sequence[Decoder], stops: Sequence[str], end_id: int | None = None) -> None:
        """`at`: the number of ids of each text up to there; None if it has not ended."""
        self.at: list[int | None] = [None] * len(decoders)
        self._decoders, self._stops, self._end_id = decoders, stops, end_id
        self._tails = [""] * len(decoders)
        self._read = 0

    def read(self, ids: Sequence[int]) -> bool:
        """Read one more id of each text. Returns whether all texts have ended."""
        self._read += 1
        for b, (end, decoder, index) in enumerate(zip(self.at, self._decoders, ids, strict=True)):
            if end is None and (index == self._end_id or self._completes_stop(b, decoder.read(index))):
                self.at[b] = self._read
        return None not in self.at

    def _completes_stop(self, b: int, piece: str) -> bool:
        """Whether this piece of text b completes a stop string; a possible beginning of one is remembered."""
        text = self._tails[b] + piece
        self._tails[b] = text[len(text) - possible_start_length(text, self._stops) :]
        return any(stop in text for stop in self._stops)
