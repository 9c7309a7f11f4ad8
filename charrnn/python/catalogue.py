"""What was trained, from Python: all runs, and one of them in detail."""

from pathlib import Path

from charrnn.runs import catalogue, run_info
from charrnn.runs.catalogue import RunSummary
from charrnn.runs.run_info import RunInfo


def list_runs(folder: str | Path = "runs") -> list[RunSummary]:
    """A summary of each run in a folder, and in its folders of sweeps, the newest first: path, name, state, text, cell,
    sizes, steps and best loss; see runs/catalogue.py. Empty if there is no such folder.

    >>> list_runs("nowhere")
    []
    """
    return catalogue.list_runs(Path(folder))


def info(run: str | Path) -> RunInfo:
    """What a run or a checkpoint is: configuration beside the nearest recipe (`recipe`, `differences`), `parameters`,
    `text`, `summary`, `checkpoint`, and `files` with their sizes in bytes. Nothing is locked or written. Raises RunError
    and CheckpointError.
    """
    return run_info.describe_run(run)
