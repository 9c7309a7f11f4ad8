"""Text that ends where a stop string begins, though it comes in pieces that may cut the string in two."""

from collections.abc import Iterator, Sequence

from charrnn.errors import SamplingError


def require_stops(stops: Sequence[str]) -> None:
    """Raises SamplingError for a stop string without characters, at which every text would end."""
    if "" in stops:
        raise SamplingError("a stop string must have at least one character; found ''")


def until(pieces: Iterator[str], stops: Sequence[str]) -> Iterator[str]:
    """The text up to the first stop string, without it. What may be the beginning of one is held back until it is known."""
    held = ""
    for piece in pieces:
        held += piece
        if (end := first_stop(held, stops)) is not None:
            yield from filter(None, [held[:end]])
            return
        free = len(held) - _beginning(held, stops)
        if free:
            yield held[:free]
            held = held[free:]
    if held:
        yield held


def first_stop(text: str, stops: Sequence[str]) -> int | None:
    """Where the first stop string to be complete begins; None where there is none. Of two that end at once, the longer."""
    ends = [(text.index(stop) + len(stop), -len(stop)) for stop in stops if stop in text]
    return sum(min(ends)) if ends else None


def _beginning(text: str, stops: Sequence[str]) -> int:
    """How many of the last characters may be the beginning of a stop string."""
    longest = max(map(len, stops), default=1) - 1
    return next(
        (n for n in range(min(longest, len(text)), 0, -1) if any(stop.startswith(text[-n:]) for stop in stops)), 0
    )
