"""What clipping by norm does, and what the learning rate: the whole grid of both (Pascanu, Mikolov and Bengio 2013, section 4.2).

They changed both at once, for characters of the Penn Treebank: a rate of .001 without clipping, of .01 with it, and a threshold of
45. Both are for the gradient of a loss summed over 180 steps: on the scale of the mean loss .18, 1.8 and .25.

    python tests/benchmarks clipping             thirteen minutes on a core of its own
    python tests/benchmarks clipping --table     the table of what is kept, without training
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

from .clipping_grid import THEIR_RATES, THEIR_THRESHOLD, tell
from .kept import Kept, Result, command_line
from .text import TEXT, Ids, split

T = 180
PER_DECADE = 4  # rates
RATES = tuple(float(f"{THEIR_RATES[0] * 10 ** (n / PER_DECADE):.3g}") for n in range(2 * PER_DECADE + 1))
THRESHOLDS = (None, 4 * THEIR_THRESHOLD, THEIR_THRESHOLD)
VALIDATIONS = 4  # of each training, the last at its end


@dataclass(frozen=True)
class Setting:
    """What all trainings of a grid have in common."""

    nonlinearity: str
    hidden_size: int
    batch_size: int
    updates: int


def main(arguments: list[str], machine: str) -> None:
    """Train what is not trained yet; tell all of it."""
    given = _parser().parse_args(arguments)
    setting = Setting(given.nonlinearity, given.hidden_size, given.batch_size, given.updates)
    kept = Kept(given.out / "clipping.jsonl", machine)
    if not given.table:
        _measure(kept, setting, given.seeds)
    if results := kept.found(**vars(setting)):
        print(
            f"{setting.hidden_size} {setting.nonlinearity} units, {setting.updates} updates by SGD on {setting.batch_size} streams x {T} "
            "characters of Tiny Shakespeare; the last tenth validates, all of it."
        )
        tell(results)
    print(f"\n{kept.where()}")


def _measure(kept: Kept, setting: Setting, seeds: int) -> None:
    train, valid, V = split(TEXT)
    for seed, threshold, rate in itertools.product(range(seeds), THRESHOLDS, RATES):
        network = Network.fresh(
            Architecture(V, setting.hidden_size, "rnn", setting.nonlinearity), np.random.default_rng(seed)
        )
        training = trainer(network, train, valid, setting, rate, threshold)
        key = {**vars(setting), "seed": seed, "threshold": threshold, "rate": rate}
        kept.or_measured(key, partial(trained, training, setting.updates))


def trained(training: Trainer, updates: int) -> Result:
    """One training: its validation losses, whether all was finite to its end, the share of updates clipped, seconds."""
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


def trainer(
    network: Network, train: Ids, valid: Ids, setting: Setting, rate: float, threshold: float | None
) -> Trainer:
    """Plain SGD at a constant rate, on one core; without a way back from divergence."""
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
    parser = command_line("clipping", __doc__, seeds=5)
    parser.add_argument("--updates", type=int, default=600, help="of each training; default 600")
    parser.add_argument("--hidden-size", type=int, default=64, help="default 64")
    parser.add_argument("--batch-size", type=int, default=10, help="default 10")
    parser.add_argument("--nonlinearity", default="tanh", help="default tanh; theirs: sigmoid")
    return parser
