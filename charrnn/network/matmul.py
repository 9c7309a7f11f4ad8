"""The recurrent product, cut into the pieces on which the BLAS is fastest.

A product of few rows, (R, K) by (K, N), spends a fifth of its time and more on copying the large matrix into the order
that the BLAS wants. Three things of OpenBLAS decide how much:

1. Where the processor has AVX-512, it has a kernel without that copy for products of at most a million multiplications.
   Block by block of columns, and of rows, every product is that small, and a third to a half faster.
2. There, rows that lie a power of two apart evict each other from the cache. Where no block is small enough, a few
   unused columns keep them apart.
3. Elsewhere, it copies K = 256 or 512 in pieces of 256, which lie a power of two apart in its own buffer, whatever the
   caller does. Fewer columns at once suffer less; and of several gates whose products are added up (`summed_matmul`)
   one product, of K = 256 G, suffers not at all.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from charrnn.network.arrays import CACHE, Array
from charrnn.system.blas_threads import loaded_blas

MatMul = Callable[[Array], object]
"""Fills an array that it keeps, (..., R, N), with x W, for any x, (..., R, K)."""

MAX_SMALL_PRODUCT = 1_000_000  # multiplications in a small product
BLOCK_WIDTHS = (64, 32)  # columns: whole vectors
UNUSED = 16  # columns between the rows of a matrix that is not cut
STRIPE, MAX_WHOLE = 32, 128  # columns that are copied at once, and of a matrix that is copied as it is
SLOW_HEIGHTS, SLOW_BELOW = (256, 512), 64  # K, and rows, for which OpenBLAS is slow without AVX-512
MIN_ROWS = 8  # with fewer, cutting a product takes longer than it saves
MIN_HEIGHT, MAX_HEIGHT = 12, 64  # rows
CORES_WITH_SMALL_KERNEL = {"SkylakeX", "Cooperlake", "SapphireRapids"}  # OpenBLAS's names


def blocked_matmul(W: Array, out: Array) -> MatMul:
    """A function of x, (..., R, K), that fills out, (..., R, N), with x W; W, (..., K, N), is copied here, once.

    The function keeps a view of `out`: do not replace that array.

    >>> out = np.empty((2, 3))
    >>> multiply = blocked_matmul(np.ones((4, 3)), out)
    >>> multiply(np.ones((2, 4)))
    >>> out[0].tolist()
    [4.0, 4.0, 4.0]
    """
    rows, (K, N) = out.shape[-2], W.shape[-2:]
    height, width = _block(rows, K, N)
    blocks = _copy(_split_columns(W, N // width), unused=UNUSED if width == N and rows >= MIN_ROWS else 0)
    if height == rows:
        out_blocks = _split_columns(out, N // width)

        def multiply(x: Array) -> None:
            np.matmul(x[..., np.newaxis, :, :], blocks, out=out_blocks)

        return multiply

    count, blocks = rows // height, blocks[..., np.newaxis, :, :, :]
    parts = _split_columns(out.reshape(*out.shape[:-2], count, height, N), N // width)

    def multiply_parts(x: Array) -> None:
        np.matmul(x.reshape(*x.shape[:-2], count, 1, height, K), blocks, out=parts)

    return multiply_parts


def summed_matmul(W: Array, out: Array, buffer: Array) -> MatMul:
    """A function of x, (G, R, K), that fills out, (R, N), with Σ x[k] W[k]; W, (G, K, N), is copied here, once.

    `buffer`, (G, R, N), is overwritten. K = N.

    >>> out = np.empty((2, 3))
    >>> multiply = summed_matmul(np.ones((4, 3, 3)), out, np.empty((4, 2, 3)))
    >>> multiply(np.ones((4, 2, 3)))
    >>> out[0].tolist()
    [12.0, 12.0, 12.0]
    """
    G, K, N = W.shape
    if has_small_kernel():  # one long product would not be a small one
        times = blocked_matmul(W, buffer)

        def multiply_and_add(x: Array) -> None:
            times(x)
            np.add.reduce(buffer, axis=0, out=out)

        return multiply_and_add
    side_by_side, whole = buffer.reshape(-1, G * K), _copy(W).reshape(G * K, N)
    by_gate = side_by_side.reshape(-1, G, K).swapaxes(0, 1)

    def multiply(x: Array) -> None:
        np.copyto(by_gate, x)
        np.matmul(side_by_side, whole, out=out)

    return multiply


def plain_matmul(W: Array, out: Array) -> MatMul:
    """Like `blocked_matmul`, but never in blocks, and without a copy of W."""
    return lambda x: np.matmul(x, W, out=out)


def rowwise_matmul(W: Array) -> Callable[[Array], MatMul]:
    """A function of `out` like `blocked_matmul`, but row by row: a row's bits depend neither on the other rows nor on
    their number. W is copied once, for outputs of any number of rows.

    A BLAS adds up the terms of several rows in another order than those of one, and at the edge of a block in another
    order again. Here each row is a product of its own, a vector by a matrix: the BLAS gets the same call for one row as
    for each of many. The columns of all gates lie side by side, (K, G N), in blocks that stay in the cache from one row
    to the next.
    """
    columns = np.moveaxis(W, -2, 0).reshape(W.shape[-2], -1)
    cuts = _cuts(columns)
    blocks = [np.ascontiguousarray(columns[:, cut]) for cut in cuts]

    def into(out: Array) -> MatMul:
        if (rows := out.shape[-2]) == 1:
            row = out.reshape(-1)
            return _vector_matmul([(block, row[cut]) for block, cut in zip(blocks, cuts, strict=True)])
        made = out if W.ndim == 2 else np.empty((rows, columns.shape[1]), out.dtype)
        by_gate = np.moveaxis(made.reshape(rows, *W.shape[:-2], -1), 0, -2)
        parts = [(block, made[:, np.newaxis, cut]) for block, cut in zip(blocks, cuts, strict=True)]

        def multiply(x: Array) -> None:
            one_by_one = x[:, np.newaxis]
            for block, part in parts:
                np.matmul(one_by_one, block, out=part)
            if made is not out:
                np.copyto(out, by_gate)

        return multiply

    return into


def _vector_matmul(parts: Sequence[tuple[Array, Array]]) -> MatMul:
    """The product for one row. `dot` makes the same BLAS call as matmul, and takes half as long to start."""
    if len(parts) == 1:
        ((block, part),) = parts
        return lambda x: x[0].dot(block, part)

    def multiply(x: Array) -> None:
        row = x[0]
        for block, part in parts:
            row.dot(block, part)

    return multiply


def matmul_by_row_blocks(x: Array, W: Array, out: Array) -> None:
    """Fill out, (R, N), with x W, (R, K) by (K, N), for many rows: in blocks of rows that are small products."""
    (R, K), N = x.shape, W.shape[1]
    height = _height(R, K, N) if has_small_kernel() else R
    np.matmul(x.reshape(-1, height, K), _copy(W), out=out.reshape(-1, height, N))


@cache
def has_small_kernel() -> bool:
    """Whether NumPy's BLAS has the kernel for small products on this processor."""
    return any(library.get("architecture") in CORES_WITH_SMALL_KERNEL for library in loaded_blas().info())


def _block(rows: int, K: int, N: int) -> tuple[int, int]:
    """Rows and columns of a block: all where rows are few, where none is small enough, or where it would gain nothing."""
    if rows < MIN_ROWS:
        return rows, N
    if not has_small_kernel():
        return rows, BLOCK_WIDTHS[0] if K in SLOW_HEIGHTS and rows < SLOW_BELOW and N % BLOCK_WIDTHS[0] == 0 else N
    sizes = ((height, width) for width in BLOCK_WIDTHS for height in range(rows, MIN_ROWS - 1, -1))
    fitting = (
        each for each in sizes if rows % each[0] == N % each[1] == 0 and K * math.prod(each) <= MAX_SMALL_PRODUCT
    )
    return next(fitting, (rows, N))


def _height(R: int, K: int, N: int) -> int:
    """Rows of a block: the most that divide R and make it small, or R where that is only a few."""
    return next(
        (
            height
            for height in range(MAX_HEIGHT, MIN_HEIGHT - 1, -1)
            if R % height == 0 and height * K * N <= MAX_SMALL_PRODUCT
        ),
        R,
    )


def _cuts(columns: Array) -> list[slice]:
    """The columns of each block, as even as possible: small enough to stay in the cache beside the rows."""
    N, n = columns.shape[1], -(-columns.nbytes // (CACHE // 2))
    return [slice(N * i // n, N * (i + 1) // n) for i in range(n)]


def _copy(W: Array, unused: int = 0) -> Array:
    """W, (..., K, N), with rows that lie one after the other, and unused columns after each. A large matrix is copied some
    columns at once: it may be a transposed view, whose columns lie far apart.
    """
    N = W.shape[-1]
    if not unused and (N <= MAX_WHOLE or W.flags.c_contiguous):
        return np.ascontiguousarray(W)
    copy = np.empty((*W.shape[:-1], N + unused), W.dtype)[..., :N]
    for start in range(0, N, STRIPE):
        copy[..., start : start + STRIPE] = W[..., start : start + STRIPE]
    return copy


def _split_columns(array: Array, n: int) -> Array:
    """(..., R, N) as (..., n, R, N/n), a view."""
    return array.reshape(*array.shape[:-1], n, -1).swapaxes(-2, -3)
