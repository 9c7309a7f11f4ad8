"""What the recurrent matrix alone says about the flow of gradients: spectral radius, singular values, conditions.

With γ the maximum of |φ'| (tanh 1, sigmoid 1/4, relu 1) and σ the largest singular value of W_hh, every Jacobian has a
norm of at most γ σ, because ‖diag(φ') W_hhᵀ‖ ≤ γ σ. So

    σ < 1/γ   is sufficient for gradients to vanish      (at least as fast as (γ σ)^lag)
    σ > 1/γ   is necessary for them to explode           (not sufficient: φ' is mostly below γ)

The spectral radius ρ, the largest |eigenvalue|, is the rate in the long run where φ is linear: ρ^lag. A matrix with
ρ < 1 < σ may amplify for a while before it forgets.

Source: Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks".
"""

from dataclasses import dataclass

import numpy as np

from charrnn.network.arrays import Array

GATES = {"rnn": ("W_hh",), "gru": ("r", "z", "n"), "lstm": ("i", "f", "o", "g")}
STEEPEST = {"tanh": 1.0, "sigmoid": 0.25, "relu": 1.0}  # γ


@dataclass(frozen=True)
class Spectrum:
    """The spectrum of W_hh, or of one gate's block of it; the singular values, (H,), the largest first."""

    gate: str
    spectral_radius: float
    singular_values: list[float]


@dataclass(frozen=True)
class Conditions:
    """Pascanu's two conditions with the numbers of a network: γ, 1/γ, σ, and which of the two holds."""

    steepest: float
    threshold: float
    largest_singular_value: float
    must_vanish: bool
    may_explode: bool


def spectra(cell: str, W_hh: Array) -> list[Spectrum]:
    """The spectrum of each gate's recurrent matrix; W_hh is (H, H) or (G, H, H)."""
    H = W_hh.shape[-1]
    return [
        Spectrum(gate, spectral_radius(W), np.linalg.svd(W, compute_uv=False).tolist())
        for gate, W in zip(GATES[cell], W_hh.reshape(-1, H, H), strict=True)
    ]


def spectral_radius(W: Array) -> float:
    """The largest |eigenvalue| of a matrix of finite numbers.

    >>> spectral_radius(np.diag([0.5, -2.0]))
    2.0
    """
    return float(np.abs(np.linalg.eigvals(W)).max())


def conditions(nonlinearity: str, found: Spectrum) -> Conditions:
    """The conditions for an rnn with this φ."""
    γ, σ = STEEPEST[nonlinearity], found.singular_values[0]
    return Conditions(γ, 1 / γ, σ, must_vanish=σ < 1 / γ, may_explode=σ > 1 / γ)
