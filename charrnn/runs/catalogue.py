"""What runs there are: one summary of each, from the headers of its checkpoints and the ends of its log.

Nothing is written or locked, so a run that is training does not notice.
"""

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeGuard

from charrnn.config.schema import SizedConfig
from charrnn.config.section import MAX_STEPS
from charrnn.errors import CharrnnError, CheckpointError, TextError
from charrnn.runs.storage.checkpoint_header import CheckpointHeader, read_header
from charrnn.runs.storage.checkpoint_record import Record
from charrnn.runs.storage.directory import BEST, CONFIG, DIVERGED, LAST, METRICS, PREVIOUS
from charrnn.runs.storage.recent_events import read_recent_events
from charrnn.runs.storage.safetensors_file import MalformedError, SafetensorsReader
from charrnn.runs.storage.text_place import text_name
from charrnn.system.files.folder_handle import Folder
from charrnn.system.files.lock import is_held
from charrnn.text.characters.unit_names import Unit
from charrnn.text.windows import count_per_epoch

State = Literal["running", "stopped", "finished", "diverged", "damaged"]
MAX_LEVELS = 3  # of folders below the one that is listed: runs of a sweep are in a folder of their own
ENDS = ("steps", "patience")  # reasons of a training that came to its end


@dataclass(frozen=True)
class RunSummary:
    """One run directory.

    `steps` is None where the log does not say how long an epoch is; `best_loss` and `ngram_loss`, of the validation
    split, are in nats per `unit`, and None where they are not known; `changed` is a time in seconds since 1970. A
    `damaged` run has a `problem`, and no numbers.
    """

    path: Path
    name: str
    changed: float
    state: State
    text: str = ""
    cell: str = ""
    hidden_size: int | None = None
    num_layers: int | None = None
    step: int | None = None
    steps: int | None = None
    best_loss: float | None = None
    ngram_loss: float | None = None
    unit: Unit = "char"
    problem: str | None = None


def list_runs(folder: Path) -> list[RunSummary]:
    """A summary of each run in a folder, in its folders of sweeps too, the newest first. Empty if there is no folder."""
    found = (summarise(path, _name(path, folder)) for path in find_runs(folder))
    return sorted(found, key=lambda run: (-run.changed, run.name))


def find_runs(folder: Path, levels: int = MAX_LEVELS) -> Iterator[Path]:
    """The run directories in a folder; the folder itself if it is one."""
    if is_run(folder):
        yield folder
    elif levels:
        try:
            below = sorted(Path(entry.path) for entry in os.scandir(folder) if _may_hold_runs(entry))
        except OSError:
            return
        for path in below:
            if not path.is_symlink() or is_run(path):  # a link to a folder of folders may lead anywhere
                yield from find_runs(path, levels - 1)


def is_run(folder: Path) -> bool:
    """Whether a folder looks like a run directory, possibly a damaged one."""
    present = [(folder / name).exists() for name in (LAST, PREVIOUS, BEST, METRICS)]
    return any(present[:2]) or (any(present[2:]) and (folder / CONFIG).exists())


def summarise(run: Path, name: str = "") -> RunSummary:
    """The summary of a run directory. Raises nothing for a damaged one: it has the state `damaged`."""
    name, changed = name or run.absolute().name, _changed(run)
    try:
        header = read_last_header(run)
    except CharrnnError as error:
        return RunSummary(run, name, changed, "damaged", problem=str(error))
    record, events = header.record, read_recent_events(run)
    model, running = record.config.model, is_held(run)
    steps = planned_steps(record.config, record.text.characters, events)
    logged = [event for event in events if running and _whole(event.get("step")) > record.progress.step]
    losses = [event.get("loss") for event in logged if event.get("event") == "eval"]
    return RunSummary(
        path=run,
        name=name,
        changed=changed,
        state="running" if running else _ended_state(run, record, steps, events),
        text=text_name(record.text.sources),
        cell=model.cell,
        hidden_size=model.hidden_size,
        num_layers=model.num_layers,
        step=_whole(logged[-1]["step"]) if logged else record.progress.step,
        steps=steps,
        best_loss=min(filter(_is_loss, [record.progress.best_loss, *losses]), default=None),
        ngram_loss=_ngram_loss(events),
        unit=record.config.data.unit,
    )


def read_last_header(run: Path) -> CheckpointHeader:
    """The header of the newest checkpoint of a run that has one. Raises CheckpointError."""
    try:
        return read_header(run / LAST)
    except CheckpointError:
        if not (run / PREVIOUS).exists():
            raise
        return read_header(run / PREVIOUS)


def planned_steps(config: SizedConfig, characters: int, events: Sequence[dict[str, Any]] = ()) -> int | None:
    """The number of updates in all, on a text of this length. It depends on the length of an epoch: of a list of
    documents only the log has that.
    """
    training, data = config.training, config.data
    if training.steps:
        return training.steps
    per_epoch = next(filter(None, map(_steps_per_epoch, reversed(events))), None)
    if per_epoch is None and not data.has_documents:
        try:
            cuts = data.make_split().cut(characters, data.unit)
        except TextError:
            return None
        length = cuts.slices * cuts.bounds[1]
        per_epoch = count_per_epoch(length, training.batch_size, training.sequence_length, training.stride)
    return None if per_epoch is None else max(1, math.ceil(training.epochs * per_epoch))


def _may_hold_runs(entry: "os.DirEntry[str]") -> bool:
    return not entry.name.startswith(".") and entry.is_dir()


def _name(run: Path, folder: Path) -> str:
    return run.absolute().name if run == folder else str(run.relative_to(folder))


def _changed(run: Path) -> float:
    """When a run was last written to, in seconds since 1970."""
    times = []
    for path in (run / LAST, run / METRICS, run):
        try:
            times.append(path.stat().st_mtime)
        except OSError:
            continue
    return max(times[:-1] or times, default=0.0)  # the folder's own time where it holds neither


def _ended_state(run: Path, record: Record, steps: int | None, events: Sequence[dict[str, Any]]) -> State:
    """The state of a run that nobody trains."""
    progress, patience = record.progress, record.config.training.patience
    if _diverged_step(run) > progress.step:
        return "diverged"
    if steps is not None and progress.step >= steps:
        return "finished"
    if patience and progress.evaluations_without_best >= patience:
        return "finished"
    ends = [event for event in events if event.get("event") in ("finished", "resumed")]
    has_end = ends and ends[-1].get("reason") in ENDS and ends[-1].get("step") == progress.step
    return "finished" if has_end else "stopped"


def _diverged_step(run: Path) -> int:
    """The step at which a training diverged for good; -1 if it did not."""
    try:
        with Folder.at(run).read(DIVERGED) as file:
            return int(SafetensorsReader(file).metadata["step"])
    except (OSError, MalformedError, ValueError, KeyError):
        return -1


def _steps_per_epoch(event: dict[str, Any]) -> int | None:
    """The length of an epoch, from the event of a step."""
    step, epoch = _whole(event.get("step")), event.get("epoch")
    return max(1, round(step / epoch)) if step > 0 and isinstance(epoch, float) and epoch > 1e-9 else None


def _ngram_loss(events: Sequence[dict[str, Any]]) -> float | None:
    """The n-gram's loss on the validation split, if the training measured it."""
    found = [
        event.get("loss") for event in events if event.get("event") == "baseline" and event.get("split") == "valid"
    ]
    return next(filter(_is_loss, reversed(found)), None)


def _is_loss(value: Any) -> TypeGuard[float]:
    return type(value) is float and math.isfinite(value)


def _whole(value: Any) -> int:
    """A count in an event; -1 for anything else."""
    return value if type(value) is int and 0 <= value <= MAX_STEPS else -1
