"""What a training leaves in its directory as it goes: checkpoints, and every event in metrics.jsonl.

`last` is written at every step that save_every divides, and where the training stops; `previous` is the newest one before
it of the first kind. A training that goes back after diverging goes back to one of that kind: so it goes back to
the same one whether or not it was stopped and resumed in between.
"""

from collections.abc import Callable, Iterable, Iterator

from charrnn.runs.storage import directory
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.runs.storage.directory import BEST, LAST, PREVIOUS, write_config
from charrnn.system.folder_handle import Folder
from charrnn.training.events import Evaluated, Event, Finished, Recovered, Resumed, Saved, Stepped
from charrnn.training.parallel.communicator import Communicator
from charrnn.training.trainer import Progress

OF_BYTES = {"chars_per_second": "bytes_per_second", "bpc": "bits_per_byte"}  # what these are called besides, of bytes


def is_snapshot(progress: Progress, save_every: int) -> bool:
    """True for a checkpoint that a training may go back to: one made on schedule, or by going back."""
    return progress.step % save_every == 0 or progress.step == progress.recovered_step


def with_checkpoints(
    events: Iterable[Event], current: Callable[[], Checkpoint], folder: Folder, save_every: int, ranks: Communicator
) -> Iterator[Event]:
    """Pass the events of a training on, with a checkpoint written at the start, after every so many steps, each best, after
    going back, and at the end, by the first of the ranks.

    Raises RunError when the disk does not take it; the checkpoints before are then still there.
    """
    begun = current()
    saved_step, keep = begun.progress.step, is_snapshot(begun.progress, save_every)

    def save(name: str, previous: str | None = None) -> Saved:
        checkpoint = current()
        ranks.on_root(lambda: directory.save(folder, checkpoint, name, previous))
        return Saved(checkpoint.progress.step, str(folder.path / name), name == BEST)

    if ranks.on_root(lambda: folder.has(LAST)):
        yield Resumed(saved_step)
    else:
        yield save(LAST)
        ranks.on_root(lambda: write_config(folder, begun.config))
    for event in events:
        yield event
        match event:
            case Evaluated(best=True):
                yield save(BEST)
            case Stepped(step=step) | Recovered(step=step) | Finished(step=step):
                if isinstance(event, Stepped) and step % save_every:
                    continue
                # What is saved again at one step, or has been gone back from, must not push the one before away.
                push = keep and step != saved_step and not isinstance(event, Recovered)
                yield save(LAST, PREVIOUS if push else None)
                saved_step, keep = step, is_snapshot(current().progress, save_every)
