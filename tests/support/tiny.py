"""Networks that train in a moment."""

from pathlib import Path

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.runs.run import Run
from charrnn.training.events import Event, Stepped

TINY = [
    "model.hidden_size=16",
    "training.batch_size=4",
    "training.sequence_length=8",
    "training.steps=20",
    "training.eval_every=10",
    "training.save_every=10",
    "runtime.threads=1",
]
OPTIONS = [
    "-s", "model.hidden_size=16", "-s", "training.batch_size=4", "-s", "training.sequence_length=8", "-s", "training.eval_every=10",
    "-s", "runtime.threads=1", "--steps", "20",
]  # fmt: skip


def start(folder: Path, text: Path, *settings: str) -> Run:
    """A run of 20 steps of a network with 16 units, not yet trained."""
    return api.start(api.plan([str(text)], resolve(None, [*TINY, *settings]).config), folder)


def trained(folder: Path, text: Path, *settings: str) -> Path:
    """Train such a run to its end; return the run directory."""
    list(start(folder, text, *settings).events())
    return folder


def follow(run: Run, until: int | None = None) -> list[Event]:
    """The events of a run to its end, or to step `until`, where it is stopped as by Ctrl-C."""
    events: list[Event] = []

    def should_stop() -> bool:
        return any(isinstance(event, Stepped) and event.step == until for event in events)

    for event in run.events(should_stop):
        events.append(event)
    return events
