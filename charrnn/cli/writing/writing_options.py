"""How the proposals of `charrnn write` are drawn."""

from dataclasses import dataclass, field

from charrnn.generation.sampling import SamplingOptions


@dataclass
class WritingOptions:
    """The seed of the next proposal, the filters, the most characters of one, and how many are shown at once."""

    seed: int
    sampling: SamplingOptions = field(default_factory=lambda: SamplingOptions(0.8))
    length: int = 60
    count: int = 1
