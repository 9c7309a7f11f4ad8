"""How fast a training is on this machine, beside its fastest matrix product, and where the time goes."""

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import DTypeLike

from charrnn.network.architecture import Architecture
from charrnn.network.dropout import Dropout
from charrnn.network.window_options import WindowOptions
from charrnn.stages import OnStage, ignore_stage
from charrnn.system.blas_threads import loaded_blas, one_blas_thread
from charrnn.text.characters.unit_names import Unit
from charrnn.training.parallel.data_parallel import DataParallel, even_slices
from charrnn.training.parallel.replica import Replica, Shard
from charrnn.training.trainer import Trainer

PEAK_SIZE = 1024  # rows and columns of the product that gives the peak; larger ones are no faster
UPDATES_SHARE, PART_SHARE = 0.5, 0.1  # of the time, for whole updates and for each of four other measurements


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


def measure(
    trainer: Trainer,
    seconds: float = 3.0,
    unit: Unit = "char",
    began: float | None = None,
    on_stage: OnStage = ignore_stage,
) -> Bench:
    """Time the updates of a trainer, then its parts and the peak, within about `seconds` after `began` on the clock of
    time.perf_counter (None: now). Each is called once at least, so that a large update takes longer.
    """
    end = (time.perf_counter() if began is None else began) + seconds
    windows, architecture = trainer.windows, trainer.network.architecture
    T, B, threads = windows.sequence_length, windows.batch_size, min(trainer.threads, windows.batch_size)
    parallel = DataParallel(trainer.network, threads, accumulate=trainer.accumulate)
    left = max(0.0, end - time.perf_counter())
    try:
        with one_blas_thread():
            on_stage("timing updates", UPDATES_SHARE * left)
            whole = _median(lambda: trainer.step(parallel), UPDATES_SHARE * left)
            on_stage("timing the parts of an update", 3 * PART_SHARE * left)
            forward, backward, update = _time_parts(trainer, threads, PART_SHARE * left)
    finally:
        parallel.close()
    gflops = matmul_flops(architecture, T, B, windows.stride) / whole / 1e9
    on_stage("timing the fastest matrix product", PART_SHARE * left)
    peak = peak_gflops(threads, trainer.network.parameters.flat.dtype, PART_SHARE * left)
    peak = max(peak, gflops)  # on a machine that others use, too
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
    # The first layer's x W_xh is no product, but a row that is looked up.
    sizes = {
        name: math.prod(shape) for name, shape in architecture.shapes().items() if name[0] == "W" and name != "W_xh"
    }
    readout = sum(sizes.pop(name, 0) for name in architecture.parts()["readout"])
    return 2 * 3 * B * (T * sum(sizes.values()) + (loss_steps or T) * readout)


def peak_gflops(threads: int, dtype: DTypeLike, seconds: float) -> float:
    """The speed of the fastest of the large products on `threads` threads that `seconds` allow."""
    a, b = (np.random.default_rng(seed).random((PEAK_SIZE, PEAK_SIZE)).astype(dtype) for seed in (0, 1))
    out = np.empty_like(a)
    with loaded_blas().limit(limits=threads):
        fastest = min(_times(lambda: np.matmul(a, b, out=out), seconds))
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
    """The median time of a call, without the first, which warms up; of that one alone, if it takes all `seconds`."""
    times = _times(call, seconds)
    return statistics.median(times[1:] or times)


def _times(call: Callable[[], object], seconds: float) -> list[float]:
    """The times of the calls that end within `seconds`, at least one."""
    times: list[float] = []
    while not times or sum(times) + min(times) <= seconds:
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return times
