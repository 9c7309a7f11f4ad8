"""The gradient of the look-up: x W_xh with a one-hot x is a row of W_xh, so dW_xh = Σ xᵀ da adds up, for each character,
the rows of da where it was read.
"""

import numpy as np

from charrnn.network.arrays import Array, Ids

MAX_PRODUCT = 1 << 22  # multiplications; one product takes less time than a call for each character


def look_up_backward(da: Array, ids: Ids, dW_xh: Array) -> None:
    """Fill dW_xh, (..., V, H), from da, (..., N, H), and the characters that were read, (N,)."""
    fill = by_product if len(ids) * dW_xh.size <= MAX_PRODUCT else by_character
    fill(da, ids, dW_xh)


def by_product(da: Array, ids: Ids, dW_xh: Array) -> None:
    """The product with one-hot rows."""
    x = np.arange(dW_xh.shape[-2])[:, np.newaxis] == ids  # (V, N)
    np.matmul(x.astype(da.dtype), da, out=dW_xh)


def by_character(da: Array, ids: Ids, dW_xh: Array) -> None:
    """The sum for one character after the other: V times less work, and for N = 2,000 rows and V = 65 a fourth of the
    time.
    """
    places, counts = ids.argsort(kind="stable"), np.bincount(ids)
    present = np.flatnonzero(counts)
    ends = counts[present].cumsum().tolist()
    dW_xh.fill(0)
    for c, start, end in zip(present.tolist(), [0, *ends], ends, strict=False):
        np.add.reduce(da.take(places[start:end], axis=-2), axis=-2, out=dW_xh[..., c, :])
