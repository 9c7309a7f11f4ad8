import sys

import numpy as np
import pytest
import typer
from pages import data, unpacked
from refusals import refused

from charrnn import api
from charrnn.cli import views


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


def test_as_many_units_are_in_it_as_are_asked_for(shown, text_file):
    found = shown(text_file, "--units", 3, "--unit", "11")[1]
    assert len(found["units"]) == 3
    assert found["units"][found["open"]]["name"] == "h:11"


def test_unknown_characters_are_marked_and_counted(shown):
    told, found = shown("-", stdin="the \N{SNOWMAN}at <b>\n")
    assert found["unknown"] == [4, 8, 9, 10]
    assert "4 characters are unknown to the model" in told


def test_what_exists_is_replaced_only_when_that_is_asked_for(charrnn, tiny_run, text_file, tmp_path):
    out = tmp_path / "page.html"
    out.write_text("precious", "utf-8")
    refused(charrnn("view", tiny_run, text_file, "-o", out), 1, str(out), "exists already", "--force")
    assert out.read_text("utf-8") == "precious"
    assert charrnn("view", tiny_run, text_file, "-o", out, "--force").exit_code == 0
    assert out.read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize("answer", [True, False])
def test_a_person_at_a_terminal_is_asked(answer, monkeypatch, tmp_path):
    out = tmp_path / "page.html"
    out.touch()
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: answer)
    if answer:
        views.require_free(out, False)
    else:
        with pytest.raises(views.RunError, match="exists already"):
            views.require_free(out, False)


@pytest.mark.parametrize("unit", ["16", "z:0", "wrong", ""])
def test_a_unit_that_does_not_exist_is_refused(charrnn, tiny_run, text_file, unit):
    refused(charrnn("view", tiny_run, text_file, "-o", "p.html", "--unit", unit), 1, f"--unit {unit}", "0 to 15", "h")


def test_an_empty_text_is_refused(charrnn, tiny_run):
    refused(charrnn("view", tiny_run, "-", "-o", "p.html", stdin=""), 1, "no")


def test_a_place_that_cannot_be_written_is_refused(charrnn, tiny_run, text_file, tmp_path):
    refused(charrnn("view", tiny_run, text_file, "-o", tmp_path), 1, "is a folder")
    refused(charrnn("view", tiny_run, text_file, "-o", tmp_path / "no" / "p.html"), 1, "cannot be written")


def test_without_a_name_for_the_page_nothing_is_read(charrnn, tiny_run):
    refused(charrnn("view", tiny_run), 2, "--out")
