"""Training while another process keeps a core busy."""

import os
import statistics
import subprocess
import sys

from rounds import time_peers

CELL, H, B, T = "gru", 256, 64, 64
CORES = os.cpu_count() or 1
SPIN = [sys.executable, "-c", "while True: pass"]


def run(rounds: int) -> None:
    """One update of a gru of 256 units, alone and with a process beside it that never waits, compared with PyTorch."""
    print("| beside it | charrnn, characters/s | PyTorch |\n|---|---|---|")
    for name, commands in (("nothing", []), ("a busy process", [SPIN])):
        others = [subprocess.Popen(command) for command in commands]
        try:
            times = time_peers(["charrnn", "pytorch"], "training", CELL, (H, B, T, CORES), rounds, length=1.0)
        finally:
            for other in others:
                other.kill()
                other.wait()
        rates = [f"{B * T / statistics.median(each):,.0f}" for each in times.values()]
        print(f"| {name} | {' | '.join(rates)} |", flush=True)
