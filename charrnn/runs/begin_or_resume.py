"""`--resume auto`: the same command begins a run, goes on with it, or finds it finished, as job scripts need it."""

from collections.abc import Sequence
from pathlib import Path

from charrnn.config.resolve import DEFAULT, FINE_TUNE, ResolvedConfig, find_config, flatten
from charrnn.config.schema import END_KEYS, Config
from charrnn.errors import RunError, TextError
from charrnn.runs.catalogue import read_last_header, summarise
from charrnn.runs.finding import RUNS, find_run
from charrnn.runs.planning.fine_tuning import recorded_path
from charrnn.runs.planning.run_name import run_name
from charrnn.runs.recorded_text import absolute_source
from charrnn.runs.storage.checkpoint_record import Record
from charrnn.runs.storage.directory import LAST, PREVIOUS
from charrnn.text import windows
from charrnn.text.reading.sources import DEFAULT_SOURCE
from charrnn.words import parameter

FITTED = ("training.batch_size", "training.sequence_length", "training.stride")  # to a text that is short
End = tuple[int | None, float | None]  # steps, epochs


def run_place(sources: Sequence[str], out: Path | None = None) -> Path:
    """The directory of the run on these sources: `out`, or its name in runs/. Raises TextError for standard input."""
    if "-" in sources:
        raise TextError(f"{parameter('resume')} auto: standard input can be read only once; save the text to a file")
    return out or Path(RUNS, run_name(absolute_source([*sources, DEFAULT_SOURCE][0])))


def holds_run(path: Path) -> bool:
    """Whether a run began there, and was saved."""
    return (path / LAST).exists() or (path / PREVIOUS).exists()


def is_finished(path: Path) -> bool:
    """Whether the run there made all its steps, or patience ended it."""
    return summarise(path).state == "finished"


def require_agreement(path: Path, asked: ResolvedConfig, base: Path | None = None) -> End:
    """The new end that is asked for; (None, None) if it is the run's own. What a command asks for without a file of its
    own or an option is not compared: an earlier version may have had other defaults.

    Raises RunError if the run at `path` has another configuration or another base, and CheckpointError.
    """
    record = read_last_header(path).record
    by_default = tuple(f"{find_config(recipe)}:" for recipe in (DEFAULT, FINE_TUNE))
    given = {key for key, origin in asked.origins.items() if not origin.startswith(by_default)}
    was, now = dict(flatten(record.config)), _fit(record, dict(flatten(asked.config)))
    other = [
        f"{key} is {was[key]} there, and {now[key]} here"
        for key in was
        if key in given and key not in END_KEYS and now[key] is not None and now[key] != was[key]
    ]
    if base is not None and not _began_from(record, base):
        began = record.base.path if record.base else "fresh weights"
        other.append(f"it began from {began}, and {parameter('base')} is {base}")
    if other:
        raise RunError(
            f"{parameter('resume')} auto: {path} holds another run: {'; '.join(other)}; "
            f"leave that out, or name another directory with {parameter('out')}"
        )
    return _new_end(record.config, asked)


def _new_end(was: Config, asked: ResolvedConfig) -> End:
    """The end that an option sets, if the run has another; a recipe's does not count, because --time and --resume may
    have moved it.
    """
    options = (parameter("steps"), parameter("epochs"), parameter("settings"))
    if not any(asked.origin(key) in options for key in END_KEYS):
        return None, None
    now = asked.config.training
    if now.steps is not None:
        return (None if now.steps == was.training.steps else now.steps), None
    return None, (None if was.training.steps is None and now.epochs == was.training.epochs else now.epochs)


def _fit(record: Record, values: dict[str, object]) -> dict[str, object]:
    """The values with the batch and the window that fit into the run's text. Those of documents are as they are there:
    how long their splits are, only the text says.
    """
    was = dict(flatten(record.config))
    B, T, stride = (values[key] for key in FITTED)
    if not (isinstance(B, int) and isinstance(T, int)):
        return values
    if record.config.data.has_documents:
        fitted = [
            min(int(was[key]), int(str(values[key]))) if values[key] and was[key] else values[key] for key in FITTED
        ]
        return values | dict(zip(FITTED, fitted, strict=True))
    cuts = record.config.data.make_split().cut(record.text.characters, record.config.data.unit)
    B, T = windows.fit(cuts.slices * cuts.bounds[1], B, T)
    return values | dict(zip(FITTED, (B, T, min(stride, T) if isinstance(stride, int) else stride), strict=True))


def _began_from(record: Record, base: Path) -> bool:
    """Whether the run began with the weights of this run or checkpoint."""
    if record.base is None:
        return False
    found = Path(recorded_path(find_run(base)))
    return Path(record.base.path) == found or Path(record.base.path).parent == found
