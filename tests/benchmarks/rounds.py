"""Peers timed in turn: each in its own process, one at work while the others wait, so that noise meets all alike."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

PAUSE = 0.25  # seconds before a round: the threads of the one before may still be spinning


class Peer:
    """A worker process for one piece of work."""

    def __init__(self, name: str, work: str, cell: str, *sizes: int) -> None:
        self.name = name
        command = [sys.executable, str(Path(__file__).with_name("worker.py")), name, work, cell, *map(str, sizes)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def ready(self) -> bool:
        """Wait until it has warmed up; False where it could not."""
        assert self._process.stdout
        return self._process.stdout.readline() == "ready\n"

    def seconds(self, calls: int) -> float:
        """Of one call, over a round of `calls`."""
        assert self._process.stdin
        assert self._process.stdout
        print(calls, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())

    def why(self) -> str:
        """The last line of what it complained of."""
        _, complaint = self._process.communicate()
        return (complaint.strip().splitlines() or ["no message"])[-1]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def alternate(
    names: list[str], work: str, cell: str, sizes: tuple[int, ...], rounds: int, length: float
) -> dict[str, list[float]]:
    """Seconds per call of each peer that runs, for each round of about `length` seconds."""
    peers = []
    for name in names:
        peer = Peer(name, work, cell, *sizes)
        if peer.ready():
            peers.append(peer)
        else:
            print(f"{name} does not run {cell} {sizes}: {peer.why()}", file=sys.stderr)
    calls = {peer.name: max(1, round(length / peer.seconds(2))) for peer in peers}
    times: dict[str, list[float]] = {peer.name: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            time.sleep(PAUSE)
            times[peer.name].append(peer.seconds(calls[peer.name]))
    for peer in peers:
        peer.close()
    return times


def ratio(ours: list[float], theirs: list[float]) -> tuple[float, float, float]:
    """How many times as fast we are, round by round: median, lowest, highest."""
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)
