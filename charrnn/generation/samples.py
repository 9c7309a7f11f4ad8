"""Texts that were written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from charrnn.generation.pieces import Piece
from charrnn.generation.tracing import TracedStep

Seed = int | tuple[int, ...]


@dataclass(frozen=True)
class Sample:
    """A text that was written, without its prompt; `finish` is "length" or "stop".

    `drawn`: characters (bytes, for a byte model) drawn up to there, a stop string included, the first bytes of a character that the
    length cuts not. Where asked for, and None otherwise:
    `log_probability` that of all that was drawn, in nats, as the predictor has it before any filter; `pieces` the text with the
    surprisal of each character; `trace` a step for each of what was drawn.
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
        """Nats for each character drawn; below all others where there is none. Only of a sample that is scored."""
        assert self.log_probability is not None, "scored"
        return self.log_probability / self.drawn if self.drawn else -math.inf


def best(samples: Sequence[Sample], count: int) -> list[Sample]:
    """So many scored samples, that with the highest mean log probability first; of equals, the one that came first."""
    return sorted(samples, key=lambda sample: -sample.mean_log_probability)[:count]
