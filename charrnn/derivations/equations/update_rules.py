"""The equations of D3."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial

import numpy as np

from charrnn.derivations import functions
from charrnn.derivations.complex_step import Array, by, derivative
from charrnn.derivations.equation import Equation, at_each
from charrnn.derivations.functions import cross_entropy, softmax
from charrnn.derivations.systems.update_rules import UpdateRules, cases, printed_softmax, printed_tanh, step


def equations(rnn: UpdateRules) -> Iterator[Equation]:
    """The document's equations, in its order."""
    times, fixed, α = rnn.times, rnn.h, 0.1
    pairs = [(i, k) for i in times for k in range(-1, i)]
    at_all = partial(at_each, times)
    later = replace(rnn, x=rnn.x[1:], y=rnn.y[1:], h_before=rnn.h[0])

    @cache
    def loss_by(parameter: str) -> Array:
        return by(rnn, parameter, UpdateRules.loss)

    def loss_from_1(later: UpdateRules) -> Array:
        return np.asarray(later.loss() * later.N / rnn.N)

    def descended(parameter: str) -> Array:
        return np.asarray(getattr(rnn, parameter) - α * loss_by(parameter))

    def h_by_W(i: int) -> Array:
        return by(rnn, "W", lambda rnn: rnn.h[i])

    def product(i: int, k: int) -> Array:
        return derivative(lambda h: rnn.run(k, h)[i], rnn.h[k])

    def explicit(k: int, parameter: str) -> Array:
        return by(rnn, parameter, lambda rnn: np.tanh(rnn.U @ rnn.x[k] + rnn.W @ fixed[k - 1]))

    def through_V(i: int) -> Array:
        return rnn.V.T @ rnn.dL_by_dz(i)

    yield Equation(
        "tanh",
        "tanh x = 2 / (1 + e^{-2x}) - 1",
        truth=lambda: np.tanh(np.linspace(-3, 3, 13)),
        printed=lambda: printed_tanh(np.linspace(-3, 3, 13)),
    )
    yield Equation(
        "softmax",
        "softmax(z_i) = e^{z_i} / Σ_k e^{z_k}, with z_t = V h_t, h_t = tanh(U x_t + W h_{t-1})",
        truth=at_all(rnn.ŷ),
        printed=at_all(lambda t: printed_softmax(rnn.V @ np.tanh(rnn.U @ rnn.x[t] + rnn.W @ rnn.h[t - 1]))),
    )
    yield Equation(
        "L_t",
        "L_t = -y_t log ŷ_t, y_t read as the target",
        truth=at_all(rnn.L),
        printed=at_all(lambda i: -(rnn.y[i] * np.log(rnn.ŷ(i))).sum()),
    )
    yield Equation(
        "L_t",
        "the same, y_t the output, as in y_t = softmax(z_t)",
        truth=at_all(rnn.L),
        printed=at_all(lambda i: cross_entropy(rnn.ŷ(i), rnn.ŷ(i))),
        corrected=at_all(lambda i: -(rnn.y[i] * np.log(rnn.ŷ(i))).sum()),
        right="ŷ_t = softmax(z_t); y_t is the target",
    )
    yield Equation(
        "V ←",
        "V = U - α ∂L/∂V",
        truth=partial(descended, "V"),
        printed=lambda: step(rnn.U, rnn.gradient("V"), α),
        corrected=lambda: rnn.update(α).V,
        right="V = V - α ∂L/∂V",
    )
    for name in ("W", "U"):
        yield Equation(
            f"{name} ←",
            f"{name} = {name} - α ∂L/∂{name}",
            truth=partial(descended, name),
            printed=partial(getattr, rnn.update(α), name),
        )
    yield Equation(
        "(1.2)",
        "∂L_i/∂ŷ_i = -y_i / ŷ_i",
        truth=at_all(lambda i: derivative(lambda ŷ: cross_entropy(ŷ, rnn.y[i]), rnn.ŷ(i))),
        printed=at_all(rnn.dL_by_dŷ),
    )
    yield Equation(
        "cases 1, 2",
        "∂ŷ_i/∂z_k = ŷ_i (1 - ŷ_i) if i = k, else -ŷ_i ŷ_k",
        truth=at_all(lambda i: derivative(softmax, rnn.z(i))),
        printed=at_all(lambda i: functions.softmax_jacobian(rnn.z(i))),
    )
    yield Equation(
        "(1.3)",
        "∂L_i/∂z_k: the two cases summed over the classes, ŷ_k - y_k",
        truth=at_all(lambda i: derivative(lambda z: cross_entropy(softmax(z), rnn.y[i]), rnn.z(i))),
        printed=at_all(lambda i: cases(rnn.y[i], rnn.ŷ(i)).sum(axis=0)),
    )
    yield Equation(
        "(1.3), summed",
        '∂L_i/∂z_k = -y_k + ŷ_k, as Σ_{i=1..k} y_i, "over all the k classes", is 1',
        truth=at_all(lambda i: derivative(lambda z: cross_entropy(softmax(z), rnn.y[i]), rnn.z(i))),
        printed=at_all(lambda i: -rnn.y[i] + rnn.ŷ(i)),
    )
    yield Equation(
        "(1.3), up to k",
        "-y_k + ŷ_k Σ_{i=1..k} y_i, the sum as it is printed, up to k",
        truth=at_all(lambda i: derivative(lambda z: cross_entropy(softmax(z), rnn.y[i]), rnn.z(i))),
        printed=at_all(lambda i: rnn.ŷ(i) * np.cumsum(rnn.y[i]) - rnn.y[i]),
        corrected=at_all(rnn.dL_by_dz),
        right="the sum over all K classes, which is 1: ŷ_k - y_k",
    )
    yield Equation(
        "∂z_i/∂V",
        "∂(V h_i)/∂V = h_i: each z moves by h_i with its own row of V",
        truth=at_all(lambda i: derivative(lambda V: V @ rnn.h[i], rnn.V)),
        printed=at_all(lambda i: np.eye(len(rnn.V))[:, :, np.newaxis] * rnn.h[i]),
    )
    yield Equation(
        "(1.1)",
        "∂L/∂V = Σ_{i=0..T} (ŷ_i - y_i) ⊗ h_i",
        truth=partial(loss_by, "V"),
        printed=lambda: rnn.gradient("V"),
    )
    yield Equation(
        "(2.1), (2.2)",
        "∂L/∂W = Σ_{i=0..T} ∂L_i/∂ŷ_i ∂ŷ_i/∂h_i ∂h_i/∂W, the last one total",
        truth=partial(loss_by, "W"),
        printed=lambda: np.asarray(sum(np.tensordot(through_V(i), h_by_W(i), 1) for i in times) / rnn.N),
    )
    yield Equation(
        "h_2 split",
        "∂h_2/∂W = ∂h_2⁺/∂W + ∂h_2/∂h_1 ∂h_1/∂W, at each time",
        truth=at_all(h_by_W),
        printed=at_all(lambda i: rnn.explicit(i, "W") + np.tensordot(rnn.jacobian(i), h_by_W(i - 1), 1)),
    )
    yield Equation(
        "∂h_3/∂h_1",
        "∂h_3/∂h_1 = ∂h_3/∂h_2 ∂h_2/∂h_1, at each time",
        truth=lambda: np.array([product(i, i - 2) for i in times[1:]]),
        printed=lambda: np.array([rnn.jacobian(i) @ rnn.jacobian(i - 1) for i in times[1:]]),
    )
    for name, exact in (("W", "; exact if h_{-1} = 0"), ("U", "")):
        yield Equation(
            f"(2.3), {name}",
            f"∂L/∂{name} = Σ_{{i=1..T}} Σ_{{k=1..i}}, for a loss from t = 0{exact}",
            truth=partial(loss_by, name),
            printed=partial(rnn.printed_sums, name),
            corrected=partial(rnn.gradient, name),
            right="both sums from 0, or the loss from t = 1 with h_0 given",
        )
        yield Equation(
            f"(2.3), {name}, from 1",
            "the same, for a loss from t = 1 with h_0 given",
            truth=partial(by, later, name, loss_from_1),
            printed=partial(rnn.printed_sums, name),
        )
    yield Equation(
        "∂h_m/∂h_{m-1}",
        "Wᵀ diag(1 - tanh²(U x_m + W h_{m-1})), read as the Jacobian",
        truth=at_all(lambda m: product(m, m - 1)),
        printed=at_all(lambda m: rnn.W.T @ rnn.diag(m)),
        corrected=at_all(rnn.jacobian),
        right="diag(1 - tanh²) W; the print is its transpose",
    )
    yield Equation(
        "Π, transposed",
        "(∂h_i/∂h_k)ᵀ = Π_{m=k+1..i} Wᵀ diag_m, m rising",
        truth=lambda: np.array([product(i, k).T for i, k in pairs]),
        printed=at_each(pairs, rnn.transposed_product),
    )
    yield Equation(
        "∂L_i/∂h_i",
        "∂L_i/∂ŷ_i ∂ŷ_i/∂h_i = ŷ_i - y_i",
        truth=at_all(lambda i: derivative(lambda h: cross_entropy(softmax(rnn.V @ h), rnn.y[i]), rnn.h[i])),
        printed=at_all(rnn.dL_by_dz),
        corrected=at_all(through_V),
        right="Vᵀ (ŷ_i - y_i)",
    )
    for name, source in (("W", "h_{k-1}"), ("U", "x_k")):
        yield Equation(
            f"∂h_k⁺/∂{name}",
            f"the explicit derivative is {source}",
            truth=at_all(partial(explicit, parameter=name)),
            printed=at_all(partial(rnn.printed_explicit, parameter=name)),
            corrected=at_all(partial(rnn.explicit, parameter=name)),
            right=f"(1 - h_k²) {source}",
        )
    for name, number, source in (("W", "(2.4)", "h_{k-1}"), ("U", "(2.5)", "x_k")):
        yield Equation(
            number,
            f"∂L/∂{name} = Σ_{{i=1..T}} Σ_{{k=1..i}} (ŷ_i - y_i) (Π_{{m=k+1..i}} Wᵀ diag_m) ⊗ {source}",
            truth=partial(loss_by, name),
            printed=partial(rnn.printed_gradient, name, rnn.printed_row, times[1:]),
            corrected=partial(rnn.gradient, name),
            right=f"diag_k (Π Wᵀ diag_m) Vᵀ (ŷ_i - y_i) ⊗ {source}, the sums from 0",
        )
        yield Equation(
            f"{number}, V",
            "the same, in that order, (ŷ_i - y_i)ᵀ V for ŷ_i - y_i, the sums from 0",
            truth=partial(loss_by, name),
            printed=partial(rnn.printed_gradient, name, rnn.row_with_V, times),
            corrected=partial(rnn.gradient, name),
            right="Vᵀ (ŷ_i - y_i) to the right of Π, and diag_k in front",
        )
        yield Equation(
            f"{number}, Vᵀ",
            "the same, the error moved to the right: Π Vᵀ (ŷ_i - y_i), the sums from 0",
            truth=partial(loss_by, name),
            printed=partial(rnn.printed_gradient, name, rnn.column_without_diag, times),
            corrected=partial(rnn.gradient, name),
            right="diag_k in front as well",
        )
