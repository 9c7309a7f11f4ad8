"""The equations of D2, section 1."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from charrnn.derivations.case import from_one
from charrnn.derivations.complex_step import Array, by, derivative
from charrnn.derivations.equation import Equation, at_each
from charrnn.derivations.functions import logistic
from charrnn.derivations.systems.scalar import Scalar


def equations(rnn: Scalar) -> Iterator[Equation]:
    """The document's equations, in its order, at every t."""
    times = rnn.times
    pairs = [(t, k) for t in times for k in range(1, t + 1)]
    at_all, at_pairs = partial(at_each, times), partial(at_each, pairs)

    def states_by(parameter: str) -> Callable[[], Array]:
        return at_all(lambda t: by(rnn, parameter, lambda rnn: rnn.s[t]))

    def product(t: int, k: int) -> Array:
        return derivative(lambda s: rnn.run(k, s)[t - k], rnn.s[k])

    yield Equation(
        "(1), (2)",
        "s_t = tanh(U x_t + W s_{t-1}), ŷ_t = sigm(V s_t)",
        truth=at_all(rnn.ŷ),
        printed=at_all(lambda t: logistic(rnn.V * np.tanh(rnn.U * from_one(rnn.x)[t] + rnn.W * rnn.s[t - 1]))),
    )
    yield Equation(
        "(3)",
        "E_t = -y_t log ŷ_t, for labels 1 and 0",
        truth=at_all(lambda t: -np.log(rnn.ŷ(t) if from_one(rnn.y)[t] else 1 - rnn.ŷ(t))),
        printed=at_all(rnn.printed_E),
        corrected=at_all(rnn.E),
        right="-y_t log ŷ_t - (1 - y_t) log(1 - ŷ_t)",
    )
    yield Equation(
        "(3), learned",
        "∂E_t/∂V of that loss; it is 0 where y_t = 0, so nothing is learned there",
        truth=at_all(lambda t: (rnn.ŷ(t) - from_one(rnn.y)[t]) * rnn.s[t]),
        printed=at_all(lambda t: by(rnn, "V", lambda rnn: rnn.printed_E(t))),
        corrected=at_all(lambda t: by(rnn, "V", lambda rnn: rnn.E(t))),
        right="(ŷ_t - y_t) s_t for both labels",
    )
    yield Equation(
        "(4)",
        "∂E_t/∂V = ∂E_t/∂ŷ_t ∂ŷ_t/∂V",
        truth=at_all(lambda t: by(rnn, "V", lambda rnn: rnn.E(t))),
        printed=at_all(rnn.dE_by_dV),
    )
    yield Equation(
        "(5)",
        "∂E_t/∂W = ∂E_t/∂ŷ_t ∂ŷ_t/∂s_t ∂s_t/∂W, the last one total",
        truth=at_all(lambda t: by(rnn, "W", lambda rnn: rnn.E(t))),
        printed=at_all(lambda t: rnn.dE_by_dw(t, "W")),
    )
    yield Equation(
        "(6), (7)",
        "∂s_t/∂W = ∂s_t/∂W ∂W/∂W + ∂s_t/∂s_{t-1} ∂s_{t-1}/∂W, the second immediate",
        truth=states_by("W"),
        printed=at_all(rnn.recursion),
    )
    yield Equation(
        "(8)-(12)",
        "∂s_t/∂W = Σ_{k=1..t} ∂s_t/∂s_k ∂s_k/∂W, ∂s_k/∂W immediate",
        truth=states_by("W"),
        printed=at_all(lambda t: rnn.ds_by_dw(t, "W")),
    )
    yield Equation(
        "(11), total",
        "the same, ∂s_k/∂W total, as on the left",
        truth=states_by("W"),
        printed=at_all(rnn.printed_sum_of_totals),
        corrected=at_all(lambda t: rnn.ds_by_dw(t, "W")),
        right="∂s_k/∂W immediate, at fixed s_{k-1}",
    )
    yield Equation(
        "(13)",
        "∂s_t/∂s_k = ∂s_t/∂s_{t-1} ... ∂s_{k+1}/∂s_k",
        truth=at_pairs(product),
        printed=at_pairs(rnn.product),
    )
    yield Equation(
        "(14), (15)",
        "∂s_t/∂s_k = W · W ··· = W^{t-k}",
        truth=at_pairs(product),
        printed=at_pairs(rnn.printed_product),
        corrected=at_pairs(rnn.product),
        right="W^{t-k} Π_{i=k+1..t} (1 - s_i²)",
    )
    yield Equation(
        "(16)",
        "∂s_t/∂W = Σ_{k=1..t} W^{t-k} ∂s_k/∂W, ∂s_k/∂W immediate",
        truth=states_by("W"),
        printed=at_all(lambda t: rnn.printed_ds_by_dw(t, "W")),
        corrected=at_all(lambda t: rnn.ds_by_dw(t, "W")),
        right="with the factors (1 - s_i²)",
    )
    yield Equation(
        "(17)",
        "∂E_t/∂U = ∂E_t/∂ŷ_t ∂ŷ_t/∂s_t ∂s_t/∂U, the last one total",
        truth=at_all(lambda t: by(rnn, "U", lambda rnn: rnn.E(t))),
        printed=at_all(lambda t: rnn.dE_by_dw(t, "U")),
    )
    yield Equation(
        "(18)",
        "∂s_t/∂U = Σ_{k=1..t} W^{t-k} ∂s_k/∂U, ∂s_k/∂U immediate",
        truth=states_by("U"),
        printed=at_all(lambda t: rnn.printed_ds_by_dw(t, "U")),
        corrected=at_all(lambda t: rnn.ds_by_dw(t, "U")),
        right="with the factors (1 - s_i²)",
    )
    yield Equation(
        "-",
        "the gradients of the loss over the sequence",
        truth=lambda: np.array([by(rnn, name, Scalar.loss) for name in Scalar.PARAMETERS]),
        printed=None,
        corrected=lambda: np.array([rnn.gradient(name) for name in Scalar.PARAMETERS]),
        right="Σ_t of those of E_t",
    )
