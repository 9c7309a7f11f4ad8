"""How each character came to be drawn: the network's own probability of it, and what it was drawn from."""

from dataclasses import dataclass

import numpy as np

from charrnn.generation.drawing import Drawn
from charrnn.generation.sampling import Options, candidates
from charrnn.network.arrays import Array
from charrnn.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class TracedStep:
    """A character, its probability as the network has it, and the likeliest of the candidates that all filters left, with the
    probabilities they were drawn with; the drawn one is always among them. A byte that is not ASCII is named \\xc3.
    """

    character: str
    probability: float
    candidates: list[tuple[str, float]]


def trace(drawn: Drawn, options: Options, vocabulary: Vocabulary, most: int) -> list[TracedStep]:
    """One step of each text, with at most so many candidates and the drawn one."""
    p = candidates(drawn.allowed, options)
    orders = (-p).argsort(axis=-1, kind="stable")[:, :most]
    names = [_name(symbol, vocabulary.unit) for symbol in vocabulary.symbols]
    rows = zip(drawn.ids.tolist(), np.exp(-drawn.surprisals()).tolist(), p, orders, strict=True)
    return [TracedStep(names[index], own, _likeliest(p, order, index, names)) for index, own, p, order in rows]


def _likeliest(p: Array, order: Array, drawn: int, names: list[str]) -> list[tuple[str, float]]:
    shown = [index for index in order.tolist() if p[index] > 0]
    return [(names[index], float(p[index])) for index in (shown if drawn in shown else [*shown, drawn])]


def _name(symbol: str, unit: str) -> str:
    return f"\\x{ord(symbol):02x}" if unit == "byte" and not symbol.isascii() else symbol
