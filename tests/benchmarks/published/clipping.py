"""Clipping by norm and the learning rate on a grid of both (Pascanu, Mikolov and Bengio 2013, section 4.2).

They changed both at once, on characters of the Penn Treebank: a rate of .001 without clipping, and .01 with a threshold of 45.
These are for the gradient of a loss summed over 180 steps; for the mean loss they are .18, 1.8 and .25.

    python tests/benchmarks clipping             thirteen minutes on one core
    python tests/benchmarks clipping --table     print the table of saved results, without training
"""

import argparse
import itertools
import time
from dataclasses import dataclass
from functools import partial

import numpy as np

from charrnn.errors import DivergedError
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.system.blas_threads import one_blas_thread
from charrnn.text.windows import Windows
from charrnn.training.events import Evaluated, Stepped
from charrnn.training.optim.clipping import Clipping
from charrnn.training.optim.optimizers import SGD
from charrnn.training.optim.schedules import Schedule
from charrnn.training.trainer import Trainer

from .clipping_grid import THEIR_RATES, THEIR_THRESHOLD, print_report
from .results_file import Result, ResultsFile, base_parser
from .text import TEXT, Ids, split

T = 180
PER_DECADE = 4  # rates
RATES = tuple(float(f"{THEIR_RATES[0] * 10 ** (n / PER_DECADE):.3g}") for n in range(2 * PER_DECADE + 1))
THRESHOLDS = (None, 4 * THEIR_THRESHOLD, THEIR_THRESHOLD)
VALIDATIONS = 4  # per training, the last one at its end


@dataclass(frozen=True)
class Setting:
    """What all trainings of a grid share."""

    nonlinearity: str
    hidden_size: int
    batch_size: int
    updates: int


def main(arguments: list[str], machine: str) -> None:
    """Train what is missing from the results file, and print the report."""
    args = _parser().parse_args(arguments)
    setting = Setting(args.nonlinearity, args.hidden_size, args.batch_size, args.updates)
    results_file = ResultsFile(args.out / "clipping.jsonl", machine)
    if not args.table:
        _measure(results_file, setting, args.seeds)
    if results := results_file.matching(**vars(setting)):
        print(
            f"{setting.hidden_size} {setting.nonlinearity} units, {setting.updates} updates by SGD on {setting.batch_size} streams x {T} "
            "characters of Tiny Shakespeare; validated on the whole last tenth."
        )
        print_report(results)
    print(f"\n{results_file.measured_on()}")


def _measure(results_file: ResultsFile, setting: Setting, seeds: int) -> None:
    train, valid, V = split(TEXT)
    for seed, threshold, rate in itertools.product(range(seeds), THRESHOLDS, RATES):
        network = Network.fresh(
            Architecture(V, setting.hidden_size, "rnn", setting.nonlinearity), np.random.default_rng(seed)
        )
        training = make_trainer(network, train, valid, setting, rate, threshold)
        key = {**vars(setting), "seed": seed, "threshold": threshold, "rate": rate}
        results_file.get_or_measure(key, partial(run_training, training, setting.updates))


def run_training(training: Trainer, updates: int) -> Result:
    """Train; return the validation losses, whether all losses were finite, the share of clipped updates, and seconds."""
    losses, clipped, finite, began = [], [], True, time.perf_counter()
    try:
        with one_blas_thread():
            for event in training.train(updates):
                if isinstance(event, Stepped):
                    clipped.append(event.clipped)
                elif isinstance(event, Evaluated):
                    losses.append(event.loss)
    except DivergedError:
        finite = False
    share = float(np.mean(clipped)) if clipped else None
    return {"losses": losses, "finite": finite, "clipped": share, "seconds": time.perf_counter() - began}


def make_trainer(
    network: Network, train: Ids, valid: Ids, setting: Setting, rate: float, threshold: float | None
) -> Trainer:
    """A trainer with plain SGD at a constant rate, on one core, without rollback after divergence."""
    return Trainer(
        network=network,
        windows=Windows(train, setting.batch_size, T),
        state=network.zero_state(setting.batch_size),
        valid=valid,
        optimizer=SGD(network.parameters.flat),
        schedule=Schedule("constant", rate, setting.updates),
        clipping=Clipping(max_grad_norm=threshold),
        eval_every=setting.updates // VALIDATIONS,
    )


def _parser() -> argparse.ArgumentParser:
    parser = base_parser("clipping", __doc__, seeds=5)
    parser.add_argument("--updates", type=int, default=600, help="updates of each training; default 600")
    parser.add_argument("--hidden-size", type=int, default=64, help="default 64")
    parser.add_argument("--batch-size", type=int, default=10, help="default 10")
    parser.add_argument("--nonlinearity", default="tanh", help="default tanh; theirs: sigmoid")
    return parser
