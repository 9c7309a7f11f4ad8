"""The equations of D1."""

from collections.abc import Iterable, Iterator
from functools import cache, partial

import numpy as np

from charrnn.derivations.complex_step import Array, by
from charrnn.derivations.equation import Equation, flat, sizes
from charrnn.derivations.functions import softmax
from charrnn.derivations.systems.mini_batch import MiniBatch, stacked_states


def equations(rnn: MiniBatch) -> Iterator[Equation]:
    """The document's equations, in its order; its t + 1 is the last step here, T."""
    T, m, n_inputs, n, C = rnn.T, rnn.m, rnn.X.shape[2], len(rnn.W_hh), rnn.y.shape[2]

    def last(rnn: MiniBatch) -> Array:
        return rnn.L(T) / rnn.N

    @cache
    def last_by(name: str) -> Array:
        return by(rnn, name, last)

    def totals(name: str, steps: Iterable[int]) -> Array:
        """Σ_k ∂L/∂ŷ ∂ŷ/∂h_{t+1} ∂h_{t+1}/∂h_k ∂h_k/∂W, the last total: what is before it is held fixed."""
        before = {k: rnn.backward(T, k) / rnn.N for k in steps}
        return by(rnn, name, lambda rnn: sum((rows * rnn.h[k]).sum() for k, rows in before.items()))

    def step_before() -> Iterator[Equation]:
        yield Equation(
            "∂L_t+1/∂W_hh",
            "∂L/∂ŷ ∂ŷ/∂h_{t+1} ∂h_{t+1}/∂h_t ∂h_t/∂W_hh, the last immediate",
            truth=partial(last_by, "W_hh"),
            printed=lambda: rnn.term(T, T - 1, "W_hh"),
            corrected=lambda: rnn.dL_by_dw(T, "W_hh"),
            right="the sum over k = 1 ... t + 1",
        )
        yield Equation(
            "∂L_t+1/∂W_hh",
            "the same, the last total",
            truth=partial(last_by, "W_hh"),
            printed=lambda: totals("W_hh", [T - 1]),
            corrected=lambda: rnn.term(T, T, "W_hh") + totals("W_hh", [T - 1]),
            right="∂L/∂ŷ ∂ŷ/∂h_{t+1} ∂h_{t+1}/∂W_hh, immediate, is added",
        )

    def two_steps() -> Iterator[Equation]:
        yield Equation(
            "∂L_t+1/∂W_xh",
            "the same, plus ∂L/∂ŷ ∂ŷ/∂h_{t+1} ∂h_{t+1}/∂h_t ∂h_t/∂W_xh, both immediate",
            truth=partial(last_by, "W_xh"),
            printed=lambda: rnn.term(T, T, "W_xh") + rnn.term(T, T - 1, "W_xh"),
            corrected=lambda: rnn.dL_by_dw(T, "W_xh"),
            right="the sum over k = 1 ... t + 1",
        )
        yield Equation(
            "∂L_t+1/∂W_xh",
            "the same, ∂h_t/∂W_xh total: the recursion",
            truth=partial(last_by, "W_xh"),
            printed=lambda: rnn.term(T, T, "W_xh") + totals("W_xh", [T - 1]),
        )

    yield Equation(
        "columns, rows",
        "h_t = φ_h(W_xhᵀ X_t + W_hhᵀ h_{t-1} + b_h), instance by instance",
        truth=lambda: np.array(rnn.h[1:]),
        printed=lambda: np.array(
            [
                [rnn.φ_h.value(rnn.W_xh.T @ rnn.X[t - 1][i] + rnn.W_hh.T @ rnn.h[t - 1][i] + rnn.b_h) for i in range(m)]
                for t in rnn.times
            ]
        ),
    )
    yield Equation(
        "columns, ŷ_t",
        "ŷ_t = φ_o(W_yhᵀ h_t + b_y), φ_o a softmax over the outputs",
        truth=lambda: np.array([rnn.ŷ(t) for t in rnn.times]),
        printed=lambda: np.array([[softmax(rnn.W_yh.T @ rnn.h[t][i] + rnn.b_y) for i in range(m)] for t in rnn.times]),
    )
    yield Equation(
        "note 1",
        "W is W_xh above W_yh, with h_t = φ_h([X_t h_{t-1}] W + b_h)",
        truth=lambda: np.array(rnn.h[1:]),
        printed=lambda: stacked_states(rnn, rnn.W_yh),
        corrected=lambda: stacked_states(rnn, rnn.W_hh),
        right="W is W_xh above W_hh",
    )
    yield Equation(
        "note 2, shapes",
        "[X_t h_{t-1}] is m × (n_inputs + n_neurons); shapes 1 to 4 and 6",
        truth=lambda: np.array(
            [
                sizes(np.hstack([X, h]), X, h, rnn.W_xh, rnn.W_hh, rnn.b_h)
                for X, h in zip(rnn.X, rnn.h, strict=False)  # h_T is not read
            ]
        ),
        printed=lambda: np.array([[m, n_inputs + n, m, n_inputs, m, n, n_inputs, n, n, n, n]] * T),
    )
    yield Equation(
        "shapes 5, 7, 8",
        "W_yh is n_neurons × n_neurons, and so b_y and y_t have n_neurons",
        truth=lambda: np.array([sizes(rnn.W_yh, rnn.b_y, y) for y in rnn.y]),
        printed=lambda: np.array([[n, n, n, m, n]] * T),
        corrected=lambda: np.array([[n, C, C, m, C]] * T),
        right="n_neurons × C, C and m × C, with C classes",
    )
    yield Equation(
        "L",
        "L = Σ_t L_t = -Σ_t y_t log [softmax(o_t)], o_t = h_t W_yh + b_y",
        truth=rnn.loss,
        printed=lambda: np.asarray(-(rnn.y * np.log(softmax(np.array(rnn.h[1:]) @ rnn.W_yh + rnn.b_y))).sum() / rnn.N),
    )
    yield Equation(
        "∂L/∂W_yh, ∂L/∂b_y",
        "each is the sum over t of ∂L_t/∂ŷ_t ∂ŷ_t/∂o_t ∂o_t/∂w",
        truth=lambda: flat([by(rnn, "W_yh", MiniBatch.loss), by(rnn, "b_y", MiniBatch.loss)]),
        printed=lambda: flat([rnn.gradient("W_yh"), rnn.gradient("b_y")]),
    )
    for name in ("W_hh", "W_xh"):
        truth = partial(last_by, name)
        corrected = partial(rnn.dL_by_dw, T, name)
        yield Equation(
            f"∂L_t+1/∂{name}",
            f'∂L/∂ŷ ∂ŷ/∂h_{{t+1}} ∂h_{{t+1}}/∂{name}, the last immediate: "only one time-step"',
            truth=truth,
            printed=partial(rnn.term, T, T, name),
            corrected=corrected,
            right="the sum over k = 1 ... t + 1",
        )
        yield Equation(
            f"∂L_t+1/∂{name}",
            "the same, the last total",
            truth=truth,
            printed=partial(totals, name, [T]),
        )
        if T > 1:
            yield from (step_before() if name == "W_hh" else two_steps())
        yield Equation(
            f"∂L_t+1/∂{name}",
            f"Σ_{{k=1..t+1}} ∂L/∂ŷ ∂ŷ/∂h_{{t+1}} (Π_{{j=k..t}} ∂h_{{j+1}}/∂h_j) ∂h_k/∂{name}, the last immediate",
            truth=truth,
            printed=corrected,
        )
        yield Equation(
            f"∂L_t+1/∂{name}",
            "the same, the last total",
            truth=truth,
            printed=partial(totals, name, rnn.times),
            corrected=corrected,
            right=f"∂h_k/∂{name} immediate, at fixed h_{{k-1}}",
        )
        yield Equation(
            f"∂L/∂{name}",
            "Σ_t Σ_{k=1..t+1}: the same, t from 0 to T - 1, the last immediate",
            truth=partial(by, rnn, name, MiniBatch.loss),
            printed=partial(rnn.gradient, name),
        )
        yield Equation(
            f"∂L/∂{name}",
            "Σ_t^T read with t from 1: L_1 is missing, L_{T+1} is asked for",
            truth=partial(by, rnn, name, MiniBatch.loss),
            printed=partial(rnn.printed_from_1, name),
            corrected=partial(rnn.gradient, name),
            right="t from 0 to T - 1",
        )
    yield Equation(
        "-",
        "∂L/∂b_h",
        truth=lambda: by(rnn, "b_h", MiniBatch.loss),
        printed=None,
        corrected=lambda: rnn.gradient("b_h"),
        right="the same sums, with 1 for h_{k-1}",
    )
