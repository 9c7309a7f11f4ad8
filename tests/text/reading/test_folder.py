"""The texts of a folder: files that are read, files that are skipped and reported, and files that are not plain text."""

import gzip
import io
import os
import tarfile
import zipfile

import numpy as np
import pytest
from links import needs_links

from charrnn.errors import TextError
from charrnn.text.reading.encodings import Encodings
from charrnn.text.reading.file_kinds import detect_kind
from charrnn.text.source_text import read_text

HTML = "<!DOCTYPE html>\n<html><body>The boat</body></html>\n"


def zipped(**entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return file.getvalue()


def tarred():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return file.getvalue()


NOT_PLAIN = {
    "letter.docx": (zipped(Content_Types_xml="<x/>", word__document_xml="<w/>"), "a Word document"),
    "sums.xlsx": (zipped(Content_Types_xml="<x/>", xl__workbook_xml="<w/>"), "an Excel workbook"),
    "talk.pptx": (zipped(Content_Types_xml="<x/>", ppt__presentation_xml="<w/>"), "a PowerPoint presentation"),
    "letter.odt": (zipped(mimetype="application/vnd.oasis.opendocument.text"), "an OpenDocument text (ODT)"),
    "book.epub": (zipped(mimetype="application/epub+zip"), "an EPUB book"),
    "thick.docx": (
        zipped(**{"[Content_Types]_xml": "<x/>" * 3000, "word__document_xml": "<w/>"}),
        "an Office document",
    ),
    "other.epub": (zipped(**{"META-INF__container_xml": "<x/>"}), "an EPUB book"),
    "letter.pages": (zipped(**{"Index__Document.iwa": "x"}), "an iWork document"),
    "blank.rtf": (b"\n {\\rtf1\\ansi The boat}", "a rich text document (RTF)"),
    "blank.pdf": (b"\r\n%PDF-1.7\n", "a PDF document"),
    "part.html": (b"<head><title>The boat</title></head>", "a web page (HTML)"),
    "more.zip": (zipped(a="text"), "a ZIP archive"),
    "old.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Office document (.doc, .xls, .ppt)"),
    "letter.rtf": (b"{\\rtf1\\ansi The boat}", "a rich text document (RTF)"),
    "paper.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document"),
    "page.html": (HTML.encode(), "a web page (HTML)"),
    "photo.jpg": (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "a picture"),
    "photo.png": (b"\x89PNG\r\n\x1a\n\0\0", "a picture"),
    "photo.webp": (b"RIFF\x24\0\0\0WEBPVP8 ", "a picture"),
    "packed": (gzip.compress(b"The boat"), "a gzip file"),
    "more.tar": (tarred(), "a tar archive"),
}


@pytest.mark.parametrize(
    ("name", "content", "kind"), [(name, *rest) for name, rest in NOT_PLAIN.items()], ids=NOT_PLAIN
)
def test_a_file_that_is_not_plain_text_is_named_and_not_offered_as_bytes(tmp_path, name, content, kind):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TextError) as refusal:
        read_text([str(tmp_path / name)])
    assert str(refusal.value).startswith(f"{tmp_path / name}: is {kind}, not plain text; ")
    assert "byte" not in str(refusal.value)
    (tmp_path / "a.txt").write_text("The boat\n", "utf-8")
    found = read_text([str(tmp_path)])
    assert found.content == "The boat\n"
    assert found.notes == (f"{tmp_path}: 1 file read (1 .txt); left out 1: {kind} ({name})",)
    assert read_text([str(tmp_path)], unit="byte").length > len("The boat\n")


@pytest.mark.parametrize(
    "content",
    [
        HTML, f"\ufeff{HTML}", f"\n  {HTML}", '<?xml version="1.0"?>\n<!-- a > b -->\n<html lang="en">', "<HTML>x", "<!-- -->" * 900 + "<html>",
    ],
)  # fmt: skip
def test_web_pages_are_known_by_how_they_begin(content):
    kind = detect_kind(content.encode())
    assert kind is not None
    assert kind.one == "a web page (HTML)"
    assert detect_kind(f"\ufeff{HTML}".encode("utf-16-le")) == kind


@pytest.mark.parametrize(
    "content",
    [
        "", "The <html> element", "<htmlish>", "<!-- " * 1000, "<!-- x -->" * 800, '<?xml version="1.0"?><tei>', "PK is a word", "ID3 grows trees", "BZh",
        "GIF89 x", "%PDF", "RIFF raff", "MZ", "BM", "OggS", "Rar!", "# {\\rtf1}",
    ],
)  # fmt: skip
def test_texts_that_begin_almost_like_web_pages_are_texts(content):
    assert detect_kind(content.encode()) is None


def test_a_web_page_with_a_named_encoding_is_read_with_its_markup(tmp_path):
    (tmp_path / "page.html").write_text(HTML, "utf-8")
    (tmp_path / "page.txt").write_text("plain\n", "utf-8")
    with pytest.raises(TextError, match=r"with its markup, say its encoding: `encoding` page.html=utf-8"):
        read_text([str(tmp_path / "page.html")])
    said = Encodings.parse(["*.html=utf-8"])
    assert read_text([str(tmp_path / "page.html")], encoding=said).content == HTML
    assert read_text([str(tmp_path)], encoding=said).content == f"{HTML}plain\n"


LINKS = {
    "z1": ("nowhere", "a link that leads nowhere"),
    "z2": ("a.txt", "a link to a file that is read already"),
    "z3": (".", "a link to a folder"),
}


def test_skipped_files_of_a_folder_are_reported(tmp_path):
    (tmp_path / "runs").mkdir()
    for name in ("config.yaml", "last.safetensors"):
        (tmp_path / "runs" / name).write_text("x", "utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.md").write_text("two\n", "utf-8")
    (tmp_path / "a.txt").write_text("one\n", "utf-8")
    (tmp_path / "w.txt").write_bytes("three\n".encode("utf-16"))
    (tmp_path / ".git").mkdir()
    (tmp_path / "x.bin").write_bytes(b"\0\1\2\xff" * 9)
    (tmp_path / "unmarked").write_bytes("four words, and a line\n".encode("utf-16-le"))
    for number in range(5):
        (tmp_path / f"{number}.jpg").write_bytes(NOT_PLAIN["photo.jpg"][0])
    links = LINKS if os.name == "posix" else {}  # on Windows few may make any
    for name, (target, _) in links.items():
        os.symlink(target, tmp_path / name)
    found = read_text([str(tmp_path)])
    assert found.content == "one\nthree\ntwo\n"
    (note,) = found.notes
    assert note.startswith(f"{tmp_path}: 3 files read (2 .txt, 1 .md, 1 in UTF-16); left out {9 + len(links)}: ")
    for words in (
        "a hidden file or folder (.git)",
        "a run directory (runs)",
        "5 pictures (0.jpg, 1.jpg, 2.jpg, ...)",
        "a binary file (x.bin)",
        "a file that looks like utf-16-le, for `encoding` FILE=utf-16-le (unmarked)",
        *(f"{what} ({name})" for name, (_, what) in links.items()),
    ):
        assert words in note
    listing = found.folders[str(tmp_path)].listing(str(tmp_path))
    assert len(listing) == 12 + len(links)
    assert f"{tmp_path}: left out: 4.jpg: a picture" in listing
    assert f"{tmp_path}: read: sub/b.md".replace("/", os.sep) in listing
    said = Encodings.parse(["unmarked=utf-16-le"])
    assert "four words" in read_text([str(tmp_path)], encoding=said).content


@needs_links
def test_a_link_to_a_file_elsewhere_is_read_once(tmp_path):
    (tmp_path / "elsewhere.txt").write_text("one\n", "utf-8")
    (tmp_path / "folder").mkdir()
    for name in ("a.txt", "b.txt"):
        os.symlink(tmp_path / "elsewhere.txt", tmp_path / "folder" / name)
    found = read_text([str(tmp_path / "folder")])
    assert found.content == "one\n"
    assert "a link to a file that is read already (b.txt)" in found.notes[0]


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may read everything")
def test_unreadable_files_are_skipped_and_named(tmp_path):
    (tmp_path / "a.txt").write_text("one\n", "utf-8")
    (tmp_path / "b.txt").touch(0)
    (tmp_path / "sub").mkdir(0)
    assert "2 that cannot be read (sub, b.txt)" in read_text([str(tmp_path)]).notes[0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_pipe_in_a_folder_is_skipped_and_named(tmp_path):
    (tmp_path / "a.txt").write_text("one\n", "utf-8")
    os.mkfifo(tmp_path / "pipe")
    assert "a pipe or device (pipe)" in read_text([str(tmp_path)]).notes[0]
    assert "a pipe or device (" in read_text([str(tmp_path / "*")]).notes[0]


def test_a_folder_without_readable_files_is_refused_with_its_contents(tmp_path):
    (tmp_path / "page.html").write_text(HTML, "utf-8")
    with pytest.raises(TextError) as refusal:
        read_text([str(tmp_path)])
    assert str(refusal.value) == (
        f"{tmp_path}: this folder holds no text file; left out 1: a web page (HTML) (page.html); "
        "`encoding` '*.html=utf-8' reads web pages with their markup"
    )


def test_utf_16_without_marks_is_read_if_it_is_the_encoding_of_all_files(tmp_path):
    (tmp_path / "a.txt").write_bytes("one word, and a line\n".encode("utf-16-le"))
    for begin in (b"", b"\xff\xfe", b"\xff\xfe\0\0"):
        (tmp_path / f"{len(begin)}.bin").write_bytes(begin + np.random.default_rng(0).bytes(500) + b"\0\0")
    assert read_text([str(tmp_path)], encoding="utf-16-le").content == "one word, and a line\n"


@pytest.mark.parametrize(
    "pattern", ["my [old] folder/*.txt", "*[[]old*/a.txt", "my [old] folder/[a-b].txt", "my*/**/a.txt"]
)
def test_brackets_of_an_existing_folder_are_its_own(tmp_path, monkeypatch, pattern):
    (tmp_path / "my [old] folder").mkdir()
    (tmp_path / "my [old] folder" / "a.txt").write_text("one\n", "utf-8")
    assert read_text([str(tmp_path / pattern)]).content == "one\n"
    monkeypatch.chdir(tmp_path)
    found = read_text([pattern])
    assert found.content == "one\n"
    assert found.notes == (f"{pattern}: 1 file read (1 .txt)",)


@pytest.mark.parametrize("pattern", ["song [live]*.txt", "*/[live]/a.txt"])
def test_brackets_that_match_nothing_belong_to_the_name(tmp_path, pattern):
    (tmp_path / "x" / "[live]").mkdir(parents=True)
    for name in ("song [live] 1.txt", "x/[live]/a.txt"):
        (tmp_path / name).write_text("one\n", "utf-8")
    assert read_text([str(tmp_path / pattern)]).content == "one\n"


def test_folders_that_a_pattern_matches_are_named(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").write_text("one\n", "utf-8")
    assert (
        read_text([str(tmp_path / "*")])
        .notes[0]
        .endswith(f": 1 file read (1 .txt); left out 1: a folder ({tmp_path / 'sub'})")
    )


def test_a_text_with_a_nul_in_a_folder_is_reported(tmp_path):
    (tmp_path / "a.txt").write_text("The boat\n", "utf-8")
    (tmp_path / "b.txt").write_bytes(b"The boat goes out and \0 comes in again.\n")
    assert read_text([str(tmp_path)]).notes == (
        f"{tmp_path}: 1 file read (1 .txt); left out 1: a text with a NUL (b.txt)",
    )


def test_of_two_files_with_one_name_the_right_one_is_named(tmp_path):
    for folder, content in (("a", "“café”\n".encode()), ("b", "café\n".encode("cp1252"))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "notes.txt").write_bytes(content)
    for source in (tmp_path, tmp_path / "*" / "*.txt"):
        with pytest.raises(TextError) as refusal:
            read_text([str(source)])
        option = str(refusal.value).partition("`encoding` ")[2].partition(", or")[0]
        assert option == f"{tmp_path / 'b' / 'notes.txt'}=cp1252"
        assert read_text([str(source)], encoding=Encodings.parse([option])).content == "“café”\ncafé\n"
