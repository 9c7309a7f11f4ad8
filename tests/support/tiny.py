"""Networks that are trained in a moment."""

from pathlib import Path

from charrnn import api
from charrnn.config.resolve import resolve

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


def trained(folder: Path, text: Path, *settings: str) -> Path:
    """The run directory after 20 steps of a network with 16 units."""
    run = api.start(api.plan([str(text)], resolve(None, [*TINY, *settings]).config), folder)
    list(run.events())
    return folder
