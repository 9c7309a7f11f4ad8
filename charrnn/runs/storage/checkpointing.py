"""Write checkpoints during a training.

`last` is written at each step that save_every divides, and when the training stops. `previous` is the newest one before
it that was written at such a step. A training that diverges rolls back only to a checkpoint of such a step, so that it
is the same one whether or not the training was stopped and resumed in between.
"""

from collections.abc import Callable, Iterable, Iterator

from charrnn.runs.storage import directory
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.runs.storage.directory import BEST, LAST, PREVIOUS, write_config
from charrnn.system.files.folder_handle import Folder
from charrnn.training.events import Evaluated, Event, Finished, Recovered, Resumed, Saved, Stepped
from charrnn.training.parallel.communicator import Communicator
from charrnn.training.trainer import Progress


def is_snapshot(progress: Progress, save_every: int) -> bool:
    """True for a checkpoint that a training may roll back to: one written on schedule, or right after a rollback."""
    return progress.step % save_every == 0 or progress.step == progress.recovered_step


def with_checkpoints(
    events: Iterable[Event], current: Callable[[], Checkpoint], folder: Folder, save_every: int, ranks: Communicator
) -> Iterator[Event]:
    """Pass the events of a training on. Rank 0 writes a checkpoint at the start, every `save_every` steps, for each new
    best, after a rollback, and at the end.

    Raises RunError if one cannot be written; the older ones are still there.
    """
    first = current()
    saved_step, keep = first.progress.step, is_snapshot(first.progress, save_every)

    def save(name: str, previous: str | None = None) -> Saved:
        checkpoint = current()
        ranks.on_root(lambda: directory.save(folder, checkpoint, name, previous))
        return Saved(checkpoint.progress.step, str(folder.path / name), name == BEST)

    if ranks.on_root(lambda: folder.has(LAST)):
        yield Resumed(saved_step)
    else:
        yield save(LAST)
        ranks.on_root(lambda: write_config(folder, first.config))
    for event in events:
        yield event
        match event:
            case Evaluated(best=True):
                yield save(BEST)
            case Stepped(step=step) | Recovered(step=step) | Finished(step=step):
                if isinstance(event, Stepped) and step % save_every:
                    continue
                # A second save of one step, or one after a rollback, must not replace the previous checkpoint.
                push = keep and step != saved_step and not isinstance(event, Recovered)
                yield save(LAST, PREVIOUS if push else None)
                saved_step, keep = step, is_snapshot(current().progress, save_every)
