"""All the sources of a text, read one after the other."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from charrnn.errors import TextError
from charrnn.text.characters.unit_names import Unit
from charrnn.text.reading.decoding import characters, reads_as_utf_8_too
from charrnn.text.reading.encodings import UTF_8, Encodings, is_utf_8
from charrnn.text.reading.folder import OmittedFile
from charrnn.text.reading.sources import BUILTIN, Source, find_sources
from charrnn.text.reading.tables import NO_TABLE, table_kind
from charrnn.text.reading.text_file import MAX_EXPANSION
from charrnn.text.shuffling import permutation
from charrnn.words import parameter

MAX_NAMES_SHOWN = 3  # names of files in a note
NOTHING_TO_SHUFFLE = "data.shuffle is true, but one file without documents is read in its own order; data.boundary or data.field names documents"
AS_THEY_ARE = "bytes are read as they are: their encoding makes no difference"


class Piece(NamedTuple):
    """A part of a file: the number of the file, from 0, and characters or bytes."""

    file: int
    content: Any


class SourceReader:
    """The sources of one text, found and ready to be read.

    `names` are those of the files, in order; `folders` says what each folder and pattern among the sources gave.
    """

    def __init__(
        self,
        sources: Sequence[str],
        unit: Unit = "char",
        encoding: str | Encodings = UTF_8,
        max_expansion: float = MAX_EXPANSION,
        once: bool = False,
        shuffle_seed: int | None = None,
        tables_only: bool = False,
    ) -> None:
        """Find the sources. `once`: they will be read once, so standard input is read as it comes. `shuffle_seed`: the
        files are read in the order of a permutation; see shuffling.py. `tables_only`: of folders and patterns, only
        tables are read.

        Raises TextError for a source that is missing.
        """
        self._unit = unit
        self._encodings = encoding if isinstance(encoding, Encodings) else Encodings(encoding)
        # Where somebody names an encoding, `notes` reads standard input too, to see whether it is UTF-8.
        live = once and self._encodings.is_default
        self._sources, self.folders = find_sources(sources, unit == "byte", max_expansion, live, self._encodings)
        if tables_only:
            self._leave_out_plain_files()
        self._is_one_file = shuffle_seed is not None and len(self._sources) == 1
        if shuffle_seed is not None:
            self._sources = [self._sources[number] for number in permutation(len(self._sources), shuffle_seed)]
        self._encodings.require_files([source.path for source in self._sources])
        self.names = tuple(source.name for source in self._sources)

    def pieces(self, joined: bool = True) -> Iterator[Piece]:
        """The whole text, file after file. `joined`: with a newline after each file but the last that lacks one.

        Raises TextError as `Source.pieces` and `decoding.characters` do, and where a source is blank.
        """
        newline = b"\n" if self._unit == "byte" else "\n"
        blank = {source.argument: True for source in self._sources}
        for number, source in enumerate(self._sources):
            last: Any = None
            for piece in self._read(source):
                blank[source.argument] &= piece.isspace()
                yield Piece(number, piece)
                last = piece
            if joined and number < len(self._sources) - 1 and not (last and last.endswith(newline)):
                yield Piece(number, newline)
        for argument, is_blank in blank.items():
            if is_blank:
                raise TextError(f"{argument}: holds no text: it is empty, or only blank")

    def notes(self) -> tuple[str, ...]:
        """Notes for the user: what folders and patterns gave, and which files are UTF-8 but read as something else."""
        notes = [files.summary(name) for name, files in self.folders.items()]
        if self._is_one_file:
            notes.append(NOTHING_TO_SHUFFLE)
        if self._unit == "byte":
            return (*notes, *([] if self._encodings.is_default else [AS_THEY_ARE]))
        doubtful: dict[str, list[str]] = {}
        for source in self._sources:
            encoding = self._encoding(source)
            if not is_utf_8(encoding) and reads_as_utf_8_too(source, encoding):
                doubtful.setdefault(encoding, []).append(source.name)
        for encoding, names in doubtful.items():
            shown = ", ".join(names[:MAX_NAMES_SHOWN]) + (", ..." if len(names) > MAX_NAMES_SHOWN else "")
            which = f"{shown} is" if len(names) == 1 else f"{len(names):,} files ({shown}) are"
            notes.append(
                f"{which} valid UTF-8 but read as {encoding}, as you asked; if that is wrong, name only what is not UTF-8: "
                f"{parameter('encoding')} FILE={encoding}"
            )
        return tuple(notes)

    def _leave_out_plain_files(self) -> None:
        """Raises TextError for a folder or a pattern without a table."""
        found = self._sources
        self._sources = [each for each in found if each.argument not in self.folders or table_kind(each.name)]
        for name, files in self.folders.items():
            files.left_out += [OmittedFile(path, NO_TABLE) for path in files.read if not table_kind(str(path))]
            files.read = [path for path in files.read if table_kind(str(path))]
            if not files.read:
                raise TextError(
                    f"{name}: holds no table for data.field, no .csv, .tsv or .jsonl file{files.omissions(name)}"
                )

    def _read(self, source: Source) -> Iterator[Any]:
        if self._unit == "byte":
            return source.pieces()
        encodings = self._encodings
        insist = not _is_builtin(source) and (encodings.by_nuls_alone or encodings.named_for(source.path) is not None)
        return characters(source, self._encoding(source), insist, encodings.likely)

    def _encoding(self, source: Source) -> str:
        return UTF_8 if _is_builtin(source) else self._encodings.encoding_for(source.path)


def _is_builtin(source: Source) -> bool:
    return source.argument.startswith(BUILTIN)
