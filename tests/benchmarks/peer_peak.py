"""The speed limit: the matrix products of an update, done as one large product."""

from collections.abc import Callable

import numpy as np
from common import V
from threadpoolctl import threadpool_limits

from charrnn.network.architecture import Architecture
from charrnn.training.benchmark import matmul_flops

SIZE = 4096  # rows and columns of the product


def training(cell: str, H: int, B: int, T: int, threads: int) -> Callable[[], object]:
    """One product with as many operations as the matrix products of an update."""
    threadpool_limits(threads, user_api="blas")
    rows = round(matmul_flops(Architecture(V, H, cell), T, B) / (2 * SIZE * SIZE))
    a, b = (np.random.default_rng(0).random(shape, np.float32) for shape in ((rows, SIZE), (SIZE, SIZE)))
    out = np.empty((rows, SIZE), np.float32)
    return lambda: np.matmul(a, b, out=out)
