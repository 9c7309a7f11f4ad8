"""The temporal-order task (Hochreiter and Schmidhuber 1997; as Pascanu, Mikolov and Bengio 2013 have it, section 4.1.1).

A sequence of T symbols: c, d, e, f by chance, but for one of A, B at a place in [T/10, 2T/10] and another in [4T/10, 5T/10]
(the program that they published has [5T/10, 6T/10), as the task had it at first).
After the last symbol the network says which two they were, in their order: AA, AB, BA or BB.
Symbols and answers share one vocabulary of ids; a network that answers with a symbol is wrong.
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
    """B fresh sequences; T is at least 10."""
    first, second = (random.integers(low * T // 10, (low + 1) * T // 10, B, endpoint=True) for low in (1, 4))
    marks = random.integers(0, len(MARKED), (2, B))
    symbols = random.integers(len(MARKED), len(MARKED + DISTRACTORS), (T, B))
    symbols[first, np.arange(B)], symbols[second, np.arange(B)] = marks
    return Sequences(symbols, len(MARKED + DISTRACTORS) + len(MARKED) * marks[0] + marks[1])


def error_rate(network: Network, random: np.random.Generator, T: int, count: int, B: int = 500) -> float:
    """The share of `count` fresh sequences, a multiple of B, whose answer is not the network's likeliest."""
    ws, wrong = network.workspace(T, B), 0
    for _ in range(count // B):
        symbols, answers = draw(random, T, B)
        network.logits(symbols, network.zero_state(B), ws)
        wrong += int((ws.logits[-1].argmax(axis=1) != answers).sum())
    return wrong / count
