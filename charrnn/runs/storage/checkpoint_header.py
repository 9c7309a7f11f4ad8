"""What a checkpoint says of itself, without its numbers: quick, however large it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from charrnn.runs.storage.checkpoint import PARAMETERS, checkpoint_errors
from charrnn.runs.storage.checkpoint_record import Record, parse_record, parse_symbols
from charrnn.runs.storage.safetensors_file import SafetensorsReader
from charrnn.system.folder_handle import Folder
from charrnn.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class CheckpointHeader:
    """The record of a checkpoint, its vocabulary, and the shape of each parameter. The digest is not verified."""

    record: Record
    vocabulary: Vocabulary
    shapes: Mapping[str, tuple[int, ...]]


def read_header(path: Path) -> CheckpointHeader:
    """The header of a checkpoint. Raises CheckpointError, and UnreadableError if it cannot be read here."""
    with checkpoint_errors(path), Folder.at(path.parent).read(path.name) as file:
        reader = SafetensorsReader(file)
        record = parse_record(reader.metadata)
        vocabulary = Vocabulary(tuple(parse_symbols(reader.metadata)), record.config.data.unit)
        shapes = {
            name.removeprefix(PARAMETERS): entry.shape
            for name, entry in reader.entries.items()
            if name.startswith(PARAMETERS)
        }
        return CheckpointHeader(record, vocabulary, shapes)
