import sys
from pathlib import Path

import numpy as np
import pytest
from pages import data, unpacked
from refusals import refused
from tiny import trained

from charrnn import api


@pytest.fixture
def shown(charrnn, tiny_run, tmp_path):
    """Run `view` on the tiny run: what it told, and the data in its page."""
    out = tmp_path / "page.html"

    def view(*arguments, stdin=None):
        result = charrnn("view", tiny_run, *arguments, "-o", out, stdin=stdin)
        assert result.exit_code == 0, result.stderr
        assert result.stdout == f"{out}\n"
        return result.stderr, data(out.read_text("utf-8"))

    return view


def test_a_text_is_shown_with_its_surprisals(shown, text_file, tiny_run):
    told, found = shown(text_file)
    text = text_file.read_text("utf-8")
    assert found["text"] == text
    bits = api.load(tiny_run).score(text).surprisals / np.log(2)
    np.testing.assert_allclose(unpacked(found["surprisals"]) / found["per_bit"], bits, atol=0.05)
    assert "h:" in told
    assert "follows it best, r = " in told
    assert "1,200 characters, 16 units" in told
    assert "goes on" not in told


def test_without_a_text_it_is_the_validation_split(shown, text_file):
    text = text_file.read_text("utf-8")
    assert shown()[1]["text"] == text[1080:1140]


def test_standard_input_can_be_shown(shown):
    assert shown("-", stdin="the cat\n")[1]["text"] == "the cat\n"


def test_a_long_text_is_cut_and_that_is_said(shown, text_file):
    told, found = shown(text_file, "--length", 30)
    assert found["text"] == text_file.read_text("utf-8")[:30]
    assert "the text goes on; shown are its first 30" in told
    told, found = shown("--length", 60, "--force")
    assert len(found["text"]) == 60
    assert "goes on" not in told
    told, found = shown("--length", 59, "--force")
    assert len(found["text"]) == 59
    assert "the text goes on; shown are its first 59" in told


def test_as_many_units_are_in_it_as_are_asked_for(shown, text_file):
    found = shown(text_file, "--units", 3, "--unit", "11")[1]
    assert len(found["units"]) == 3
    assert found["units"][found["open"]]["name"] == "h:11"


def test_unknown_characters_are_marked_and_counted(shown):
    told, found = shown("-", stdin="the \N{SNOWMAN}at <b>\n")
    assert found["unknown"] == [4, 8, 9, 10]
    assert "unknown to the model, and marked: 4 characters\n" in told


@pytest.mark.parametrize("unit", ["16", "99999", "z:0", "q:3", "h_2:3", "-1", "wrong", ""])
def test_a_unit_that_does_not_exist_is_refused_before_the_text_is_read(charrnn, tiny_run, unit):
    refused(
        charrnn("view", tiny_run, "no text", "-o", "p.html", "--unit", unit),
        1,
        f"--unit {unit}: the",
        "0 to 15",
        "h:15",
    )


def test_a_run_without_metrics_is_shown_as_any(shown, tiny_run):
    (tiny_run / "metrics.jsonl").unlink()
    assert shown()[1]["text"]


def test_halves_of_surrogate_pairs_are_shown_as_what_is_no_character(charrnn, tmp_path, text_file):
    run = trained(tmp_path / "run", text_file, "data.encoding=utf-7")
    Path("odd.txt").write_bytes(b"the +2D3eAA- cat +2AA-")
    assert charrnn("view", run, "odd.txt", "-o", "p.html").exit_code == 0
    found = data(Path("p.html").read_text("utf-8"))
    assert found["text"][4] == "\N{GRINNING FACE}"
    assert found["text"].endswith(" cat \ufffd")


@pytest.mark.skipif(sys.platform != "linux", reason="names of other bytes than UTF-8")
def test_a_run_whose_name_is_no_utf_8_can_be_shown(charrnn, tiny_run):
    tiny_run = tiny_run.rename(tiny_run.with_name("\udcff"))
    assert charrnn("view", tiny_run, "-o", "p.html").exit_code == 0
    assert "<title>\ufffd, as it reads</title>" in Path("p.html").read_text("utf-8")


@pytest.mark.parametrize("text", ["", " \n"])
@pytest.mark.parametrize("source", ["-", "empty.txt"])
def test_an_empty_text_is_refused(charrnn, tiny_run, source, text):
    Path("empty.txt").write_text(text)
    refused(charrnn("view", tiny_run, source, "-o", "p.html", stdin=text), 1, "holds no text")
    assert not Path("p.html").exists()


def test_without_a_name_for_the_page_nothing_is_read(charrnn, tiny_run):
    refused(charrnn("view", tiny_run), 2, "--out")


@pytest.mark.parametrize("length", [1, 5])
def test_of_documents_so_many_characters_are_shown_as_were_asked_for(charrnn, tmp_path, length):
    text = tmp_path / "names.txt"
    text.write_text("anna\nbo\ncarl\ndora\n" * 20, "utf-8")
    run = trained(tmp_path / "documents", text, "data.boundary='\\n'")
    done = charrnn("view", run, text, "-o", tmp_path / "names.html", "--length", length)
    assert done.exit_code == 0, done.stderr
    assert data((tmp_path / "names.html").read_text("utf-8"))["text"] == "anna\nbo"[:length]
    assert f"its first {length}" in done.stderr


def test_what_was_expected_is_named_as_the_text_shows_it(charrnn, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("anna\nbö\ncarl\ndora\n" * 20, "utf-8")
    for name, setting, expected in (
        ("bytes", "data.unit=byte", {ord("a"): "a", 0xC3: "\\xc3"}),
        ("documents", "data.boundary='\\n'", {-1: "\n", 0: "a"}),
    ):
        run = trained(tmp_path / name, text, setting)
        assert charrnn("view", run, text, "-o", tmp_path / f"{name}.html").exit_code == 0
        found = data((tmp_path / f"{name}.html").read_text("utf-8"))
        assert found["bytes"] == (name == "bytes")
        assert {index: found["symbols"][index] for index in expected} == expected
