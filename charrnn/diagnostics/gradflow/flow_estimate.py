"""How far gradients reach in one layer, in nine numbers: quick_estimate.py finds them, a training logs them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class FlowEstimate:
    """The figures of one layer; None where a figure is not finite, or lies beyond the lags."""

    layer: int  # counted from 1
    lags: int  # characters that were followed back
    half_life: int | None  # characters
    horizon: int | None  # characters
    log10_norm_1: float | None  # of the median of rms at lag 1
    log10_norm_last: float | None  # at the last lag
    lyapunov: float | None  # nats per character
    spectral_radius: float | None  # of W_hh; of a gated cell, of the block of its candidate (n, g)
    saturated: float | None  # the share of units whose own nonlinearity, not a gate's, is flat
