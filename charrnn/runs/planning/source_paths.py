"""The names of a run's sources, as they are recorded."""

import glob
import os
from collections.abc import Sequence

from charrnn.errors import RunError
from charrnn.runs.storage.checkpoint_record import MAX_RECORD_CHARS, require_storable

MAX_SOURCES_CHARS = MAX_RECORD_CHARS // 2  # characters


def require_storable_sources(sources: Sequence[str]) -> None:
    """Raises RunError for names that a run cannot record: its record is JSON in UTF-8, and of limited length."""
    for source in sources:
        require_storable(source, "rename it, or pass its text by standard input (-)")
    if sum(map(len, sources)) > MAX_SOURCES_CHARS:
        raise RunError(f"{len(sources):,} texts are too many to record; name their folder, or a pattern in quotes")


def absolute_source(source: str) -> str:
    """The name by which a source is found from any folder."""
    if source == "-" or source.startswith("builtin:") or os.path.isabs(source):
        return source
    if glob.has_magic(source) and not os.path.exists(source):  # abspath would take **/.. for nothing
        return os.path.join(os.getcwd(), source)
    return os.path.abspath(source)
