"""The verbs of charrnn, assembled from its rooms; the command line and Python programs call these."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from charrnn.checks import gradcheck as checks
from charrnn.checks.estimate import refuse_if_long
from charrnn.checks.gradcheck import Report
from charrnn.checks.oracles import ORACLES
from charrnn.checks.properties import check_properties
from charrnn.generation.generator import Generator
from charrnn.generation.predictor import NetworkPredictor
from charrnn.learning.bench import Bench, measure, random_trainer
from charrnn.learning.clipping import Clipping
from charrnn.learning.parallel import fastest_threads
from charrnn.runs import budget, directory
from charrnn.runs import export as exports
from charrnn.runs import plan as plans
from charrnn.runs import run as runs
from charrnn.runs.config import Config
from charrnn.runs.plan import Plan
from charrnn.runs.resuming import resume as resume
from charrnn.runs.run import Run

BENCH_VOCABULARY = {"char": 65, "byte": 256}  # characters of English prose with its punctuation


def plan(sources: Sequence[str] = (), config: Config | None = None, seconds: float | None = None) -> Plan:
    """Read the sources (none: the built-in text) and decide on every number of a training: with `seconds`, on as many
    steps as end so long after this call, by a measurement.

    Raises TextError, VocabularyError and NetworkError; RunError where the time is not enough for one step.
    """
    began = time.perf_counter()
    made = plans.make(sources, config)
    return made if seconds is None else plans.with_steps(made, *budget.steps_within(made, seconds, began))


def start(plan: Plan, out: Path | None = None) -> Run:
    """Make the run directory (none named: the next free one below runs/) and a fresh network.

    Raises RunError when the directory holds something or cannot be made.
    """
    return runs.start(plan, out)


def sample(run: Path, which: str | None = None, only: str | None = None) -> tuple[Generator, directory.Loaded]:
    """A generator for a run directory or checkpoint, and where it came from. `which`: best, last, or None for
    the best there is; `only`: the characters that may be written, or a class of them.

    Raises RunError, CheckpointError, and SamplingError where `only` leaves nothing.
    """
    loaded = directory.load(run, which)
    return Generator(NetworkPredictor(loaded.checkpoint.network), loaded.checkpoint.vocabulary, only), loaded


def export(run: Path, out: Path, to: str = "plain", which: str | None = None) -> directory.Loaded:
    """Write the weights of a run or checkpoint to a safetensors file; see runs/export.py for names and layouts.

    Raises RunError, CheckpointError, and NetworkError where the other tool has no such network.
    """
    loaded = directory.load(run, which)
    exports.write(loaded.checkpoint, out, to)
    return loaded


def bench(config: Config | None = None, seconds: float = 3.0) -> Bench:
    """How fast a configuration trains here, on random text; takes somewhat longer than `seconds`. See learning/bench.py.

    Raises NetworkError and WorkerError.
    """
    config = config or Config()
    training, model = config.training, config.model
    architecture = model.architecture(BENCH_VOCABULARY[config.data.unit])
    B, T = training.batch_size, training.sequence_length
    threads = config.runtime.threads or fastest_threads(architecture, T, B)
    clipping = Clipping(training.max_grad_norm, training.max_grad_value)
    trainer = random_trainer(
        architecture, B, T, threads, training.optimizer, clipping, training.precision, model.dropout
    )
    return measure(trainer, seconds)


def gradcheck(
    config: Config | None = None,
    run: Path | None = None,
    oracles: Sequence[str] = (),
    tolerance: float | None = None,
    seed: int = 0,
    entries: int | None = None,
) -> Report:
    """Compare the hand-written gradients with the oracles (none named: all), and try the network's other properties: for a
    small network of the configuration's kind, or for the trained weights of a run.

    Raises CheckError (also for what would take more than a minute), RunError and CheckpointError.
    """
    if run is None:
        config = config or Config()
        case = checks.small_case(config.model.architecture(checks.V), seed)
    else:
        loaded = directory.load(run).checkpoint
        config, case = loaded.config, checks.random_window(loaded.network, np.random.default_rng(seed))
    if config.training.stride is not None:  # as in training: the loss on the last steps of the window alone
        case = replace(case, new=2)
    if config.data.boundary is not None:  # and documents begin within a window
        case = checks.beginning_anew(case, seed)
    oracles = tuple(oracles) or tuple(ORACLES)
    checks.require_known(oracles)
    refuse_if_long(case, oracles, entries)
    return Report(list(checks.gradcheck(case, oracles, tolerance, entries, seed)), list(check_properties(case)))
