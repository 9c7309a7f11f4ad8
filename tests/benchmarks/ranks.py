"""Several ranks beside one process, on this machine: steps, the sums that they wait for, and what the model makes of them."""

import itertools
import math
import shutil
import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rounds import WORKER, Peer, ratio, take_turns
from scaling import Link, Work, fitted_link, fitted_work

from charrnn.network.architecture import Architecture
from charrnn.network.parameters import Parameters

CASES = (("rnn", 256), ("lstm", 256), ("rnn", 512), ("lstm", 512))
B, T, V, RANKS = 64, 64, 65, 2
STREAMS = (16, 32, 64)  # the model's line goes through the steps of one rank that reads so many
PARAMETERS = (10_000, 30_000, 100_000, 300_000, 1_000_000, 2_000_000)
EXTRA = 2  # numbers that travel with a gradient
BYTES = 4
LENGTH = 0.8  # seconds of a round
CORES, NODES, GBITS = (1, 16), (2, 4, 8, 16, 64), (1, 10, 100)
LATENCY = 30e-6  # seconds that a message takes between two machines in one room, by TCP
ENOUGH = 0.8
RANK = [sys.executable, str(Path(__file__).with_name("rank.py"))]


def run(rounds: int) -> None:
    """Two ranks of one thread each, beside one process with one thread and with two; and what a model says of more."""
    if why := lacking("mpiexec"):
        print(why)
        return
    link = _link(rounds)
    print(
        "| cell | H | one thread, ms | two threads | two ranks | modelled | times one thread | times two threads |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    works = {case: _steps(*case, link, rounds) for case in CASES}
    _predict(works)


def lacking(*tools: str) -> str | None:
    """What is said where a tool is missing."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    return f"not found here: {', '.join(missing)}; pip install mpi4py mpich brings mpiexec" if missing else None


def rank(work: str, cell: str, *sizes: int) -> list[str]:
    """The command of one of several ranks that do as worker.py does."""
    return [*RANK, work, cell, *map(str, sizes)]


def here(command: list[str]) -> list[str]:
    """The command of ranks on this machine, each on a core of its own."""
    return ["mpiexec", "-bind-to", "core", "-n", str(RANKS), *command]


def size_of(cell: str, H: int) -> int:
    """The bytes that a step's sum is over."""
    return BYTES * (Parameters.size(Architecture(V, H, cell).shapes()) + EXTRA)


def alone(cell: str, H: int, streams: int, threads: int = 1) -> list[str]:
    """The command of one process."""
    return [*WORKER, "charrnn", "training", cell, *map(str, (H, streams, T, threads))]


def sums(launch: Callable[[list[str]], list[str]], environment: dict[str, str], rounds: int) -> dict[int, float]:
    """The seconds of a sum over the ranks, by its bytes."""
    peers = [Peer(str(P), launch(rank("adding", "-", P)), environment) for P in PARAMETERS]
    times = take_turns(peers, rounds, length=0.2)
    return {BYTES * (int(P) + EXTRA): statistics.median(values) for P, values in times.items()}


def _link(rounds: int) -> Link:
    found = sums(here, {}, rounds)
    link = fitted_link(list(found), list(found.values()), RANKS)
    for size, seconds in found.items():
        print(f"sum of {size / 1e6:.2f} MB: {seconds * 1e3:.3f} ms, modelled {link.sum_over(RANKS, size) * 1e3:.3f}")
    print(f"latency {link.latency * 1e6:.1f} µs, {link.bandwidth / 1e9:.2f} GB/s\n", flush=True)
    return link


def _steps(cell: str, H: int, link: Link, rounds: int) -> Work:
    peers = [Peer(f"one of {streams}", alone(cell, H, streams)) for streams in STREAMS]
    peers += [Peer("threads", alone(cell, H, B, RANKS)), Peer("ranks", here(rank("training", cell, H, B, T)))]
    times = take_turns(peers, rounds, LENGTH)
    medians = {name: statistics.median(values) for name, values in times.items()}
    work = fitted_work(STREAMS, [medians[f"one of {streams}"] for streams in STREAMS], size_of(cell, H))
    one = times[f"one of {B}"]
    modelled = work.together(RANKS, B / RANKS, link)
    shown = [medians[f"one of {B}"], medians["threads"], medians["ranks"], modelled]
    ratios = [ratio(times["ranks"], one), ratio(times["ranks"], times["threads"])]
    print(
        f"| {cell} | {H} | {' | '.join(f'{seconds * 1e3:.1f}' for seconds in shown)} | "
        f"{' | '.join('{:.2f} ({:.2f} to {:.2f})'.format(*found) for found in ratios)} |",
        flush=True,
    )
    return work


def _predict(works: dict[tuple[str, int], Work]) -> None:
    """Efficiency with B streams for each core of a node, and the streams of a node at which it is ENOUGH."""
    print(
        f"\n| cell | H | cores | nodes | {' | '.join(f'{gbit} Gbit/s' for gbit in GBITS)} |\n{'|---' * (4 + len(GBITS))}|"
    )
    links = [Link(LATENCY, gbit * 1e9 / 8) for gbit in GBITS]
    for ((cell, H), work), cores, n in itertools.product(works.items(), CORES, NODES):
        node = replace(work, per_stream=work.per_stream / cores)  # its cores share its streams; none shares the update
        found = [(node.efficiency(n, B * cores, link), node.streams_for(ENOUGH, n, link)) for link in links]
        cells = " | ".join(f"{efficiency:.0%}, {math.ceil(streams)}" for efficiency, streams in found)
        print(f"| {cell} | {H} | {cores} | {n} | {cells} |")
    for (cell, H), work in works.items():
        fixed, stream = work.fixed * 1e3, work.per_stream * 1e3
        print(f"{cell} {H}: {fixed:.2f} ms and {stream:.3f} ms a stream, {work.size / 1e6:.2f} MB")
