"""Two ranks with a wire between them, in two network namespaces of this machine; root on Linux only.

    python tests/benchmarks links

The efficiency that is measured beside the one that the model makes of the wire's own figures, those of plain TCP, and of the
steps of one rank. A namespace belongs to a process that waits for its input to end: nothing of it is left, however this ends.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ranks import BYTES, CASES, LENGTH, RANKS, STREAMS, B, T, alone, lacking, rank, size_of, sums
from rounds import Peer, ratio, take_turns
from scaling import Link, Work, fitted_link, fitted_work

HERE = Path(__file__).parent
LINKS = ((1, 0.1), (1, 1), (10, 0.1), (10, 1))  # Gbit/s, ms
OVER_THE_WIRE = {  # no shared memory; of MPICH's two ways to a network, libfabric's TCP
    "MPIR_CVAR_NOLOCAL": "1",
    "MPIR_CVAR_CH4_NETMOD": "ofi",
    "FI_PROVIDER": "tcp",
    "FI_TCP_IFACE": "wire",
}
HOLD = "mount -t sysfs sysfs /sys && echo ready && exec cat"  # MPI looks for its devices there


class Wire:
    """Two namespaces and what lies between them."""

    def __init__(self, pids: list[int], process: "subprocess.Popen[str]") -> None:
        self._pids, self._process = pids, process

    def inside(self, end: int) -> list[str]:
        """The words before a command at one end, 0 or 1, on a core of its own."""
        return ["nsenter", "--net", "--mount", "--target", str(self._pids[end]), "taskset", "-c", str(end)]

    def launch(self, command: list[str]) -> list[str]:
        """The command of two ranks, one at each end."""
        return ["mpiexec", "-n", "1", *self.inside(0), *command, ":", "-n", "1", *self.inside(1), *command]

    def carried(self) -> tuple[float, float]:
        """Bytes so far, the mean of both ways, and the CPU seconds that the wire has taken."""
        print(file=self._process.stdin, flush=True)
        one, other, seconds = map(float, self._process.stdout.readline().split())
        return (one + other) / 2, seconds

    def probe(self) -> Link:
        """What it is for plain TCP."""
        program = [sys.executable, str(HERE / "probe.py"), "10.77.0.1"]
        with _started([*self.inside(0), *program]):
            found = subprocess.run([*self.inside(1), *program, "10.77.0.2"], capture_output=True, text=True, check=True)
        return Link(*map(float, found.stdout.split()))


def run(rounds: int) -> None:
    """Two ranks with a wire between them: what is measured, and what the model says."""
    if why := _refusal():
        print(why)
        return
    works = {case: _work(*case, rounds) for case in CASES}
    for gbit, delay in LINKS:
        with wire(gbit, delay) as link:
            print(f"\n{gbit} Gbit/s, {delay} ms each way")
            _measure(link, works, rounds)


@contextmanager
def wire(gbit: float, delay: float) -> Iterator[Wire]:
    """One of so many Gbit/s and so many ms each way."""
    with ExitStack() as stack:
        ends = [stack.enter_context(_started(["unshare", "--net", "--mount", "sh", "-c", HOLD])) for _ in range(2)]
        pids = [end.pid for end in ends]
        between = [sys.executable, str(HERE / "wire.py"), *map(str, (*pids, gbit, delay))]
        yield Wire(pids, stack.enter_context(_started(between)))


@contextmanager
def _started(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """Within: a process that has said that it is ready; it ends with its input."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline() != "ready\n":
            raise SystemExit(f"{' '.join(command)} does not run here")
        yield process
    finally:
        process.communicate()


def _refusal() -> str | None:
    if sys.platform != "linux" or os.geteuid():
        return "wires need Linux and root: they are network namespaces with TUN devices; run this as root"
    return lacking("mpiexec", "unshare", "nsenter", "ip", "taskset")


def _work(cell: str, H: int, rounds: int) -> Work:
    """The model of a step on one rank."""
    times = take_turns([Peer(str(streams), alone(cell, H, streams)) for streams in STREAMS], rounds, LENGTH)
    return fitted_work(STREAMS, [statistics.median(values) for values in times.values()], size_of(cell, H))


def _measure(link: Wire, works: dict[tuple[str, int], Work], rounds: int) -> None:
    plain, found = link.probe(), sums(link.launch, OVER_THE_WIRE, rounds)
    fitted = fitted_link(list(found), list(found.values()), RANKS)
    for what, of in (("plain TCP", plain), ("sums", fitted)):
        print(f"{what}: latency {of.latency * 1e3:.3f} ms, {of.bandwidth * 8 / 1e9:.2f} Gbit/s")
    for size, seconds in found.items():
        modelled = plain.sum_over(RANKS, size)
        print(f"sum of {size / 1e6:.2f} MB: {seconds * 1e3:.2f} ms, modelled {modelled * 1e3:.2f}")
    print(_traffic(link))
    print(
        "| cell | H | one rank, ms | two | modelled | efficiency (lowest to highest) | modelled |\n|---|---|---|---|---|---|---|"
    )
    for case, work in works.items():
        print(f"| {case[0]} | {case[1]} | {_steps(*case, link, plain, work, rounds)} |", flush=True)


def _steps(cell: str, H: int, link: Wire, plain: Link, work: Work, rounds: int) -> str:
    """Cells of the table: a step of one rank here, and of two with the wire between them."""
    ranks = link.launch(rank("training", cell, H, B, T))
    times = take_turns([Peer("one", alone(cell, H, B)), Peer("ranks", ranks, OVER_THE_WIRE)], rounds, LENGTH)
    steps = [statistics.median(times[name]) for name in ("one", "ranks")] + [work.together(RANKS, B / RANKS, plain)]
    median, low, high = (value / RANKS for value in ratio(times["ranks"], times["one"]))
    shown = " | ".join(f"{step * 1e3:.1f}" for step in steps)
    return f"{shown} | {median:.2f} ({low:.2f} to {high:.2f}) | {work.efficiency(RANKS, B / RANKS, plain):.2f}"


def _traffic(link: Wire) -> str:
    """What one sum takes over the wire, and of the machine."""
    P, calls = 1_000_000, 20
    peer = Peer("sum", link.launch(rank("adding", "-", P)), OVER_THE_WIRE)
    peer.ready()
    (bytes_before, before), _ = link.carried(), peer.seconds(calls)
    carried, seconds = (after - begun for after, begun in zip(link.carried(), (bytes_before, before), strict=True))
    peer.close()
    calls += 3
    return (
        f"a sum of {P * BYTES / 1e6:.0f} MB carried {carried / calls / 1e6:.2f} MB each way, "
        f"and took {seconds / calls * 1e3:.2f} ms of the wire's CPU"
    )
