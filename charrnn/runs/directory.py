"""A run directory: what a training writes, and where sampling finds it.

config.yaml  last.safetensors  previous.safetensors  best.safetensors  metrics.jsonl
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from charrnn.errors import CheckpointError, RunError
from charrnn.learning.events import Evaluated, Event, Finished, Resumed, Sampled, Saved, Stepped
from charrnn.runs import checkpoint as checkpoints
from charrnn.runs.checkpoint import Checkpoint

CONFIG, METRICS = "config.yaml", "metrics.jsonl"
LAST, PREVIOUS, BEST = "last.safetensors", "previous.safetensors", "best.safetensors"
EVENT_NAMES = {
    Stepped: "step",
    Evaluated: "eval",
    Sampled: "sample",
    Saved: "saved",
    Resumed: "resumed",
    Finished: "finished",
}
LINES_TOGETHER = 100  # steps written to metrics.jsonl at once


@dataclass(frozen=True)
class Loaded:
    """A checkpoint, the file it came from, and what is to be said about that."""

    checkpoint: Checkpoint
    path: Path
    note: str | None = None


def create(path: Path, config_yaml: str) -> None:
    """Make the directory of a new run. Raises RunError where there is something already, or it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        found = sorted(entry.name for entry in path.iterdir())
        if found:
            raise RunError(_occupied(path, found))
        (path / CONFIG).write_text(config_yaml, "utf-8")
    except FileExistsError:
        raise RunError(f"{path}: a file, not a directory; choose another with --out") from None
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {error.strerror or error}; choose another with --out") from None


def rewrite_config(path: Path, config_yaml: str) -> None:
    """Bring config.yaml up to date when a resumed run gets a new end. Raises RunError."""
    with _writable(path / CONFIG):
        (path / CONFIG).write_text(config_yaml, "utf-8")


def next_free(parent: Path, name: str) -> Path:
    """The first of parent/name, parent/name-2, parent/name-3, ... that does not exist."""
    path, number = parent / name, 1
    while path.exists():
        number += 1
        path = parent / f"{name}-{number}"
    return path


def load(run: Path, which: str | None = None) -> Loaded:
    """The checkpoint that RUN means: the file itself, or in a run directory the best one, or without one the last.

    `which` is "best", "last" or None. Where the last one is damaged, the one before it serves, with a note that says so.
    Raises RunError where there is none, and CheckpointError where none is whole.
    """
    if run.is_file():
        return Loaded(checkpoints.load(run), run)
    if not run.is_dir():
        raise RunError(f"{run}: no such run; name a run directory, or a .safetensors checkpoint{_runs_near(run)}")
    if which == "best" or (which is None and (run / BEST).is_file()):
        if not (run / BEST).is_file():
            raise RunError(f"{run}: holds no {BEST}; is it a run directory, and has it been validated yet?")
        return Loaded(checkpoints.load(run / BEST), run / BEST)
    return _load_last(run)


def load_last(run: Path) -> Loaded:
    """The newest whole checkpoint of a run, to go on from. Raises RunError and CheckpointError."""
    if not run.is_dir():
        raise RunError(f"--resume {run}: no such run directory{_runs_near(run)}")
    if not (run / LAST).is_file() and not (run / PREVIOUS).is_file():
        raise RunError(f"--resume {run}: nothing to resume: it holds no {LAST}")
    return _load_last(run)


def restore_last(run: Path, checkpoint: Checkpoint) -> None:
    """Put a whole checkpoint in the place of a damaged last one, so that the next save does not keep the damage as previous."""
    with _writable(run / LAST):
        checkpoints.save(checkpoint, run / LAST)


def _load_last(run: Path) -> Loaded:
    last, previous = run / LAST, run / PREVIOUS
    if not last.is_file() and not previous.is_file():
        raise RunError(f"{run}: holds no {LAST}; is it a run directory?")
    try:
        return Loaded(checkpoints.load(last), last)
    except CheckpointError as error:
        if not previous.is_file():
            raise
        return Loaded(checkpoints.load(previous), previous, note=f"{error}; using {PREVIOUS}")


def saving(
    events: Iterable[Event], current: Callable[[], Checkpoint], directory: Path, save_every: int
) -> Iterator[Event]:
    """Pass the events of a training on, with a checkpoint written at the start, after every so many steps, each best, and
    at the end.

    Raises RunError when the disk does not take it; the checkpoints before are then still there.
    """
    last, previous = directory / LAST, directory / PREVIOUS
    saved_step = current().progress.step
    if last.exists() or previous.exists():
        yield Resumed(saved_step)
    else:
        yield _save(current(), last)
    for event in events:
        yield event
        match event:
            case Evaluated(best=True):
                yield _save(current(), directory / BEST, best=True)
            case Stepped(step=step) | Finished(step=step) if isinstance(event, Finished) or step % save_every == 0:
                # What is saved twice at one step (before and after its validation) must not push the one before away.
                yield _save(current(), last, previous if step != saved_step else None)
                saved_step = step


def logged(events: Iterable[Event], directory: Path) -> Iterator[Event]:
    """Pass the events on, each written to metrics.jsonl as one line of JSON. Raises RunError when it cannot be written."""
    path = directory / METRICS
    lines: list[str] = [""] if _ends_within_a_line(path) else []
    try:
        for event in events:
            lines.append(json.dumps(as_json(event)))
            if not isinstance(event, Stepped) or len(lines) >= LINES_TOGETHER:
                _append(path, lines)
                lines.clear()
            yield event
    finally:  # the last steps before a divergence are those that one wants to see
        _append(path, lines)


def _append(path: Path, lines: list[str]) -> None:
    with _writable(path), path.open("a", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


def _ends_within_a_line(path: Path) -> bool:
    """True after a process that was killed, or a disk that was full, in the middle of a write."""
    with _writable(path):
        content = path.read_bytes()[-1:] if path.exists() else b""
        return content not in (b"", b"\n")


def as_json(event: Event) -> dict[str, object]:
    """An event as it stands in metrics.jsonl and in `train --json`."""
    return {"event": EVENT_NAMES[type(event)], **asdict(event)}


def _save(checkpoint: Checkpoint, path: Path, previous: Path | None = None, best: bool = False) -> Saved:
    with _writable(path):
        checkpoints.save(checkpoint, path, previous)
    return Saved(checkpoint.progress.step, str(path), best)


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    """Say of a write that failed which file it was, and that nothing older was lost."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{path}: cannot be written: {error.strerror or error}; what was saved before is untouched"
        ) from None


def _occupied(path: Path, found: list[str]) -> str:
    other = "choose another directory with --out"
    if LAST in found or PREVIOUS in found:
        return f"{path}: holds a run already; go on with it: charrnn train --resume {path}; or {other}"
    return f"{path}: not empty (it holds {found[0]}); {other}"


def _runs_near(run: Path) -> str:
    """The runs that do exist where one was looked for."""
    parent = run.parent
    runs = sorted(path.parent.name for path in parent.glob(f"*/{LAST}")) if parent.is_dir() else []
    return f"; in {parent} there are {', '.join(runs[:8])}" if runs else ""
