"""The beginning and the end of metrics.jsonl, read quickly: a long training logs many megabytes."""

import json
import os
from pathlib import Path
from typing import Any

from charrnn.runs.storage.directory import METRICS
from charrnn.system.files.plain_files import open_plain

READ_BYTES = 1 << 15  # bytes at each end


def read_recent_events(run: Path) -> list[dict[str, Any]]:
    """The events in the first and the last READ_BYTES of a run's metrics.jsonl, in their order; damaged lines are left
    out. Empty if it cannot be read. Any value in an event may be of any type.
    """
    try:
        with open_plain(run / METRICS) as file:
            beginning = file.read(READ_BYTES)
            file.seek(max(len(beginning), file.seek(0, os.SEEK_END) - READ_BYTES))
            end = file.read(READ_BYTES)
    except OSError:
        return []
    return [event for line in (beginning + b"\n" + end).splitlines() if (event := _parse(line)) is not None]


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None
