"""Event files for TensorBoard in the run directory; they hold the same as metrics.jsonl.

The extra tensorboardX defines the format. Its SummaryWriter is not used: it writes in a thread of its own, which a full
disk ends; then its queue fills, and the training waits for ever. It also writes a record for every scalar; here a step
is one record. The files are opened here, inside the open run directory: renaming it does no harm, and links are not
followed.

Each process begins a file, and their names are numbered. Before a step that is logged again, a mark makes TensorBoard
forget what was logged of it and of later steps.
"""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from charrnn.cli.output.console import print_note
from charrnn.runs.storage.metrics_log import BYTE_NAMES
from charrnn.system.files.durable_files import flush
from charrnn.system.files.folder_handle import Folder
from charrnn.system.optional_libraries import missing_library
from charrnn.text.characters.unit_names import Unit
from charrnn.training.events import Evaluated, Event, Flowed, Recovered, Resumed, Sampled, Stepped

FOLDER = "tensorboard"
FLUSH_EVERY = 5.0  # seconds between writes to the disk
OF_A_STEP = ("loss", "grad_norm", "clipped", "learning_rate", "chars_per_second", "epoch")
OF_A_FLOW = ("half_life", "horizon", "log10_norm_1", "log10_norm_last", "lyapunov", "spectral_radius", "saturated")


def require_library() -> None:
    """Raises MissingLibraryError without tensorboardX."""
    try:
        import tensorboardX  # noqa: F401
    except ImportError:
        raise missing_library("train --tensorboard", "tensorboardX", "tensorboard") from None


class TensorBoardLog:
    """Writes each event of a training. If the disk fails, it says so once, and the training goes on."""

    def __init__(self, run: Folder, unit: Unit = "char") -> None:
        """The folder is made with the first event: before it the run is not saved, and may start from scratch."""
        self._run, self._unit = run, unit
        self._file: EventFile | None = None
        self._lost = False

    def __call__(self, event: Event) -> None:
        if self._lost:
            return
        with self._warn_on_error():
            if self._file is None:
                with self._run.subfolder(FOLDER) as folder:
                    self._file = EventFile(folder, self._unit)
            self._file.add(event)

    def close(self) -> None:
        """Write what is left."""
        if self._file is not None and not self._lost:
            with self._warn_on_error():
                self._file.close()

    @contextmanager
    def _warn_on_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._lost = True
            if self._file is not None:
                # Left to Python, it would fail again at any time, on stderr. ValueError: it is closed already.
                with suppress(OSError, ValueError):
                    self._file.close()
            print_note(
                f"{self._run.path / FOLDER}: cannot be written: {error.strerror or error}; the training goes on without it"
            )


class EventFile:
    """One file of records. The constructor and the methods raise OSError."""

    def __init__(self, folder: Folder, unit: Unit = "char") -> None:
        from tensorboardX.proto.event_pb2 import Event as Record
        from tensorboardX.proto.event_pb2 import SessionLog
        from tensorboardX.proto.summary_pb2 import Summary
        from tensorboardX.record_writer import masked_crc32c

        number, now = len(folder.names()), time.time()
        self._file = folder.create(f"events.out.tfevents.{int(now)}.{socket.gethostname()}.{number:04}")
        self._record, self._summary, self._began = Record, Summary, SessionLog(status=SessionLog.START)
        self._checksum = masked_crc32c
        self._flushed, self._unit = time.monotonic(), unit
        self._append(Record(wall_time=now, file_version="brain.Event:2"))

    def add(self, event: Event) -> None:
        """Write what TensorBoard can show of an event."""
        if isinstance(event, Resumed | Recovered):
            self._write(event.step + 1, session_log=self._began)
        elif isinstance(event, Sampled):
            from tensorboardX.summary import text

            code_block = "\n".join(f"    {line}" for line in event.text.split("\n"))  # Markdown, shown as it is
            self._write(event.step, summary=text("sample", code_block))
        elif values := scalars(event, self._unit):
            summary = self._summary(value=[self._summary.Value(tag=tag, simple_value=values[tag]) for tag in values])
            self._write(event.step, summary=summary)
        if time.monotonic() - self._flushed >= FLUSH_EVERY:
            flush(self._file)
            self._flushed = time.monotonic()

    def _write(self, step: int, **content: object) -> None:
        self._append(self._record(wall_time=time.time(), step=step, **content))

    def _append(self, record: Any) -> None:
        """Append a record in the TFRecord format: length, its checksum, the record, its checksum."""
        data = record.SerializeToString()
        length = struct.pack("<Q", len(data))
        for part in (length, data):
            self._file.write(part + struct.pack("<I", self._checksum(part)))

    def close(self) -> None:
        """Write what is left."""
        with self._file:
            flush(self._file)


def scalars(event: Event, unit: Unit = "char") -> dict[str, float]:
    """The numbers of an event under the names by which TensorBoard groups them; None is left out.

    The names of a byte model say bytes.
    """
    names = BYTE_NAMES if unit == "byte" else {}
    found: dict[str, float | None] = {}
    match event:
        case Stepped():
            found = {f"train/{names.get(name, name)}": getattr(event, name) for name in OF_A_STEP}
        case Evaluated(split=split):
            bits = names.get("bpc", "bpc")
            found = {f"{split}/loss": event.loss, f"{split}/{bits}": event.bpc, "train/saturated": event.saturated}
        case Flowed(layer=layer):
            found = {f"gradient_flow/layer{layer}/{name}": getattr(event, name) for name in OF_A_FLOW}
    return {tag: value for tag, value in found.items() if value is not None}
