"""A run directory: what a training writes, and where sampling finds it.

config.yaml  last.safetensors  previous.safetensors  best.safetensors  metrics.jsonl
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from charrnn.errors import RunError
from charrnn.learning.events import Evaluated, Event, Finished, Sampled, Saved, Stepped
from charrnn.runs import checkpoint as checkpoints
from charrnn.runs.checkpoint import Checkpoint

CONFIG, METRICS = "config.yaml", "metrics.jsonl"
LAST, PREVIOUS, BEST = "last.safetensors", "previous.safetensors", "best.safetensors"
EVENT_NAMES = {Stepped: "step", Evaluated: "eval", Sampled: "sample", Saved: "saved", Finished: "finished"}


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


def find_checkpoint(run: Path, which: str | None = None) -> Path:
    """The checkpoint that RUN means: the file itself, or in a run directory the best one, or without one the last.

    `which` is "best", "last" or None. Raises RunError where there is none.
    """
    if run.is_file():
        return run
    if not run.is_dir():
        raise RunError(f"{run}: no such run; name a run directory, or a .safetensors checkpoint{_runs_near(run)}")
    names = {"best": [BEST], "last": [LAST, PREVIOUS], None: [BEST, LAST, PREVIOUS]}[which]
    for name in names:
        if (run / name).is_file():
            return run / name
    raise RunError(f"{run}: holds no {' and no '.join(names)}; is it a run directory, and has it saved yet?")


def load_last(run: Path) -> Checkpoint:
    """The newest checkpoint of a run, to go on from. Raises RunError and CheckpointError."""
    if not run.is_dir():
        raise RunError(f"--resume {run}: no such run directory{_runs_near(run)}")
    for name in (LAST, PREVIOUS):
        if (run / name).is_file():
            return checkpoints.load(run / name)
    raise RunError(f"--resume {run}: nothing to resume: it holds no {LAST}")


def saving(
    events: Iterable[Event], current: Callable[[], Checkpoint], directory: Path, save_every: int
) -> Iterator[Event]:
    """Pass the events of a training on, with a checkpoint written after every so many steps, each best, and at the end.

    Raises RunError when the disk does not take it; the checkpoints before are then still there.
    """
    for event in events:
        yield event
        match event:
            case Evaluated(best=True):
                yield _save(current(), directory / BEST)
            case Stepped(step=step) if step % save_every == 0:
                yield _save(current(), directory / LAST, directory / PREVIOUS)
            case Finished():
                yield _save(current(), directory / LAST, directory / PREVIOUS)


def logged(events: Iterable[Event], directory: Path) -> Iterator[Event]:
    """Pass the events on, each written to metrics.jsonl as one line of JSON. Raises RunError when it cannot be written."""
    with _writable(directory / METRICS):
        file = (directory / METRICS).open("a", encoding="utf-8")
    with file:
        for event in events:
            with _writable(directory / METRICS):
                file.write(json.dumps(as_json(event), ensure_ascii=False) + "\n")
                if not isinstance(event, Stepped):
                    file.flush()
            yield event


def as_json(event: Event) -> dict[str, object]:
    """An event as it stands in metrics.jsonl and in `train --json`."""
    return {"event": EVENT_NAMES[type(event)], **asdict(event)}


def _save(checkpoint: Checkpoint, path: Path, previous: Path | None = None) -> Saved:
    with _writable(path):
        checkpoints.save(checkpoint, path, previous)
    return Saved(checkpoint.progress.step, str(path), best=previous is None)


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
    if any(name in found for name in (CONFIG, LAST, PREVIOUS, BEST, METRICS)):
        return f"{path}: holds a run already; go on with it: charrnn train --resume {path}; or choose another directory with --out"
    return f"{path}: not empty (it holds {found[0]}); choose another directory with --out"


def _runs_near(run: Path) -> str:
    """The runs that do exist where one was looked for."""
    parent = run.parent
    runs = sorted(path.parent.name for path in parent.glob(f"*/{LAST}")) if parent.is_dir() else []
    return f"; in {parent} there are {', '.join(runs[:8])}" if runs else ""
