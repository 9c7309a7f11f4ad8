"""Two ranks compared with one process on this machine: steps, all-reduces, and what the model of scaling.py predicts."""

import itertools
import math
import shutil
import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rounds import WORKER, Peer, ratio, take_turns
from scaling import Link, StepCost, fit_link, fit_step_cost

from charrnn.network.architecture import Architecture
from charrnn.network.parameters import Parameters

CASES = (("rnn", 256), ("lstm", 256), ("rnn", 512), ("lstm", 512))
B, T, V, RANKS = 64, 64, 65, 2
STREAMS = (16, 32, 64)  # numbers of streams at which one rank's step is measured, to fit the model's line
PARAMETERS = (10_000, 30_000, 100_000, 300_000, 1_000_000, 2_000_000)
EXTRA = 2  # numbers sent along with a gradient
BYTES = 4
LENGTH = 0.8  # seconds of a round
CORES, NODES, GBITS = (1, 16), (2, 4, 8, 16, 64), (1, 10, 100)
LATENCY = 30e-6  # seconds of a TCP message between two machines in one room
ENOUGH = 0.8  # efficiency
RANK = [sys.executable, str(Path(__file__).with_name("rank.py"))]


def run(rounds: int) -> None:
    """Two ranks of one thread each, compared with one process of one or two threads; and predictions for more ranks."""
    if why := missing_tools("mpiexec"):
        print(why)
        return
    link = _fit_link(rounds)
    print(
        "| cell | H | one thread, ms | two threads | two ranks | modelled | times one thread | times two threads |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    works = {case: _measure_steps(*case, link, rounds) for case in CASES}
    _predict(works)


def missing_tools(*tools: str) -> str | None:
    """A message if a tool is not installed, else None."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    return f"not found here: {', '.join(missing)}; pip install mpi4py mpich brings mpiexec" if missing else None


def rank_command(work: str, cell: str, *sizes: int) -> list[str]:
    """The command of one rank (rank.py)."""
    return [*RANK, work, cell, *map(str, sizes)]


def local_mpiexec(command: list[str]) -> list[str]:
    """The mpiexec command that starts RANKS ranks on this machine, one per core."""
    return ["mpiexec", "-bind-to", "core", "-n", str(RANKS), *command]


def gradient_bytes(cell: str, H: int) -> int:
    """The bytes that each step all-reduces."""
    return BYTES * (Parameters.size(Architecture(V, H, cell).shapes()) + EXTRA)


def single_process_command(cell: str, H: int, streams: int, threads: int = 1) -> list[str]:
    """The worker command of one process without MPI."""
    return [*WORKER, "charrnn", "training", cell, *map(str, (H, streams, T, threads))]


def time_all_reduces(
    launch: Callable[[list[str]], list[str]], environment: dict[str, str], rounds: int
) -> dict[int, float]:
    """Seconds of an all-reduce by its size in bytes."""
    peers = [Peer(str(P), launch(rank_command("all_reduce", "-", P)), environment) for P in PARAMETERS]
    times = take_turns(peers, rounds, length=0.2)
    return {BYTES * (int(P) + EXTRA): statistics.median(values) for P, values in times.items()}


def _fit_link(rounds: int) -> Link:
    found = time_all_reduces(local_mpiexec, {}, rounds)
    link = fit_link(list(found), list(found.values()), RANKS)
    for size, seconds in found.items():
        print(
            f"sum of {size / 1e6:.2f} MB: {seconds * 1e3:.3f} ms, modelled {link.all_reduce_seconds(RANKS, size) * 1e3:.3f}"
        )
    print(f"latency {link.latency * 1e6:.1f} µs, {link.bandwidth / 1e9:.2f} GB/s\n", flush=True)
    return link


def _measure_steps(cell: str, H: int, link: Link, rounds: int) -> StepCost:
    peers = [Peer(f"one of {streams}", single_process_command(cell, H, streams)) for streams in STREAMS]
    peers += [
        Peer("threads", single_process_command(cell, H, B, RANKS)),
        Peer("ranks", local_mpiexec(rank_command("training", cell, H, B, T))),
    ]
    times = take_turns(peers, rounds, LENGTH)
    medians = {name: statistics.median(values) for name, values in times.items()}
    work = fit_step_cost(STREAMS, [medians[f"one of {streams}"] for streams in STREAMS], gradient_bytes(cell, H))
    one = times[f"one of {B}"]
    modelled = work.step_seconds_over(RANKS, B / RANKS, link)
    shown = [medians[f"one of {B}"], medians["threads"], medians["ranks"], modelled]
    ratios = [ratio(times["ranks"], one), ratio(times["ranks"], times["threads"])]
    print(
        f"| {cell} | {H} | {' | '.join(f'{seconds * 1e3:.1f}' for seconds in shown)} | "
        f"{' | '.join('{:.2f} ({:.2f} to {:.2f})'.format(*found) for found in ratios)} |",
        flush=True,
    )
    return work


def _predict(works: dict[tuple[str, int], StepCost]) -> None:
    """Print the efficiency with B streams per core, and the streams per node that reach ENOUGH."""
    print(
        f"\n| cell | H | cores | nodes | {' | '.join(f'{gbit} Gbit/s' for gbit in GBITS)} |\n{'|---' * (4 + len(GBITS))}|"
    )
    links = [Link(LATENCY, gbit * 1e9 / 8) for gbit in GBITS]
    for ((cell, H), work), cores, n in itertools.product(works.items(), CORES, NODES):
        # The cores of a node divide its streams, but each node makes the whole update.
        node = replace(work, per_stream=work.per_stream / cores)
        found = [(node.efficiency(n, B * cores, link), node.streams_for(ENOUGH, n, link)) for link in links]
        cells = " | ".join(f"{efficiency:.0%}, {math.ceil(streams)}" for efficiency, streams in found)
        print(f"| {cell} | {H} | {cores} | {n} | {cells} |")
    for (cell, H), work in works.items():
        fixed, stream = work.fixed * 1e3, work.per_stream * 1e3
        print(f"{cell} {H}: {fixed:.2f} ms and {stream:.3f} ms a stream, {work.size / 1e6:.2f} MB")
