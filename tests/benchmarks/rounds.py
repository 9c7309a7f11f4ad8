"""Time peers in turn: each in its own process, one at work while the others wait, so that noise affects all alike."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

WORKER = [sys.executable, str(Path(__file__).with_name("worker.py"))]
PAUSE = 0.25  # seconds before a round: the previous peer's threads may still be spinning


class Peer:
    """A worker process; `command` runs worker.py or a program with the same protocol."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, **(environment or {})},
        )

    def wait_until_ready(self) -> bool:
        """Wait until it has warmed up; False if it failed to start."""
        assert self._process.stdout
        return self._process.stdout.readline() == "ready\n"

    def seconds_per_call(self, calls: int) -> float:
        """Mean seconds of one call over a round of `calls`."""
        assert self._process.stdin
        assert self._process.stdout
        print(calls, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())

    def last_error_line(self) -> str:
        """The last line that it wrote to stderr."""
        _, complaint = self._process.communicate()
        return (complaint.strip().splitlines() or ["no message"])[-1]

    def close(self) -> None:
        """Close its input and wait until it ends."""
        self._process.communicate()


def time_peers(
    names: list[str], work: str, cell: str, sizes: tuple[int, ...], rounds: int, length: float
) -> dict[str, list[float]]:
    """Start a worker for each named peer and time them with take_turns."""
    rest = [work, cell, *map(str, sizes)]
    return take_turns([Peer(name, [*WORKER, name, *rest]) for name in names], rounds, length)


def take_turns(peers: list[Peer], rounds: int, length: float) -> dict[str, list[float]]:
    """Seconds per call of each peer that starts, one value for each round of about `length` seconds; then end all peers."""
    running = [peer for peer in peers if _starts(peer)]
    calls = {peer.name: max(1, round(length / peer.seconds_per_call(2))) for peer in running}
    times: dict[str, list[float]] = {peer.name: [] for peer in running}
    for _ in range(rounds):
        for peer in running:
            time.sleep(PAUSE)
            times[peer.name].append(peer.seconds_per_call(calls[peer.name]))
    for peer in running:
        peer.close()
    return times


def _starts(peer: Peer) -> bool:
    if not peer.wait_until_ready():
        print(f"{peer.name} does not start: {peer.last_error_line()}", file=sys.stderr)
        return False
    return True


def ratio(ours: list[float], theirs: list[float]) -> tuple[float, float, float]:
    """theirs / ours round by round: median, lowest, highest. Above 1 ours is faster."""
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)
