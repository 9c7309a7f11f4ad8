"""Write metrics.jsonl: each event of a training as one line of JSON."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import partial

from charrnn.runs.storage.directory import METRICS, writable
from charrnn.system.files.durable_files import append, flush
from charrnn.system.files.folder_handle import Folder
from charrnn.text.characters.unit_names import Unit
from charrnn.training.events import (
    Counted,
    Evaluated,
    Event,
    Finished,
    Flowed,
    Recovered,
    Resumed,
    Sampled,
    Saved,
    Stepped,
)
from charrnn.training.parallel.communicator import Communicator

EVENT_NAMES = {
    Stepped: "step",
    Evaluated: "eval",
    Sampled: "sample",
    Flowed: "gradflow",
    Saved: "saved",
    Resumed: "resumed",
    Recovered: "recovered",
    Finished: "finished",
    Counted: "baseline",
}
BYTE_NAMES = {"chars_per_second": "bytes_per_second", "bpc": "bits_per_byte"}  # second names, if they are over bytes
MAX_BUFFERED_LINES = 100  # steps that are written at once
MAX_LINE_BYTES = 1 << 20


def with_metrics_log(
    events: Iterable[Event], folder: Folder, save_every: int, ranks: Communicator, unit: Unit = "char"
) -> Iterator[Event]:
    """Pass the events on; rank 0 writes each to metrics.jsonl, before the checkpoint that comes after it.

    Raises RunError if it cannot be written.
    """
    ranks.on_root(lambda: _cut_to_whole_lines(folder))
    lines: list[str] = []
    try:
        for event in events:
            lines.append(json.dumps(as_json(event, unit)))
            will_be_saved = isinstance(event, Stepped) and event.step % save_every == 0
            if will_be_saved or not isinstance(event, Stepped) or len(lines) >= MAX_BUFFERED_LINES:
                due, lines = lines, []  # a half that a full disk took must not be written twice
                ranks.on_root(partial(_append, folder, due, to_disk=will_be_saved))
            yield event
    finally:  # one wants to see the last steps before a divergence
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
    """Drop a half-written last line, which a killed process or a full disk left; its event will be logged again."""
    if not folder.has(METRICS):
        return
    with writable(folder, METRICS), folder.append_to(METRICS) as file:
        start = max(0, file.seek(0, os.SEEK_END) - MAX_LINE_BYTES)
        file.seek(start)
        file.truncate(start + file.read().rfind(b"\n") + 1)


def as_json(event: Event, unit: Unit) -> dict[str, object]:
    """An event as in metrics.jsonl and `train --json`; rates and losses of bytes have a second name that says so."""
    fields = {"step": event.step, **asdict(event)}  # the step first
    more = {BYTE_NAMES[name]: fields[name] for name in BYTE_NAMES if name in fields} if unit == "byte" else {}
    return {"event": EVENT_NAMES[type(event)], **fields, **more}
