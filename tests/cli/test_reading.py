"""`eval` and `score`: what they print, and what they refuse."""

import json
import subprocess
import sys

import pytest
from refusals import refused

from charrnn import api
from charrnn.runs.storage.checkpoint import load, save

EVAL_KEYS = {"loss", "bpc", "bits_per_byte", "perplexity", "characters", "interval", "protocol", "baselines"}


def test_eval_as_json_has_the_agreed_form(charrnn, tiny_run):
    result = charrnn("eval", tiny_run, "--json")
    found = json.loads(result.stdout)
    assert set(found) >= EVAL_KEYS
    assert set(found["baselines"]) == {"uniform", "unigram", "ngram", "xz"}
    expected = api.load(tiny_run).evaluate()
    assert found["loss"] == expected.loss
    assert (found["protocol"], found["split"], found["characters"]) == ("contiguous", "test", 59)
    assert result.stderr.strip().endswith("best.safetensors")


def test_eval_shows_a_table(charrnn, tiny_run):
    result = charrnn("eval", tiny_run, "--split", "train")
    found = api.load(tiny_run).evaluate(split="train")
    for word in (
        f"{found.loss:.4f}",
        f"{found.bpc:.4f}",
        "-gram (Kneser-Ney)",
        "unigram",
        "uniform",
        "xz",
        "1,080 characters; 1,079 predicted",
    ):
        assert word in result.stdout
    assert f"{found.interval[0]:.4f} to {found.interval[1]:.4f}" in result.stdout


def test_eval_of_a_text(charrnn, tiny_run, tmp_path):
    path = tmp_path / "new.txt"
    path.write_text("the cat sat.\N{SNOWMAN}\n", "utf-8")
    by_file = json.loads(charrnn("eval", tiny_run, path, "--json").stdout)
    by_pipe = json.loads(charrnn("eval", tiny_run, "-", "--json", stdin=path.read_bytes()).stdout)
    assert by_file == by_pipe
    assert (by_file["characters"], by_file["unknown"], by_file["split"]) == (14, 1, None)
    shown = charrnn("eval", tiny_run, path).stdout
    assert "14 characters, of which 1 unknown to the model: '\N{SNOWMAN}' (U+2603)\n" in shown


def test_eval_dynamic(charrnn, tiny_run):
    before = (tiny_run / "best.safetensors").read_bytes()
    still, moved = (
        json.loads(charrnn("eval", tiny_run, "--split", "train", "--json", *more).stdout)
        for more in ([], ["--dynamic", "--learning-rate", "0.3"])
    )
    assert moved["loss"] < still["loss"]
    assert moved["dynamic"] == 0.3
    assert (tiny_run / "best.safetensors").read_bytes() == before
    assert json.loads(charrnn("eval", tiny_run, "--dynamic", "--json").stdout)["dynamic"] == 0.1


def test_eval_of_a_mixture_names_its_members(charrnn, tiny_run):
    arguments = ["--with", tiny_run / "last.safetensors", "--ngram"]
    found = json.loads(charrnn("eval", tiny_run, *arguments, "--json").stdout)
    assert [member["name"].rpartition("/")[2] for member in found["members"][:2]] == [
        "best.safetensors",
        "last.safetensors",
    ]
    assert found["members"][2]["name"].endswith("-gram")
    shown = charrnn("eval", tiny_run, *arguments, "--weights", "0.5,0.25,0.25").stdout
    assert "mixture of 3" in shown
    assert "0.250 x" in shown


def test_eval_by_another_protocol_says_what_was_trained_on(charrnn, tiny_run):
    result = charrnn("eval", tiny_run, "--protocol", "char-rnn", "--slices", "4,10", "--split", "valid", "--json")
    assert json.loads(result.stdout)["protocol"] == "char-rnn"
    assert "of these characters were trained on" in result.stderr


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


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end differently on Windows")
@pytest.mark.parametrize("command", ["score {run} --json builtin:harbour", "score {run} builtin:harbour", "eval {run}"])
def test_a_reader_that_has_seen_enough_is_a_quiet_end(tiny_run, command):
    line = f"{sys.executable} -m charrnn {command.format(run=tiny_run)} | head -c 6"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stdout) > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--learning-rate", "0.1"], ["--learning-rate is that of --dynamic"]),
        (["--dynamic", "--learning-rate", "-1"], ["--learning-rate", "greater than or equal to 0"]),
        (["--slices", "50"], ["--slices 50", "2 whole numbers above 0"]),
        (["--slices", "0,5"], ["--slices 0,5", "above 0"]),
        (["--weights", "a,b"], ["--weights a,b", "numbers with commas"]),
        (["--weights", ""], ["--weights", "numbers with commas"]),
        (["--split", "dev"], ["'dev' is not one of 'train', 'valid', 'test'"]),
        (["--protocol", "nano"], ["'nano' is not one of"]),
        (["text.txt", "--split", "test"], ["cut the run's own text"]),
    ],
)
def test_misuse_of_eval(charrnn, tiny_run, arguments, words):
    refused(charrnn("eval", tiny_run, *arguments), 2, *words)


@pytest.mark.parametrize("command", ["eval", "score"])
def test_texts_that_cannot_be_read(charrnn, tiny_run, tmp_path, command):
    (tmp_path / "empty.txt").touch()
    refused(charrnn(command, tiny_run, tmp_path / "empty.txt"), 1, "empty.txt: holds no text")
    refused(charrnn(command, tiny_run, tmp_path / "none.txt"), 1, "none.txt: no such file")
    refused(charrnn(command, tiny_run, "-", stdin=b""), 1, "standard input: holds no text")
    refused(charrnn(command, tmp_path / "no", "-", stdin=b"x"), 1, "no such run")


def test_texts_that_are_too_short_to_evaluate(charrnn, tiny_run):
    refused(charrnn("eval", tiny_run, "-", stdin=b""), 1, "holds no text")


def test_weights_must_be_as_many_as_members(charrnn, tiny_run):
    refused(charrnn("eval", tiny_run, "--ngram", "--weights", "1,2,3"), 1, "--weights 1,2,3", "must be 2 numbers")


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


def test_names_are_shown_as_they_are(charrnn, tiny_run, tmp_path):
    """Neither as markup of rich, nor as what moves the cursor."""
    odd = tmp_path / "a[" / "b]:smile:\x1b[2J\n"
    odd.parent.mkdir()
    tiny_run.rename(odd)
    result = charrnn("eval", odd, "--no-baselines", "--with", odd)
    assert "a[/b]:smile:\u241b[2J\u240a/best.safetensors" in result.stderr
    assert "\x1b" not in result.stdout + result.stderr
    assert "mixture of 2" in result.stdout


def test_a_perplexity_that_json_cannot_hold_is_null(charrnn, tiny_run):
    saved = load(tiny_run / "last.safetensors")
    saved.network.parameters.flat[:] *= 1e5
    save(saved, tiny_run / "best.safetensors")
    found = json.loads(charrnn("eval", tiny_run, "--json").stdout, parse_constant=pytest.fail)
    assert found["perplexity"] is None
    assert found["loss"] > 710


@pytest.mark.parametrize("command", ["eval", "score", "sample"])
def test_empty_weights_are_none(charrnn, tiny_run, command):
    refused(charrnn(command, tiny_run, "--ngram", "--weights", "", stdin=b"x"), 2, "must be numbers")


def test_slices_are_those_of_char_rnn(charrnn, tiny_run):
    refused(charrnn("eval", tiny_run, "--slices", "4,10"), 1, "of protocol char-rnn; found protocol contiguous")
    refused(charrnn("eval", tiny_run, "--slices", ""), 2, "2 whole numbers above 0")


def test_what_there_is_to_say_of_a_model_is_told_beside_the_lines_of_json_too(charrnn, tiny_run, text_file):
    (tiny_run / "best.safetensors").write_bytes(b"?")
    done = charrnn("score", tiny_run, text_file, "--json")
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 1200
    assert "damaged" in done.stderr


@pytest.mark.parametrize("prompt", ["", "the "])
def test_score_finds_what_sample_says_of_the_same_text(charrnn, tiny_run, prompt):
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
