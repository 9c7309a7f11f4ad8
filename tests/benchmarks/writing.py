"""How soon a proposal of `charrnn write` is there after a key."""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from charrnn import api
from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NetworkPredictor
from charrnn.generation.session import Session
from charrnn.network.network import Network

BEFORE = "It was a dark night, and the captain had said nothing since the morning. " * 20
TYPED = " He looked at the door and then at the window, where the rain was running down."


def run(rounds: int) -> None:
    """From a typed character, or one taken back, to the next proposal, of at most 60 characters."""
    saved = api.load("builtin:english").saved
    fresh = Network.fresh(replace(saved.network.architecture, hidden_size=512), np.random.default_rng(0))
    print("| network | typed, ms: median, highest | taken back, ms: median, highest |\n|---|---|---|")
    for name, network in (("gru 512, fresh", fresh), ("builtin:english (gru 640)", saved.network)):
        typed, taken = list[float](), list[float]()
        for _ in range(rounds):
            session = Session(Generator(NetworkPredictor(network), saved.vocabulary), BEFORE)
            session.propose()
            typed += [_seconds(session, partial(session.feed, character)) for character in TYPED]
            taken += [_seconds(session, session.back) for _ in TYPED]
        shown = (f"{1e3 * statistics.median(each):.1f}, {1e3 * max(each):.1f}" for each in (typed, taken))
        print(f"| {name} | {' | '.join(shown)} |", flush=True)


def _seconds(session: Session, change: Callable[[], object]) -> float:
    began = time.perf_counter()
    change()
    session.propose()
    return time.perf_counter() - began
