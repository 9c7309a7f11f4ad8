import bz2
import gzip
import io
import lzma
import os
import sys
import threading

import pytest
from links import needs_links
from slow import mostly_slow

from charrnn.errors import TextError
from charrnn.text.reading.decoding import characters
from charrnn.text.reading.sources import Source, builtin_names, find_sources
from charrnn.text.source_text import read_text


def decode(document, encoding="utf-8"):
    return "".join(characters(document, encoding))


def size(document):
    return sum(map(len, document.pieces()))


def content(*sources):
    return read_text([str(source) for source in sources]).content


def test_files_are_read_in_the_order_given_and_get_a_line_end_between(tmp_path):
    (tmp_path / "b.txt").write_text("second", "utf-8")
    (tmp_path / "a.txt").write_text("first\n", "utf-8")
    assert content(tmp_path / "b.txt", tmp_path / "a.txt") == "second\nfirst\n"


def test_a_folder_gives_its_text_files_sorted_without_hidden_and_binary_ones(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "z.txt").write_text("deep\n", "utf-8")
    (tmp_path / "a.txt").write_text("top\n", "utf-8")
    (tmp_path / ".hidden").write_text("no\n", "utf-8")
    (tmp_path / "image.png").write_bytes(b"\x89PNG\0\0")
    assert content(tmp_path) == "top\ndeep\n"


@needs_links
def test_a_folder_that_links_to_itself_ends(tmp_path):
    (tmp_path / "a.txt").write_text("text\n", "utf-8")
    os.symlink(tmp_path, tmp_path / "loop", target_is_directory=True)
    assert content(tmp_path) == "text\n"


def test_a_glob_gives_its_matches_sorted(tmp_path):
    for name in ("2.txt", "1.txt", "3.md"):
        (tmp_path / name).write_text(name + "\n", "utf-8")
    assert content(tmp_path / "*.txt") == "1.txt\n2.txt\n"


@pytest.mark.parametrize(
    ("suffix", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_compressed_files_are_unpacked_and_damaged_ones_named(tmp_path, suffix, compress):
    path = tmp_path / f"text.txt{suffix}"
    path.write_bytes(compress("grün\n".encode()))
    assert content(path) == "grün\n"
    path.write_bytes(compress(b"x" * 1000)[:-9])
    with pytest.raises(TextError, match=r"text\.txt.*damaged"):
        content(path)
    path.write_bytes(b"not compressed at all")
    with pytest.raises(TextError, match=r"text\.txt.*damaged"):
        content(path)


def test_standard_input(monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO("héllo\n".encode()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stdin)
    assert content("-") == "héllo\n"


def test_standard_input_is_streamed_if_it_is_read_once(monkeypatch):
    read, write = os.pipe()
    monkeypatch.setattr(sys, "stdin", os.fdopen(read))
    (source,), _ = find_sources(["-"], once=True)
    pieces, found = source.pieces(), []
    for data in (b"one", b"and two"):
        os.write(write, data)  # and nothing more: what waits for a whole block waits for ever
        reading = threading.Thread(target=lambda: found.append(next(pieces)), daemon=True)
        reading.start()
        reading.join(timeout=30)
    os.close(write)
    assert found == [b"one", b"and two"]
    assert list(pieces) == []


def test_no_source_means_the_built_in_text():
    assert size(find_sources([])[0][0]) > 100_000
    assert "harbour" in builtin_names()


@pytest.mark.slow
def test_builtin_python_reads_the_standard_library():
    documents, _ = find_sources(["builtin:python"])
    assert any(document.name.endswith("argparse.py") for document in documents)
    assert sum(map(size, documents)) > 5_000_000


def test_the_built_in_text_is_utf_8_whatever_the_encoding_of_the_files(tmp_path):
    (tmp_path / "notes.txt").write_bytes("the end\n".encode("cp037"))
    found = read_text(["builtin:names", str(tmp_path / "notes.txt")], encoding="cp037")
    assert found.content == f"{content('builtin:names')}the end\n"


def test_unknown_builtin_lists_the_known_ones():
    with pytest.raises(TextError, match="builtin:harbour, builtin:names, builtin:python"):
        find_sources(["builtin:nope"])


@pytest.mark.parametrize(
    ("name", "meant"), [("harbor", "; did you mean builtin:harbour?"), ("foo", "for a RUN builtin:english")]
)
def test_a_builtin_is_proposed_by_its_own_name_and_not_by_the_prefix_of_all(name, meant):
    with pytest.raises(TextError) as caught:
        find_sources([f"builtin:{name}"])
    assert str(caught.value).endswith(meant)
    assert ("did you mean" in str(caught.value)) == (name == "harbor")


def test_a_byte_order_mark_and_crlf_are_accepted():
    assert decode(Source.from_bytes("x", b"\xef\xbb\xbfa\r\nb\r\n")) == "a\nb\n"


def test_a_wrong_byte_is_located_by_offset_and_line():
    with pytest.raises(TextError, match=r"x: byte 0xff at offset 5 \(line 3\) is not utf-8"):
        decode(Source.from_bytes("x", b"a\nb\n.\xff"))


def test_other_encodings():
    assert decode(Source.from_bytes("x", "é".encode("latin-1")), "latin-1") == "é"
    assert decode(Source.from_bytes("x", "é\r\n".encode("utf-16")), "utf-16") == "é\n"


@pytest.mark.parametrize("data", [b"ab\0cd", b"\x7fELF\0\xff"])
def test_binary_is_refused_with_the_place_of_its_first_nul(data):
    with pytest.raises(TextError, match=f"binary: a NUL at byte {data.index(0)} "):
        decode(Source.from_bytes("x", data))


def test_missing_files_are_named_with_the_nearest(tmp_path):
    (tmp_path / "hamlet.txt").write_text("x", "utf-8")
    with pytest.raises(TextError, match=r"hamlte\.txt: no such file.*did you mean .*hamlet\.txt"):
        content(tmp_path / "hamlte.txt")
    with pytest.raises(TextError, match="there is no folder"):
        content(tmp_path / "nowhere" / "x.txt")


@pytest.mark.parametrize("data", [b"", b" \n\n"])
def test_empty_files_and_folders_are_refused(tmp_path, data):
    (tmp_path / "empty.txt").write_bytes(data)
    with pytest.raises(TextError, match="holds no text"):
        content(tmp_path / "empty.txt")
    with pytest.raises(TextError, match="holds no text"):
        content(tmp_path)


def test_a_folder_without_files_is_refused(tmp_path):
    with pytest.raises(TextError, match="holds no text file"):
        content(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_fifo_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TextError, match="not a regular file"):
        content(tmp_path / "pipe")


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("x", "utf-8")
    path.chmod(0)
    with pytest.raises(TextError, match=r"secret\.txt: cannot be read: Permission denied"):
        content(path)


@mostly_slow(
    ("suffix", "compress"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)],
    one_in=3,
)
def test_a_bomb_is_refused_unless_allowed(tmp_path, suffix, compress):
    path = tmp_path / f"bomb.txt{suffix}"
    path.write_bytes(compress(b"boom\n" * 3_500_000))
    with pytest.raises(TextError, match=r"bomb\.txt.*suspiciously many; .* `settings` data\.max_expansion=400"):
        read_text([str(path)])
    assert read_text([str(path)], max_expansion=1e9).length == 17_500_000


def test_a_modest_text_may_be_compressed_as_far_as_it_goes(tmp_path):
    (tmp_path / "text.gz").write_bytes(gzip.compress(b"boom\n" * 1_000_000))
    assert read_text([str(tmp_path / "text.gz")]).length == 5_000_000


@pytest.mark.parametrize("change", ["grow", "shrink", "overwrite"])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, change):
    path = tmp_path / "text"
    path.write_bytes(b"abc\n" * 1_000_000)
    (document,), _ = find_sources([str(path)])

    def disturb():
        with path.open("r+b") as file:
            if change == "shrink":
                file.truncate(10)
            else:
                file.seek(0, 2 if change == "grow" else 0)
                file.write(b"more\n")
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))  # a clock may be too coarse to tell

    with pytest.raises(TextError, match=r"text: changed while it was read"):
        [disturb() for _ in document.pieces()]


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (("config.yaml",), "a run: no\ntext\n"),
        (("last.safetensors",), "a run: no\ntext\n"),
        (("config.yaml", "last.safetensors"), "text\n"),
    ],
)
def test_a_folder_with_a_configuration_and_a_checkpoint_is_a_run_directory(tmp_path, names, read):
    (tmp_path / "inside").mkdir()
    for name in names:
        (tmp_path / "inside" / name).write_text("a run: no\n", "utf-8")
    (tmp_path / "text.txt").write_text("text\n", "utf-8")
    assert sorted(content(tmp_path).splitlines()) == sorted(read.splitlines())


@pytest.mark.parametrize(("ending", "compress"), [("GZ", gzip.compress), ("Bz2", bz2.compress), ("XZ", lzma.compress)])
def test_the_ending_of_a_compressed_file_may_be_in_capitals(tmp_path, ending, compress):
    (tmp_path / f"TEXT.{ending}").write_bytes(compress(b"The tide.\n"))
    assert content(tmp_path / f"TEXT.{ending}") == "The tide.\n"


def test_a_pattern_gives_files_and_no_folders(tmp_path):
    (tmp_path / "a-folder").mkdir()
    (tmp_path / "a-folder" / "inside.txt").write_text("inside\n", "utf-8")
    (tmp_path / "a-text.txt").write_text("text\n", "utf-8")
    assert content(tmp_path / "a-*") == "text\n"


@needs_links
def test_a_broken_link_is_reported(tmp_path):
    (tmp_path / "link.txt").symlink_to("link.txt")
    with pytest.raises(TextError) as refusal:
        find_sources([str(tmp_path / "link.txt")])
    assert str(refusal.value) == f"{tmp_path / 'link.txt'}: a link that leads nowhere"
