"""Two ranks with an emulated network link between them, in two network namespaces of this machine; root on Linux only.

    python tests/benchmarks links

Compares the measured efficiency with the one that the model of scaling.py predicts from the link's plain TCP figures and the
steps of one rank. A namespace belongs to a process that exits at the end of its input, so none is left behind, however this ends.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ranks import (
    BYTES,
    CASES,
    LENGTH,
    RANKS,
    STREAMS,
    B,
    T,
    gradient_bytes,
    missing_tools,
    rank_command,
    single_process_command,
    time_all_reduces,
)
from rounds import Peer, ratio, take_turns
from scaling import Link, StepCost, fit_link, fit_step_cost

HERE = Path(__file__).parent
LINKS = ((1, 0.1), (1, 1), (10, 0.1), (10, 1))  # Gbit/s, ms
OVER_THE_WIRE = {  # no shared memory, and TCP by libfabric
    "MPIR_CVAR_NOLOCAL": "1",
    "MPIR_CVAR_CH4_NETMOD": "ofi",
    "FI_PROVIDER": "tcp",
    "FI_TCP_IFACE": "wire",
}
HOLD = "mount -t sysfs sysfs /sys && echo ready && exec cat"  # MPI looks up its devices in /sys


class Wire:
    """Two network namespaces and the emulated link between them."""

    def __init__(self, pids: list[int], process: "subprocess.Popen[str]") -> None:
        self._pids, self._process = pids, process

    def command_prefix(self, end: int) -> list[str]:
        """The prefix that runs a command in namespace `end`, 0 or 1, on its own core."""
        return ["nsenter", "--net", "--mount", "--target", str(self._pids[end]), "taskset", "-c", str(end)]

    def mpiexec(self, command: list[str]) -> list[str]:
        """The mpiexec command that starts two ranks, one in each namespace."""
        return [
            "mpiexec",
            "-n",
            "1",
            *self.command_prefix(0),
            *command,
            ":",
            "-n",
            "1",
            *self.command_prefix(1),
            *command,
        ]

    def traffic(self) -> tuple[float, float]:
        """Bytes carried so far (mean of both directions), and CPU seconds used by the wire process."""
        print(file=self._process.stdin, flush=True)
        one, other, seconds = map(float, self._process.stdout.readline().split())
        return (one + other) / 2, seconds

    def measure_tcp(self) -> Link:
        """Latency and bandwidth of plain TCP over the link."""
        program = [sys.executable, str(HERE / "probe.py"), "10.77.0.1"]
        with _running([*self.command_prefix(0), *program]):
            found = subprocess.run(
                [*self.command_prefix(1), *program, "10.77.0.2"], capture_output=True, encoding="utf-8", check=True
            )
        return Link(*map(float, found.stdout.split()))


def run(rounds: int) -> None:
    """Two ranks over emulated links: measured efficiency and the model's prediction."""
    if why := _why_not():
        print(why)
        return
    works = {case: _fit_step(*case, rounds) for case in CASES}
    for gbit, delay in LINKS:
        with wire(gbit, delay) as link:
            print(f"\n{gbit} Gbit/s, {delay} ms each way")
            _measure(link, works, rounds)


@contextmanager
def wire(gbit: float, delay: float) -> Iterator[Wire]:
    """An emulated link of `gbit` Gbit/s and `delay` ms in each direction."""
    with ExitStack() as stack:
        ends = [stack.enter_context(_running(["unshare", "--net", "--mount", "sh", "-c", HOLD])) for _ in range(2)]
        pids = [end.pid for end in ends]
        between = [sys.executable, str(HERE / "wire.py"), *map(str, (*pids, gbit, delay))]
        yield Wire(pids, stack.enter_context(_running(between)))


@contextmanager
def _running(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """Run a process and wait until it prints "ready"; on exit, close its input and wait for its end."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
    try:
        if process.stdout.readline() != "ready\n":
            raise SystemExit(f"{' '.join(command)} cannot run here")
        yield process
    finally:
        process.communicate()


def _why_not() -> str | None:
    if sys.platform != "linux" or os.geteuid():
        return "needs Linux and root, for network namespaces and TUN devices; run it as root"
    return missing_tools("mpiexec", "unshare", "nsenter", "ip", "taskset")


def _fit_step(cell: str, H: int, rounds: int) -> StepCost:
    """Fit the cost model of a step on one rank."""
    times = take_turns(
        [Peer(str(streams), single_process_command(cell, H, streams)) for streams in STREAMS], rounds, LENGTH
    )
    return fit_step_cost(STREAMS, [statistics.median(values) for values in times.values()], gradient_bytes(cell, H))


def _measure(link: Wire, works: dict[tuple[str, int], StepCost], rounds: int) -> None:
    plain, found = link.measure_tcp(), time_all_reduces(link.mpiexec, OVER_THE_WIRE, rounds)
    fitted = fit_link(list(found), list(found.values()), RANKS)
    for what, of in (("plain TCP", plain), ("sums", fitted)):
        print(f"{what}: latency {of.latency * 1e3:.3f} ms, {of.bandwidth * 8 / 1e9:.2f} Gbit/s")
    for size, seconds in found.items():
        modelled = plain.all_reduce_seconds(RANKS, size)
        print(f"sum of {size / 1e6:.2f} MB: {seconds * 1e3:.2f} ms, modelled {modelled * 1e3:.2f}")
    print(_traffic(link))
    print(
        "| cell | H | one rank, ms | two | modelled | efficiency (lowest to highest) | modelled |\n|---|---|---|---|---|---|---|"
    )
    for case, work in works.items():
        print(f"| {case[0]} | {case[1]} | {_row(*case, link, plain, work, rounds)} |", flush=True)


def _row(cell: str, H: int, link: Wire, plain: Link, work: StepCost, rounds: int) -> str:
    """Cells of a table row: a step of one rank, and of two ranks over the link."""
    ranks = link.mpiexec(rank_command("training", cell, H, B, T))
    times = take_turns(
        [Peer("one", single_process_command(cell, H, B)), Peer("ranks", ranks, OVER_THE_WIRE)], rounds, LENGTH
    )
    steps = [statistics.median(times[name]) for name in ("one", "ranks")] + [
        work.step_seconds_over(RANKS, B / RANKS, plain)
    ]
    median, low, high = (value / RANKS for value in ratio(times["ranks"], times["one"]))
    shown = " | ".join(f"{step * 1e3:.1f}" for step in steps)
    return f"{shown} | {median:.2f} ({low:.2f} to {high:.2f}) | {work.efficiency(RANKS, B / RANKS, plain):.2f}"


def _traffic(link: Wire) -> str:
    """The bytes that one all-reduce sends, and the CPU time it costs the wire."""
    P, calls = 1_000_000, 20
    peer = Peer("sum", link.mpiexec(rank_command("all_reduce", "-", P)), OVER_THE_WIRE)
    peer.wait_until_ready()
    (bytes_before, before), _ = link.traffic(), peer.seconds_per_call(calls)
    carried, seconds = (after - begun for after, begun in zip(link.traffic(), (bytes_before, before), strict=True))
    peer.close()
    calls += 3
    return (
        f"a sum of {P * BYTES / 1e6:.0f} MB carried {carried / calls / 1e6:.2f} MB each way, "
        f"and took {seconds / calls * 1e3:.2f} ms of the wire's CPU"
    )
