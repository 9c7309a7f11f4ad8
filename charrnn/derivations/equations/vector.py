"""The equations of D2, section 2."""

from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np

from charrnn.derivations.case import from_one
from charrnn.derivations.complex_step import Array, by, derivative
from charrnn.derivations.equation import Equation, at_each, flat, sizes
from charrnn.derivations.functions import cross_entropy, softmax
from charrnn.derivations.systems.vector import Vector


def equations(rnn: Vector) -> Iterator[Equation]:
    """The document's equations, in its order, at every t."""
    times, M, D, C = rnn.times, rnn.x.shape[1], len(rnn.s_0), rnn.y.shape[1]
    at_all = partial(at_each, times)
    at_pairs = partial(at_each, [(t, k) for t in times for k in range(t + 1)])

    def loss_by(parameter: str) -> Callable[[], Array]:
        return at_all(lambda t: by(rnn, parameter, lambda rnn: rnn.L(t)))

    def loss_by_g(t: int) -> Array:
        return derivative(lambda g: cross_entropy(softmax(g), from_one(rnn.y)[t]), rnn.g(t))

    def product(t: int, k: int) -> Array:
        return derivative(lambda s: rnn.run(k, s)[t - k], rnn.s[k])

    def of_totals(name: str, t: int) -> Array:
        """Σ_k ∂L_t/∂s_t ∂s_t/∂s_k ∂s_k/∂W, the last total: what is before it is held fixed."""
        before = {k: rnn.dL_by_ds(t) @ rnn.product(t, k) for k in times[:t]}
        return by(rnn, name, lambda rnn: sum((row * rnn.s[k]).sum() for k, row in before.items()))

    @cache
    def products() -> Array:
        return at_pairs(product)()

    yield Equation(
        "(19)-(22)",
        "z_t = U x_t + W s_{t-1}, s_t = tanh(z_t), g_t = V s_t, ŷ_t = softmax(g_t)",
        truth=at_all(rnn.ŷ),
        printed=at_all(lambda t: softmax(rnn.V @ np.tanh(rnn.U @ from_one(rnn.x)[t] + rnn.W @ rnn.s[t - 1]))),
    )
    yield Equation(
        "(24)-(29)",
        "x: M; z, s: D; g, ŷ, y: C; U: D × M, W: D × D, V: C × D",
        truth=lambda: np.array(
            [
                sizes(x, s, ŷ, y, rnn.U, rnn.W, rnn.V)
                for x, s, ŷ, y in zip(rnn.x, rnn.s, map(rnn.ŷ, times), rnn.y, strict=False)  # s_T is not read
            ]
        ),
        printed=lambda: np.array([[M, D, C, C, D, M, D, D, C, D]] * rnn.T),
    )
    yield Equation(
        "(23), (30)",
        "L_t = -y_tᵀ log ŷ_t = -Σ_i y_{t,i} log ŷ_{t,i}",
        truth=at_all(rnn.L),
        printed=at_all(lambda t: -(from_one(rnn.y)[t] * np.log(rnn.ŷ(t))).sum()),
    )
    yield Equation(
        "(31), (32)",
        "∂L_t/∂ŷ_t = [-y_{t,1}/ŷ_{t,1}, ..., -y_{t,C}/ŷ_{t,C}]",
        truth=at_all(lambda t: derivative(lambda ŷ: cross_entropy(ŷ, from_one(rnn.y)[t]), rnn.ŷ(t))),
        printed=at_all(rnn.dL_by_dŷ),
    )
    yield Equation(
        "(34)",
        "ŷ_{t,i} = exp g_{t,i} / Σ_{i=j}^C exp g_{t,j}, read as the sum from i",
        truth=at_all(rnn.ŷ),
        printed=at_all(lambda t: np.array([np.exp(rnn.g(t)[i]) / np.exp(rnn.g(t)[i:]).sum() for i in range(C)])),
        corrected=at_all(lambda t: np.exp(rnn.g(t)) / np.exp(rnn.g(t)).sum()),
        right="Σ_{j=1}^C: a slip in the index",
    )
    yield Equation(
        "(35)-(37)",
        "∂ŷ_{t,i}/∂g_{t,j} = ŷ_{t,i} (1(i=j) - ŷ_{t,j})",
        truth=at_all(lambda t: derivative(softmax, rnn.g(t))),
        printed=at_all(rnn.dŷ_by_dg),
    )
    yield Equation(
        "(33), (38)",
        "∂L_t/∂g_t = ∂L_t/∂ŷ_t ∂ŷ_t/∂g_t, element i: Σ_k ∂L_t/∂ŷ_{t,k} ∂ŷ_{t,k}/∂g_{t,i}",
        truth=at_all(loss_by_g),
        printed=at_all(lambda t: (rnn.dL_by_dŷ(t)[:, np.newaxis] * rnn.dŷ_by_dg(t)).sum(axis=0)),
    )
    yield Equation(
        "(39)-(42)",
        "-Σ_k y_k/ŷ_k ŷ_k (1(k=i) - ŷ_i), at each t, and the three lines after it",
        truth=at_all(lambda t: np.array([loss_by_g(t)] * 4)),
        printed=at_all(rnn.dL_by_dg_before),
    )
    yield Equation(
        "(43), (44)",
        "∂L_t/∂g_t = (ŷ_t - y_t)ᵀ",
        truth=at_all(loss_by_g),
        printed=at_all(rnn.dL_by_dg),
    )
    yield Equation(
        "(48)-(50)",
        "∂g_{t,k}/∂V_{i,j} = 1(i=k) s_{t,j}",
        truth=at_all(lambda t: derivative(lambda V: V @ rnn.s[t], rnn.V)),
        printed=at_all(rnn.dg_by_dV),
    )
    yield Equation(
        "(47), (51)-(53)",
        "∂L_t/∂V_{i,j} = Σ_k (ŷ_k - y_k) 1(i=k) s_j = (ŷ_i - y_i) s_j, at each t",
        truth=at_all(lambda t: np.array([by(rnn, "V", lambda rnn: rnn.L(t))] * 2)),
        printed=at_all(rnn.dL_by_dV_before),
    )
    yield Equation(
        "(45), (54)",
        "∂L_t/∂V = (ŷ_t - y_t) s_tᵀ",
        truth=loss_by("V"),
        printed=at_all(rnn.dL_by_dV),
    )
    yield Equation(
        "(55), (56)",
        "∂L_t/∂s_t = (ŷ_t - y_t)ᵀ V",
        truth=at_all(lambda t: derivative(lambda s: cross_entropy(softmax(rnn.V @ s), from_one(rnn.y)[t]), rnn.s[t])),
        printed=at_all(rnn.dL_by_ds),
    )
    yield Equation(
        "(58)-(61)",
        "Π_{i=k+1..t} ∂s_i/∂z_i ∂z_i/∂s_{i-1}, the latest step first, as in (58)",
        truth=products,
        printed=at_pairs(rnn.product),
    )
    yield Equation(
        "(59), (60), i rising",
        "the same, the factors from left to right",
        truth=products,
        printed=at_pairs(rnn.printed_rising),
        corrected=at_pairs(rnn.product),
        right="the latest step first, as in (58)",
    )
    yield Equation(
        "(62)",
        "∂s_i/∂z_i = diag(1 - s_{i,1}², ..., 1 - s_{i,D}²)",
        truth=at_all(lambda t: derivative(np.tanh, np.arctanh(rnn.s[t]))),
        printed=at_all(rnn.ds_by_dz),
    )
    yield Equation(
        "(63)",
        "Π_{i=k+1..t} ∂s_i/∂z_i W = W^{t-k} Π_{i=k+1..t} ∂s_i/∂z_i",
        truth=products,
        printed=at_pairs(rnn.printed_product),
        corrected=at_pairs(rnn.product),
        right="W stays between the diagonals: matrices do not commute",
    )
    for name, immediate, total, power in (
        ("W", "(57), (64), (65)", "(57), total", "(66), (67)"),
        ("U", "(68)", "(68), total", "(69)"),
    ):
        gradient = partial(rnn.dL_by_dw, parameter=name)
        yield Equation(
            immediate,
            f"∂L_t/∂{name} = Σ_{{k=1..t}} ∂L_t/∂s_t ∂s_t/∂s_k ∂s_k/∂{name}, the last immediate",
            truth=loss_by(name),
            printed=at_all(gradient),
        )
        yield Equation(
            total,
            "the same, the last total: a path through two steps is counted twice",
            truth=loss_by(name),
            printed=at_all(partial(of_totals, name)),
            corrected=at_all(gradient),
            right=f"∂s_k/∂{name} immediate, at fixed s_{{k-1}}",
        )
        yield Equation(
            power,
            f"∂L_t/∂{name} = Σ_{{k=1..t}} ∂L_t/∂s_t W^{{t-k}} (Π_{{i=k..t}} ∂s_i/∂z_i) ∂z_k/∂{name}",
            truth=loss_by(name),
            printed=at_all(partial(rnn.printed_dL_by_dw, parameter=name)),
            corrected=at_all(gradient),
            right="(ŷ_t - y_t)ᵀ V diag_t W ... diag_{k+1} W diag_k",
        )
    yield Equation(
        "(46), (70)",
        "of y = W x: ∂L/∂W = (x · ∂L/∂y)ᵀ; here of g_t = V s_t",
        truth=loss_by("V"),
        printed=at_all(lambda t: (rnn.s[t].reshape(D, 1) * rnn.dL_by_dg(t)).T),
    )
    yield Equation(
        "(71)-(73)",
        "∂L/∂V, ∂L/∂W, ∂L/∂U: the sums over t",
        truth=lambda: flat([by(rnn, name, Vector.loss) for name in Vector.PARAMETERS]),
        printed=lambda: flat([rnn.gradient(name) for name in Vector.PARAMETERS]),
    )
