"""Where a text is cut into train, valid and test. Between protocols, the loss of one network differs by 0.1 nats and
more.

    contiguous  train, valid, test in this order, by shares
    nanogpt     contiguous: the first nine tenths train, the last tenth validates; no test
    char-rnn    the text, cut to a whole number of B x S characters, as B equal slices side by side; of the windows of S
                characters in each slice, the first 0.95 train and the rest validate: what is held out lies between stretches
                that were trained on

Source: the data loaders of the projects of these names (nanoGPT, prepare.py; char-rnn, CharSplitLMMinibatchLoader.lua).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from charrnn.errors import TextError
from charrnn.text.characters.unit_names import Unit, amount

Protocol = Literal["contiguous", "nanogpt", "char-rnn"]
SPLITS = ("train", "valid", "test")
PROTOCOL_SHARES = {"nanogpt": (0.9, 0.1, 0.0), "char-rnn": (0.95, 0.05, 0.0)}  # shares
MIN_SPLIT_CHARS = 2  # one character to read and one to predict


@dataclass(frozen=True)
class Cuts:
    """A text as `slices` equal stretches of `length` characters, each cut at `bounds`: 0, and the ends of train, valid
    and test.
    """

    slices: int
    length: int
    bounds: tuple[int, int, int, int]


@dataclass(frozen=True)
class Split:
    """How to cut a text: `shares` are those of train, valid and test; `slices` are char-rnn's B and S."""

    shares: tuple[float, float, float]
    protocol: Protocol = "contiguous"
    slices: tuple[int, int] = (50, 50)

    def cut(self, characters: int, unit: Unit = "char") -> Cuts:
        """Cut a text of this length, in characters or bytes. Raises TextError if a split with a share gets fewer than
        two.
        """
        if self.protocol == "char-rnn":
            return self._cut_slices(characters, unit)
        train, valid, test = shares = self.shares
        first, second = _floor(characters * train), _floor(characters * (train + valid))
        cuts = Cuts(1, characters, (0, first, characters if test == 0 else second, characters))
        self._require_long_enough(cuts, f"{amount(characters, unit)} split as {list(shares)} give", unit)
        return cuts

    def _cut_slices(self, characters: int, unit: Unit) -> Cuts:
        B, S = self.slices
        train, valid, test = self.shares
        windows = characters // (B * S)
        first, second = _floor(windows * train), _floor(windows * train) + _floor(windows * valid)
        cuts = Cuts(B, windows * S, (0, first * S, (windows if test == 0 else second) * S, windows * S))
        asked = f"{amount(characters, unit)} in {B} slices, in windows of {S}, split as {list(self.shares)} give of each slice"
        self._require_long_enough(cuts, asked, unit)
        return cuts

    def _require_long_enough(self, cuts: Cuts, asked: str, unit: Unit) -> None:
        advice = f"{amount(MIN_SPLIT_CHARS, unit)}: add text, or change data.split"
        self.require_each(cuts.bounds, MIN_SPLIT_CHARS, f"the text is too short: {asked}", advice)

    def require_each(self, bounds: Sequence[int], least: int, asked: str, advice: str) -> None:
        """Raises TextError if a split with a share gets fewer than `least`; the message has `asked` and `advice`."""
        sizes = [end - start for start, end in pairwise(bounds)]
        if any(share > 0 and size < least for share, size in zip(self.shares, sizes, strict=True)):
            found = ", ".join(f"{name} {size}" for name, size in zip(SPLITS, sizes, strict=True))
            raise TextError(f"{asked} {found}; each split needs at least {advice}")


def make_split(protocol: Protocol, shares: tuple[float, float, float], slices: tuple[int, int]) -> Split:
    """The split of a protocol: contiguous has these shares, the others their own."""
    return Split(PROTOCOL_SHARES.get(protocol, shares), protocol, slices)


def overlap(a: Cuts, name: str, b: Cuts, other: str) -> int:
    """How many characters are both in split `name` of `a` and in split `other` of `b`, two cuts of one text."""
    shared = 0
    theirs = list(_stretch_bounds(b, other))
    for start, stop in _stretch_bounds(a, name):
        shared += sum(max(0, min(stop, end) - max(start, begin)) for begin, end in theirs)
    return shared


def _stretch_bounds(cuts: Cuts, name: str) -> Iterator[tuple[int, int]]:
    """Where each slice of a split begins and ends in the text."""
    index = SPLITS.index(name)
    for first in range(0, cuts.slices * cuts.length, cuts.length):
        yield first + cuts.bounds[index], first + cuts.bounds[index + 1]


def _floor(number: float) -> int:
    """Floor, but undo the errors of binary fractions first: 0.29 * 100 is 29, not 28."""
    return int(round(number, 6))
