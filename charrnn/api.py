"""The verbs of charrnn, for its two interfaces: the command line (`cli`) and Python (`python`)."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from charrnn.config.resolve import DEFAULT, FINE_TUNE, OptionValues, ResolvedConfig, resolve, with_encodings
from charrnn.config.schema import Config
from charrnn.diagnostics.gradflow.gradient_flow import LAGS, POSITIONS, GradientFlow, gradient_flow
from charrnn.errors import ConfigError, OptionError
from charrnn.generation.novelty.novelty import novelty as novelty
from charrnn.models import export as exports
from charrnn.models import gradflow_input
from charrnn.models.gradcheck_case import gradcheck as gradcheck
from charrnn.models.loading import load as load
from charrnn.runs import time_budget
from charrnn.runs.begin_or_resume import End, require_agreement
from charrnn.runs.begin_or_resume import holds_run as holds_run
from charrnn.runs.begin_or_resume import is_finished as is_finished
from charrnn.runs.begin_or_resume import run_place as run_place
from charrnn.runs.finding import find_run as find_run
from charrnn.runs.finding import newest_run as newest_run
from charrnn.runs.finding import newest_unfinished_run as newest_unfinished_run
from charrnn.runs.planning.base_notes import english_hint, foreign_note
from charrnn.runs.planning.fine_tuning import FineTuneBase
from charrnn.runs.planning.fine_tuning import load_base as load_base
from charrnn.runs.planning.memory_estimate import describe_network, require_memory
from charrnn.runs.planning.new_plan import make_plan
from charrnn.runs.planning.plan import Plan
from charrnn.runs.random_training import random_trainer
from charrnn.runs.resume import resume as resume
from charrnn.runs.run import start as start
from charrnn.runs.storage import directory
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.runs.storage.directory import require_free as require_free
from charrnn.runs.storage.history import read_history as read_history
from charrnn.stages import OnStage, ignore_stage
from charrnn.system.files.output_names import default_name
from charrnn.training.benchmark import Bench, measure
from charrnn.training.parallel.communicator import Communicator
from charrnn.words import parameter


def plan(
    sources: Sequence[str] = (),
    config: Config | None = None,
    seconds: float | None = None,
    base: FineTuneBase | None = None,
    ranks: Communicator | None = None,
    on_stage: OnStage = ignore_stage,
) -> Plan:
    """Read the sources (none: the built-in text) and fix every number of a training.

    `config`: None is the default configuration, sized for the text. `seconds`: the time budget; a short measurement
    turns it into a number of steps. `base`: the run whose weights to start from; see load_base. `ranks`: the processes
    that train together; each of them calls this, `start` and the run's `events`; see training/parallel/mpi.py.
    `on_stage` is called with what is done, and with what was found.

    Raises TextError and VocabularyError; NetworkError, also if this machine has too little memory; OptionError if the
    time is too short for one step; ConfigError if the configuration describes a network other than the base's; RunError
    if the `ranks` cannot train it together, or the time cannot be measured.

    >>> made = plan(["builtin:harbour"])
    >>> made.steps > 0, made.parameters > 100_000
    (True, True)
    """
    began = time.perf_counter()
    made = make_plan(sources, config, base, ranks, on_stage)
    made.ranks.on_every_rank(lambda: require_memory(made))  # before minutes are spent
    on_stage(describe_network(made))
    if seconds is None:
        return made
    budget = time_budget.steps_within(made, seconds, began, on_stage)
    return made.with_steps(budget.steps, budget.note, eval_every=budget.eval_every)


def prepare(
    sources: Sequence[str] = (),
    config: str | None = None,
    settings: Sequence[str] = (),
    options: OptionValues | None = None,
    base: str | Path | None = None,
    seconds: float | None = None,
    ranks: Communicator | None = None,
    encoding: Sequence[str] = (),
    on_stage: OnStage = ignore_stage,
    hint: bool = False,
) -> tuple[Plan, ResolvedConfig]:
    """Resolve the configuration of a training and plan it. Returns the plan, and where each value came from.

    `config`: a recipe by name, or a YAML file (None: the recipe `default`; with a base, `finetune`). `settings`:
    KEY=VALUE each. `options`: values of dotted keys, each with the name of what gave it. `encoding`: NAME, or
    FILE=NAME, each. `hint`: note what the shipped base would give a training from scratch. The others are as for `plan`
    and `load_base`. Raises CharrnnError.
    """
    ranks = ranks or Communicator()
    found = ranks.on_every_rank(lambda: load_base(Path(base))) if base else None
    resolved = ranks.on_every_rank(lambda: _resolve(config, settings, options, found, encoding))
    made = plan(sources, resolved.config, seconds, found, ranks, on_stage)
    if found:
        foreign = ranks.on_root(lambda: foreign_note(found, made))
        made = replace(made.with_notes(foreign), warning=foreign)
    elif hint:
        made = made.with_notes(ranks.on_root(lambda: english_hint(made)))
    return made, resolved


def agree_with_run(
    run: Path,
    config: str | None = None,
    settings: Sequence[str] = (),
    options: OptionValues | None = None,
    base: str | Path | None = None,
    encoding: Sequence[str] = (),
) -> End:
    """Compare what a command asks for, as for `prepare`, with the run that it goes on with; see
    runs/begin_or_resume.py. Returns its new end, (None, None) for none. Raises CharrnnError if they differ.
    """
    asked = _resolve(config, settings, options, load_base(Path(base)) if base else None, encoding)
    return require_agreement(run, asked, Path(base) if base else None)


def export(
    run: str | Path,
    out: str | Path,
    to: str = "plain",
    which: str | None = None,
    replace: bool = False,
    half: bool = False,
) -> directory.LoadedCheckpoint:
    """Write the weights of a run or checkpoint to a file. `to`: "plain" or "torch"; see models/export.py for names and
    layouts; "charrnn", which each command reads as a run, with `half` in half precision; "onnx", a graph; or "html", a
    page to write with.

    Raises RunError, CheckpointError, OptionError for an unknown format, NetworkError if the other tool does not have
    this network, and OutputError if the file exists and `replace` is false, or if it cannot be written.
    """
    exports.require_format(to, half)
    loaded = directory.load(find_run(run), which)
    exports.write(loaded.checkpoint, Path(out), to, replace, half, default_name(loaded.path))
    return loaded


def bench(config: Config | None = None, seconds: float = 3.0, on_stage: OnStage = ignore_stage) -> Bench:
    """Measure how fast a configuration trains on this machine, on random text, for about `seconds`; see
    training/benchmark.py. Sizes that are null become those for a text of a million characters.

    `on_stage` is called with what is measured. Raises NetworkError, also if this machine has too little memory, and
    WorkerError.
    """
    config = config or resolve(DEFAULT).config
    began = time.perf_counter()
    trainer = random_trainer(config, on_stage)
    return measure(trainer, seconds, config.data.unit, began, on_stage)


def gradflow(
    run: str | Path | Checkpoint | None = None,
    text: str | Sequence[str] = (),
    config: Config | None = None,
    lags: int = LAGS,
    positions: int = POSITIONS,
    which: str | None = None,
    training_text: str | Sequence[str] = (),
    encoding: str | Sequence[str] = (),
    on_stage: OnStage = ignore_stage,
) -> GradientFlow:
    """Measure how far gradients reach. With `run`: its network on `text` (default: its validation split). Without: a
    fresh network of `config` on the validation split of `text` (default: the built-in text).

    It follows gradients back over `lags` characters from `positions` places; see diagnostics/gradflow/gradient_flow.py.
    `training_text`: the present location of the training text, if it was moved. `encoding`: NAME, or FILE=NAME for
    single files, if they are not UTF-8. `on_stage` is called with what is done.

    Raises OptionError for lags or positions below 1, CheckError if the text is too short for the lags, RunError,
    CheckpointError, NetworkError, TextError and VocabularyError.

    >>> flow = gradflow(text="builtin:harbour", lags=4, positions=2)
    >>> flow.lags, [layer.layer for layer in flow.layers]
    (4, [1])
    """
    for name, value in ((parameter("lags"), lags), (parameter("positions"), positions)):
        if value < 1:
            raise OptionError(f"{name} must be at least 1; found {value}")
    if run is None:
        case = gradflow_input.from_config(
            config or resolve(DEFAULT).config, _as_list(text), _as_list(encoding), on_stage
        )
    else:
        moved, encodings = _as_list(training_text), _as_list(encoding)
        case = gradflow_input.from_run(run, _as_list(text), which, moved, encodings, on_stage)
    on_stage("following gradients back")
    found = gradient_flow(case.network, case.ids, lags, positions, case.end_id, case.unit)
    return replace(found, unknown=case.unknown, notes=case.notes)


def _resolve(
    config: str | None,
    settings: Sequence[str],
    options: OptionValues | None,
    base: FineTuneBase | None,
    encoding: Sequence[str],
) -> ResolvedConfig:
    """The configuration of a training, with where each value came from."""
    if config == FINE_TUNE and base is None:
        raise ConfigError(
            f"{parameter('config')} {FINE_TUNE}: is for {parameter('base')} RUN, whose network it takes: charrnn train TEXT --from RUN"
        )
    recipe = config or (FINE_TUNE if base else DEFAULT)
    return with_encodings(resolve(recipe, settings, options, base.settings if base else None), encoding)


def _as_list(text: str | Sequence[str]) -> Sequence[str]:
    """A list of names, from one name or several."""
    return [text] if isinstance(text, str) else text
