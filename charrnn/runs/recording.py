"""What a training leaves in its directory as it goes: checkpoints, and every event in metrics.jsonl.

`last` is written at every step that save_every divides, and where the training stops; `previous` is the newest one before
it of the first kind. A training that goes back after diverging goes back to one of that kind: so it goes back to
the same one whether or not it was stopped and resumed in between.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial

from charrnn.runs import directory
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.directory import BEST, LAST, METRICS, PREVIOUS, writable, write_config
from charrnn.runs.folder import Folder
from charrnn.system.atomic_files import append, flush
from charrnn.text.unit_names import Unit
from charrnn.training.events import Evaluated, Event, Finished, Flowed, Recovered, Resumed, Sampled, Saved, Stepped
from charrnn.training.parallel.communicator import Alone
from charrnn.training.trainer import Progress

EVENT_NAMES = {
    Stepped: "step",
    Evaluated: "eval",
    Sampled: "sample",
    Flowed: "gradflow",
    Saved: "saved",
    Resumed: "resumed",
    Recovered: "recovered",
    Finished: "finished",
}
OF_BYTES = {"chars_per_second": "bytes_per_second", "bpc": "bits_per_byte"}  # what these are called besides, of bytes
LINES_TOGETHER = 100  # steps written to metrics.jsonl at once
LONGEST_LINE = 1 << 20  # bytes of an event


def is_snapshot(progress: Progress, save_every: int) -> bool:
    """True for a checkpoint that a training may go back to: one made on schedule, or by going back."""
    return progress.step % save_every == 0 or progress.step == progress.recovered_step


def saving(
    events: Iterable[Event], current: Callable[[], Checkpoint], folder: Folder, save_every: int, ranks: Alone
) -> Iterator[Event]:
    """Pass the events of a training on, with a checkpoint written at the start, after every so many steps, each best, after
    going back, and at the end, by the first of the ranks.

    Raises RunError when the disk does not take it; the checkpoints before are then still there.
    """
    begun = current()
    saved_step, keep = begun.progress.step, is_snapshot(begun.progress, save_every)

    def save(name: str, previous: str | None = None) -> Saved:
        checkpoint = current()
        return ranks.first(lambda: _save(folder, checkpoint, name, previous))

    if ranks.first(lambda: folder.has(LAST)):
        yield Resumed(saved_step)
    else:
        yield save(LAST)
        ranks.first(lambda: write_config(folder, begun.config))
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


def logged(
    events: Iterable[Event], folder: Folder, save_every: int, ranks: Alone, unit: Unit = "char"
) -> Iterator[Event]:
    """Pass the events on, each written to metrics.jsonl as one line of JSON, before the checkpoint that comes after it, by the
    first of the ranks.

    Raises RunError when it cannot be written.
    """
    ranks.first(lambda: _cut_to_whole_lines(folder))
    lines: list[str] = []
    try:
        for event in events:
            lines.append(json.dumps(as_json(event, unit)))
            will_be_saved = isinstance(event, Stepped) and event.step % save_every == 0
            if will_be_saved or not isinstance(event, Stepped) or len(lines) >= LINES_TOGETHER:
                due, lines = lines, []  # what a full disk took the half of is not to be written twice
                ranks.first(partial(_append, folder, due, to_disk=will_be_saved))
            yield event
    finally:  # the last steps before a divergence are those that one wants to see
        if ranks.rank == 0:
            _append(folder, lines, to_disk=True)


def _append(folder: Folder, lines: list[str], to_disk: bool) -> None:
    if not lines:
        return
    with writable(folder, METRICS), folder.append_to(METRICS) as file:
        append(file, "".join(line + "\n" for line in lines).encode())
        if to_disk:
            flush(file)


def _cut_to_whole_lines(folder: Folder) -> None:
    """Drop the part of a line that a killed process, or a full disk, left at the end; its event is told anew."""
    if not folder.has(METRICS):
        return
    with writable(folder, METRICS), folder.append_to(METRICS) as file:
        start = max(0, file.seek(0, os.SEEK_END) - LONGEST_LINE)
        file.seek(start)
        file.truncate(start + file.read().rfind(b"\n") + 1)


def as_json(event: Event, unit: Unit) -> dict[str, object]:
    """An event as it stands in metrics.jsonl and in `train --json`; what is counted in bytes has a name that says so, too."""
    fields = asdict(event)
    more = {OF_BYTES[name]: fields[name] for name in OF_BYTES if name in fields} if unit == "byte" else {}
    return {"event": EVENT_NAMES[type(event)], **fields, **more}


def _save(folder: Folder, checkpoint: Checkpoint, name: str, previous: str | None) -> Saved:
    directory.save(folder, checkpoint, name, previous)
    return Saved(checkpoint.progress.step, str(folder.path / name), name == BEST)
