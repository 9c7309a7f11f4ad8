"""A training against the clock: so many seconds of steps, the clock standing still while a validation loss is told."""

import argparse
import json
import math
import time
from collections.abc import Callable


def race(seconds: float, every: float, step: Callable[[float], None], validate: Callable[[], dict[str, float]]) -> None:
    """Make steps for so many seconds; print {seconds, ...}, a line of JSON, whenever `every` seconds have passed, and at the end.

    `step` is given the share of the time that has passed, 0 to 1, after which a learning rate can be set.
    """
    spent, due = 0.0, every
    while spent < seconds:
        began = time.perf_counter()
        step(spent / seconds)
        spent += time.perf_counter() - began
        if spent >= min(due, seconds):
            print(json.dumps({"seconds": spent, **validate()}), flush=True)
            due += every


def cosine(share: float, highest: float, lowest: float = 0.0) -> float:
    """A learning rate that falls from highest to lowest as share goes from 0 to 1."""
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * share)) / 2


def halved(share: float, highest: float, times: int = 10) -> float:
    """A learning rate halved after each of so many parts of the time."""
    return highest * 0.5 ** int(share * times)


def questions() -> argparse.ArgumentParser:
    """What every contestant is asked: on which text, for how long, how often it tells its loss, with which seed and how many threads."""
    parser = argparse.ArgumentParser()
    parser.add_argument("text")
    for name, kind in (("seconds", float), ("every", float), ("seed", int), ("threads", int)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    return parser
