"""Train, resume and export, from Python."""

import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

from charrnn import api
from charrnn.models import export as exports
from charrnn.models.loading import load
from charrnn.models.model import Model
from charrnn.python.progress import Display, progress_display
from charrnn.runs.run import Run
from charrnn.system.files.output_names import default_name
from charrnn.system.signals import StopRequest, graceful_stop
from charrnn.training.events import Event


def train(
    *text: str | Path,
    config: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    base: str | Path | None = None,
    out: str | Path | None = None,
    seconds: float | None = None,
    on_event: Callable[[Event], object] = lambda event: None,
    progress: bool = True,
) -> Model:
    """Train on texts to the end and return the best model. Name texts as on the command line; with none, the built-in
    text is used.

    `config`: a recipe by name, or a YAML file (None: the recipe `default`, or
    `finetune` with a `base`, sized for the text). `settings`: values of
    dotted keys. `base`: a run to begin from. `out`: the run directory (None: the next free one below runs/).
    `seconds`: how long to train. `on_event` is called with each event of training/events.py. `progress` shows a bar in
    a terminal, and a bar and a curve in a notebook; elsewhere nothing is shown.

    Ctrl-C, and the stop button of a notebook, save before they raise KeyboardInterrupt; `resume` goes on. Raises
    CharrnnError.

    >>> import tempfile
    >>> settings = {"model.hidden_size": 8, "training.steps": 2, "runtime.threads": 1}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model = train("builtin:harbour", settings=settings, out=f"{folder}/run")
    ...     again = load(f"{folder}/run")
    >>> len(model.sample("JUNE:", length=20, temperature=0.8, seed=7))
    20
    >>> again.sample("JUNE:", length=20, seed=7) == model.sample("JUNE:", length=20, seed=7)
    True
    >>> scored = model.score("The harbour")
    >>> scored.characters[:3], scored.surprisals.shape
    (['T', 'h', 'e'], (11,))
    >>> model.evaluate("The harbour was quiet.", counted=False).characters
    22
    """
    path = None if out is None else Path(out)
    if path is not None:
        api.require_free(path)  # before a long text is read for it
    options = {key: (f"settings[{key!r}]", value) for key, value in (settings or {}).items()}
    name = None if config is None else str(config)
    with progress_display(progress) as display:
        plan, _ = api.prepare([*map(str, text)], name, (), options, base, seconds, on_stage=display.stage)
        if plan.warning:
            warnings.warn(plan.warning, stacklevel=2)
        return _to_end(api.start(plan, path), display, on_event)


def resume(
    run: str | Path,
    *text: str | Path,
    steps: int | None = None,
    epochs: float | None = None,
    seconds: float | None = None,
    encoding: str = "",
    on_event: Callable[[Event], object] = lambda event: None,
    progress: bool = True,
) -> Model:
    """Continue a run directory from its last checkpoint, to its end or to a new one, and return the best model.

    `steps` or `epochs`: the new end, counted from the beginning; `seconds`: from now. `text`: the training text, if
    it was moved, and `encoding` its present one. The others are as in `train`. A finished run needs a new end. Raises
    CharrnnError.

    >>> import tempfile
    >>> settings = {"model.hidden_size": 8, "training.steps": 2, "runtime.threads": 1}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model = train("builtin:harbour", settings=settings, out=f"{folder}/run")
    ...     longer = resume(f"{folder}/run", steps=3)
    >>> longer.saved.progress.step
    3
    """
    with progress_display(progress) as display:
        encodings = [encoding] if encoding else []
        resumed = api.resume(Path(run), [*map(str, text)], steps, epochs, seconds, None, encodings, display.stage)
        return _to_end(resumed, display, on_event)


def export(
    run: str | Path | Model,
    out: str | Path,
    to: str = "plain",
    which: str | None = None,
    replace: bool = False,
    half: bool = False,
) -> Path:
    """Write the network of a run, a checkpoint or a model to a file, and return its path.

    `to`: "plain" (names of the equations), "torch" (PyTorch's names, layouts and gate order), "charrnn" (weights
    alone, which `load` and every command read as a run), "onnx" (a graph) or "html" (a page to write with); see
    models/export.py. `half`: with "charrnn", 16 bits for each weight. `which`: best, last, or None for the best there
    is.

    Raises RunError, CheckpointError, OptionError for an unknown format, NetworkError if PyTorch does not have this
    network, or 16 bits do not have a weight, and OutputError if the file exists and `replace` is false, or if it cannot
    be written.
    """
    if isinstance(run, Model):
        exports.require_format(to, half)
        exports.write(run.single_checkpoint, Path(out), to, replace, half, default_name(Path(run.components[0].name)))
    else:
        api.export(run, out, to, which, replace, half)
    return Path(out)


def _to_end(run: Run, display: Display, on_event: Callable[[Event], object]) -> Model:
    """Train to the end. Only the main thread can hear of Ctrl-C."""
    display.begin(run.plan.steps, run.trainer.progress.step)
    is_main = threading.current_thread() is threading.main_thread()
    stopping = graceful_stop() if is_main else nullcontext(StopRequest())
    # Closed: an error in `on_event` must not leave the run locked.
    with stopping as stop, closing(run.events(stop.is_set)) as events:
        for event in events:
            display(event)
            on_event(event)
    if stop.is_set():
        raise KeyboardInterrupt(
            f"saved after step {run.trainer.progress.step:,}; to go on: charrnn.resume({str(run.path)!r})"
        )
    return load(run.path)
