"""How far gradients reach in one layer, in nine numbers: quick_estimate.py finds them, a training logs them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class FlowEstimate:
    """One layer, counted from 1, with `lags` characters looked back; None for what is no number, or lies beyond them.

    `half_life` and `horizon` in characters; `log10_norm_1` and `log10_norm_last` of the median of rms at lag 1 and at the last;
    `lyapunov` in nats per character; `spectral_radius` of W_hh, of a gated cell of the block of its candidate (n, g), which is to it
    what W_hh is to an rnn; `saturated` is the share of units whose own nonlinearity, not a gate's, is flat.
    """

    layer: int
    lags: int
    half_life: int | None
    horizon: int | None
    log10_norm_1: float | None
    log10_norm_last: float | None
    lyapunov: float | None
    spectral_radius: float | None
    saturated: float | None
