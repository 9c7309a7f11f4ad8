"""The results of sampling: texts, their probabilities, and what each character was drawn from."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.generation.incremental_decoder import Piece
from charrnn.generation.sampling import SamplingOptions, candidates
from charrnn.generation.sampling_loop import SampledStep
from charrnn.network.arrays import Array
from charrnn.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class TracedStep:
    """One character: its probability by the network, before any filter, and the likeliest candidates after all filters,
    with the probabilities used to draw. The drawn character is always among the candidates. A byte that is not ASCII is
    named \\xc3.
    """

    character: str
    probability: float
    candidates: list[tuple[str, float]]


def trace(
    drawn: SampledStep, options: SamplingOptions, vocabulary: Vocabulary, max_candidates: int
) -> list[TracedStep]:
    """One step of each text, with at most `max_candidates` candidates and the drawn character."""
    p = candidates(drawn.allowed, options)
    orders = (-p).argsort(axis=-1, kind="stable")[:, :max_candidates]
    names = [_name(symbol, vocabulary.unit) for symbol in vocabulary.symbols]
    rows = zip(drawn.ids.tolist(), np.exp(-drawn.surprisals()).tolist(), p, orders, strict=True)
    return [TracedStep(names[index], own, _likeliest(p, order, index, names)) for index, own, p, order in rows]


def _likeliest(p: Array, order: Array, drawn: int, names: list[str]) -> list[tuple[str, float]]:
    shown = [index for index in order.tolist() if p[index] > 0]
    return [(names[index], float(p[index])) for index in (shown if drawn in shown else [*shown, drawn])]


def _name(symbol: str, unit: str) -> str:
    return f"\\x{ord(symbol):02x}" if unit == "byte" and not symbol.isascii() else symbol


Seed = int | tuple[int, ...]


@dataclass(frozen=True)
class Sample:
    """A text that was written, without its prompt. `finish` is "length" or "stop".

    `drawn` is the number of characters (bytes, for a byte model) that were drawn, including a stop string, without the
    bytes of an incomplete last character. The rest is None unless requested: `log_probability`, in nats, of all that
    was drawn, by the predictor before any filter; `pieces`, the text with the surprisal of each character; `trace`, a
    step for each of what was drawn.
    """

    text: str
    seed: Seed
    finish: str
    drawn: int
    log_probability: float | None = None
    pieces: Sequence[Piece] | None = None
    trace: Sequence[TracedStep] | None = None

    @property
    def mean_log_probability(self) -> float:
        """Nats per character drawn; -inf if none was drawn. Needs a scored sample."""
        assert self.log_probability is not None, "scored"
        return self.log_probability / self.drawn if self.drawn else -math.inf


def select_best(samples: Sequence[Sample], count: int) -> list[Sample]:
    """The `count` scored samples with the highest mean log probability, the highest first; equals stay in order."""
    return sorted(samples, key=lambda sample: -sample.mean_log_probability)[:count]
