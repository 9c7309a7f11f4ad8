"""Two trainings in one run directory at once: one trains, the other is refused and names the first."""

import re
import shutil
import threading
from pathlib import Path
from subprocess import Popen

from faults.common import (
    Result,
    Tally,
    differences,
    end,
    finish,
    resume_command,
    spawn,
    start,
    stop_at,
    train_command,
    write_text,
)

STEPS = 1000  # long enough for both to be awake at once
SETTINGS = (f"training.steps={STEPS}", "training.save_every=50", "training.eval_every=100")
PROCESS = re.compile(r"process (\d+)")


def resumes(count: int, folder: Path) -> Result:
    """Two `train --resume DIR` at the same moment."""
    tally, text, whole, half = Tally("two resumes at once"), write_text(folder), folder / "whole", folder / "half"
    finish(start(text, whole, *SETTINGS))
    stop_at(start(text, half, *SETTINGS), 25)
    for number in range(count):
        run = folder / f"run-{number}"
        shutil.copytree(half, run)
        tally.record(f"race {number}", _race(resume_command(run), run, whole))
    return tally.result()


def starts(count: int, folder: Path) -> Result:
    """Two `train -o DIR` at the same moment."""
    tally, text, whole = Tally("two trainings into one directory at once"), write_text(folder), folder / "whole"
    finish(start(text, whole, *SETTINGS))
    for number in range(count):
        run = folder / f"run-{number}"
        tally.record(f"race {number}", _race(train_command(text, run, *SETTINGS), run, whole))
    return tally.result()


def _race(command: list[str], run: Path, whole: Path) -> list[str]:
    children = [spawn(command) for _ in range(2)]
    try:
        errors = _errors(children)
    finally:
        for child in children:
            end(child)
    codes = sorted((child.returncode, number) for number, child in enumerate(children))
    if [code for code, _ in codes] != [0, 1]:
        return [f"exit codes {[code for code, _ in codes]}: {errors}"]
    (_, winner), (_, loser) = codes
    return _wrong_refusal(errors[loser], children[winner].pid) + differences(run, whole)


def _wrong_refusal(error: str, winner: int) -> list[str]:
    named = PROCESS.search(error)
    one_line = error.startswith("error:") and "Traceback" not in error
    return [] if one_line and named and int(named[1]) == winner else [f"the refusal does not name {winner}: {error}"]


def _errors(children: "list[Popen[str]]") -> list[str]:
    """The output of both, read in parallel so that neither waits for the other."""
    errors = ["", ""]

    def read(number: int) -> None:
        errors[number] = children[number].communicate(timeout=120)[1]

    threads = [threading.Thread(target=read, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors
