"""The equations of D0."""

from collections.abc import Iterator
from functools import cache, partial

import numpy as np

from charrnn.derivations.case import from_one
from charrnn.derivations.complex_step import Array, by, derivative
from charrnn.derivations.equation import Equation, at_each, flat
from charrnn.derivations.systems.mean_loss import MeanLoss


def equations(rnn: MeanLoss) -> Iterator[Equation]:
    """The document's equations, in its order. Those over two or three steps are evaluated at the last step, T."""
    T, at_all = rnn.T, partial(at_each, rnn.times)

    @cache
    def total() -> Array:
        return by(rnn, "w_h", lambda rnn: rnn.h[T])

    yield Equation(
        "(1), (4)",
        "∂L̂/∂w_h = (∂l_1/∂w_h + ... + ∂l_T/∂w_h) / T",
        truth=lambda: by(rnn, "w_h", MeanLoss.loss),
        printed=lambda: rnn.gradient("w_h"),
    )
    yield Equation(
        "(2)",
        "the stacked weight: w_hᵀ [X_t; h_{t-1}] = W_xh X_t + W_hh h_{t-1}",
        truth=at_all(lambda t: rnn.a(t, rnn.h[t - 1]) - rnn.b_h),
        printed=at_all(lambda t: rnn.w_h.T @ np.concatenate([from_one(rnn.X)[t], rnn.h[t - 1]])),
    )
    yield Equation(
        "(3)",
        "o_t = φ_o(W_hy h_t + b_y), so that ∂o_t/∂h_t = φ'_o W_hy",
        truth=at_all(lambda t: derivative(lambda h: rnn.φ_o.value(rnn.W_hy @ h + rnn.b_y), rnn.h[t])),
        printed=at_all(lambda t: rnn.do_by_dg(t) @ rnn.W_hy),
    )
    yield Equation(
        "(5)",
        "∂l_t/∂w_h = ∂l_t/∂o_t ∂o_t/∂h_t ∂h_t/∂w_h, the last one total",
        truth=at_all(lambda t: by(rnn, "w_h", lambda rnn: rnn.l(t))),
        printed=at_all(rnn.dl_by_dw),
    )
    yield Equation(
        "(6)-(8)",
        "∂h_t/∂w_h = ∂f/∂w_h + ∂f/∂h_{t-1} ∂h_{t-1}/∂w_h",
        truth=at_all(lambda t: by(rnn, "w_h", lambda rnn: rnn.h[t])),
        printed=at_all(rnn.dh_by_dw),
    )
    if T > 1:
        yield Equation(
            "(9), (10)",
            "the recursion written out over two steps, in f",
            truth=total,
            printed=lambda: rnn.two_steps(T, rnn.immediate),
        )
        yield Equation(
            "(10), end",
            "the same, ∂h for ∂f; read as immediate in all terms but the last",
            truth=total,
            printed=lambda: rnn.two_steps(T, rnn.immediate),
        )
        yield Equation(
            "(10), total",
            "the same, read as total in all terms, as on the left",
            truth=total,
            printed=lambda: rnn.two_steps(T, rnn.dh_by_dw),
            corrected=lambda: rnn.two_steps(T, rnn.immediate),
            right="immediate derivatives ∂f/∂w_h in all terms but the last",
        )
    yield Equation(
        "boxed",
        "∂h_t/∂w_h + Σ_{i=1..t-1} Π_{j-1=i..t} ∂h_j/∂h_{j-1} ∂h_i/∂w_h, j from i + 1, latest first, ∂h/∂w_h immediate",
        truth=total,
        printed=lambda: rnn.boxed_sum(T),
    )
    yield Equation(
        "boxed, total",
        "the same, ∂h/∂w_h total on the right, as on the left",
        truth=total,
        printed=lambda: rnn.printed_box_of_totals(T),
        corrected=lambda: rnn.boxed_sum(T),
        right="immediate derivatives ∂f/∂w_h on the right",
    )
    yield Equation(
        "boxed, j = i",
        "the same, j - 1 = i read as j = i, ∂h/∂w_h immediate",
        truth=total,
        printed=lambda: rnn.printed_box(T),
        corrected=lambda: rnn.boxed_sum(T),
        right="j from i + 1 to t",
    )
    yield Equation(
        "boxed, j rising",
        "the same, j from i + 1, the factors from left to right",
        truth=total,
        printed=lambda: rnn.printed_box_rising(T),
        corrected=lambda: rnn.boxed_sum(T),
        right="the latest step first: J_t J_{t-1} ... J_{i+1}",
    )
    yield Equation(
        "-",
        "the gradients of b_h, W_hy and b_y",
        truth=lambda: flat([by(rnn, name, MeanLoss.loss) for name in MeanLoss.PARAMETERS[1:]]),
        printed=None,
        corrected=lambda: flat([rnn.gradient(name) for name in MeanLoss.PARAMETERS[1:]]),
        right="as for w_h; those of the readout need no recursion",
    )
