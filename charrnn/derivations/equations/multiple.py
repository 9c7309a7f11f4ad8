"""The equations of D2, section 3."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from charrnn.derivations.complex_step import by
from charrnn.derivations.equation import Equation, flat
from charrnn.derivations.systems.multiple import Multiple


def equations(rnn: Multiple) -> Iterator[Equation]:
    """The equations that are derived here: the document has only a title."""
    yield Equation(
        "loss",
        "L = Σ_b L^b: no sequence reads another",
        truth=lambda: np.asarray(sum(rnn.sequence(b).loss() for b in range(rnn.B)) / rnn.N),
        printed=None,
        corrected=rnn.loss,
        right="columns side by side: Z_t = U X_t + W S_{t-1}",
    )
    for name, right in (
        ("V", "Σ_t (Ŷ_t - Y_t) S_tᵀ"),
        ("W", "Σ_t ∂L/∂Z_t S_{t-1}ᵀ"),
        ("U", "Σ_t ∂L/∂Z_t X_tᵀ"),
        ("S_0", "Wᵀ ∂L/∂Z_1"),
    ):
        yield Equation(
            f"∂L/∂{name}",
            "one pass backward through matrices",
            truth=partial(by, rnn, name, Multiple.loss),
            printed=None,
            corrected=partial(rnn.gradient, name),
            right=right,
        )
    yield Equation(
        "Σ_t Σ_k",
        "the double sum of section 2, over the sequences",
        truth=lambda: flat([by(rnn, name, Multiple.loss) for name in ("W", "U")]),
        printed=None,
        corrected=lambda: flat(
            [np.asarray(sum(rnn.term(t, k, name) for t in rnn.times for k in range(1, t + 1))) for name in ("W", "U")]
        ),
        right="the same numbers as the pass backward",
    )
