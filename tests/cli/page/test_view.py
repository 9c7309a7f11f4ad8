import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from pages import data, shown_by_node, unpacked
from refusals import refused
from slow import mostly_slow
from tiny import trained

from charrnn import api
from charrnn.runs.storage.checkpoint import load, save


@pytest.fixture
def shown(charrnn, tiny_run, tmp_path):
    """Run `view` on the tiny run: its notes, and the data in its page."""
    out = tmp_path / "page.html"

    def view(*arguments, stdin=None):
        result = charrnn("view", tiny_run, *arguments, "-o", out, stdin=stdin)
        assert result.exit_code == 0, result.stderr
        assert result.stdout == f"{out}\n"
        return result.stderr, data(out.read_text("utf-8"))

    return view


def test_a_text_is_shown_with_its_surprisals(shown, text_file, tiny_run):
    notes, found = shown(text_file)
    text = text_file.read_text("utf-8")
    assert found["text"] == text
    bits = api.load(tiny_run).score(text).surprisals / np.log(2)
    np.testing.assert_allclose(unpacked(found["surprisals"]) / found["per_bit"], bits, atol=0.05)
    assert "h:" in notes
    assert "follows it best, r = " in notes
    assert "1,200 characters, 16 units" in notes
    assert "showing the first" not in notes


def test_without_a_text_it_is_the_validation_split(shown, text_file):
    text = text_file.read_text("utf-8")
    assert shown()[1]["text"] == text[1080:1140]


def test_standard_input_can_be_shown(shown):
    assert shown("-", stdin="the cat\n")[1]["text"] == "the cat\n"


def test_a_long_text_is_cut_with_a_note(shown, text_file):
    notes, found = shown(text_file, "--length", 30)
    assert found["text"] == text_file.read_text("utf-8")[:30]
    assert "showing the first 30 characters; --length N for more" in notes
    notes, found = shown("--length", 60, "--force")
    assert len(found["text"]) == 60
    assert "showing the first" not in notes
    notes, found = shown("--length", 59, "--force")
    assert len(found["text"]) == 59
    assert "showing the first 59 characters; --length N for more" in notes


def test_the_page_has_the_requested_number_of_units(shown, text_file):
    found = shown(text_file, "--units", 3, "--unit", "11")[1]
    assert len(found["units"]) == 3
    assert found["units"][found["open"]]["name"] == "h:11"


def test_unknown_characters_are_marked_and_counted(shown):
    notes, found = shown("-", stdin="the \N{SNOWMAN}at <b>\n")
    assert found["unknown"] == [4, 8, 9, 10]
    assert "unknown to the model (marked): 4 characters: '<' (U+003C), '>' (U+003E), 'b' (U+0062), " in notes


@mostly_slow("unit", ["16", "99999", "z:0", "q:3", "h_2:3", "-1", "wrong", ""], one_in=4)
def test_a_unit_that_does_not_exist_is_refused_before_the_text_is_read(charrnn, tiny_run, unit):
    refused(
        charrnn("view", tiny_run, "nothing", "-o", "p.html", "--unit", unit),
        1,
        f"--unit {unit}: the",
        "0 to 15",
        "h:15",
    )


def test_a_run_without_metrics_is_shown_as_any(shown, tiny_run):
    (tiny_run / "metrics.jsonl").unlink()
    assert shown()[1]["text"]


def test_halves_of_surrogate_pairs_are_shown_as_invalid_characters(charrnn, tmp_path, text_file):
    run = trained(tmp_path / "run", text_file, "data.encoding=utf-7")
    Path("odd.txt").write_bytes(b"the +2D3eAA- cat +2AA-")
    assert charrnn("view", run, "odd.txt", "--encoding", "utf-7", "-o", "p.html").exit_code == 0
    found = data(Path("p.html").read_text("utf-8"))
    assert found["text"][4] == "\N{GRINNING FACE}"
    assert found["text"].endswith(" cat \ufffd")


@pytest.mark.skipif(sys.platform != "linux", reason="names of other bytes than UTF-8")
def test_a_run_whose_name_is_not_utf_8_can_be_shown(charrnn, tiny_run):
    tiny_run = tiny_run.rename(tiny_run.with_name("\udcff"))
    assert charrnn("view", tiny_run, "-o", "p.html").exit_code == 0
    assert "<title>&lt;U+DCFF&gt;, as it reads</title>" in Path("p.html").read_text("utf-8")


@pytest.mark.parametrize("text", ["", " \n"])
@pytest.mark.parametrize("source", ["-", "empty.txt"])
def test_an_empty_text_is_refused(charrnn, tiny_run, source, text):
    Path("empty.txt").write_text(text, "utf-8")
    refused(charrnn("view", tiny_run, source, "-o", "p.html", stdin=text), 1, "holds no text")
    assert not Path("p.html").exists()


def test_a_page_without_a_name_has_that_of_its_run(charrnn, tiny_run):
    assert charrnn("view", tiny_run).stdout == "run.html\n"
    assert Path("run.html").read_text("utf-8").startswith("<!doctype html>")
    refused(charrnn("view", tiny_run), 1, "run.html: exists already; --force replaces it")
    shutil.copy(tiny_run / "last.safetensors", "nm.safetensors")
    assert charrnn("view", "nm.safetensors", tiny_run / "config.yaml").stdout == "nm.html\n"


@pytest.mark.parametrize(("name", "better"), [("p.pdf", "p.html"), ("p", "p.html"), ("p.txt", "p.html")])
def test_a_page_is_never_written_under_the_name_of_something_else(charrnn, tiny_run, name, better):
    refused(charrnn("view", tiny_run, "-o", name), 1, f"{name}: view writes an HTML page; name it {better}")
    assert not Path(name).exists()


@pytest.mark.parametrize("length", [1, 5])
def test_the_requested_number_of_characters_of_documents_is_shown(charrnn, tmp_path, length):
    text = tmp_path / "names.txt"
    text.write_text("anna\nbo\ncarl\ndora\n" * 20, "utf-8")
    run = trained(tmp_path / "documents", text, r"data.boundary=\n")
    done = charrnn("view", run, text, "-o", tmp_path / "names.html", "--length", length)
    assert done.exit_code == 0, done.stderr
    assert data((tmp_path / "names.html").read_text("utf-8"))["text"] == "anna\nbo"[:length]
    assert f"showing the first {length}" in done.stderr


@pytest.mark.slow
def test_predictions_are_named_as_the_text_shows_them(charrnn, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("anna\nbö\ncarl\ndora\n" * 20, "utf-8")
    for name, setting, expected in (
        ("bytes", "data.unit=byte", {ord("a"): "a", 0xC3: "\\xc3"}),
        ("documents", r"data.boundary=\n", {-1: "end of the document", 0: "a"}),
    ):
        run = trained(tmp_path / name, text, setting)
        assert charrnn("view", run, text, "-o", tmp_path / f"{name}.html").exit_code == 0
        found = data((tmp_path / f"{name}.html").read_text("utf-8"))
        assert found["bytes"] == (name == "bytes")
        assert {index: found["symbols"][index] for index in expected} == expected


POEMS = "The boat goes out,\nthe tide comes in.\n\n\n\nAn oar is lost.\n\na net is torn,\nout.\n"


@pytest.fixture
def poems(tmp_path):
    """A run of documents of several lines."""
    (tmp_path / "many.txt").write_text(POEMS * 20, "utf-8")
    return trained(tmp_path / "poems", tmp_path / "many.txt", "data.boundary=blank-line")


def test_the_places_of_documents_are_those_of_the_files(charrnn, poems, tmp_path):
    (tmp_path / "a").write_text(POEMS, "utf-8", newline="\r\n")
    (tmp_path / "b").write_text("\n\n\n  in a net\n", "utf-8")
    done = charrnn("view", poems, tmp_path / "a", tmp_path / "b", "-o", "p.html")
    assert done.exit_code == 0, done.stderr
    found = data(Path("p.html").read_text("utf-8"))
    assert found["text"] == (
        "The boat goes out,\nthe tide comes in.\nAn oar is lost.\na net is torn,\nout.\n  in a net\n"
    )
    assert [found["text"][: end + 1][-3:] for end in found["ends"]] == ["n.\n", "t.\n", "t.\n", "et\n"]
    assert found["files"] == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert found["places"] == [
        [0, 1, 1, 0], [19, 2, 1, 0], [38, 6, 1, 0], [54, 8, 1, 0], [69, 9, 1, 0], [74, 4, 1, 1],
    ]  # fmt: skip


def test_the_page_shows_those_places_and_shows_a_gap_between_documents(charrnn, poems, tmp_path):
    (tmp_path / "a").write_text(POEMS, "utf-8")
    assert charrnn("view", poems, tmp_path / "a", tmp_path / "a", "-o", "p.html").exit_code == 0
    page = shown_by_node("p.html")
    documents = ["The boat goes out,\nthe tide comes in.", "An oar is lost.", "a net is torn,\nout."] * 2
    assert page["text"] == "".join(f"{document}\n\n" for document in documents)
    wheres = [shown["where"] for shown in page["shown"]]
    assert wheres[18:20] == [f"↵ · line 1, column 19 of {tmp_path / 'a'}", f"t · line 2, column 1 of {tmp_path / 'a'}"]
    assert wheres[37:39] == [
        f"end of the document · line 2, column 19 of {tmp_path / 'a'}",
        f"A · line 6, column 1 of {tmp_path / 'a'}",
    ]
    half = len(wheres) // 2
    assert wheres[half:] == wheres[:half]  # the same file once more


def test_a_predicted_document_end_differs_from_a_line_end(charrnn, poems, tmp_path):
    (tmp_path / "a").write_text(POEMS, "utf-8")
    assert charrnn("view", poems, tmp_path / "a", "-o", "p.html").exit_code == 0
    shown = shown_by_node("p.html")["shown"]
    assert {name for each in shown for name in each["expected"]} >= {"end of the document", "↵"}
    for index, each in enumerate(shown):
        assert each["hits"] in ([], [each["where"].partition(" · ")[0]]), index


def test_documents_of_one_line_are_shown_on_lines_of_their_own(charrnn, tmp_path):
    text = tmp_path / "names.txt"
    text.write_text("anna\n\n\nbo\ncarl\n" * 20, "utf-8")
    run = trained(tmp_path / "documents", text, r"data.boundary=\n")
    assert charrnn("view", run, text, "--length", 12, "-o", "p.html").exit_code == 0
    page = shown_by_node("p.html")
    assert page["text"] == "anna\nbo\ncarl"
    assert page["shown"][5]["where"] == "b · line 4, column 1"


@mostly_slow("setting", ["data.unit=char", "data.unit=byte", r"data.boundary=\n"], one_in=3)
def test_the_validation_split_has_the_places_of_the_training_text(charrnn, tmp_path, setting):
    text = tmp_path / "text.txt"
    text.write_text("ein Tür\nzwei Türen\n\ndrei\n" * 40, "utf-8")
    run = trained(tmp_path / "run", text, setting, "data.split=[0.5,0.3,0.2]")
    assert charrnn("view", run, "-o", "p.html").exit_code == 0
    lines = text.read_text("utf-8").split("\n")
    shown = shown_by_node("p.html")["shown"]
    assert len(shown) > 100
    for each in shown:
        name, place = each["where"].split(" · ")
        line, column = (int(word) for word in re.findall(r"\d+", place))
        assert line > 50 or "boundary" in setting  # documents are shuffled
        if name not in ("↵", "end of the document", "�"):
            assert lines[line - 1][column - 1] == name.replace("␣", " ")


def test_bytes_are_cut_between_characters_and_counted_as_bytes(charrnn, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("Türen, Tür\n" * 60, "utf-8")
    run = trained(tmp_path / "run", text, "data.unit=byte")
    for length, expected in ((2, "T"), (3, "Tü"), (4, "Tür")):
        done = charrnn("view", run, text, "--length", length, "-o", "p.html", "--force")
        found = data(Path("p.html").read_text("utf-8"))
        assert found["text"] == expected
        assert f"showing the first {length} bytes" in done.stderr
    assert "3 characters, 4 bytes, " in done.stderr
    assert "3 characters, 4 bytes: " in Path("p.html").read_text("utf-8")
    assert "bits per byte" in Path("p.html").read_text("utf-8")


def test_symbols_beyond_65_536_are_named_as_they_are(charrnn, tmp_path):
    """A model that is certain of the last of 70,000 symbols, whose id does not fit in two bytes."""
    text, last = tmp_path / "many.txt", chr(0x20000 + 69_999)
    text.write_text("".join(chr(0x20000 + number) for number in range(70_000)), "utf-8")
    settings = ["model.hidden_size=1", "training.steps=1", "data.split=[1,0,0]", "training.sample_every=null"]
    run = trained(tmp_path / "run", text, *settings)
    saved = load(run / "last.safetensors")
    saved.network.parameters["b_y"][-1] = 50
    save(saved, run / "last.safetensors")
    (tmp_path / "a").write_text(last * 3, "utf-8")
    assert charrnn("view", run, tmp_path / "a", "-o", "p.html").exit_code == 0
    found = data(Path("p.html").read_text("utf-8"))
    assert found["id_bytes"] == 4
    likeliest = unpacked(found["likeliest"], "<u4").reshape(3, -1)[1:, 0]
    assert [found["symbols"][index] for index in likeliest] == [last, last]
    assert [each["expected"][0] for each in shown_by_node("p.html")["shown"][1:]] == [last, last]


def test_the_page_marks_each_invalid_byte(charrnn, tmp_path):
    text = tmp_path / "text"
    text.write_bytes(b"\xff\xc3\xa9\xfe" * 300)
    run = trained(tmp_path / "run", text, "data.unit=byte", "training.steps=150", "model.hidden_size=16")
    assert charrnn("view", run, text, "--length", 40, "-o", "p.html").exit_code == 0
    shown = shown_by_node("p.html")["shown"]
    for each, byte in zip(shown[3:30], ["\\xff", "\\xc3", "\\xfe"] * 9, strict=True):
        assert each["hits"] == [byte], each


def test_bytes_of_several_files_have_their_places(charrnn, tmp_path):
    for name, content in (("a", "Türen\nzu"), ("b", "Tür\r\nü\r")):
        (tmp_path / name).write_bytes(content.encode())
    run = trained(tmp_path / "run", tmp_path / "a", "data.unit=byte", "data.split=[1,0,0]")
    assert charrnn("view", run, tmp_path / "a", tmp_path / "b", "-o", "p.html").exit_code == 0
    found = data(Path("p.html").read_text("utf-8"))
    assert found["text"] == "Türen\nzu\nTür\r\nü\r"
    assert found["places"] == [[0, 1, 1, 0], [6, 2, 1, 0], [9, 1, 1, 1], [14, 2, 1, 1]]
