"""The temporal-order task of Hochreiter and Schmidhuber (1997), in the form of Pascanu, Mikolov and Bengio (2013, section 4.1.1).

A sequence has T symbols, drawn at random from c, d, e, f, except for two marks, each A or B: one at a position in [T/10, 2T/10], one
in [4T/10, 5T/10] (in their published program, as in the original task, [5T/10, 6T/10)).
After the last symbol the network must answer which two marks came, in order: AA, AB, BA or BB.
Symbols and answers share one vocabulary of ids; an answer that is a symbol is wrong.
"""

from typing import NamedTuple

import numpy as np

from charrnn.network.arrays import Ids
from charrnn.network.network import Network

MARKED, DISTRACTORS, ANSWERS = ("A", "B"), ("c", "d", "e", "f"), ("AA", "AB", "BA", "BB")
VOCABULARY = MARKED + DISTRACTORS + ANSWERS


class Sequences(NamedTuple):
    """B sequences of T symbols as ids, (T, B), and their answers, (B,)."""

    symbols: Ids
    answers: Ids


def draw(random: np.random.Generator, T: int, B: int) -> Sequences:
    """Draw B random sequences; T must be at least 10."""
    first, second = (random.integers(low * T // 10, (low + 1) * T // 10, B, endpoint=True) for low in (1, 4))
    marks = random.integers(0, len(MARKED), (2, B))
    symbols = random.integers(len(MARKED), len(MARKED + DISTRACTORS), (T, B))
    symbols[first, np.arange(B)], symbols[second, np.arange(B)] = marks
    return Sequences(symbols, len(MARKED + DISTRACTORS) + len(MARKED) * marks[0] + marks[1])


def error_rate(network: Network, random: np.random.Generator, T: int, count: int, B: int = 500) -> float:
    """The share of wrong answers on `count` random sequences, a multiple of B; the network's answer is its most likely id."""
    ws, wrong = network.workspace(T, B), 0
    for _ in range(count // B):
        symbols, answers = draw(random, T, B)
        network.logits(symbols, network.zero_state(B), ws)
        wrong += int((ws.logits[-1].argmax(axis=1) != answers).sum())
    return wrong / count
