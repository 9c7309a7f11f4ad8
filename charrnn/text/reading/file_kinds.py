"""Recognise files that are not plain text by their first bytes: office documents, web pages, pictures, archives."""

import re
from dataclasses import dataclass
from pathlib import PurePath

from charrnn.words import shell_word

SAVE_AS_TEXT = "save it as plain text"
UNPACK = "unpack it, and name what is in it"
HAS_NO_TEXT = "there is no text in it"
PANDOC = "pandoc {file} -t plain --wrap=none -o {text}"

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TAR, TAR_AT = b"ustar", 257
WEB_PAGE = re.compile(
    rb"(?:\s+|<\?xml[^>]*>|<!--(?:(?!-->).)*-->)*+<(?:!doctype\s+html|html|head|body)[\s>]", re.DOTALL | re.IGNORECASE
)


@dataclass(frozen=True)
class Kind:
    """What one such file is called, what several are called, and what to do about one."""

    one: str
    many: str
    advice: str = SAVE_AS_TEXT
    converter: str = ""  # a command that makes a text of it: `{file}` and `{text}` stand for their names
    is_source: bool = False  # whether somebody may want to read it with its markup


EPUB = Kind("an EPUB book", "EPUB books", converter=PANDOC)
WEB = Kind("a web page (HTML)", "web pages (HTML)", converter=PANDOC, is_source=True)
PDF = Kind("a PDF document", "PDF documents", converter="pdftotext {file} {text}")
RICH = Kind("a rich text document (RTF)", "rich text documents (RTF)", converter=PANDOC)
WORD = Kind("a Word document", "Word documents", converter=PANDOC)
ODT = Kind("an OpenDocument text (ODT)", "OpenDocument texts (ODT)", converter=PANDOC)
SHEET_ADVICE = "save it as .csv, and take one column: data.field=NAME"
ODS = Kind("an OpenDocument spreadsheet (ODS)", "OpenDocument spreadsheets (ODS)", SHEET_ADVICE)
OLD_OFFICE = Kind("an old Office document (.doc, .xls, .ppt)", "old Office documents (.doc, .xls, .ppt)")
PICTURE = Kind("a picture", "pictures", HAS_NO_TEXT)
SOUND = Kind("a recording", "recordings", HAS_NO_TEXT)
ARCHIVE = Kind("an archive", "archives", UNPACK)
BZIP2 = Kind("a bzip2 file", "bzip2 files", "give its name the ending .bz2, or unpack it")

BEGINNINGS: tuple[tuple[bytes, Kind], ...] = (
    (rb"{\rtf", RICH),
    (b"%PDF-", PDF),
    (b"%!PS-", Kind("a PostScript document", "PostScript documents")),
    (b"\xff\xd8\xff", PICTURE),
    (b"\x89PNG\r\n\x1a\n", PICTURE),
    (b"GIF87a", PICTURE),
    (b"GIF89a", PICTURE),
    (b"II*\0", PICTURE),
    (b"MM\0*", PICTURE),
    (b"ID3\x03", SOUND),
    (b"ID3\x04", SOUND),
    (b"OggS\0", SOUND),
    (b"fLaC\0", SOUND),
    (b"\x1f\x8b\x08", Kind("a gzip file", "gzip files", "give its name the ending .gz, or unpack it")),
    (b"\xfd7zXZ\0", Kind("an xz file", "xz files", "give its name the ending .xz, or unpack it")),
    (b"\x28\xb5\x2f\xfd", Kind("a zstd file", "zstd files", "unpack it")),
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (b"Rar!\x1a\x07", ARCHIVE),
    (b"SQLite format 3\0", Kind("an SQLite database", "SQLite databases", SHEET_ADVICE)),
    (b"PAR1", Kind("a Parquet table", "Parquet tables", SHEET_ADVICE)),
    (b"ARROW1\0\0", Kind("an Arrow table", "Arrow tables", SHEET_ADVICE)),
)
LENIENT = (RICH, PDF)  # may have blanks before them
IN_ZIP: tuple[tuple[bytes, Kind], ...] = (
    (b"application/epub+zip", EPUB),
    (b"application/vnd.oasis.opendocument.text", ODT),
    (b"application/vnd.oasis.opendocument.spreadsheet", ODS),
    (b"application/vnd.oasis.opendocument", Kind("an OpenDocument file", "OpenDocument files")),
    (b"word/", WORD),
    (b"xl/", Kind("an Excel workbook", "Excel workbooks", SHEET_ADVICE)),
    (b"ppt/", Kind("a PowerPoint presentation", "PowerPoint presentations")),
    (b"META-INF/container.xml", EPUB),
    (b"[Content_Types].xml", Kind("an Office document", "Office documents")),
    (b"Index/Document.iwa", Kind("an iWork document", "iWork documents")),
)
IN_RIFF = {b"WEBP": PICTURE, b"WAVE": SOUND, b"AVI ": Kind("a film", "films", HAS_NO_TEXT)}


def describe_conversion(kind: Kind, path: str) -> str:
    """What to do about a file of this kind: the advice, and a command that can be pasted, where one is known."""
    if not kind.converter:
        return kind.advice
    text = str(PurePath(path).with_suffix(".txt"))
    return f"{kind.advice}, for example: {kind.converter.format(file=shell_word(path), text=shell_word(text))}"


def detect_kind(head: bytes) -> Kind | None:
    """The kind of a file with these first bytes; None for plain text, and for anything unknown."""
    if head.startswith(ZIP):
        return next((kind for name, kind in IN_ZIP if name in head), Kind("a ZIP archive", "ZIP archives", UNPACK))
    if head.startswith(OLE):
        return OLD_OFFICE
    if head.startswith(b"RIFF") and head[8:12] in IN_RIFF:
        return IN_RIFF[head[8:12]]
    if head[4:8] == b"ftyp" and b"\0" in head[:4]:
        return Kind("a film or a picture", "films or pictures", HAS_NO_TEXT)
    if head[TAR_AT : TAR_AT + len(TAR)] == TAR and b"\0" in head[:TAR_AT]:
        return Kind("a tar archive", "tar archives", UNPACK)
    if re.match(rb"BZh[1-9]1AY&SY", head):
        return BZIP2
    without_mark = head.removeprefix(b"\xef\xbb\xbf")
    for beginning, kind in BEGINNINGS:
        if without_mark.startswith(beginning) or (kind in LENIENT and without_mark.lstrip().startswith(beginning)):
            return kind
    plain = head[2:].replace(b"\0", b"") if head[:2] in (b"\xff\xfe", b"\xfe\xff") else without_mark
    return WEB if WEB_PAGE.match(plain) else None
