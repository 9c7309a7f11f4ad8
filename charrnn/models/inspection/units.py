"""Which units of a network follow which features of a text: Pearson's correlation of each with each, and a choice of the best.

    r[f, u] = Σ_t x[f, t] a[t, u]        x, a: over the text with mean 0 and length 1

A unit is named by its array and its number: h:17, z:3, in the second layer h_2:17.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.errors import NetworkError
from charrnn.network.arrays import Array
from charrnn.system.blas_threads import one_blas_thread
from charrnn.words import parameter

AT_ONCE = 256  # units
SILENT = 1e-4  # a standard deviation below which a unit says nothing, and float16 hardly holds it


@dataclass(frozen=True)
class Unit:
    """One column of an array of activations."""

    array: str
    number: int

    @property
    def name(self) -> str:
        """As a person types it."""
        return f"{self.array}:{self.number}"


@dataclass(frozen=True)
class UnitCorrelations:
    """Units, (U,), features, (F,), and the correlation of each with each, (F, U)."""

    units: list[Unit]
    features: list[str]
    r: Array

    def strongest(self, feature: str) -> tuple[Unit, float]:
        """The unit that follows a feature most strongly, in either direction."""
        row = self.r[self.features.index(feature)]
        column = int(np.abs(row).argmax())
        return self.units[column], float(row[column])

    def select(self, count: int, first: Sequence[Unit] = ()) -> "UnitCorrelations":
        """So many units: `first`, then the best of each feature in turn, the second best of each, and so on; where there is no
        feature, in their own order.
        """
        ranks = np.argsort(-np.abs(self.r), axis=1, kind="stable") if self.features else np.arange(len(self.units))
        wanted = [self.units.index(unit) for unit in first] + ranks.T.ravel().tolist()
        columns = [*dict.fromkeys(wanted)][:count]
        return UnitCorrelations([self.units[column] for column in columns], self.features, self.r[:, columns])


@one_blas_thread()
def correlate(features: Mapping[str, Array], activations: Mapping[str, Array]) -> UnitCorrelations:
    """Judge all units, (n, H) of each array, by all features of the text that vary, (n,) each."""
    varying = {name: values for name, values in features.items() if np.ptp(values) > 0}
    n = len(next(iter(activations.values())))
    x = _standardised(np.array([*varying.values()]).reshape(len(varying), n).T)
    units = [Unit(name, number) for name, values in activations.items() for number in range(values.shape[1])]
    blocks = [
        x.T @ _standardised(values[:, start : start + AT_ONCE])
        for values in activations.values()
        for start in range(0, values.shape[1], AT_ONCE)
    ]
    return UnitCorrelations(units, [*varying], np.concatenate(blocks, axis=1))


def parse(name: str, activations: Mapping[str, Array]) -> Unit:
    """The unit of a name, among arrays (..., H); a bare number is a hidden unit of the top layer. Raises NetworkError where
    there is none.
    """
    match = re.fullmatch(r"(?:([a-z](?:_\d+)?):)?(\d{1,9})", name)
    top = [array for array in activations if array.startswith("h")][-1]
    array = (match[1] or top) if match else ""
    if match is None or array not in activations or int(match[2]) >= activations[array].shape[-1]:
        last = activations[top].shape[-1] - 1
        raise NetworkError(
            f"{parameter('unit')} {name}: the network has no such unit; there are 0 to {last} of each of {', '.join(activations)}: "
            f"for example {top}:{last}"
        )
    return Unit(array, int(match[2]))


def _standardised(values: Array) -> Array:
    """Columns with mean 0 and length 1, in float32; those that do not vary are 0."""
    centred = values.astype(np.float32)
    centred -= centred.mean(axis=0)
    length = np.sqrt(np.einsum("nu,nu->u", centred, centred))
    centred /= np.where(length > SILENT * np.sqrt(len(centred)), length, np.inf)
    return np.asarray(centred)
