"""The verbs of charrnn, assembled from its rooms; the command line and Python programs call these."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.config.resolve import DEFAULT, resolve
from charrnn.config.schema import Config
from charrnn.diagnostics.gradcheck import gradcheck as checks
from charrnn.diagnostics.gradcheck.gradcheck import Report, Unchecked
from charrnn.diagnostics.gradcheck.oracles import ORACLES
from charrnn.diagnostics.gradcheck.properties import check_properties
from charrnn.diagnostics.gradcheck.time_estimate import SECONDS, extend_for, oracles_within
from charrnn.diagnostics.gradflow.gradient_flow import LAGS, POSITIONS, GradientFlow, gradient_flow
from charrnn.generation.novelty import novelty as novelty
from charrnn.models import export as exports
from charrnn.models import gradcheck_case, gradflow_case, loading
from charrnn.models.model import Model as Model
from charrnn.runs import time_budget
from charrnn.runs.planning.fine_tuning import FineTuneBase
from charrnn.runs.planning.fine_tuning import load_base as load_base
from charrnn.runs.planning.new_plan import make_plan
from charrnn.runs.planning.plan import Plan
from charrnn.runs.random_training import random_trainer
from charrnn.runs.resume import resume as resume
from charrnn.runs.run import start as start
from charrnn.runs.storage import directory
from charrnn.runs.storage.history import read_history as read_history
from charrnn.system.blas_threads import one_blas_thread
from charrnn.training.benchmark import Bench, measure
from charrnn.training.events import Event
from charrnn.training.parallel.communicator import Communicator

require_free = directory.require_unused  # the name that programs know it by


def plan(
    sources: Sequence[str] = (),
    config: Config | None = None,
    seconds: float | None = None,
    base: FineTuneBase | None = None,
    ranks: Communicator | None = None,
) -> Plan:
    """Read the sources (none: the built-in text) and decide on every number of a training (no `config`: by the default one, sized
    for the text): with `seconds`, on as many steps as end so long after this call, by a measurement; with a `base` (see
    load_base), on the weights to begin with; with `ranks` (see training/parallel/mpi.py), for all of them, which call this, `start` and
    the run's `events` alike.

    Raises TextError, VocabularyError and NetworkError; OptionError where the time is not enough for one step; ConfigError where
    the configuration is of another network than the base's.
    """
    began = time.perf_counter()
    made = make_plan(sources, config, base, ranks)
    return made if seconds is None else made.with_steps(*time_budget.steps_within(made, seconds, began))


def train(
    *text: str | Path,
    config: str | None = None,
    settings: Mapping[str, Any] | None = None,
    base: str | Path | None = None,
    out: str | Path | None = None,
    seconds: float | None = None,
    on_event: Callable[[Event], object] = lambda event: None,
) -> Model:
    """Train on texts, named as on the command line (none: the built-in one), to the end, and load the best of it.

    `config`: a shipped configuration by name, or a YAML file (None: default, sized for the text); `settings`: values of dotted
    keys, for example {"model.hidden_size": 128}; `base`: a run to begin from; `out`: the run directory (None: the next free one
    below runs/); `seconds`: train for so long; `on_event` is called with each fact of training/events.py. Raises CharrnnError.
    """
    path = None if out is None else Path(out)
    if path is not None:
        require_free(path)  # before a long text is read for it
    begun = load_base(Path(base)) if base else None
    options = {key: (f"settings[{key!r}]", value) for key, value in (settings or {}).items()}
    resolved = resolve(config or DEFAULT, (), options, begun.settings if begun else None)
    run = start(plan([*map(str, text)], resolved.config, seconds, begun), path)
    for event in run.events():
        on_event(event)
    return load(run.path)


def load(
    run: str | Path,
    *others: str | Path,
    which: str | None = None,
    ngram: bool = False,
    weights: Sequence[float] | None = None,
    text: str | Sequence[str] = (),
    encoding: str | Sequence[str] = (),
) -> Model:
    """The model of a run directory or checkpoint; with `others`, or with an `ngram` of its training split, a mixture.

    `which`: best, last, or None for the best there is; `weights` of the members, in this order (None: those under which
    the validation split is likeliest); `text`: where the text of the training is now, if it was moved, and `encoding` (NAME, or
    FILE=NAME for single files) what it is in, if it was converted. Raises RunError, also where vocabularies differ,
    CheckpointError and TextError.
    """
    return loading.load(Path(run), [*map(Path, others)], which, ngram, weights, _listed(text), _listed(encoding))


def export(
    run: str | Path, out: str | Path, to: str = "plain", which: str | None = None, replace: bool = False
) -> directory.Loaded:
    """Write the weights of a run or checkpoint to a safetensors file; see models/export.py for names and layouts.

    Raises RunError, CheckpointError, NetworkError where the other tool has no such network, and OutputError where the file
    exists, unless it is to be replaced, or cannot be written.
    """
    loaded = directory.load(Path(run), which)
    exports.write(loaded.checkpoint, Path(out), to, replace)
    return loaded


def bench(config: Config | None = None, seconds: float = 3.0) -> Bench:
    """How fast a configuration trains here, on random text; takes somewhat longer than `seconds`. See training/benchmark.py. Sizes that
    are null are those for a text of a million characters.

    Raises NetworkError and WorkerError.
    """
    config = config or Config()
    return measure(random_trainer(config), seconds, config.data.unit)


@one_blas_thread()
@np.errstate(all="ignore")  # a number that is not finite fails its check
def gradcheck(
    config: Config | None = None,
    run: str | Path | None = None,
    oracles: Sequence[str] = (),
    tolerance: float | None = None,
    seed: int = 0,
    entries: int | None = None,
    seconds: float = SECONDS,
    on_progress: Callable[[float], object] = lambda share: None,
) -> Report:
    """Compare the hand-written gradients with the oracles (none named: all), and try the network's other properties: for a
    small network of the configuration's kind, or for the trained weights of a run.

    `entries` random ones of each parameter, however long that takes; None: as many as fit into about `seconds`, then without the
    closed form where it alone would take longer. The report says how many, and `entries` and `seed` repeat it. `on_progress` is
    called with the share of the work that is done. Raises CheckError, RunError and CheckpointError.
    """
    checks.require_known(oracles)
    if run is None:
        case, config = gradcheck_case.from_config(config or Config(), seed)
    else:
        case, config = gradcheck_case.from_run(Path(run), seed)
    chosen, left_out = [*(oracles or ORACLES)], list[Unchecked]()
    if entries is None and not oracles:
        chosen, left_out = oracles_within(case, seconds)
    comparison = checks.Comparison(case, chosen, seed)
    if entries is None:
        extend_for(comparison, seconds, on_progress)
    else:
        whole = comparison.count(entries)
        comparison.extend(entries, lambda done: on_progress(done / whole))
    return Report(
        list(comparison.checks(tolerance)),
        [*check_properties(case), gradcheck_case.training_step(case, config)],
        None if comparison.is_complete else comparison.entries,
        seed,
        gradcheck_case.checked_settings(config),
        [*left_out, *gradcheck_case.unchecked_settings(config)],
    )


def gradflow(
    run: str | Path | None = None,
    text: str | Sequence[str] = (),
    config: Config | None = None,
    lags: int = LAGS,
    positions: int = POSITIONS,
    which: str | None = None,
    training_text: str | Sequence[str] = (),
    encoding: str | Sequence[str] = (),
) -> GradientFlow:
    """How far gradients reach: in a run, on a text (none: its validation split), or in a fresh network of a configuration, on the
    validation split of a text (none: the built-in one). Over `lags` characters, from `positions` places of the text; see
    diagnostics/gradflow/gradient_flow.py. `training_text`: where that of the run is now, if it was moved; `encoding`: NAME for the text, or
    FILE=NAME for single files, where they are not UTF-8.

    Raises CheckError where the text is too short for the lags, RunError, CheckpointError, TextError and VocabularyError.
    """
    if run is None:
        case = gradflow_case.from_config(config or Config(), _listed(text), _listed(encoding))
    else:
        case = gradflow_case.from_run(Path(run), _listed(text), which, _listed(training_text), _listed(encoding))
    found = gradient_flow(case.network, case.ids, lags, positions, case.end_id, case.unit)
    return replace(found, unknown=case.unknown, notes=case.notes)


def _listed(text: str | Sequence[str]) -> Sequence[str]:
    """A text's name is a list of one."""
    return [text] if isinstance(text, str) else text
