"""What `train --resume` means: which run goes on, or whether a new one begins, or none, because it is finished."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from charrnn import api
from charrnn.cli.options.bare_resume import AUTO, NEWEST
from charrnn.runs.begin_or_resume import End
from charrnn.text.reading.sources import DEFAULT_SOURCE
from charrnn.training.parallel.communicator import Communicator


@dataclass(frozen=True)
class Resumption:
    """A run that goes on, or with `run` None a new one, with its texts and its end; and a line about the choice."""

    sources: Sequence[str]
    steps: int | None
    epochs: float | None
    seconds: float | None
    out: Path | None  # of a new run
    run: Path | None = None
    note: str = ""
    finished: bool = False  # nothing is left to do


def choose(resume: str | None, asked: Resumption, ranks: Communicator, agree: Callable[[Path], End]) -> Resumption:
    """What the value of --resume means, with what was `asked` besides. All ranks choose the same.

    `agree` returns the new end that is asked for of a run, and raises RunError if the run is another one. Raises
    RunError if there is no run to go on with, and TextError for standard input with AUTO.
    """
    if resume is None:
        return asked
    if resume == NEWEST:
        longer = bool(asked.steps or asked.epochs or asked.seconds)
        run = ranks.on_root(lambda: api.newest_unfinished_run(asked.sources, also_finished=longer))
        return replace(asked, run=run, note=f"the newest {'' if longer else 'unfinished '}run: {run}")
    if resume != AUTO:
        return replace(asked, run=Path(resume))
    place = api.run_place(asked.sources, asked.out)
    if not ranks.on_root(lambda: api.holds_run(place)):
        return replace(asked, out=place)
    steps, epochs = ranks.on_root(lambda: agree(place))
    finished = steps is None and epochs is None and ranks.on_root(lambda: api.is_finished(place))
    note = f"{place} is there, and {'is finished' if finished else 'goes on'}"
    own = [] if asked.out else [DEFAULT_SOURCE]  # a directory that is named has its own text
    # A time was turned into steps when the run began.
    return Resumption(asked.sources or own, steps, epochs, None, None, place, note, finished)
