"""How long a dependency each cell can learn: the temporal-order task (see order_task.py) by sequence length.

Theirs (Pascanu, Mikolov and Bengio 2013, section 4.1.1): tanh or sigmoid units, SGD at .01 without momentum, threshold 1, at most 5 million
updates, 5 runs for each length. The same here: 50 units, batches of 20 fresh sequences, the loss on the answer alone, success: at most
1 % of 10,000 fresh sequences wrong. Different: the budget (here --sequences), the rates, which are higher for it, Adam beside SGD, weights
drawn from a normal distribution (here W_hh orthogonal, the rest from ± 1/√H), and their regularisation, which charrnn does not have.

    python tests/benchmarks temporal-order             half an hour on one core
    python tests/benchmarks temporal-order --table     print the table of saved results, without training
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.network.window_options import WindowOptions
from charrnn.system.blas_threads import one_blas_thread
from charrnn.training.optim.clipping import Clipping
from charrnn.training.optim.optimizers import OPTIMIZERS

from .order_task import VOCABULARY, draw, error_rate
from .results_file import Result, ResultsFile, base_parser
from .tables import NONE, markdown

H, B = 50, 20
EVERY = 200  # updates between two tests
FEW, MANY, ENOUGH = 1000, 10_000, 0.01  # sequences of a first and a second test; the share that may be wrong
PUBLISHED = (
    "Published: of one tanh network for all lengths from 50 to 200, with clipping and their regularisation, 5 of 5 (0 wrong of 10,000); for "
    "one length at a time curves without figures."
)


class Method(NamedTuple):
    """A cell and how it is trained."""

    cell: str
    optimizer: str
    rate: float
    threshold: float | None

    @property
    def name(self) -> str:
        """The name in tables and result files."""
        clipping = "no clipping" if self.threshold is None else f"norm at most {self.threshold:g}"
        return f"{self.cell}, {self.optimizer} {self.rate:g}, {clipping}"


METHODS = (
    Method("rnn", "sgd", 0.03, None),
    Method("rnn", "sgd", 0.03, 1.0),
    Method("rnn", "sgd", 0.1, None),
    Method("rnn", "sgd", 0.1, 1.0),
    Method("rnn", "adam", 1e-3, 1.0),
    Method("lstm", "adam", 1e-2, 1.0),
    Method("gru", "adam", 1e-2, 1.0),
)
LAST_STEP = WindowOptions(loss_steps=1)  # only the answer counts


class Learner:
    """A new network and its optimizer."""

    def __init__(self, method: Method, T: int, seed: int) -> None:
        architecture = Architecture(len(VOCABULARY), H, method.cell, initialisation="orthogonal")
        self.network = Network.fresh(architecture, np.random.default_rng(seed))
        self.T, self._method, self._clipping = T, method, Clipping(method.threshold)
        self._ws, self._gradient = self.network.workspace(T, B), self.network.parameters.zeros_like()
        self._optimizer = OPTIMIZERS[method.optimizer](self.network.parameters.flat)

    def update(self, random: np.random.Generator) -> bool:
        """Make one update on random sequences; return False and change nothing if the loss or its gradient is not finite."""
        symbols, answers = draw(random, self.T, B)
        state, targets = self.network.zero_state(B), np.broadcast_to(answers, symbols.shape)
        loss = self.network.forward(symbols, targets, state, self._ws, LAST_STEP)
        self.network.backward(B, self._ws, self._gradient, LAST_STEP)
        norm, _ = self._clipping(self._gradient.flat)
        finite = bool(np.isfinite(loss + norm))
        if finite:
            self._optimizer.update(self.network.parameters.flat, self._gradient.flat, self._method.rate)
        return finite


def main(arguments: list[str], machine: str) -> None:
    """Train what is missing from the results file, and print the report."""
    args = _parser().parse_args(arguments)
    results_file = ResultsFile(args.out / "temporal_order.jsonl", machine)
    lengths = [int(length) for length in args.lengths.split(",")]
    if not args.table:
        for seed, T, method in itertools.product(range(args.seeds), lengths, METHODS):
            key = {"method": method.name, "length": T, "seed": seed, "most": args.sequences}
            results_file.get_or_measure(key, partial(attempt, method, T, seed, args.sequences))
    if results := results_file.matching(most=args.sequences):
        print_report(results)
    print(f"\n{results_file.measured_on()}")


def attempt(method: Method, T: int, seed: int, most: int) -> Result:
    """Train until the task is solved or `most` sequences are read; return how it ended, the sequences read, and seconds."""
    learner, random, began = Learner(method, T, seed), np.random.default_rng((seed, T)), time.perf_counter()
    read, ended = 0, "unsolved"
    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        while read < most and ended == "unsolved":
            if not all(learner.update(random) for _ in range(EVERY)):
                ended = "not finite"
            elif solves(learner.network, random, T):
                ended = "solved"
            read += EVERY * B
    return {"ended": ended, "sequences": read, "seconds": time.perf_counter() - began}


def solves(network: Network, random: np.random.Generator, T: int) -> bool:
    """Whether at most 1 % of 10,000 answers are wrong; a first test on fewer sequences rejects most networks."""
    return all(error_rate(network, random, T, count) <= ENOUGH for count in (FEW, MANY))


def print_report(results: Sequence[Result]) -> None:
    """Print the table and the published result."""
    seconds = sum(result["seconds"] for result in results)
    print(
        f"{len(results)} trainings, {seconds / 60:.0f} minutes in all. Seeds that solved it within {results[0]['most']:,} sequences; median number "
        f"of sequences until then, tested every {EVERY * B:,}.\n\n{table(results)}\n\n{PUBLISHED}"
    )


def table(results: Sequence[Result]) -> str:
    """A row for each method, a column for each length."""
    lengths = sorted({result["length"] for result in results})
    names = list(dict.fromkeys(result["method"] for result in results))
    rows = [[name, *(_cell(results, name, length) for length in lengths)] for name in names]
    return markdown(["", *(f"T = {length}" for length in lengths)], rows)


def _cell(results: Sequence[Result], name: str, length: int) -> str:
    here = [result for result in results if (result["method"], result["length"]) == (name, length)]
    solved = [result["sequences"] for result in here if result["ended"] == "solved"]
    if not here:
        return NONE
    return f"{len(solved)} of {len(here)}" + (f"; {statistics.median(solved):,.0f}" if solved else "")


def _parser() -> argparse.ArgumentParser:
    parser = base_parser("temporal-order", __doc__, seeds=3)
    parser.add_argument("--lengths", default="20,30,50,75,100,150", help="default 20,30,50,75,100,150; at least 10")
    parser.add_argument("--sequences", type=int, default=100_000, help="limit of each training; default 100,000")
    return parser
