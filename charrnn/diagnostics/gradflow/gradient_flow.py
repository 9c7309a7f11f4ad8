"""How far gradients reach in a network: all figures together.

At P positions of a text, each after a warm-up: the Jacobian products by lag (jacobian_products.py), and from them the
memory horizon and the largest Lyapunov exponent; the spectrum of W_hh and the conditions (spectrum.py); the share of
saturated units (saturation.py); the cost of truncation (truncation.py). In float64. For several layers, each layer's
own recurrence, from its state to its state, with its input fixed.

    half-life   the lag from which on less than half of the gradient remains, by the median of rms over the positions
    horizon     the same for 1 %
    lyapunov    λ = d log ‖J_n ... J_1‖ / dn, in nats per step, after the first quarter of the lags; below 0, it forgets
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.diagnostics.gradflow.jacobian_products import Norms, norms_by_lag
from charrnn.diagnostics.gradflow.jacobians import read_layers
from charrnn.diagnostics.gradflow.spectrum import Conditions, Spectrum, conditions, spectra
from charrnn.diagnostics.gradflow.truncation import Truncation, truncations
from charrnn.errors import CheckError
from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network
from charrnn.network.resets import ResetMask
from charrnn.network.saturation import layer_saturation
from charrnn.system.blas_threads import one_blas_thread
from charrnn.text.characters.unit_names import Unit, amount
from charrnn.words import parameter

LAGS, POSITIONS = 200, 8
STREAMS_OF_TRUNCATION = 64  # over which the truncated gradient is averaged, as over the streams of a batch
HALF, ONE_PERCENT = 0.5, 0.01
LOG_ZERO = -1e4  # in place of log 0, which JSON cannot hold


@dataclass(frozen=True)
class Curve:
    """One state's base-10 logarithms by lag from 0 on: median and quartiles over the positions of rms, median of
    largest.

    `half_life` and `horizon` are None where the median does not stay below within these lags.
    """

    state: str
    median: list[float]
    lower: list[float]
    upper: list[float]
    largest: list[float]
    half_life: int | None
    horizon: int | None


@dataclass(frozen=True)
class LayerFlow:
    """One layer; `conditions` are for the rnn alone; `lyapunov` is None where no gradient comes through."""

    layer: int
    curves: list[Curve]
    spectra: list[Spectrum]
    conditions: Conditions | None
    saturated: dict[str, float]
    lyapunov: float | None


@dataclass(frozen=True, repr=False)
class GradientFlow:
    """The gradient flow of a network on a text; the modules define the figures."""

    cell: str
    nonlinearity: str
    hidden_size: int
    lags: int
    positions: int
    positions_cut_off: int  # where a document begins within the lags
    layers: list[LayerFlow]
    truncation: list[Truncation]
    unknown: int = 0  # characters of the text without a symbol, which were replaced
    unit: Unit = "char"  # of the lags
    notes: tuple[str, ...] = ()  # about the text

    def __repr__(self) -> str:
        curves = [(layer.layer, curve) for layer in self.layers for curve in layer.curves]
        found = ", ".join(
            f"layer {number} {curve.state}: half gone after {_lags(curve.half_life)}, 99 % after {_lags(curve.horizon)}"
            for number, curve in curves
        )
        return f"<GradientFlow {self.cell}, {self.hidden_size} units, {self.lags:,} lags: {found}>"


def _lags(lag: int | None) -> str:
    return "more" if lag is None else f"{lag:,}"


@one_blas_thread()
@np.errstate(all="ignore")  # it must work for a network that has diverged
def gradient_flow(
    network: Network,
    ids: Ids,
    lags: int = LAGS,
    positions: int = POSITIONS,
    end_id: int | None = None,
    unit: Unit = "char",
) -> GradientFlow:
    """The gradient flow of a network on a text, (n,). Where `end_id`, the end of a document, is read, the
    state is reset, as in training.

    Raises CheckError for a text of fewer than lags + 1 characters (or bytes: `unit`).
    """
    network, architecture = network.astype(np.float64), network.architecture
    window, state, reset_mask = warm_up(network, ids, lags, positions, end_id, unit)
    layers = layer_flows(network, window[:-1], state, reset_mask)
    cut = truncations(network, *warm_up(network, ids, lags, STREAMS_OF_TRUNCATION, end_id, unit))
    sizes = architecture.hidden_size, lags, window.shape[1], int(reset_mask.any(axis=0).sum())
    return GradientFlow(architecture.cell, architecture.nonlinearity, *sizes, layers, cut, unit=unit)


def warm_up(
    network: Network, ids: Ids, lags: int, positions: int, end_id: int | None = None, unit: Unit = "char"
) -> tuple[Ids, Array, ResetMask]:
    """Windows of lags + 1 characters, (lags + 1, P), evenly spread over a text, and the states before them, (S, P, H):
    from a state of 0, after up to `lags` characters of warm-up, as the text allows. And where a document begins in
    them, (lags, P): there the network reads the end of the document before.
    """
    if len(ids) <= lags:
        raise CheckError(
            f"{lags:,} lags need a text of {amount(lags + 1, unit)}; found {len(ids):,}; ask for fewer with {parameter('lags')}"
        )
    before = min(lags, len(ids) - lags - 1)
    length = before + lags + 1
    starts = np.unique(np.linspace(0, len(ids) - length, positions).astype(np.intp))
    read = ids[starts + np.arange(length)[:, np.newaxis]]
    state = network.zero_state(len(starts))
    reset_mask = np.zeros(read.shape, np.bool_) if end_id is None else read == end_id
    if before:
        ws = network.workspace(before, len(starts))
        network.logits(read[:before], state, ws, reset_mask[:before])
        state = ws.state
    return read[before:], state, reset_mask[before:-1]


def layer_flows(network: Network, inputs: Ids, state: Array, reset_mask: ResetMask) -> list[LayerFlow]:
    """The flow of each layer, from the last of the steps (T, P) back to the first, from a state (S, P, H). No gradient
    passes a reset, and the exponent is of the streams without resets alone.
    """
    architecture, found = network.architecture, []
    sizes = *inputs.shape, architecture.hidden_size, architecture.make_cell().number_of_states
    for number, w, cell, steps in read_layers(network, inputs, state, reset_mask):
        norms, whole = norms_by_lag(steps, *sizes)
        curves = [_curve(state, own) for state, own in zip("hc", norms, strict=False)]
        spectrum = spectra(architecture.cell, w["W_hh"])
        found.append(
            LayerFlow(
                layer=number,
                curves=curves,
                spectra=spectrum,
                conditions=conditions(architecture.nonlinearity, spectrum[0]) if architecture.cell == "rnn" else None,
                saturated=layer_saturation(architecture, cell),
                lyapunov=lyapunov_exponent(whole[:, ~reset_mask.any(axis=0)]),
            )
        )
    return found


def lyapunov_exponent(whole: Array) -> float | None:
    """The mean growth per lag, after the first quarter, of log ‖·‖ of the products, (lags + 1, P).

    None where one of them has vanished, or without a position.
    """
    first = len(whole) // 4
    if len(whole) < 2 or not whole.shape[1] or not np.isfinite(whole[-1]).all():
        return None
    return float((whole[-1] - whole[first]).mean() / (len(whole) - 1 - first))


def lag_below(share: float, log10: Sequence[float]) -> int | None:
    """The first lag from which on a curve stays below a share; None where it ends above it.

    >>> lag_below(0.5, [0.0, -0.2, -0.4, -0.6])
    2
    """
    above = np.flatnonzero(np.asarray(log10) >= np.log10(share))
    lag = int(above[-1]) + 1 if len(above) else 0
    return lag if lag < len(log10) else None


def _curve(state: str, norms: Norms) -> Curve:
    rms, largest = (np.maximum(logs / np.log(10), LOG_ZERO) for logs in (norms.rms, norms.largest))
    lower, median, upper = (_quantile(rms, share) for share in (0.25, 0.5, 0.75))
    reach = lag_below(HALF, median), lag_below(ONE_PERCENT, median)
    return Curve(state, median, lower, upper, _quantile(largest, 0.5), *reach)


def _quantile(logs: Array, share: float) -> list[float]:
    """A quantile over the positions of (lags + 1, P); between a number and LOG_ZERO it is LOG_ZERO."""
    below = np.quantile(logs, share, axis=1, method="lower")
    between = np.quantile(logs, share, axis=1)
    return [float(value) for value in np.where(below > LOG_ZERO, between, LOG_ZERO)]
