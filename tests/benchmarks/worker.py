"""Run one peer in its own process, so that no peer's idle threads disturb another.

    python worker.py PEER WORK CELL H B T THREADS

Reads a number of calls from each line of standard input, makes them, and prints the mean seconds of a call.
"""

import importlib
import sys
import time

WARM_UP = 3  # uncounted calls of each round: caches and clock speeds are still those of the previous peer


def main() -> None:
    peer, work, cell, *sizes = sys.argv[1:]
    call = getattr(importlib.import_module(f"peer_{peer}"), work)(cell, *map(int, sizes))
    call()
    print("ready", flush=True)
    for line in sys.stdin:
        calls = int(line)
        for _ in range(WARM_UP):
            call()
        began = time.perf_counter()
        for _ in range(calls):
            call()
        print((time.perf_counter() - began) / calls, flush=True)


if __name__ == "__main__":
    main()
