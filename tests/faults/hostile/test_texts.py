"""Malicious texts: each is read, or refused in one line, quickly and in little memory."""

import bz2
import gzip
import lzma
import os

import numpy as np
import pytest
from faults.hostile.judging import MARKS, MEGABYTES, TINY_OPTIONS, cheap, listing, refused
from slow import mostly_exhaustive

from charrnn.errors import TextError
from charrnn.text import cache, corpus, source_text
from charrnn.text.reading import sources, text_file
from charrnn.text.splits import Split

pytestmark = MARKS


LINE = b"the cat sat on the mat\n"
TEXTS = {
    "an end that is not UTF-8": ("t.txt", LINE * 100 + b"\xe2\x82", "at offset 2,300 (line 101)"),
    "a NUL at the end": ("t.txt", LINE * 100 + b"\0", "a NUL at byte 2,300"),
    "only NULs": ("t.txt", b"\0" * 10_000, "looks binary"),
    "half of a surrogate pair": (
        "t.txt",
        LINE * 100 + b"\xed\xa0\x80",
        "half of a surrogate pair (U+D800) at byte 2,300",
    ),
    "half a gzip": ("t.gz", gzip.compress(LINE * 100)[:-20], "damaged .gz"),
    "a gzip with something behind": ("t.gz", gzip.compress(LINE * 100) + b"garbage", "damaged .gz"),
    "a gzip that is none": ("t.gz", LINE * 100, "damaged .gz"),
    "a gzip with another checksum": ("t.gz", gzip.compress(LINE * 100)[:-8] + b"\1" * 8, "damaged .gz"),
    "half a bzip2": ("t.bz2", bz2.compress(LINE * 100)[:-20], "damaged .bz2"),
    "half an xz": ("t.xz", lzma.compress(LINE * 100)[:-20], "damaged .xz"),
    "an empty xz": ("t.xz", b"", "t.xz"),
    "only line ends": ("t.txt", b"\r" * 10_000, "holds no text"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_texts(charrnn, tmp_path, place, case):
    name, content, words = TEXTS[case]
    (place / name).write_bytes(content)
    before = listing(place, tmp_path)
    refused(charrnn("train", place / name, *TINY_OPTIONS, "-o", place / "run"), name, words)
    assert listing(place, tmp_path) == before


@pytest.mark.parametrize("escaped", ["+2AA-", "+3/8-" * 20])
def test_a_text_with_escaped_halves_of_surrogate_pairs(charrnn, tmp_path, escaped):
    (tmp_path / "t.txt").write_text("hello " * 100 + escaped, "utf-8")
    options = ["-s", "data.encoding=utf-7", *TINY_OPTIONS, "-o", tmp_path / "run"]
    refused(charrnn("train", tmp_path / "t.txt", *options), "half of a surrogate pair")


@mostly_exhaustive("ending", [".gz", ".bz2", ".xz"], one_in=3)
def test_bombs(command, startup, ending):
    """40 MB from a few kB are refused unless allowed; then they are read like any text."""
    packed = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[ending](b"ab c\n" * 4_000_000)
    path = command.folder / f"bomb{ending}"
    path.write_bytes(packed)
    assert len(packed) * text_file.MAX_EXPANSION < 20_000_000
    result = command("train", path, *TINY_OPTIONS, "-o", command.folder / "run")
    refused(result, "suspiciously many", "data.max_expansion=")
    cheap(result, startup)
    assert not (command.folder / "run").exists()
    allowed = command("train", path, "-s", "data.max_expansion=1e9", *TINY_OPTIONS, "-q", "-o", command.folder / "run")
    assert allowed.exit_code == 0, allowed.stderr
    assert (command.folder / "run" / "last.safetensors").exists()


def test_a_text_of_more_characters_than_a_vocabulary_has(command, startup):
    points = [point for point in range(0x20, 0x50000) if not 0xD800 <= point < 0xE000]
    path = command.folder / "all.txt"
    path.write_text("".join(map(chr, points)), "utf-8")
    result = command("train", path, *TINY_OPTIONS, "-o", command.folder / "run")
    refused(result, f"{len(points):,} different characters", "data.unit=byte")
    cheap(result, startup)
    assert not (command.folder / "run").exists()


def test_a_line_of_20_mb_is_a_text(command):
    path = command.folder / "line.txt"
    path.write_bytes(b"abcd" * 5_000_000)
    result = command("train", path, *TINY_OPTIONS, "-q", "-o", command.folder / "run")
    assert result.exit_code == 0, result.stderr
    assert result.megabytes < 2 * MEGABYTES
    assert (command.folder / "run" / "last.safetensors").exists()


@pytest.mark.parametrize("content", [b"the cat\rsat on\r" * 50, b"\xef\xbb\xbf" + b"the cat\r\nsat on\r\n" * 50])
def test_other_line_ends_are_texts(charrnn, tmp_path, content):
    (tmp_path / "t.txt").write_bytes(content)
    result = charrnn("train", tmp_path / "t.txt", *TINY_OPTIONS, "-q", "-o", tmp_path / "run")
    assert result.exit_code == 0, result.stderr


def test_a_folder_that_leads_back_to_itself_is_read_once(tmp_path):
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    (folder / "text.txt").write_bytes(LINE)
    (folder / "below" / "up").symlink_to(folder)
    (folder / "itself").symlink_to(folder / "itself")
    (folder / "nothing").symlink_to(folder / "not there")
    os.mkfifo(folder / "pipe")
    assert source_text.read_text([str(folder)]).content == LINE.decode()


@pytest.mark.parametrize("change", ["grows", "shrinks", "is written again"])
@pytest.mark.parametrize("ending", [".txt", ".gz"])
def test_a_text_that_changes_while_it_is_read(tmp_path, monkeypatch, change, ending):
    """Without a check, a text is read that never was in the file."""
    path = tmp_path / f"text{ending}"
    content = np.random.default_rng(0).integers(97, 120, 50_000, np.uint8).tobytes()
    path.write_bytes(gzip.compress(content) if ending == ".gz" else content)
    monkeypatch.setattr(sources, "PIECE", 1000)
    read, changed = text_file.TextFile.read, []

    def meddled(self, size):
        piece = read(self, size)
        if not changed:
            changed.append(True)
            match change:
                case "grows":
                    with path.open("ab") as file:
                        file.write(b"more")
                case "shrinks":
                    os.truncate(path, path.stat().st_size // 2)
                case _:
                    path.write_bytes(path.read_bytes()[::-1])
                    os.utime(path, (1, 1))
        return piece

    monkeypatch.setattr(text_file.TextFile, "read", meddled)
    with pytest.raises(TextError, match=r"changed while it was read|damaged"):
        source_text.read_text([str(path)])


def test_a_long_text_that_changes_between_the_first_reading_and_the_second(tmp_path, monkeypatch):
    monkeypatch.setattr(source_text, "IN_MEMORY", 1000)
    monkeypatch.setenv("CHARRNN_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "text.txt"
    path.write_bytes(LINE * 100)
    text = source_text.read_text([str(path)])
    path.write_bytes(LINE[::-1] * 100)
    with pytest.raises(TextError, match="changed while it was read"):
        corpus.build(text, text.vocabulary(1), Split((0.9, 0.05, 0.05)))
    assert listing(tmp_path / "cache") == [str(cache.folder())]
    assert listing(cache.folder()) == []


@pytest.mark.skipif(hasattr(os, "getuid") and os.getuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("arguments", [["sample"], ["train", "--dry-run", "-c"], ["train", *TINY_OPTIONS, "-o", "run"]])
def test_a_file_that_may_not_be_read(charrnn, tmp_path, arguments):
    path = tmp_path / "c.safetensors"
    path.write_bytes(LINE)
    path.chmod(0)
    refused(charrnn(*arguments, path), "Permission denied")
    assert listing(tmp_path / "cwd") == []
