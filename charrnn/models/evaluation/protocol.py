"""How the training text is cut for an evaluation."""

from typing import get_args

from charrnn.config.data import Data
from charrnn.errors import OptionError
from charrnn.text import splits
from charrnn.text.splits import Protocol, Split
from charrnn.words import parameter


def make_split(data: Data, protocol: Protocol | None, slices: tuple[int, int] | None) -> Split:
    """How to cut the text: as for the training, unless asked otherwise. Raises OptionError for values that do not
    exist.
    """
    if protocol not in (None, *get_args(Protocol)):
        raise OptionError(f"{parameter('protocol')} must be one of {', '.join(get_args(Protocol))}; found {protocol}")
    split = splits.make_split(protocol or data.protocol, data.split, slices or data.slices)
    if slices and split.protocol != "char-rnn":
        raise OptionError(
            f"{parameter('slices')} are for protocol char-rnn; found {split.protocol}; add {parameter('protocol')} char-rnn"
        )
    if slices and (len(slices) != 2 or min(slices) < 1):
        raise OptionError(f"{parameter('slices')} must be two whole numbers above 0; found {slices}")
    return split
