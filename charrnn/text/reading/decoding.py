"""Decode a source's bytes into characters, piece by piece, so that a text of any size fits into memory.

A byte order mark is dropped, and CRLF becomes LF. Bytes that do not fit are reported with their offset and line.
"""

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePath

from charrnn.errors import TextError
from charrnn.text.reading import encodings
from charrnn.text.reading.file_kinds import Kind, describe_conversion, detect_kind
from charrnn.text.reading.sources import Source
from charrnn.text.reading.text_file import BINARY_PROBE
from charrnn.words import parameter, shell_word

MIN_HEAD_BYTES = 64  # a file must be this long before its look outweighs the encoding that was named
SURROGATES = {"utf-8": 3, "utf-16": 2, "utf-32": 4}  # bytes of half of a surrogate pair
FREQUENT = ("cp1252", "cp1251")  # proposed where most letters are ASCII
UNPACKERS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz"}  # commands that take -dc
OTHERS = "cp1251, koi8-r, iso-8859-7, shift_jis, gb18030 or euc-kr"  # proposed elsewhere


def characters(
    source: Source, encoding: str = "utf-8", insist: bool = False, likely: Sequence[str] = ()
) -> Iterator[str]:
    """The source's characters in pieces, none of them empty. A byte order mark counts more than `encoding`. Messages
    propose the encodings `likely` first.

    Raises TextError with the byte offset and the line of the first byte that does not fit, for a file that is known not
    to be plain text (unless `insist`), for one that holds a NUL character, and where the source cannot be read.
    """
    held = ""  # a CR: the LF may follow in the next piece
    first = True
    for piece in _decode(source, encoding, insist, likely):
        text = held + (piece.removeprefix("\ufeff") if first else piece)
        held = "\r" if text.endswith("\r") else ""
        text = text[: len(text) - len(held)].replace("\r\n", "\n")
        first = False
        if text:
            yield text
    if held:
        yield held


def reads_as_utf_8_too(source: Source, encoding: str) -> bool:
    """Whether a source that is read in `encoding` is valid UTF-8 without a byte order mark, and has other characters
    then.

    Reads no more than it must.
    """
    decoder = codecs.getincrementaldecoder(encodings.UTF_8)()
    is_ascii, head = True, b""
    try:
        for data in source.pieces():
            head = head or data[:BINARY_PROBE]
            if encodings.detect_by_mark(head) or b"\0" in data:
                return False
            is_ascii &= data.isascii()
            decoder.decode(data)
        decoder.decode(b"", final=True)
    except (UnicodeDecodeError, TextError):  # reading the text reports that it cannot be read
        return False
    reads_alike = is_ascii and "word".encode(encoding) == b"word"
    return bool(head) and not reads_alike


def _decode(source: Source, encoding: str, insist: bool, likely: Sequence[str]) -> Iterator[str]:
    """Decode, and check for NULs."""
    pieces = source.pieces()
    beginning = _at_least(pieces, encodings.MAX_MARK_BYTES if source.comes_live else BINARY_PROBE)
    file = _File(source, beginning[:BINARY_PROBE], likely)
    if not insist and (kind := detect_kind(file.head)):
        raise file.not_plain_error(kind)
    encoding = encodings.choose_encoding(file.head, encoding)
    file.require_order(encoding, insist)
    if not insist and encodings.is_utf_8(encoding) and (looks := encodings.detect_by_escapes(file.head)):
        raise file.escapes_error(looks)
    decoder = codecs.getincrementaldecoder(encoding)()
    before, lines = 0, 0
    for data in chain([beginning], pieces, [b""]):
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            order = (
                error.encoding if encodings.is_wide(encoding) else "latin-1"
            )  # the error knows the order of the bytes
            line = lines + error.object[: error.start].decode(order, "ignore").count("\n") + 1
            place = f"{before - pending + error.start:,} (line {line:,})"
            raise file.misfit_error(encoding, error, place, at_end=not data) from None
        except UnicodeError as error:
            raise file.error(f"cannot be read as {encoding}: {error}") from None
        if (nul := text.find("\0")) >= 0:
            offset = before + _find_nul(data, text[:nul], encoding, pending, at_beginning=before == 0)
            line = lines + text.count("\n", 0, nul) + 1
            raise file.nul_error(encoding, f"{offset:,} (line {line:,})")
        before, lines = before + len(data), lines + text.count("\n")
        if text:
            yield text


def _at_least(pieces: Iterator[bytes], size: int) -> bytes:
    """The first pieces: at least `size` bytes, or all."""
    beginning = b""
    while len(beginning) < size and (piece := next(pieces, b"")):
        beginning += piece
    return beginning


def _find_nul(data: bytes, before: str, encoding: str, pending: int, at_beginning: bool) -> int:
    """The offset in `data` of the first NUL, which follows the characters `before`; `pending` bytes of these were in
    the data before. A decoder of UTF-16 or UTF-32 drops the mark at the beginning.
    """
    name = codecs.lookup(encoding).name
    if not encodings.is_wide(name):
        return max(0, data.find(b"\0"))
    unit = 4 if name.startswith("utf-32") else 2
    mark = unit * (at_beginning and encodings.needs_mark(name))
    return mark + len(before.encode(f"utf-{8 * unit}-le")) - pending


@dataclass(frozen=True)
class _File:
    """A file that cannot be decoded, and its first bytes: what is wrong with it."""

    source: Source
    head: bytes
    likely: Sequence[str]  # encodings

    def error(self, what: str) -> TextError:
        """The error that says this of the file."""
        return TextError(f"{self.source.name}: {what}")

    def misfit_error(self, encoding: str, error: UnicodeDecodeError, place: str, at_end: bool) -> TextError:
        """The error for bytes that are not characters of the encoding, from `place` on."""
        mark = encodings.detect_by_mark(self.head)
        if mark:
            encoding = encodings.family(encoding)
        misfit = f"byte 0x{error.object[error.start]:02x} at offset {place} is not {encoding}"
        # A beginning with UTF-8 characters beyond ASCII: then the whole file is UTF-8.
        is_utf_8 = encodings.is_utf_8(encoding) and not self.head.decode(encoding, "ignore").isascii()
        damage = None
        if at_end and (encodings.is_wide(encoding) or is_utf_8):
            damage = f"ends in the middle of a character of {encoding}, at byte {place}: the file is cut short; get all of it, or convert what is there"
        elif half := _surrogate(error):
            damage = f"half of a surrogate pair (U+{half:04X}) at byte {place}, which is not a character: the file is damaged there; mend it, or leave that out"
        elif mark:
            damage = f"{misfit}, which its byte order mark says it is: it is damaged there, or holds text of two encodings; mend it, or leave out what does not fit"
        if damage:
            return self.error(f"{damage}: {self._conversion(encoding, '-c ')}")
        nul = self.head.find(b"\0")
        if nul >= 0 and not encodings.is_wide(encoding):
            line = self.head[:nul].count(b"\n") + 1
            return self.nul_error(encoding, f"{nul:,} (line {line:,})")
        if looks := encodings.detect_by_pattern(self.head):
            return self._looks_like(looks)
        if not encodings.is_utf_8(encoding) and encodings.is_text_with_nuls(self.head):
            advice = f"say what it is, for example {self._option(encodings.UTF_8)}"
        elif example := next(filter(self._may_be, self.likely), None):
            advice = f"if it is {example}, as the training text was, say so: {self._option(example)}"
        elif _is_mostly_ascii(self.head):
            example = next(name for name in FREQUENT if name != codecs.lookup(encoding).name)
            advice = f"say what it is, for example {self._option(example)}, or convert it: {self._conversion(example)}"
        else:
            advice = f"say what it is: {self._option('NAME')}, where NAME is, for example, {OTHERS}"
        reason = "the text ends in the middle of a character: the file is cut short, or in another encoding"
        return self.error(f"{misfit}: {reason if at_end else error.reason}; {advice}")

    def _may_be(self, name: str) -> bool:
        """Whether this encoding of single bytes or pairs fits the beginning."""
        is_unicode = encodings.is_wide(name) or encodings.is_utf_8(name)
        return not is_unicode and encodings.decode_head(self.head, name) is not None

    def require_order(self, encoding: str, insist: bool) -> None:
        """Raises TextError for UTF-16 or UTF-32 without the byte order mark that it needs, and, unless `insist`, for a
        file that looks like another encoding.
        """
        needs_mark = encodings.needs_mark(encoding)
        is_clear = not encodings.is_wide(encoding) or encodings.detect_by_mark(self.head) or (insist and not needs_mark)
        if is_clear or not (self.head if needs_mark else len(self.head) >= MIN_HEAD_BYTES):
            return
        looks = encodings.detect_by_pattern(self.head)
        if looks and looks != codecs.lookup(encoding).name:
            raise self._looks_like(looks)
        if encodings.is_text_with_nuls(self.head):
            raise self.error(
                f"is not {encoding}: it begins without a byte order mark, and reads as UTF-8; say so: {self._option(encodings.UTF_8)}"
            )
        if needs_mark:
            raise self.error(
                f"begins without a byte order mark, which {encoding} needs; say in which order its bytes are: {self._option(f'{encoding}-le')} or {encoding}-be"
            )

    def nul_error(self, encoding: str, place: str) -> TextError:
        """The error for a NUL at `place`."""
        looks = encodings.detect_by_pattern(self.head)
        is_text = encodings.is_wide(encoding) and encodings.is_plausible(self.head, encoding)
        if encodings.detect_by_mark(self.head) or looks == codecs.lookup(encoding).name or is_text:
            without_nuls = self._conversion(encoding, last=" | tr -d '\\0'")
        elif looks:
            return self._looks_like(looks)
        elif encodings.is_text_with_nuls(self.head):
            without_nuls = self._rewrite("tr -d '\\0'")
        else:
            return self.error(
                f"looks binary: a NUL at byte {place}; only a model of bytes reads it: charrnn train -s data.unit=byte"
            )
        return self.error(f"a NUL at byte {place}, which no text has; take it out: {without_nuls}")

    def escapes_error(self, name: str) -> TextError:
        """The error for ASCII with the escape sequences of another encoding."""
        return self.error(
            f"looks like {name.upper()}, by its escape sequences; say so: {self._option(name)}, or, where it is not: {self._option(encodings.UTF_8)}"
        )

    def not_plain_error(self, kind: Kind) -> TextError:
        """The error for a document, a picture, an archive."""
        source = (
            f"; to read it with its markup, say its encoding: {self._option(encodings.UTF_8)}" if kind.is_source else ""
        )
        return self.error(f"is {kind.one}, not plain text; {describe_conversion(kind, self.source.path)}{source}")

    def _looks_like(self, name: str) -> TextError:
        family = encodings.family(name).upper()
        return self.error(f"looks like {family} without a byte order mark; say so: {self._option(name)}")

    def _option(self, encoding: str) -> str:
        """The option that names the encoding of this file."""
        path, asked = self.source.path, self.source.argument
        is_found = asked not in ("", self.source.name)  # by a folder or a pattern, where others may have the same name
        file = path if is_found else PurePath(path).name
        return f"{parameter('encoding')} {shell_word(f'{file}={encoding}')}"

    def _conversion(self, encoding: str, options: str = "", last: str = "") -> str:
        """The command that converts it to UTF-8, with iconv's names."""
        name = encodings.UTF_8 if encodings.is_utf_8(encoding) else encoding.replace("-le", "le").replace("-be", "be")
        return self._rewrite(f"iconv {options}-f {name} -t utf-8", last)

    def _rewrite(self, command: str, last: str = "") -> str:
        """A command line that reads the file, unpacked, and writes another in the current folder; for standard input,
        the command alone.
        """
        if self.source.path == "-":
            return f"{command}{last}"
        path = PurePath(self.source.path)
        packed = UNPACKERS.get(path.suffix.lower())
        name = PurePath(path.stem) if packed else PurePath(path.name)
        source = shell_word(f"./{path}" if self.source.path.startswith("-") else self.source.path)
        given = f"{packed} -dc {source} | {command}" if packed else f"{command} < {source}"
        return f"{given}{last} > {shell_word(f'{name.stem}.utf-8{name.suffix}')}"


def _is_mostly_ascii(data: bytes) -> bool:
    """Whether more bytes are ASCII letters than are beyond ASCII."""
    return sum(byte >= 0x80 for byte in data) < sum(map(str.isalpha, data.decode("ascii", "ignore")))


def _surrogate(error: UnicodeDecodeError) -> int | None:
    """The half of a surrogate pair that does not fit; None for anything else."""
    width = next((width for name, width in SURROGATES.items() if error.encoding.startswith(name)), 0)
    try:
        point = ord(error.object[error.start : error.start + width].decode(error.encoding, "surrogatepass"))
    except (UnicodeDecodeError, TypeError):
        return None
    return point if 0xD800 <= point < 0xE000 else None
