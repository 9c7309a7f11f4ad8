"""Train against a clock that counts steps and stops during validations."""

import argparse
import json
import math
import time
from collections.abc import Callable


def race(seconds: float, every: float, step: Callable[[float], None], validate: Callable[[], dict[str, float]]) -> None:
    """Make steps for `seconds` seconds; every `every` seconds and at the end, validate and print {seconds, ...} as a line of JSON.

    `step` is called with the share of the time that has passed, 0 to 1, from which it can set a learning rate.
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


def halving(share: float, highest: float, times: int = 10) -> float:
    """A learning rate that is halved after each of `times` equal parts of the time."""
    return highest * 0.5 ** int(share * times)


def contestant_parser() -> argparse.ArgumentParser:
    """The arguments of every contestant: text, seconds, seconds between validations, seed, threads."""
    parser = argparse.ArgumentParser()
    parser.add_argument("text")
    for name, kind in (("seconds", float), ("every", float), ("seed", int), ("threads", int)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    return parser
