"""A run directory: what a training writes, and where sampling finds it.

config.yaml  last.safetensors  previous.safetensors  best.safetensors  metrics.jsonl  lock  diverged.safetensors  tensorboard/
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from charrnn.errors import CheckpointError, ConfigError, RunError, UnreadableError
from charrnn.runs import checkpoint as checkpoints
from charrnn.runs import configuration
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.config import Config
from charrnn.runs.lock import LOCK, Lock
from charrnn.runs.writing import SIDE, finish_keeping, side_of, whole_file

CONFIG, METRICS = "config.yaml", "metrics.jsonl"
LAST, PREVIOUS, BEST = "last.safetensors", "previous.safetensors", "best.safetensors"
WHICH = (None, "best", "last")
ENDS = {"training.steps", "training.epochs"}


@dataclass(frozen=True)
class Loaded:
    """A checkpoint, the file it came from, and what is to be said about that."""

    checkpoint: Checkpoint
    path: Path
    note: str | None = None


def require_free(path: Path) -> None:
    """Raises RunError where a new run cannot have this directory, because there is something. Makes nothing."""
    with _for_a_new_run(path):
        if (path / LOCK).exists():
            create(path).release()  # who trains there is told first
        elif path.is_dir():
            _require_empty(path)
        elif path.exists():
            raise FileExistsError


def create(path: Path) -> Lock:
    """Make the directory of a new run, and lock it. Raises RunError where there is something already, or it cannot be made."""
    with _for_a_new_run(path):
        path.mkdir(parents=True, exist_ok=True)
        if not (path / LOCK).exists():
            _require_empty(path)  # nothing is added to a directory that is none of ours
        lock = Lock(path)
    try:
        _require_empty(path)
    except BaseException:
        lock.release()
        raise
    return lock


def create_next(parent: Path, name: str) -> tuple[Path, Lock]:
    """The first of parent/name, parent/name-2, parent/name-3, ... that does not exist, made and locked. Raises RunError."""
    for number in itertools.count(1):
        path = parent / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            if not parent.is_dir():
                raise RunError(f"{parent}: a file, not a directory; choose another place with --out") from None
        except OSError as error:
            raise RunError(
                f"{path}: cannot be made: {error.strerror or error}; choose another place with --out"
            ) from None
        else:
            return path, create(path)
    raise AssertionError("there is no last number")


def take(path: Path) -> Lock:
    """Lock the directory of a run that goes on, and remove what a process that was killed left half written.

    Raises RunError where there is none, or while another process writes there.
    """
    if path.is_file():
        raise RunError(f"--resume {path}: a file; name its run directory, {path.parent}")
    if not path.is_dir():
        raise RunError(f"--resume {path}: no such run directory{_runs_near(path)}")
    if not (path / LAST).is_file() and not (path / PREVIOUS).is_file():
        raise RunError(f"--resume {path}: nothing to resume: it holds no {LAST}")
    with writable(path):
        lock = Lock(path)
        finish_keeping(path / LAST, path / PREVIOUS)
        for name in (CONFIG, LAST, BEST):
            side_of(path / name).unlink(missing_ok=True)
    return lock


def write_config(path: Path, config: Config) -> None:
    """Write config.yaml, whole or not at all. Raises RunError."""
    with writable(path / CONFIG), whole_file(path / CONFIG) as file:
        file.write(configuration.to_yaml(config).encode())


def edits(path: Path, config: Config) -> list[str]:
    """What somebody changed in config.yaml since it was written, in words; a lost or empty file is none. What says where the
    training ends is left out: a new end may have been asked for, and its first save not reached.
    """
    try:
        written = _written_config(path)
    except ConfigError as error:
        return ["; ".join(str(error).splitlines())]
    found = dict(configuration.leaves(written or config))
    return [
        f"{key} is {found[key]} there, and was {value}"
        for key, value in configuration.leaves(config)
        if found[key] != value and key not in ENDS
    ]


def end_in_config(path: Path, config: Config) -> tuple[int | None, float | None]:
    """Steps or epochs in config.yaml where they differ from the checkpoint's. Raises ConfigError."""
    written = (_written_config(path) or config).training
    if (written.steps, written.epochs) == (config.training.steps, config.training.epochs):
        return None, None
    return (written.steps, None) if written.steps is not None else (None, written.epochs)


def _written_config(path: Path) -> Config | None:
    if not (path / CONFIG).is_file() or not (path / CONFIG).stat().st_size:
        return None
    return configuration.resolve(str(path / CONFIG)).config


def load(run: Path, which: str | None = None) -> Loaded:
    """The checkpoint that RUN means: the file itself, or in a run directory the best one, or without one the last.

    `which` is "best", "last" or None. Where the one that is meant is damaged, another serves, with a note that says so: the
    last one for the best, unless that was asked for by name, and for the last one the one before it.
    Raises RunError where there is none, and CheckpointError where none is whole.
    """
    if which not in WHICH:
        raise RunError(f"{run}: no checkpoint is called {which!r}; there are best and last")
    if run.is_file() and which is not None:
        raise RunError(f"{run}: is a checkpoint by itself; for its run's {which} one name the directory, {run.parent}")
    if run.exists() and not run.is_dir():
        return Loaded(checkpoints.load(run), run)
    if not run.is_dir():
        raise RunError(f"{run}: no such run; name a run directory, or a .safetensors checkpoint{_runs_near(run)}")
    if which == "best" or (which is None and (run / BEST).exists()):
        if not (run / BEST).exists():
            raise RunError(f"{run}: holds no {BEST}; is it a run directory, and has it been validated yet?")
        return _load_best(run, which)
    return load_last(run)


def replace_last(run: Path, checkpoint: Checkpoint) -> None:
    """Put a checkpoint in the place of the last one, which is not kept: it is damaged, or is this one but for its end."""
    with writable(run / LAST):
        checkpoints.save(checkpoint, run / LAST)


def _load_best(run: Path, which: str | None) -> Loaded:
    try:
        return Loaded(checkpoints.load(run / BEST), run / BEST)
    except CheckpointError as error:
        if which:
            raise CheckpointError(f"{error}; try --checkpoint last") from None
        last = load_last(run)
        return replace(last, note=f"{error}; using {last.path.name}")


def load_last(run: Path) -> Loaded:
    """The newest whole checkpoint of a run. Raises RunError and CheckpointError, and UnreadableError where another should
    not take the place of the last one.
    """
    last, previous = run / LAST, run / PREVIOUS
    if not last.exists() and not previous.is_file():
        raise RunError(f"{run}: holds no {LAST}; is it a run directory?")
    try:
        return Loaded(checkpoints.load(last), last)
    except UnreadableError:
        raise
    except CheckpointError as error:
        if not previous.is_file():
            raise
        return Loaded(checkpoints.load(previous), previous, note=f"{error}; using {PREVIOUS}")


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """Say of a write that failed which file it was, and that nothing older was lost."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{path}: cannot be written: {error.strerror or error}; what was saved before is untouched"
        ) from None


@contextmanager
def _for_a_new_run(path: Path) -> Iterator[None]:
    """Say why a new run cannot be there, and what to do."""
    try:
        yield
    except FileExistsError:
        raise RunError(f"{path}: a file, not a directory; choose another with --out") from None
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {error.strerror or error}; choose another with --out") from None


def _require_empty(path: Path) -> None:
    """Raises RunError where the directory holds anything but what a run leaves that was killed before its first save."""
    found = sorted({entry.name for entry in path.iterdir()} - {LOCK, LAST + SIDE})
    if found:
        raise RunError(_occupied(path, found))


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
