"""A run directory: make it, lock it, find the checkpoints in it.

config.yaml  last.safetensors  previous.safetensors  best.safetensors  metrics.jsonl  lock  diverged.safetensors
tensorboard/
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from charrnn.config import resolve
from charrnn.config.schema import END_KEYS, Config
from charrnn.errors import CheckpointError, ConfigError, RunError, UnreadableError
from charrnn.package import shipped_model
from charrnn.runs.storage import checkpoint as checkpoints
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.system.files.folder_handle import SIDE, Folder
from charrnn.system.files.lock import LOCK, Lock
from charrnn.system.files.output_names import refuse_shipped
from charrnn.system.shell import shell_command
from charrnn.words import parameter

CONFIG, METRICS = "config.yaml", "metrics.jsonl"
LAST, PREVIOUS, BEST = "last.safetensors", "previous.safetensors", "best.safetensors"
DIVERGED = "diverged.safetensors"
WHICH = (None, "best", "last")


@dataclass(frozen=True)
class LoadedCheckpoint:
    """A checkpoint, its file, and a note if it is not the file that was meant."""

    checkpoint: Checkpoint
    path: Path
    note: str | None = None


def require_free(path: Path) -> None:
    """Raises RunError if a new run cannot have this directory, and OutputError in a folder that ships with the program.
    Makes nothing.
    """
    with _for_a_new_run(path):
        if (path / LOCK).exists():
            create(path).release()  # its error says first who trains there
        elif path.is_dir():
            _require_empty(Folder.at(path))
        elif path.exists():
            raise FileExistsError


def create(path: Path, leftover: str = LAST + SIDE) -> Lock:
    """Make the directory of a new run, and lock it. Raises RunError if it is not empty or cannot be made.

    `leftover`: a file that a process may have left beside its lock, if it was killed before its first save.
    """
    with _for_a_new_run(path):
        path.mkdir(parents=True, exist_ok=True)
        if not (path / LOCK).exists():
            _require_empty(Folder.at(path), leftover)  # first: nothing is added to a directory that is not ours
        lock = Lock(path)
    try:
        _require_empty(lock.folder, leftover)
    except BaseException:
        lock.release()
        raise
    return lock


def create_next(parent: Path, name: str) -> Lock:
    """Make and lock the first of parent/name, parent/name-2, ... that does not exist. Raises RunError."""
    path, numbers = parent / name, itertools.count(2)
    with _for_a_new_run(parent):
        parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                path.mkdir()
                return create(path)
            except FileExistsError:
                path = parent / f"{name}-{next(numbers)}"


def take_lock(path: Path) -> Lock:
    """Lock the directory of a run that is resumed, and remove half-written files of a killed process.

    Raises RunError if there is no run, or while another process writes there.
    """
    if path.is_file():
        raise RunError(f"{parameter('resume')} {path}: a file; name its run directory, {path.parent}")
    if not path.is_dir():
        raise RunError(f"{parameter('resume')} {path}: no such run directory")
    refuse_shipped(path)
    if not (path / LAST).is_file() and not (path / PREVIOUS).is_file():
        raise RunError(f"{parameter('resume')} {path}: nothing to resume: it holds no {LAST}")
    if not any(checkpoints.looks_like_checkpoint(Folder.at(path), name) for name in (LAST, PREVIOUS, PREVIOUS + SIDE)):
        load_last(Folder.at(path))  # raises: nothing is added to, or removed from, a directory that is not ours
    with writable(Folder.at(path)):
        lock = Lock(path)
    folder = lock.folder
    try:
        with writable(folder):
            folder.finish_keeping(LAST, PREVIOUS)
            for name in (CONFIG, LAST, BEST):
                folder.remove(name + SIDE)
    except BaseException:
        lock.release()
        raise
    return lock


def write_config(folder: Folder, config: Config) -> None:
    """Write the whole config.yaml or nothing. Raises RunError."""
    with writable(folder, CONFIG), folder.whole_file(CONFIG) as file:
        file.write(resolve.to_yaml(config).encode())


def find_edits(path: Path, config: Config) -> list[str]:
    """The edits in config.yaml since it was written, in words; none if the file is lost or empty. The keys of the end
    do not count: they may be those of a new end, if the training was stopped before its first save.
    """
    try:
        found = dict(resolve.flatten(_written_config(path, config)))
    except ConfigError as error:
        return ["; ".join(str(error).splitlines())]
    return [
        f"{key} is {found[key]}, and was {value}"
        for key, value in resolve.flatten(config)
        if found[key] != value and key not in END_KEYS
    ]


def end_in_config(path: Path, config: Config) -> tuple[int | None, float | None]:
    """Steps or epochs in config.yaml, if they differ from the checkpoint's. Raises ConfigError."""
    written = _written_config(path, config).training
    if (written.steps, written.epochs) == (config.training.steps, config.training.epochs):
        return None, None
    return (written.steps, None) if written.steps is not None else (None, written.epochs)


def _written_config(path: Path, lost: Config) -> Config:
    """What config.yaml says; `lost` if it is lost or empty."""
    file = path / CONFIG
    if not file.is_file() or not file.stat().st_size:
        return lost
    # Versions of charrnn before data.shuffle did not write it.
    return resolve.resolve(str(file), defaults={"data.shuffle": (CONFIG, lost.data.shuffle)}).config


def load(run: Path, which: str | None = None) -> LoadedCheckpoint:
    """The checkpoint at `run`: the file itself, or the best one of a run directory, or its last if there is no best. Of
    a model that ships with the program, such as builtin:english, the path stays that name.

    `which` is "best", "last" or None. If the checkpoint is damaged, another is loaded, with a note: the last in place
    of the best, unless `which` is "best", and the previous in place of the last. Raises RunError if there is none, and
    CheckpointError if none is whole.
    """
    if which not in WHICH:
        raise RunError(f"{run}: no checkpoint is called {which!r}; there are best and last")
    if file := shipped_model(run):
        if which is not None:
            raise RunError(f"{run}: is one checkpoint; leave out {parameter('which')}")
        return LoadedCheckpoint(checkpoints.load(file), run)
    if run.is_file() and which is not None:
        raise RunError(f"{run}: is a checkpoint; for the {which} one of its run, name the directory, {run.parent}")
    if run.exists() and not run.is_dir():
        return LoadedCheckpoint(checkpoints.load(run), run)
    if not run.is_dir():
        raise RunError(f"{run}: no such run; name a run directory, or a .safetensors checkpoint")
    folder, has_best = Folder.at(run), (run / BEST).exists()
    if which == "last" or (which is None and not has_best):
        return load_last(folder)
    if not has_best:
        raise RunError(f"{run}: holds no {BEST}; is it a run directory, and has it been validated yet?")
    try:
        return load_from(folder, BEST)
    except CheckpointError as error:
        if which:
            raise CheckpointError(f"{error}; try {parameter('which')} last") from None
        last = load_last(folder)
        return replace(last, note=f"{error}; using {last.path.name}")


def save(folder: Folder, checkpoint: Checkpoint, name: str, previous: str | None = None) -> None:
    """Write a checkpoint; see checkpoint.save_in. Raises RunError and DivergedError."""
    with writable(folder, name):
        checkpoints.save_in(folder, checkpoint, name, previous)


def load_from(folder: Folder, name: str) -> LoadedCheckpoint:
    """Load the checkpoint of this name. Raises CheckpointError."""
    return LoadedCheckpoint(checkpoints.load_from(folder, name), folder.path / name)


def load_last(folder: Folder) -> LoadedCheckpoint:
    """The newest whole checkpoint of a run. Raises RunError and CheckpointError, and UnreadableError if the last one
    may be whole, because then no other should take its place.
    """
    if not folder.has(LAST) and not folder.has_file(PREVIOUS):
        raise RunError(f"{folder.path}: holds no {LAST}; is it a run directory?")
    try:
        return load_from(folder, LAST)
    except UnreadableError:
        raise
    except CheckpointError as error:
        if not folder.has_file(PREVIOUS):
            raise
        return replace(load_from(folder, PREVIOUS), note=f"{error}; using {PREVIOUS}")


@contextmanager
def writable(folder: Folder, name: str = "") -> Iterator[None]:
    """Raises RunError if a write in the `with` block fails; the message names the file, and says that nothing older was
    lost.
    """
    try:
        yield
    except OSError as error:
        if folder.is_missing:
            raise RunError(
                f"{folder.path}: was removed, or moved to another disk, while it was in use; what was not saved is lost; "
                "if it was moved, resume it there: charrnn train --resume NEW_PLACE"
            ) from None
        raise RunError(
            f"{folder.path / name}: cannot be written: {error.strerror or error}; what was saved before is untouched"
        ) from None


@contextmanager
def _for_a_new_run(path: Path) -> Iterator[None]:
    """Raises RunError if a new run cannot be there; the message says what to do."""
    refuse_shipped(path)
    try:
        yield
    except FileExistsError:
        raise RunError(f"{path}: a file, not a directory; choose another with {parameter('out')}") from None
    except OSError as error:
        raise RunError(
            f"{path}: cannot be written: {error.strerror or error}; choose another with {parameter('out')}"
        ) from None


def _require_empty(folder: Folder, leftover: str = LAST + SIDE) -> None:
    """Raises RunError if the directory has anything but a lock and the file that may be `leftover` beside it. Without a
    lock, that file is somebody's own.
    """
    found = folder.names()
    if LOCK in found:
        found = [name for name in found if name not in (LOCK, leftover)]
    path, other = folder.path, f"choose another directory with {parameter('out')}"
    if LAST in found or PREVIOUS in found:
        raise RunError(
            f"{path}: already holds a run; resume it: {shell_command('charrnn train --resume', path)}; or {other}"
        )
    if found:
        raise RunError(f"{path}: not empty (it holds {found[0]}); {other}")
