"""`score --lines`: a figure for each line, in a pipe, in a terminal and as JSON; and what it refuses."""

import json
import subprocess
import sys

import on_terminal
import pytest
from refusals import refused
from tiny import trained

from charrnn import api

TEXT = "a dog\nthe cat\n\nzzz\nthe cat sat"


@pytest.fixture
def lines_file(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text(TEXT, "utf-8")
    return path


def rows(output):
    return [line.split("\t") for line in output.splitlines()]


def nats(run, line):
    return api.load(run).score(line).nats


def test_each_line_has_its_nats_its_characters_and_itself(charrnn, tiny_run, lines_file):
    result = charrnn("score", tiny_run, "--lines", lines_file)
    found = rows(result.stdout)
    assert [row[1:] for row in found] == [[str(len(line)), line] for line in TEXT.split("\n")]
    assert found[2][0] == "nan"
    for figure, _, line in found[:2] + found[3:]:
        assert float(figure) == pytest.approx(nats(tiny_run, line), abs=2e-4)
    assert result.stderr.splitlines() == [
        str(tiny_run / "best.safetensors"),
        "unknown to the model: 3 characters: 'z' (U+007A) 3 times",
    ]


def test_the_likeliest_comes_first_and_an_empty_line_last(charrnn, tiny_run, lines_file):
    found = rows(charrnn("score", tiny_run, "--lines", "--sort", lines_file).stdout)
    figures = [float(row[0]) for row in found]
    assert figures[:-1] == sorted(figures[:-1])
    assert found[-1] == ["nan", "0", ""]
    by_character = rows(charrnn("score", tiny_run, "--lines", "--sort", "--per", "character", lines_file).stdout)
    expected = {line: nats(tiny_run, line) / len(line) for line in TEXT.split("\n") if line}
    assert {line: float(figure) for figure, _, line in by_character[:-1]} == pytest.approx(expected, abs=1e-4)
    assert [row[2] for row in by_character[:-1]] == sorted(expected, key=expected.get)


def test_json_has_an_object_for_each_line(charrnn, tiny_run, lines_file):
    found = [
        json.loads(line) for line in charrnn("score", tiny_run, "--lines", "--json", lines_file).stdout.split("\n")[:-1]
    ]
    assert [each["line"] for each in found] == [1, 2, 3, 4, 5]
    assert found[2] == {"line": 3, "nats": None, "characters": 0, "text": ""}
    assert found[0]["nats"] == pytest.approx(nats(tiny_run, "a dog"), abs=1e-5)
    first = json.loads(
        charrnn("score", tiny_run, "--lines", "--json", "--per", "character", lines_file).stdout.split("\n")[0]
    )
    assert first == {
        "line": 1,
        "nats_per_character": pytest.approx(found[0]["nats"] / 5, abs=1e-5),
        "characters": 5,
        "text": "a dog",
    }


def test_lines_of_several_files_are_counted_on(charrnn, tiny_run, lines_file, tmp_path):
    other = tmp_path / "other.txt"
    other.write_bytes(b"why?\r\nthe dog\r\n")
    done = charrnn("score", tiny_run, "--lines", "--json", lines_file, other)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["line"], each["text"]) for each in found[4:]] == [(5, "the cat sat"), (6, "why?"), (7, "the dog")]


def test_a_line_is_a_document_and_its_end_counts(charrnn, tmp_path, text_file):
    run = trained(tmp_path / "run", text_file, r"data.boundary=\n|, ")
    found = rows(charrnn("score", run, "--lines", stdin=b"the cat\na dog\n").stdout)
    assert [row[1] for row in found] == ["8", "6"]
    assert float(found[0][0]) == pytest.approx(nats(run, "the cat"), abs=2e-4)


def test_lines_of_bytes(charrnn, tmp_path, text_file):
    run = trained(tmp_path / "run", text_file, "data.unit=byte")
    result = charrnn("score", run, "--lines", stdin="the caté\r\n\n".encode() + b"\xff\xfe the cat\rsat")
    found = rows(result.stdout)
    assert [row[1:] for row in found] == [["8", "the caté"], ["0", ""], ["10", "\ufffd\ufffd the cat"], ["3", "sat"]]
    assert float(found[0][0]) == pytest.approx(nats(run, "the caté"), abs=2e-4)


def test_a_mixture_scores_lines(charrnn, tiny_run, lines_file):
    options = ["--with", tiny_run / "last.safetensors", "--ngram", "--weights", "0.5,0.2,0.3"]
    found = rows(charrnn("score", tiny_run, "--lines", lines_file, *options).stdout)
    mixed = api.load(tiny_run, tiny_run / "last.safetensors", ngram=True, weights=[0.5, 0.2, 0.3])
    assert float(found[1][0]) == pytest.approx(mixed.score("the cat").nats, abs=2e-4)


def test_what_makes_no_sense_is_refused(charrnn, tiny_run, lines_file):
    refused(charrnn("score", tiny_run, lines_file, "--sort"), 2, "--sort needs --lines; give both")
    refused(charrnn("score", tiny_run, lines_file, "--per", "character"), 2, "--per needs --lines; give both")
    refused(
        charrnn("score", tiny_run, lines_file, "--lines", "--against", tiny_run), 2,
        "--against compares two models character by character; leave it out with --lines",
    )  # fmt: skip
    refused(
        charrnn("score", tiny_run, lines_file, "--lines", "--top", 3), 2,
        "--top lists places character by character; leave it out with --lines",
    )  # fmt: skip
    refused(charrnn("score", tiny_run, "--lines", "--per", "word", lines_file), 2, "--per")
    refused(charrnn("score", tiny_run, "--lines", "none.txt"), 1, "none.txt")
    refused(charrnn("score", tiny_run, "--lines", stdin=b""), 1, "holds no text: it is empty, or only blank")


@pytest.mark.slow
def test_a_line_is_answered_before_the_next_one_comes(tiny_run):
    command = [sys.executable, "-m", "charrnn", "score", str(tiny_run), "--lines"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        for line in (b"the cat", b"a dog"):
            process.stdin.write(line + b"\n")
            process.stdin.flush()
            assert process.stdout.readline().split(b"\t")[2] == line + b"\n"
        process.stdin.close()
        assert process.wait() == 0


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_has_columns(monkeypatch, tiny_run, tmp_path, width):
    path = tmp_path / "lines.txt"
    path.write_text("a dog\n\nz\x1bz\n" + "the cat " * 20, "utf-8")
    code, output = on_terminal.run(monkeypatch, width, "score", tiny_run, "--lines", path)
    lines = output.splitlines()
    assert code == 0
    at = next(n for n, line in enumerate(lines) if line.endswith("       5  a dog"))
    assert [line[10:] for line in lines[at : at + 3]] == ["       5  a dog", "       0", "       3  z␛z"]
    assert max(map(len, lines[at:])) <= width
    assert json.loads(
        on_terminal.run(monkeypatch, width, "score", tiny_run, "--lines", "--json", path)[1].splitlines()[1]
    )


def test_a_terminal_with_colours_shows_where_the_nats_are(monkeypatch, tiny_run, tmp_path, lines_file):
    _, output = on_terminal.run(monkeypatch, 80, "score", tiny_run, "--lines", lines_file, term="xterm-256color")
    assert "\x1b[1;38;5;167mzzz" in output
