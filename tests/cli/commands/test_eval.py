"""`eval`: what it prints, and what it refuses."""

import json
import os
from pathlib import Path

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
    assert "14 characters, 1 of them unknown to the model: '\N{SNOWMAN}' (U+2603)\n" in shown


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
    assert [Path(member["name"]).name for member in found["members"][:2]] == [
        "best.safetensors",
        "last.safetensors",
    ]
    assert found["members"][2]["name"].endswith("-gram")
    shown = charrnn("eval", tiny_run, *arguments, "--weights", "0.5,0.25,0.25").stdout
    assert "mixture of 3" in shown
    assert "0.250 x" in shown


def test_eval_by_another_protocol_warns_of_training_text(charrnn, tiny_run):
    result = charrnn("eval", tiny_run, "--protocol", "char-rnn", "--slices", "4,10", "--split", "valid", "--json")
    assert json.loads(result.stdout)["protocol"] == "char-rnn"
    assert "of these characters were trained on" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--learning-rate", "0.1"], ["--learning-rate needs --dynamic"]),
        (["--dynamic", "--learning-rate", "-1"], ["--learning-rate -1: must be a number of at least 0"]),
        (["--slices", "50"], ["--slices 50", "2 whole numbers above 0"]),
        (["--slices", "0,5"], ["--slices 0,5", "above 0"]),
        (["--slices", ""], ["2 whole numbers above 0"]),
        (["--weights", "a,b"], ["--weights a,b", "numbers with commas"]),
        (["--split", "dev"], ["--split dev: must be train or valid or test; did you mean valid?"]),
        (["--protocol", "nano"], ["--protocol nano: must be contiguous or nanogpt or char-rnn; did you mean nanogpt?"]),
        (["text.txt", "--split", "test"], ["are for the training text"]),
    ],
)
def test_misuse_of_eval(charrnn, tiny_run, arguments, words):
    refused(charrnn("eval", tiny_run, *arguments), 2, *words)


@pytest.mark.skipif(os.name != "posix", reason="names that Windows does not take")
def test_names_are_shown_as_they_are(charrnn, tiny_run, tmp_path):
    """Neither as markup of rich, nor as cursor movement."""
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


def test_slices_are_those_of_char_rnn(charrnn, tiny_run):
    refused(
        charrnn("eval", tiny_run, "--slices", "4,10"),
        1,
        "--slices are for protocol char-rnn; found contiguous; add --protocol char-rnn",
    )
