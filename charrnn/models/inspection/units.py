"""Which units of a network follow which features of a text: Pearson's correlations, and a selection of the strongest.

    r[f, u] = Σ_t x[f, t] a[t, u]        x, a: with mean 0 and length 1 over the text

The name of a unit is its array and its number: h:17, z:3, in the second layer h_2:17.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.errors import NetworkError, OptionError
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.network.stepper import Held
from charrnn.system.blas_threads import one_blas_thread
from charrnn.words import parameter

AT_ONCE = 256  # units
MAX_HELD = 1e6  # a value beyond it would only overflow; h is within 1, and c counts in ones
SILENT = 1e-4  # a standard deviation; below it a unit is constant, up to the rounding of float16


@dataclass(frozen=True)
class HiddenUnit:
    """One column of an array of activations."""

    array: str
    number: int

    @property
    def name(self) -> str:
        """The name to type, for example h:17."""
        return f"{self.array}:{self.number}"


@dataclass(frozen=True)
class UnitCorrelations:
    """Units, (U,), features, (F,), and their correlations, (F, U)."""

    units: list[HiddenUnit]
    features: list[str]
    r: Array

    def strongest(self, feature: str) -> tuple[HiddenUnit, float]:
        """The unit that follows a feature most strongly, in either direction."""
        row = self.r[self.features.index(feature)]
        column = int(np.abs(row).argmax())
        return self.units[column], float(row[column])

    def select(self, count: int, first: Sequence[HiddenUnit] = ()) -> "UnitCorrelations":
        """`count` units: `first`, then the best unit of each feature in turn, then the second best, and so on; without
        features in their own order.
        """
        ranks = np.argsort(-np.abs(self.r), axis=1, kind="stable") if self.features else np.arange(len(self.units))
        wanted = [self.units.index(unit) for unit in first] + ranks.T.ravel().tolist()
        columns = [*dict.fromkeys(wanted)][:count]
        return UnitCorrelations([self.units[column] for column in columns], self.features, self.r[:, columns])


@one_blas_thread()
def correlate(features: Mapping[str, Array], activations: Mapping[str, Array]) -> UnitCorrelations:
    """The correlations of all units, (n, H) of each array, with all features that vary over the text, (n,) each."""
    varying = {name: values for name, values in features.items() if np.ptp(values) > 0}
    n = len(next(iter(activations.values())))
    x = _standardise(np.array([*varying.values()]).reshape(len(varying), n).T)
    units = [HiddenUnit(name, number) for name, values in activations.items() for number in range(values.shape[1])]
    blocks = [
        x.T @ _standardise(values[:, start : start + AT_ONCE])
        for values in activations.values()
        for start in range(0, values.shape[1], AT_ONCE)
    ]
    return UnitCorrelations(units, [*varying], np.concatenate(blocks, axis=1))


def parse_held(network: Network, force: Mapping[str, float]) -> Held:
    """The units with these names, to be held at these values: h:17, c:3, in the second layer h_2:17; a gate cannot be.

    Raises NetworkError for a unit that does not exist, and OptionError for a value that no state has.
    """
    held: dict[tuple[int, str, int], float] = {}
    states = {name: values for name, values in network.workspace(1, 1).activations.items() if name[0] in "hc"}
    for name, value in force.items():
        unit = parse(name, states, force=True)
        state, _, layer = unit.array.partition("_")
        if not abs(value) <= MAX_HELD:
            raise OptionError(
                f"{parameter('force')} {name}={value:g}: must be a number from -{MAX_HELD:g} to {MAX_HELD:g}"
            )
        place = int(layer or 1) - 1, state, unit.number
        if place in held:
            raise OptionError(f"{parameter('force')} {name}={value:g}: this unit has a value already")
        held[place] = value
    return held


def parse(name: str, activations: Mapping[str, Array], force: bool = False) -> HiddenUnit:
    """The unit with this name, among arrays (..., H); a number alone is a hidden unit of the top layer.

    Raises NetworkError if there is no such unit; it names the parameter `force` or `unit`.
    """
    match = re.fullmatch(r"(?:([a-z](?:_\d+)?):)?(\d{1,9})", name)
    top = [array for array in activations if array.startswith("h")][-1]
    array = (match[1] or top) if match else ""
    if match is None or array not in activations or int(match[2]) >= activations[array].shape[-1]:
        last = activations[top].shape[-1] - 1
        raise NetworkError(
            f"{parameter('force' if force else 'unit')} {name}: the network has no such unit; there are 0 to {last} of each of {', '.join(activations)}: "
            f"for example {top}:{last}"
        )
    return HiddenUnit(array, int(match[2]))


def _standardise(values: Array) -> Array:
    """The columns with mean 0 and length 1, in float32; constant columns are 0."""
    centred = values.astype(np.float32)
    centred -= centred.mean(axis=0)
    length = np.sqrt(np.einsum("nu,nu->u", centred, centred))
    centred /= np.where(length > SILENT * np.sqrt(len(centred)), length, np.inf)
    return np.asarray(centred)
