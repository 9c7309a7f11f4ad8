"""The gradient check of a configuration or of a run: all that its training does to the gradient, with dropout masks
held fixed.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from charrnn.config import sizing
from charrnn.config.resolve import DEFAULT, resolve
from charrnn.config.schema import Config, SizedConfig
from charrnn.diagnostics.gradcheck import gradcheck as checks
from charrnn.diagnostics.gradcheck.case import Case, V, random_window, small_case, with_resets
from charrnn.diagnostics.gradcheck.gradcheck import UncheckedSetting
from charrnn.diagnostics.gradcheck.oracles import ORACLES
from charrnn.diagnostics.gradcheck.properties import ROUNDING, Property, check_properties
from charrnn.diagnostics.gradcheck.time_estimate import SECONDS, extend_for, oracles_within
from charrnn.errors import OptionError
from charrnn.network.arrays import Array
from charrnn.network.dropout import Dropout
from charrnn.network.weight_dropout import WeightDropout
from charrnn.runs.finding import find_run
from charrnn.runs.storage import directory
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.system.blas_threads import one_blas_thread
from charrnn.text.windows import Window
from charrnn.training.parallel.data_parallel import DataParallel
from charrnn.words import parameter

NEW_STEPS = 2  # steps with a loss, if a configuration has a stride
MAX_MASK_STEPS = 1000  # tried, to find masks that drop something but not everything
MIN_SCALE = 0.05  # of weights, so that the recurrence still matters where it is not dropped


@one_blas_thread()
@np.errstate(all="ignore")  # a value that is not finite fails its check
def gradcheck(
    config: Config | None = None,
    run: str | Path | Checkpoint | None = None,
    oracles: Sequence[str] = (),
    tolerance: float | None = None,
    seed: int = 0,
    entries: int | None = None,
    seconds: float = SECONDS,
    on_progress: Callable[[float], object] = lambda share: None,
) -> checks.Report:
    """Compare the hand-written gradients with oracles (empty: all), and check the network's other properties: for a
    small network of the configuration's kind, or for the trained weights of a run.

    `entries`: the number of random entries of each parameter. None: as many as fit into about `seconds`, without the
    closed form if it alone would take longer; the report has the number, and that number and `seed` repeat the check.
    `on_progress` is called with the share of the work that is done, from 0 to 1. Raises CheckError, OptionError,
    RunError and CheckpointError.

    >>> gradcheck(oracles=["complex-step"], entries=3).passed
    True
    """
    for name, value, least in ((parameter("entries"), entries, 1), (parameter("seed"), seed, 0)):
        if value is not None and value < least:
            raise OptionError(f"{name} must be at least {least}; found {value}")
    if tolerance is not None and not tolerance > 0:
        raise OptionError(f"{parameter('tolerance')} must be above 0; found {tolerance:g}")
    if run is None:
        case, config = from_config(config or resolve(DEFAULT).config, seed)
    else:
        case, config = from_run(run, seed)
    chosen, left_out = [*(oracles or ORACLES)], list[UncheckedSetting]()
    if entries is None and not oracles:
        chosen, left_out = oracles_within(case, seconds)
    comparison = checks.Comparison(case, chosen, seed)
    if entries is None:
        extend_for(comparison, seconds, on_progress)
    else:
        whole = comparison.count(entries)
        comparison.extend(entries, lambda done: on_progress(done / whole))
    return checks.Report(
        list(comparison.checks(tolerance)),
        [*check_properties(case), training_step(case, config)],
        None if comparison.is_complete else comparison.entries,
        seed,
        checked_settings(config),
        [*left_out, *unchecked_settings(config)],
    )


def from_config(config: Config, seed: int) -> tuple[Case, SizedConfig]:
    """A small network of the kind configured, and the configuration with all sizes filled in."""
    sized = sizing.fill_sizes(config, sizing.TYPICAL_LENGTH)
    case = small_case(sized.model.architecture(V), seed)
    _make_up_for_scale(case, sized)
    return _apply_training(case, sized, seed), sized


def from_run(run: str | Path | Checkpoint, seed: int) -> tuple[Case, SizedConfig]:
    """The trained weights of a run, and its configuration. Raises RunError and CheckpointError."""
    saved = run if isinstance(run, Checkpoint) else directory.load(find_run(run)).checkpoint
    case = random_window(saved.network, np.random.default_rng(seed))
    return _apply_training(case, saved.config, seed), saved.config


def checked_settings(config: Config) -> dict[str, object]:
    """The settings, by key, that change the gradient in training and in the case alike, unless they are off."""
    values = {
        "model.dropout": config.model.dropout or None,
        "model.weight_dropout": config.model.weight_dropout or None,
        "training.label_smoothing": config.training.label_smoothing or None,
        "training.stride": config.training.stride,
        "training.accumulate": config.training.accumulate if config.training.accumulate > 1 else None,
        "data.boundary": config.data.boundary,
        "data.field": config.data.field,
    }
    return {key: value for key, value in values.items() if value is not None}


def unchecked_settings(config: Config) -> list[UncheckedSetting]:
    """The settings that use or change the gradient and are not checked."""
    training = config.training
    after = "changes the gradient after it was computed"
    threads = config.runtime.threads
    bias = None if config.model.bias else False
    found: list[tuple[str, object, str]] = [
        ("model.bias", bias, "holds every bias at 0; their gradient is not used"),
        ("training.max_grad_norm", training.max_grad_norm, after),
        ("training.max_grad_value", training.max_grad_value, after),
        ("training.weight_decay", training.weight_decay or None, after),
        ("training.freeze", [*training.freeze] or None, after),
        ("training.optimizer", training.optimizer, "uses the gradient"),
        ("training.l2_sp", training.l2_sp or None, "moves the weights after each update"),
        ("training.ema_decay", training.ema_decay, "averages the weights"),
        ("training.reset_probability", training.reset_probability or None, "sets states to 0 between windows"),
        ("training.precision", training.precision if training.precision != "float64" else None, "checked in float64"),
        ("runtime.threads", threads if threads and threads > 1 else None, "checked on one core"),
    ]
    return [UncheckedSetting(key, value, why) for key, value, why in found if value is not None]


def training_step(case: Case, config: Config) -> Property:
    """Whether a training step, with its streams in parts, computes the gradient that is checked."""
    network, (T, B) = case.network, case.inputs.shape
    window = Window(
        inputs=case.inputs,
        targets=case.targets,
        fresh_streams=np.zeros(B, np.bool_),
        loss_steps=case.loss_steps,
        carry_steps=T,
        batch_size=B,
        reset_mask=case.options.reset_mask,
    )
    parallel = DataParallel(network, accumulate=config.training.accumulate)
    with case.mask_weights(network.parameters.flat, parallel.gradient.flat):
        parallel.loss_and_gradient(window, case.state.copy(), case.options.dropout, case.options.smoothing)
    analytic = checks.analytic_gradients(case)
    checked = np.concatenate([analytic[name].ravel() for name, _ in network.parameters.items()])
    difference = float(np.abs(parallel.gradient.flat - checked).max() / max(1e-300, np.abs(checked).max()))
    parts = min(B, config.training.accumulate)
    return Property(
        "a training step computes the gradient that was checked" + (f", in {parts} parts" if parts > 1 else ""),
        difference <= ROUNDING,
        f"largest relative difference: {difference:.1e}",
    )


def _make_up_for_scale(case: Case, config: SizedConfig) -> None:
    """Scale down the weights that read what dropout scales up: saturated units would leave nothing to check."""
    below, *above = case.network.architecture.layer_names()
    reads_masked = {names["W_xh"] for names in above} | {"W_hr", "W_hy"}
    recurrent = {names["W_hh"] for names in (below, *above)}
    for name, view in case.network.parameters.items():
        if name in reads_masked:
            view *= max(MIN_SCALE, 1 - config.model.dropout)
        elif name in recurrent:
            view *= max(MIN_SCALE, 1 - config.model.weight_dropout)


def _apply_training(case: Case, config: SizedConfig, seed: int) -> Case:
    """The case with all that the configuration does to the gradient in training."""
    if config.training.stride is not None:  # only the last steps of the window have a loss
        case = case.with_options(loss_steps=NEW_STEPS)
    if config.data.has_documents:  # documents begin within a window
        case = with_resets(case, seed)
    case = case.with_options(smoothing=config.training.label_smoothing)
    return _with_weight_dropout(_with_dropout(case, config, seed), config, seed)


def _with_dropout(case: Case, config: SizedConfig, seed: int) -> Case:
    rate = config.model.dropout
    if not rate:
        return case
    masks = np.zeros((case.network.architecture.num_layers, *case.inputs.shape, case.network.architecture.hidden_size))

    def masks_of(step: int) -> Array:
        for layer, mask in enumerate(masks):
            Dropout(rate, seed, step).fill(mask, layer)
        return masks.reshape(len(masks), -1)

    return case.with_options(dropout=Dropout(rate, seed, _first_step_that_drops(masks_of)))


def _with_weight_dropout(case: Case, config: SizedConfig, seed: int) -> Case:
    found = WeightDropout.from_network(case.network, config.model.weight_dropout, seed)
    if not found.rate:
        return case

    def masks_of(step: int) -> Array:
        masks = replace(case, weight_dropout=found, weight_step=step).weight_mask
        return np.array([view.ravel() for name, view in masks.items() if name.startswith("W_hh")])

    return replace(case, weight_dropout=found, weight_step=_first_step_that_drops(masks_of))


def _first_step_that_drops(masks_of: Callable[[int], Array]) -> int:
    """The first step whose masks, (layers, ...), drop something in each layer, but not all; 0 if there is none."""
    for step in range(MAX_MASK_STEPS):
        dropped = masks_of(step) == 0
        if (dropped.any(axis=1) & ~dropped.all(axis=1)).all():
            return step
    return 0
