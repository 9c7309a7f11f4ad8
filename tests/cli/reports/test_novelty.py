"""`charrnn sample --novelty`: below the samples on stdout, or in their JSON."""

import json
import re

import pytest
from slow import mostly_slow

from charrnn import api
from charrnn.cli.reports.novelty import MAX_QUOTED_CHARS, _quote

ARGUMENTS = ("-n", "60", "--seed", "5")


def test_the_novelty_table_follows_the_unchanged_sample(charrnn, tiny_run, text_file):
    plain = charrnn("sample", tiny_run, *ARGUMENTS, "-p", "the cat").stdout
    result = charrnn("sample", tiny_run, *ARGUMENTS, "-p", "the cat", "--novelty")
    assert result.stdout.startswith(plain + "\n┏")
    table = result.stdout.removeprefix(plain)
    assert "┃ characters in runs of ┃ 5+     ┃" in table
    assert "│ sample, seed 5 " in table
    assert "│ held-out text " in table
    there = f"from {text_file}:55:1 on are also in the training text, from {text_file}:1:1 on: "
    assert f"held-out text: the 120 characters {there}" in table


def test_several_samples_have_a_row_each(charrnn, tiny_run):
    plain = charrnn("sample", tiny_run, *ARGUMENTS, "--count", "2").stdout
    shown = charrnn("sample", tiny_run, *ARGUMENTS, "--count", "2", "--novelty").stdout
    assert shown.startswith(plain + "\n")
    assert [name in shown for name in ("sample, seed 5: ", "sample, seed 6: ", "held-out text: ")] == [True] * 3


def test_its_json_is_that_of_the_samples_with_one_more_field(charrnn, tiny_run, text_file):
    plain = json.loads(charrnn("sample", tiny_run, *ARGUMENTS, "--count", "2", "--json").stdout)
    samples = json.loads(charrnn("sample", tiny_run, *ARGUMENTS, "--count", "2", "--json", "--novelty").stdout)
    training = text_file.read_text("utf-8")[:1080]
    for before, sample in zip(plain, samples, strict=True):
        found = sample.pop("novelty")
        assert sample == before
        assert found.keys() == {"longest", "curve", "held_out_curve"}
        longest = found["longest"]
        assert sample["text"][longest["position"] :].startswith(longest["text"])
        assert training.index(longest["text"]) == longest["found_at"]
        place = longest["place"]
        assert place["file"] == str(text_file)
        assert training.splitlines(keepends=True)[place["line"] - 1][place["column"] - 1] == longest["text"][0]
        assert len(longest["text"]) == longest["length"] > 0
        assert found["held_out_curve"] == dict.fromkeys(("5", "10", "15", "20", "30", "50", "100"), 1.0)
        assert found["curve"].keys() == found["held_out_curve"].keys()


@mostly_slow("arguments", [[], ["--no-stream"], ["--count", "2"], ["--json"]], one_in=4)
def test_a_text_that_is_gone_is_reported_before_anything_is_written(charrnn, tiny_run, text_file, arguments):
    moved = text_file.rename(text_file.with_name("moved.txt"))
    result = charrnn("sample", tiny_run, *ARGUMENTS, "--novelty", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "text.txt: no such file" in result.stderr
    assert "name it: --text TEXT" in result.stderr
    assert charrnn("sample", tiny_run, *ARGUMENTS, "--novelty", *arguments, "--text", moved).exit_code == 0


def test_a_run_without_held_out_text_says_so(charrnn, tmp_path, text_file, tiny_config):
    run = api.start(api.plan([str(text_file)], tiny_config.with_values("data", split=(1, 0, 0))), tmp_path / "all")
    list(run.events())
    assert "no held-out text to compare with" in charrnn("sample", run.path, *ARGUMENTS, "--novelty").stdout
    (sample,) = json.loads(charrnn("sample", run.path, *ARGUMENTS, "--novelty", "--json").stdout)
    assert sample["novelty"]["held_out_curve"] is None


def test_a_run_on_bytes_counts_bytes(charrnn, tmp_path, tiny_config):
    (tmp_path / "text").write_bytes(bytes(range(256)) * 8)
    run = api.start(
        api.plan([str(tmp_path / "text")], tiny_config.with_values("data", unit="byte")), tmp_path / "bytes"
    )
    list(run.events())
    shown = charrnn("sample", run.path, *ARGUMENTS, "--novelty").stdout
    assert "bytes in runs of" in shown
    longest = shown.splitlines()[-1]
    assert re.match(
        r"held-out text: the 205 bytes from \S+[/\\]text:\d+:\d+ on are also in the training text, from \S+[/\\]text:3:38 on: ",
        longest,
    )
    assert all(character.isprintable() for character in longest)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--novelty", "-n", "0"], "--length 0 has no limit"),
        (["--text", "somewhere"], "--text is for --novelty, --ngram and --with"),
    ],
)
def test_conflicting_options_are_misuse(charrnn, tiny_run, arguments, message):
    result = charrnn("sample", tiny_run, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


FAMILY = "👩\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("ab" * 60, "ab" * 40), ("x" + FAMILY * 30, "x" + FAMILY * 15), ("xe\u0301" * 60, "xe\u0301" * 26 + "x")],
    ids=["letters", "families", "accents"],
)
def test_a_long_run_is_cut_between_graphemes(text, shown):
    assert _quote(text) == f'"{shown}"...'


@pytest.mark.parametrize(
    ("length", "dots"), [(MAX_QUOTED_CHARS - 1, ""), (MAX_QUOTED_CHARS, ""), (MAX_QUOTED_CHARS + 1, "...")]
)
def test_a_cut_run_is_shown_with_dots(length, dots):
    assert _quote("a" * length) == f'"{"a" * min(length, MAX_QUOTED_CHARS)}"{dots}'


def test_a_run_is_one_line_and_moves_nothing():
    assert _quote("a\n\x1b\u202e\u00a0\ufffd") == '"a\\n\\u001b\\u202e\u00a0\ufffd"'
