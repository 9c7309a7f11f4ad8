"""How fast a training is on this machine, beside its fastest matrix product, and where the time goes."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import DTypeLike
from threadpoolctl import threadpool_limits

from charrnn.network.architecture import Architecture
from charrnn.network.dropout import Dropout
from charrnn.network.window_options import WindowOptions
from charrnn.system.blas_threads import one_blas_thread
from charrnn.text.characters.unit_names import Unit
from charrnn.training.parallel.data_parallel import DataParallel, even_slices
from charrnn.training.parallel.replica import Replica, Shard
from charrnn.training.trainer import Trainer

WARM_UP_CALLS = 3  # calls that are not counted
PEAK_SIZE = 2048  # rows and columns of the product that gives the peak
MIN_CALLS = 5  # calls, at least, for a median


@dataclass(frozen=True)
class Bench:
    """A measurement. Times are medians, in seconds per update; a GFLOP is 10⁹ multiplications or additions."""

    cell: str
    hidden_size: int
    num_layers: int
    vocab_size: int
    batch_size: int
    sequence_length: int
    stride: int
    accumulate: int
    threads: int
    seconds: float
    chars_per_second: float
    gflops: float
    sgemm_peak_gflops: float
    share_of_peak: float
    forward: float
    backward: float
    update: float
    rest: float
    unit: Unit = "char"  # that `chars_per_second` counts


def measure(trainer: Trainer, seconds: float = 3.0, unit: Unit = "char") -> Bench:
    """Time the updates of a trainer for about `seconds`, then its parts and the peak."""
    windows, architecture = trainer.windows, trainer.network.architecture
    T, B, threads = windows.sequence_length, windows.batch_size, min(trainer.threads, windows.batch_size)
    parallel = DataParallel(trainer.network, threads, accumulate=trainer.accumulate)
    try:
        with one_blas_thread():
            whole = _median(lambda: trainer.step(parallel), seconds)
            forward, backward, update = _time_parts(trainer, threads, seconds / 6)
    finally:
        parallel.close()
    gflops = matmul_flops(architecture, T, B, windows.stride) / whole / 1e9
    peak = peak_gflops(threads, trainer.network.parameters.flat.dtype)
    return Bench(
        cell=architecture.cell,
        hidden_size=architecture.hidden_size,
        num_layers=architecture.num_layers,
        vocab_size=architecture.vocab_size,
        batch_size=B,
        sequence_length=T,
        stride=windows.stride,
        accumulate=trainer.accumulate,
        threads=threads,
        seconds=whole,
        chars_per_second=B * windows.stride / whole,
        gflops=gflops,
        sgemm_peak_gflops=peak,
        share_of_peak=gflops / peak,
        forward=forward,
        backward=backward,
        update=update,
        rest=max(0.0, whole - forward - backward - update),
        unit=unit,
    )


def matmul_flops(architecture: Architecture, T: int, B: int, loss_steps: int | None = None) -> int:
    """The operations of the matrix products that an update needs: forward, back to the states, and for the weights. The
    readout's are those of `loss_steps` steps (None: all T).

    >>> matmul_flops(Architecture(vocab_size=5, hidden_size=7), T=3, B=2)
    3024
    """
    V, H, L = architecture.vocab_size, architecture.hidden_size, architecture.num_layers
    gates = architecture.make_cell().gates
    deep = architecture.readout == "deep"
    layers, readout = (2 * L - 1) * gates * H * H, deep * H * H + H * V
    return 2 * 3 * B * (T * layers + (loss_steps or T) * readout)


def peak_gflops(threads: int, dtype: DTypeLike = np.float32) -> float:
    """The speed of the fastest of several large products on `threads` threads."""
    a, b = (np.random.default_rng(seed).random((PEAK_SIZE, PEAK_SIZE)).astype(dtype) for seed in (0, 1))
    out = np.empty_like(a)
    with threadpool_limits(threads, user_api="blas"):
        fastest = min(_seconds(lambda: np.matmul(a, b, out=out)) for _ in range(2 * MIN_CALLS))
    return 2 * PEAK_SIZE**3 / fastest / 1e9


def _time_parts(trainer: Trainer, threads: int, seconds: float) -> tuple[float, float, float]:
    """Forward and backward of the first core's streams, and clipping with the optimizer's update."""
    window, network = next(trainer.windows), trainer.network
    options = WindowOptions(
        loss_steps=window.loss_steps,
        dropout=Dropout(trainer.dropout, trainer.seed, step=0) if trainer.dropout else None,
        smoothing=trainer.label_smoothing,
    )
    whole = Shard(window.inputs, window.targets, trainer.state, options=options, carry_steps=window.carry_steps)
    in_turn = [whole.select(streams) for streams in even_slices(trainer.windows.batch_size, trainer.accumulate)]
    shards = [each.select(even_slices(each.inputs.shape[1], threads)[0]) for each in in_turn]
    replica = Replica(network, network.parameters.zeros_like())
    forward = _median(lambda: [replica.run(each) for each in shards], seconds)
    both = _median(lambda: [replica.run(replace(each, count=window.target_count)) for each in shards], seconds)
    weights, gradient = network.parameters.flat.copy(), replica.gradient.flat

    def update() -> None:
        trainer.clipping(gradient)
        trainer.optimizer.update(weights, gradient, 1e-9)

    return forward, max(0.0, both - forward), _median(update, seconds)


def _median(call: Callable[[], object], seconds: float) -> float:
    for _ in range(WARM_UP_CALLS):
        call()
    times: list[float] = []
    while sum(times) < seconds or len(times) < MIN_CALLS:
        times.append(_seconds(call))
    return statistics.median(times)


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
