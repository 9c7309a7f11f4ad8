"""What to write, apart from the seed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from charrnn.errors import SamplingError
from charrnn.generation.sampling import SamplingOptions
from charrnn.words import parameter


@dataclass(frozen=True)
class SampleRequest:
    """A text of `length` characters (bytes, for a byte model) after the prompt. It ends earlier at the first stop
    string, and at the end of a document; with a `length` of 0 only there.

    Raises SamplingError if the length is below 0 or a stop string is empty.

    >>> SampleRequest("ROMEO:", length=200, options=SamplingOptions(temperature=0.8), stops=["\\n\\n"]).length
    200
    """

    prompt: str = ""
    length: int = 500
    options: SamplingOptions = field(default_factory=SamplingOptions)
    stops: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.length < 0:
            raise SamplingError(f"{parameter('length')} must be at least 0; found {self.length}")
        if "" in self.stops:  # every text would end at once
            raise SamplingError(f"{parameter('stops')}: a stop string must have at least one character; found ''")
