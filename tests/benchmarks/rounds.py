"""Peers timed in turn: each in its own process, one at work while the others wait, so that noise meets all alike."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

WORKER = [sys.executable, str(Path(__file__).with_name("worker.py"))]
PAUSE = 0.25  # seconds before a round: the threads of the one before may still be spinning


class Peer:
    """A worker process for one piece of work; `command` is worker.py or does as it does."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
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
        """Let the process end with its input, and what it has started with it."""
        self._process.communicate()


def alternate(
    names: list[str], work: str, cell: str, sizes: tuple[int, ...], rounds: int, length: float
) -> dict[str, list[float]]:
    """Seconds per call of each of these peers, as take_turns has it."""
    rest = [work, cell, *map(str, sizes)]
    return take_turns([Peer(name, [*WORKER, name, *rest]) for name in names], rounds, length)


def take_turns(peers: list[Peer], rounds: int, length: float) -> dict[str, list[float]]:
    """Seconds per call of each peer that runs, for each round of about `length` seconds; ends them all."""
    running = [peer for peer in peers if _runs(peer)]
    calls = {peer.name: max(1, round(length / peer.seconds(2))) for peer in running}
    times: dict[str, list[float]] = {peer.name: [] for peer in running}
    for _ in range(rounds):
        for peer in running:
            time.sleep(PAUSE)
            times[peer.name].append(peer.seconds(calls[peer.name]))
    for peer in running:
        peer.close()
    return times


def _runs(peer: Peer) -> bool:
    if not peer.ready():
        print(f"{peer.name} does not run: {peer.why()}", file=sys.stderr)
        return False
    return True


def ratio(ours: list[float], theirs: list[float]) -> tuple[float, float, float]:
    """How many times as fast we are, round by round: median, lowest, highest."""
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)
