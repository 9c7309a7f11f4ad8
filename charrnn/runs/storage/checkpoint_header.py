"""What a checkpoint says of itself, without its numbers: quick, however large it is."""

from dataclasses import dataclass
from pathlib import Path

from charrnn.runs.storage.checkpoint import checkpoint_errors
from charrnn.runs.storage.checkpoint_record import Record, parse_record, parse_symbols
from charrnn.runs.storage.safetensors_file import SafetensorsReader
from charrnn.runs.storage.text_place import RUN_PARENT
from charrnn.system.files.folder_handle import Folder
from charrnn.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class CheckpointHeader:
    """The record of a checkpoint, and its vocabulary. The digest is not verified."""

    record: Record
    vocabulary: Vocabulary
    run_parent: str | None  # the folder of the run, seen from that of the text; see text_place.py


def read_header(path: Path) -> CheckpointHeader:
    """The header of a checkpoint. Raises CheckpointError, and UnreadableError if it cannot be read here."""
    with checkpoint_errors(path), Folder.at(path.parent).read(path.name) as file:
        reader = SafetensorsReader(file)
        record = parse_record(reader.metadata)
        vocabulary = Vocabulary(tuple(parse_symbols(reader.metadata)), record.config.data.unit)
        return CheckpointHeader(record, vocabulary, reader.metadata.get(RUN_PARENT))
