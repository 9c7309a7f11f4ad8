"""A network beside an n-gram of its training text, in words; and what would help if the network is worse."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from charrnn.config.data import SizedData
from charrnn.config.schema import SizedConfig
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.runs.storage.directory import METRICS
from charrnn.runs.storage.status import last_step
from charrnn.system.shell import shell_command
from charrnn.training.events import digits

SHORT_TEXT = 60_000  # characters; a shorter text is soon known by heart, whatever the network
STILL_LEARNING = 0.95  # of the steps: a best checkpoint after these means that more steps would help
LARGE = 512  # units of the recipe `best`
BASE_IS_BEST = "no step was better than the base itself, which best.safetensors holds: more text, or a lower training.learning_rate, would help"

Interval = tuple[float, float] | None


@dataclass(frozen=True)
class Training:
    """What a training came to: its run directory (None: a checkpoint alone), the steps that it made, its best one."""

    config: SizedConfig
    sources: Sequence[str]
    characters: int  # of the whole text
    best_step: int
    steps: int
    run: Path | None = None

    @classmethod
    def from_checkpoint(cls, saved: Checkpoint, path: Path) -> "Training":
        """The training of a checkpoint in the file at `path`."""
        run = path.parent if (path.parent / METRICS).is_file() else None
        made = (last_step(run) if run else None) or saved.progress.step
        best = made if saved.progress.best_loss is None else saved.progress.best_step
        return cls(saved.config, saved.text.sources, saved.text.characters, best, made, run)


def compare(gain: float, interval: Interval = None, loss: float | None = None, uniform: float | None = None) -> str:
    """How much better a network is than the n-gram, in nats; or worse, or worse even than a blind guess.

    >>> compare(0.10849, (0.0938, 0.1226))
    'better than the n-gram by 0.1085 nats (95 %: 0.0938 to 0.1226)'
    >>> compare(-0.3613)
    'worse than the n-gram by 0.3613 nats: counting alone predicts this text better'
    """
    better = gain >= 0
    low, high = interval or (gain, gain)
    within = f" (95 %: {digits(low if better else -high)} to {digits(high if better else -low)})" if interval else ""
    line = f"{'better' if better else 'worse'} than the n-gram by {digits(abs(gain))} nats{within}"
    if loss is not None and uniform is not None and loss > uniform:
        return f"{line}, and worse than guessing: a blind guess has {digits(uniform)}"
    if interval and low <= 0 <= high:
        return f"{line}: it may be chance"
    return line if better else f"{line}: counting alone predicts this text better"


def remedy(training: Training) -> str:
    """What would help a network that is worse than the n-gram, from what is true of its training; a command where one
    can be pasted.
    """
    run, config = training.run, training.config
    if training.best_step == 0:
        return BASE_IS_BEST
    if training.best_step >= STILL_LEARNING * training.steps:
        longer = "it was still learning, so a longer training would help"
        if run is None:
            return longer
        return f"{longer}: {shell_command('charrnn train --resume', run, '--steps', str(2 * max(1, training.steps)))}"
    known = f"it was at its best at step {training.best_step:,} of {training.steps:,}"
    if training.characters < SHORT_TEXT:
        return f"{known}, and then learned this short text by heart: more text would help"
    if config.model.hidden_size < LARGE and config.data == SizedData() and "-" not in training.sources:
        larger = shell_command("charrnn train", *map(Path, training.sources), "-c", "best")
        return f"{known}, so a larger network with more dropout would help: {larger}"
    return f"{known}: more text would help, or more dropout (model.dropout is {config.model.dropout:g})"
