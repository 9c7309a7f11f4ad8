"""One small case of a system, number by number: states, Jacobians, the terms of the double sum, what truncation loses.

    ∂L/∂W = Σ_t Σ_k term(t, k),   t - k: how many steps back the term goes

Truncation to n steps keeps the terms with t - k < n. The system without a loss has products ∂h_t/∂h_k instead of terms.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from charrnn.derivations.complex_step import Array, by, derivative
from charrnn.derivations.functions import Activation, Loss, Softmax
from charrnn.derivations.systems.mini_batch import MiniBatch
from charrnn.derivations.systems.multiple import Multiple
from charrnn.derivations.systems.recurrent import Letters
from charrnn.derivations.systems.vanishing import Recurrence, largest_singular_value

EXPLAINED: dict[str, Any] = {"T": 3, "M": 1, "D": 2, "C": 2, "B": 2}  # the default Case
LIMITS = {"T": 8, "M": 4, "D": 4, "C": 4, "B": 3}  # nobody reads more numbers than these

Pair = tuple[int, int]  # (t, k)


@dataclass(frozen=True)
class Truncation:
    """What truncation to `steps` keeps of the gradient; `error` is ‖gradient - kept‖ / ‖gradient‖."""

    steps: int
    kept: Array
    error: float


@dataclass(frozen=True)
class DoubleSum:
    """The terms of the gradient of the recurrent weight, and their sums. Every array has the shape of the weight."""

    parameter: str
    loss: Array
    N: int  # what the summed loss is divided by
    terms: Mapping[Pair, Array]
    row_sums: Mapping[int, Array]  # Σ_k, by t
    gradient: Array  # all terms together
    complex_step: Array
    truncations: tuple[Truncation, ...]  # to 1, 2, ... steps

    @property
    def difference(self) -> float:
        """The largest difference between the sum and the complex step."""
        return _largest_difference(self.gradient, self.complex_step)


@dataclass(frozen=True)
class Products:
    """The products of Jacobians ∂h_t/∂h_k, k < t, with their norms and the bound (γ σ)^{t-k}."""

    products: Mapping[Pair, Array]  # each (D, D)
    complex_step: Mapping[Pair, Array]
    norms: Mapping[Pair, float]  # largest singular values
    bounds: Mapping[Pair, float]
    eigenvalues: Array  # (D,): |λ| of W_hh, the largest first
    σ: float  # the largest singular value of W_hh
    γ: float  # the largest |φ'|

    @property
    def difference(self) -> float:
        """The largest difference between a product and the complex step."""
        return max(_largest_difference(self.products[pair], self.complex_step[pair]) for pair in self.products)


@dataclass(frozen=True)
class Walkthrough:
    """All numbers of a case, in the shapes and the orientation of the document."""

    system: str
    letters: Letters
    given: Mapping[str, Array]  # the weights, by their names
    functions: Mapping[str, str]  # activations and loss, where the system has a choice
    forward: Mapping[str, Mapping[int, Array]]  # by letter, then by time; the state from one step earlier on
    jacobians: Mapping[int, tuple[Array, ...]]  # of the state by the one before, by time: one for each sequence
    backward: DoubleSum | Products


def walk_through(system_name: str, instance: Any) -> Walkthrough:
    """Evaluate a case. `instance` is made by the system of that name."""
    return Walkthrough(
        system=system_name,
        letters=instance.LETTERS,
        given={name: np.asarray(getattr(instance, name)) for name in instance.PARAMETERS},
        functions=_functions(instance),
        forward=_forward(instance),
        jacobians={t: _jacobians(instance, t) for t in instance.times},
        backward=_products(instance) if isinstance(instance, Recurrence) else _double_sum(instance),
    )


def share(part: Array, whole: Array) -> float:
    """‖part‖ / ‖whole‖; 0 where the whole is 0.

    >>> share(np.array([0.0, 1.0]), np.array([3.0, 4.0]))
    0.2
    """
    scale = np.linalg.norm(whole)
    return float(np.linalg.norm(part) / scale) if scale else 0.0


def _functions(system: Any) -> dict[str, str]:
    values = {field.name: getattr(system, field.name) for field in fields(system)}
    return {name: value.name for name, value in values.items() if isinstance(value, Activation | Softmax | Loss)}


def _forward(system: Any) -> dict[str, dict[int, Array]]:
    letters, times = system.LETTERS, system.times
    inputs, states = getattr(system, letters.input), getattr(system, letters.state)
    forward = {
        letters.input: {t: inputs[t - times[0]] for t in times},
        letters.state: {t: states[t] for t in (times[0] - 1, *times)},
    }
    if letters.loss:
        targets = getattr(system, letters.target)
        forward[letters.output] = {t: getattr(system, letters.output)(t) for t in times}
        forward[letters.target] = {t: targets[t - times[0]] for t in times}
        forward[letters.loss] = {t: getattr(system, letters.loss)(t) for t in times}
    return forward


def _jacobians(system: Any, t: int) -> tuple[Array, ...]:
    match system:
        case MiniBatch():
            return tuple(system.jacobian(t, i) for i in range(system.m))
        case Multiple():
            return tuple(system.jacobian(t, b) for b in range(system.B))
        case _:
            return (system.jacobian(t),)


def _double_sum(system: Any) -> DoubleSum:
    parameter, times = system.RECURRENT, system.times
    terms = {(t, k): np.asarray(system.term(t, k, parameter)) for t in times for k in range(times[0], t + 1)}
    gradient = _total(terms.values())
    kept = {n: _total(term for (t, k), term in terms.items() if t - k < n) for n in range(1, len(times) + 1)}
    return DoubleSum(
        parameter=parameter,
        loss=system.loss(),
        N=system.N,
        terms=terms,
        row_sums={row: _total(term for (t, _), term in terms.items() if t == row) for row in times},
        gradient=gradient,
        complex_step=by(system, parameter, type(system).loss),
        truncations=tuple(Truncation(n, part, share(gradient - part, gradient)) for n, part in kept.items()),
    )


def _products(rnn: Recurrence) -> Products:
    pairs = [(t, k) for t in rnn.times for k in range(t)]
    products = {(t, k): rnn.product(t, k) for t, k in pairs}
    σ, γ = largest_singular_value(rnn.W_hh), rnn.φ_h.γ
    return Products(
        products=products,
        complex_step={(t, k): _dh_by_dh(rnn, t, k) for t, k in pairs},
        norms={pair: largest_singular_value(product) for pair, product in products.items()},
        bounds={(t, k): (γ * σ) ** (t - k) for t, k in pairs},
        eigenvalues=np.sort(np.abs(np.linalg.eigvals(rnn.W_hh)))[::-1],
        σ=σ,
        γ=γ,
    )


def _dh_by_dh(rnn: Recurrence, t: int, k: int) -> Array:
    """∂h_t/∂h_k by the complex step."""
    return derivative(lambda h: rnn.run(k, h)[t - k], rnn.h[k])


def _total(arrays: Iterable[Array]) -> Array:
    return np.asarray(sum(arrays))


def _largest_difference(found: Array, truth: Array) -> float:
    return float(np.abs(found - truth).max())
