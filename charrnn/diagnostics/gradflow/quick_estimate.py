"""The figures of gradient_flow.py, computed cheaply while a network trains.

It uses fewer positions, and K random orthonormal directions g instead of all H rows of a Jacobian product: ‖g J_t ...
J_{k+1}‖, root mean square over the K. Its expectation is rms of jacobian_products.py, and for H <= K it is exact;
beyond, its relative standard deviation is at most 1/√(2 K), 18 % for K = 16, at each position: the worst case is a
product of rank 1. A step back costs K/H of a whole product. In the network's own precision, because growing products
are rescaled.

Of an LSTM the path from c to c is followed, by which it remembers.
"""

import numpy as np

from charrnn.diagnostics.gradflow.flow_estimate import FlowEstimate
from charrnn.diagnostics.gradflow.gradient_flow import HALF, ONE_PERCENT, lag_below, lyapunov_exponent, warm_up
from charrnn.diagnostics.gradflow.jacobian_products import random_directions, rms_by_lag
from charrnn.diagnostics.gradflow.jacobians import Jacobians, read_layers
from charrnn.diagnostics.gradflow.spectrum import GATES, spectral_radius
from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array, Ids
from charrnn.network.cells.cell import CellWorkspace, Weights
from charrnn.network.network import Network
from charrnn.network.resets import ResetMask
from charrnn.network.saturation import layer_saturation

POSITIONS, DIRECTIONS = 4, 16
CONTENT = {
    "rnn": ("h", "W_hh"),
    "gru": ("n", "n"),
    "lstm": ("tanh c", "g"),
}  # by cell: the nonlinearity that is not a gate, and its matrix


def flow_estimates(network: Network, ids: Ids, lags: int, end_id: int | None = None) -> list[FlowEstimate]:
    """An estimate for each layer of a network, at POSITIONS of a text, (n,), whose documents `end_id` ends.
    Deterministic; the network is not changed.

    Raises CheckError for a text of fewer than lags + 1 characters.
    """
    with np.errstate(all="ignore"):  # it must work for a network that is diverging
        window, state, reset_mask = warm_up(network, ids, lags, POSITIONS, end_id)
        layers = read_layers(network, window[:-1], state, reset_mask)
        return [_estimate(network.architecture, *layer, reset_mask) for layer in layers]


def _estimate(
    architecture: Architecture, number: int, w: Weights, cell: CellWorkspace, steps: Jacobians, reset_mask: ResetMask
) -> FlowEstimate:
    (T, P), H, S = reset_mask.shape, architecture.hidden_size, architecture.make_cell().number_of_states
    followed = random_directions(DIRECTIONS, H).astype(w["W_hh"].dtype)
    rms, whole = rms_by_lag(steps, T, P, S, followed)
    median = np.median(rms[-1], axis=1) / np.log(10)
    nonlinearity, gate = CONTENT[architecture.cell]
    W = w["W_hh"].reshape(-1, H, H)[GATES[architecture.cell].index(gate)]
    return FlowEstimate(
        layer=number,
        lags=T,
        half_life=_reach(HALF, median),
        horizon=_reach(ONE_PERCENT, median),
        log10_norm_1=_finite(median[1]),
        log10_norm_last=_finite(median[-1]),
        lyapunov=_finite(lyapunov_exponent(whole[:, ~reset_mask.any(axis=0)])),
        spectral_radius=_finite(spectral_radius(W) if np.isfinite(W).all() else None),
        saturated=_finite(layer_saturation(architecture, cell)[nonlinearity]),
    )


def _reach(share: float, log10: Array) -> int | None:
    return None if np.isnan(log10).any() else lag_below(share, log10.tolist())


def _finite(value: float | None) -> float | None:
    """A number that JSON can hold, or None."""
    return float(value) if value is not None and np.isfinite(value) else None
