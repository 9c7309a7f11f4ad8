"""A sweep's directory: one run directory for each trial, and what says which sweep it is.

sweep.json  lock  NAME/  configs/NAME.yaml  logs/NAME.log

sweep.json never changes: what has been done is told by the runs themselves.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.config.resolve import flatten
from charrnn.config.schema import Config
from charrnn.errors import CharrnnError, RunError, TextError
from charrnn.runs.planning import plan as plans
from charrnn.runs.planning.plan import Plan
from charrnn.runs.run import RUNS
from charrnn.runs.storage import directory
from charrnn.runs.storage.directory import writable
from charrnn.sweeps.grid import Trial
from charrnn.sweeps.run_names import names
from charrnn.system.folder_handle import SIDE, Folder
from charrnn.system.lock import Lock
from charrnn.words import parameter

RECORD, CONFIGS, LOGS = "sweep.json", "configs", "logs"


@dataclass(frozen=True)
class Sweep:
    """What is to be trained: on which text, for how long where that is a time, and the trials, each with its name."""

    trials: Sequence[Trial]
    names: Sequence[str]
    sources: tuple[str, ...]
    sha256: str
    seconds: float | None
    title: str
    notes: tuple[str, ...] = ()  # what is to be said of how the text was read

    def record(self) -> dict[str, Any]:
        """What makes it this sweep, as it stands in sweep.json."""
        runs = [{"name": name, "values": trial.values} for name, trial in zip(self.names, self.trials, strict=True)]
        told = {
            "text": {"sources": self.sources, "sha256": self.sha256},
            "time": self.seconds,
            "config": dict(flatten(self.trials[0].config)),
            "runs": runs,
        }
        return dict(json.loads(json.dumps(told)))


def make(trials: Sequence[Trial], sources: Sequence[str], seconds: float | None) -> Sweep:
    """A sweep on a text, which is read once to see that it can be.

    Raises TextError where it cannot, with the configuration of any trial, and for standard input, which can be read but once.
    """
    if "-" in sources:
        raise TextError(
            "-: standard input can be read but once, and each training reads the text; save it to a file first"
        )
    plan = _first_plan(trials, sources)
    return Sweep(
        trials,
        names([trial.values for trial in trials]),
        plan.sources,
        plan.corpus.sha256,
        seconds,
        f"{plan.name}-sweep",
        plan.text_notes,
    )


def open_directory(sweep: Sweep, out: Path | None) -> Lock:
    """Its directory, locked: a new one (none named: the next free one below runs/), or the one in which it was begun.

    Raises RunError where there is something else, or another sweep, and where it cannot be written.
    """
    if out is None:
        lock = directory.create_next(Path(RUNS), sweep.title)
    elif (out / RECORD).exists():
        _require_same(out, _read(Folder.named(out)), sweep.record())  # nothing is added to what is none of ours
        lock = _lock(out)
    else:
        lock = directory.create(out, left=RECORD + SIDE)
    try:
        _write(sweep, lock.folder)
    except BaseException:
        lock.release()
        raise
    return lock


def _first_plan(trials: Sequence[Trial], sources: Sequence[str]) -> Plan:
    """The first that can be made. Only how the text is read can make a difference, so each way is tried once."""
    ways: dict[str, Config] = {}
    for trial in trials:
        ways.setdefault(repr(trial.config.data), trial.config)
    errors = []
    for config in ways.values():
        try:
            return plans.make_plan(sources, config)
        except CharrnnError as error:
            errors.append(error)
    raise errors[0]


def _lock(path: Path) -> Lock:
    try:
        return Lock(path)
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {error.strerror or error}") from None


def _write(sweep: Sweep, folder: Folder) -> None:
    if folder.has(RECORD):
        _require_same(folder.path, _read(folder), sweep.record())
    else:
        with writable(folder, RECORD), folder.whole_file(RECORD) as file:
            file.write((json.dumps(sweep.record(), ensure_ascii=False, indent=1) + "\n").encode())
    for name in (CONFIGS, LOGS):
        with writable(folder, name):
            folder.subfolder(name).close()


def _read(folder: Folder) -> dict[str, Any]:
    record = folder.path / RECORD
    try:
        with folder.read(RECORD) as file:
            found = json.loads(file.read().decode())
    except OSError as error:
        raise RunError(f"{record}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RunError(f"{record}: damaged; sweep into another directory with {parameter('out')}")
    return found


def _require_same(path: Path, there: dict[str, Any], here: dict[str, Any]) -> None:
    """Raises RunError for the record of another sweep, saying what is other. A key that was not there yet has its default."""
    if isinstance(there.get("config"), dict):
        there = {**there, "config": dict(flatten(Config())) | there["config"]}
    if there != here:
        raise RunError(
            f"{path}: holds another sweep ({_difference(there, here)}); give the options that it was begun with, or choose another directory with {parameter('out')}"
        )


def _difference(there: dict[str, Any], here: dict[str, Any]) -> str:
    part = next((part for part in here if there.get(part) != here[part]), "")
    found = there.get(part)
    if part == "text" and isinstance(found, dict):
        moved = found.get("sources") != here[part]["sources"]
        return f"its text is {found.get('sources')}" if moved else "its text was another then, under the same name"
    if part == "config" and isinstance(found, dict):
        key = next((key for key, value in here[part].items() if found.get(key) != value), "")
        return f"{key} is {json.dumps(found.get(key))} there, and {json.dumps(here[part].get(key))} here"
    return {"runs": "other values vary there", "time": "it trains for another time"}.get(part, f"its {RECORD} is other")
