"""A sweep and its directory: a run directory for each trial, and the record of the sweep.

sweep.json  lock  NAME/  configs/NAME.yaml  logs/NAME.log

sweep.json never changes: the runs themselves show what is done.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.config.resolve import flatten
from charrnn.config.schema import Config
from charrnn.errors import CharrnnError, RunError, TextError
from charrnn.runs.finding import RUNS
from charrnn.runs.planning.new_plan import make_plan
from charrnn.runs.planning.plan import Plan
from charrnn.runs.storage import directory
from charrnn.runs.storage.directory import writable
from charrnn.stages import OnStage, ignore_stage
from charrnn.sweeps.grid import Trial
from charrnn.sweeps.run_names import names
from charrnn.system.files.folder_handle import SIDE, Folder
from charrnn.system.files.lock import Lock
from charrnn.system.files.output_names import refuse_shipped
from charrnn.words import parameter

RECORD, CONFIGS, LOGS = "sweep.json", "configs", "logs"


@dataclass(frozen=True)
class Sweep:
    """Trials with their names, the text, and the time that each takes, if it is limited by time."""

    trials: Sequence[Trial]
    names: Sequence[str]
    sources: tuple[str, ...]
    sha256: str
    seconds: float | None
    title: str
    notes: tuple[str, ...] = ()  # about how the text was read

    def record(self) -> dict[str, Any]:
        """What identifies the sweep: the content of sweep.json."""
        runs = [{"name": name, "values": trial.values} for name, trial in zip(self.names, self.trials, strict=True)]
        content = {
            "text": {"sources": self.sources, "sha256": self.sha256},
            "time": self.seconds,
            "config": dict(flatten(self.trials[0].config)),
            "runs": runs,
        }
        return dict(json.loads(json.dumps(content)))


def make(
    trials: Sequence[Trial], sources: Sequence[str], seconds: float | None, on_stage: OnStage = ignore_stage
) -> Sweep:
    """A sweep on a text, which is read once to check it; `on_stage` is called with what is read.

    Raises TextError if the text cannot be read with the configuration of any trial, and for standard input, which can
    be read only once.
    """
    if "-" in sources:
        raise TextError(
            "-: standard input can be read only once, and each training reads the text; save it to a file first"
        )
    plan = _first_plan(trials, sources, on_stage)
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
    """Lock its directory: a new one (none named: the next free one below runs/), or the one in which it was started.

    Raises RunError if the directory has something else or another sweep, and if it cannot be written.
    """
    if out is None:
        lock = directory.create_next(Path(RUNS), sweep.title)
    elif (out / RECORD).exists():
        refuse_shipped(out)
        # Before the lock: nothing is added to a directory that is not ours.
        _require_same(out, _read(Folder.at(out)), sweep.record())
        with writable(Folder.at(out)):
            lock = Lock(out)
    else:
        lock = directory.create(out, leftover=RECORD + SIDE)
    try:
        _write(sweep, lock.folder)
    except BaseException:
        lock.release()
        raise
    return lock


def _first_plan(trials: Sequence[Trial], sources: Sequence[str], on_stage: OnStage) -> Plan:
    """The plan of the first trial that can read the text. Only the section `data` matters: each is tried once."""
    ways: dict[str, Config] = {}
    for trial in trials:
        ways.setdefault(repr(trial.config.data), trial.config)
    errors = []
    for config in ways.values():
        try:
            return make_plan(sources, config, on_stage=on_stage)
        except CharrnnError as error:
            errors.append(error)
    raise errors[0]


def _write(sweep: Sweep, folder: Folder) -> None:
    if not folder.has(RECORD):
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
    """Raises RunError for the record of another sweep; the message says how it differs. A key that an older record
    lacks has its default.
    """
    if isinstance(there.get("config"), dict):
        there = {**there, "config": dict(flatten(Config())) | there["config"]}
    if there != here:
        raise RunError(
            f"{path}: holds another sweep ({_difference(there, here)}); use the options that it was started with, or choose another directory with {parameter('out')}"
        )


def _difference(there: dict[str, Any], here: dict[str, Any]) -> str:
    part = next((part for part in here if there.get(part) != here[part]), "")
    found = there.get(part)
    if part == "text" and isinstance(found, dict):
        moved = found.get("sources") != here[part]["sources"]
        return f"its text is {found.get('sources')}" if moved else "its text has changed since, under the same name"
    if part == "config" and isinstance(found, dict):
        key = next((key for key, value in here[part].items() if found.get(key) != value), "")
        return f"{key} is {json.dumps(found.get(key))} there, and {json.dumps(here[part].get(key))} here"
    return {"runs": "its values are different", "time": "its time is different"}.get(part, f"its {RECORD} differs")
