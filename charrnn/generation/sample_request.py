"""What is to be written, but for the seed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from charrnn.errors import SamplingError
from charrnn.generation.sampling import SamplingOptions
from charrnn.generation.stop_strings import require_stops
from charrnn.words import parameter


@dataclass(frozen=True)
class SampleRequest:
    """A text of `length` characters (bytes, for a byte model) that follows the prompt, up to the first of the stop strings, or to
    where a document ends. A `length` of 0 has no end but these.

    Raises SamplingError for a length below 0 and for an empty stop string.

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
        require_stops(self.stops)
