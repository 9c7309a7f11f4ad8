"""One peer in a process of its own, so that no peer's idle threads disturb another: it answers each round with a time.

    python worker.py PEER WORK CELL H B T THREADS

Reads a number of calls on each line of standard input, makes them, and writes the seconds that one took.
"""

import importlib
import sys
import time

WARM_UP = 3  # calls of each round that are not counted: caches and clocks belong to whoever ran before


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
