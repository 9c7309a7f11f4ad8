"""`score`: what it prints, and what it refuses; and that it agrees with `sample` and `eval`."""

import json
from pathlib import Path

import pytest
from refusals import refused
from tiny import OPTIONS as TINY

from charrnn import api


def test_score_as_json_has_a_line_for_each_character(charrnn, tiny_run):
    text = "the cat\nsat \N{SNOWMAN}"
    result = charrnn("score", tiny_run, "--json", stdin=text.encode())
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert "".join(line["character"] for line in lines) == text
    assert [line["index"] for line in lines] == list(range(len(text)))
    assert [(line["line"], line["column"]) for line in lines[6:9]] == [(1, 7), (1, 8), (2, 1)]
    expected = api.load(tiny_run).score(text).surprisals
    assert [line["surprisal"] for line in lines] == pytest.approx(expected.tolist(), abs=1e-6)


def test_score_lists_the_most_surprising_places_first(charrnn, tiny_run, tmp_path):
    path = tmp_path / "new.txt"
    path.write_text("the cat sat on the mat. \N{SNOWMAN} the cat\n", "utf-8")
    result = charrnn("score", tiny_run, path, "--top", "3")
    shown = result.stdout
    unknown = "unknown to the model: 1 character: '\N{SNOWMAN}' (U+2603)"
    assert result.stderr.splitlines() == [str(tiny_run / "best.safetensors"), unknown]
    rows = [line for line in shown.splitlines() if line.startswith("│")]
    assert len(rows) == 3
    assert "25" in rows[0]  # the column of the snowman
    assert "20.08" in rows[0]  # bits: ln 1,112,064 / ln 2
    assert f"{len(path.read_text('utf-8'))} characters: " in shown


def test_score_says_which_of_two_is_likelier(charrnn, tiny_run):
    text = "the cat sat on the mat. a dog ran.\n" * 3
    result = charrnn("score", tiny_run, "--against", tiny_run / "last.safetensors", "--json", stdin=text.encode())
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    difference = sum(line["against"] - line["surprisal"] for line in lines)
    shown = charrnn("score", tiny_run, "--against", tiny_run / "last.safetensors", stdin=text.encode()).stdout
    assert f"by {abs(difference):,.2f} nats in all" in shown


def test_score_colours_the_text_in_a_terminal(charrnn, tiny_run, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured = charrnn("score", tiny_run, "--top", "0", stdin=b"the cat").stdout
    assert "\x1b[" in coloured
    assert "surprisal in bits" in coloured
    both = charrnn("score", tiny_run, "--against", tiny_run / "last.safetensors", "--top", "0", stdin=b"the cat").stdout
    assert "likelier under" in both


def test_models_of_different_units_are_not_compared(charrnn, tiny_run, text_file, tmp_path):
    settings = ["-s", "data.unit=byte", "-s", "model.hidden_size=8", "--steps", "2", "-s", "runtime.threads=1"]
    charrnn("train", text_file, "-q", "-o", tmp_path / "bytes", *settings)
    refused(
        charrnn("score", tiny_run, "--against", tmp_path / "bytes", stdin=b"x"),
        1,
        "--against",
        'data.unit is "char"',
        "byte",
    )
    refused(charrnn("eval", tiny_run, "--with", tmp_path / "bytes"), 1, "different vocabularies cannot be mixed")


def test_notes_about_a_model_are_printed_beside_the_lines_of_json_too(charrnn, tiny_run, text_file):
    (tiny_run / "best.safetensors").write_bytes(b"?")
    done = charrnn("score", tiny_run, text_file, "--json")
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 1200
    assert "damaged" in done.stderr


@pytest.mark.parametrize("prompt", ["", "the "])
def test_score_agrees_with_sample(charrnn, tiny_run, prompt):
    (sample,) = json.loads(charrnn("sample", tiny_run, "-p", prompt, "-n", 30, "--seed", 5, "--json").stdout)
    text = (prompt + sample["text"]).encode()
    lines = [json.loads(line) for line in charrnn("score", tiny_run, "--json", stdin=text).stdout.splitlines()]
    total = sum(line["surprisal"] for line in lines[len(prompt) :])
    assert total == pytest.approx(-sample["log_probability"], abs=1e-4)
    whole = json.loads(charrnn("eval", tiny_run, "-", "--json", "--no-baselines", stdin=text).stdout)
    assert (whole["characters"], whole["loss"] * len(lines)) == (
        len(lines),
        pytest.approx(sum(line["surprisal"] for line in lines), abs=1e-4),
    )


def test_text_is_what_to_score_where_no_training_text_is_read(charrnn, tiny_run, text_file):
    assert charrnn("score", tiny_run, "--text", text_file).output == charrnn("score", tiny_run, text_file).output
    refused(charrnn("score", tiny_run, text_file, "--text", text_file), 2, "--text is the training text, for --ngram")


def test_score_calls_nothing_unknown_if_rare_characters_share_a_symbol(charrnn):
    Path("u8.txt").write_text("It’s the café – « oui ».\n" * 40 + "Z", "utf-8")
    assert charrnn("train", "u8.txt", *TINY, "-s", "data.min_count=2", "-o", "r").exit_code == 0
    Path("other.txt").write_text("It’s Z and Q\n", "utf-8")
    assert "unknown" not in charrnn("score", "r", "other.txt").stderr
