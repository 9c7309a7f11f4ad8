"""The equations of D1's second half."""

from collections.abc import Iterator
from functools import cache, partial

import numpy as np

from charrnn.derivations import functions
from charrnn.derivations.complex_step import Array, derivative
from charrnn.derivations.equation import Equation, at_each, flat
from charrnn.derivations.systems.vanishing import (
    Recurrence,
    bounds,
    clip,
    growth,
    largest_singular_value,
    one_unit_off,
    saturate,
)


def equations(rnn: Recurrence) -> Iterator[Equation]:
    """The document's equations, in its order."""
    T = rnn.T
    at_all = partial(at_each, rnn.times)
    at_pairs = partial(at_each, [(t, k) for t in rnn.times for k in range(t + 1)])

    def product(t: int, k: int) -> Array:
        return derivative(lambda h: rnn.run(k, h)[t - k], rnn.h[k])

    @cache
    def products() -> Array:
        return at_pairs(product)()

    yield Equation(
        "∂h_t/∂h_k",
        "Π_{j=k..t-1} ∂h_{j+1}/∂h_j, the latest step first, as written out",
        truth=products,
        printed=at_pairs(rnn.product),
    )
    yield Equation(
        "∂h_t/∂h_k, j rising",
        "the same, the factors from left to right",
        truth=products,
        printed=at_pairs(rnn.printed_rising),
        corrected=at_pairs(rnn.product),
        right="the latest step first",
    )
    yield Equation(
        "∂h_{j+1}/∂h_j",
        "diag(φ'(W_xhᵀ X_{j+1} + W_hhᵀ h_j + b_h)) W_hh",
        truth=at_all(lambda j: product(j, j - 1)),
        printed=at_all(rnn.printed_jacobian),
        corrected=at_all(rnn.jacobian),
        right="diag(φ') W_hhᵀ",
    )
    yield Equation(
        "Π ∂h_{j+1}/∂h_j",
        "the product of diag(φ') W_hh over the steps",
        truth=products,
        printed=at_pairs(rnn.printed_product),
        corrected=at_pairs(rnn.product),
        right="the product of diag(φ') W_hhᵀ, the latest step first",
    )
    λ, v = np.linalg.eig(rnn.jacobian(1))

    def changes() -> Array:
        return at_all(lambda t: product(t, 0) @ v)()

    yield Equation(
        "λ_i, v_i",
        "one step multiplies a change along the eigenvector v_i by λ_i",
        truth=lambda: changes()[0],
        printed=lambda: v * λ,
    )
    yield Equation(
        "λ_i, n steps",
        "the following steps scale it by λ_i each, λ_i^n after n",
        truth=changes,
        printed=at_all(lambda t: v * λ**t),
        corrected=at_all(lambda t: rnn.product(t, 0) @ v),
        right="each step has a Jacobian of its own; λ_i^n if all are equal",
    )
    yield Equation(
        "max tanh'",
        "the derivative of tanh is at most 0.25, always less than 1",
        truth=lambda: derivative(functions.tanh, np.linspace(-3, 3, 13)).max(),
        printed=lambda: np.asarray(functions.LOGISTIC.γ),
        corrected=lambda: np.asarray(functions.TANH.γ),
        right="it is 1 at 0; 0.25 is the logistic function's",
    )
    off = one_unit_off(rnn)
    yield Equation(
        "|λ_1| < 1",
        "then gradients vanish; here every λ is 0, one of two relu units off",
        truth=lambda: growth(off),
        printed=lambda: np.minimum(growth(off), 1),
        corrected=lambda: np.minimum(growth(off), bounds(largest_singular_value(off.W_hh), T)),
        right="at most as (γ σ)^n: |λ_1| < 1 is not enough, γ σ < 1 is",
    )
    flat_out = saturate(rnn)
    yield Equation(
        "|λ_1| > 1",
        "then gradients explode; here tanh is saturated, |λ_1| = 1.5",
        truth=lambda: growth(flat_out),
        printed=lambda: np.maximum(growth(flat_out), 1),
        corrected=lambda: np.minimum(growth(flat_out), bounds(largest_singular_value(flat_out.W_hh), T)),
        right="γ σ > 1 is needed for that, and not enough",
    )
    g = {"W_hh": rnn.W_hh, "b_h": rnn.b_h}
    norm = float(np.linalg.norm(flat(g.values())))
    yield Equation(
        "clipping",
        "gradient clipping is a remedy (named, without an equation)",
        truth=lambda: flat([*(each / 2 for each in g.values()), *g.values()]),
        printed=None,
        corrected=lambda: flat([*clip(g, norm / 2).values(), *clip(g, np.inf).values()]),
        right="g min(1, m / ‖g‖), ‖g‖ over all parameters together",
    )
