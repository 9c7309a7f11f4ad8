"""What is said of a base before a training: that it does not know the language, or what the shipped one would give."""

import re
import shutil

import numpy as np
import pytest
from languages import ENGLISH, GERMAN, RUSSIAN

from charrnn import api
from charrnn.python import train
from charrnn.runs.planning import base_notes
from charrnn.runs.planning.base_notes import GAINS, gain
from charrnn.training.parallel.communicator import Communicator

QUICK = ["training.steps=2", "runtime.threads=1", "training.sample_every=0"]
GERMAN_NOTE = (
    r"the base does not know this language: it needs \d\.\d\d nats per character here, counting needs \d\.\d\d; "
)
HINT = "this text is English: about 0.9 nats better with `base` builtin:english"


@pytest.fixture
def write(tmp_path):
    """Write a text of this name, return its path."""

    def written(text, name="page.txt"):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return str(path)

    return written


@pytest.fixture
def shipped_english(tmp_path, monkeypatch, english):
    """A folder of corpora with a base that knows a little English."""
    folder = tmp_path / "corpora"
    folder.mkdir()
    shutil.copy(english / "best.safetensors", folder / "english.safetensors")
    monkeypatch.setattr("charrnn.package.shipped", lambda name: tmp_path / name)
    return folder / "english.safetensors"


def notes(text, *settings, base=None, hint=False):
    return api.prepare([text], settings=[*QUICK, *settings], base=base, hint=hint)[0].notes


def test_a_text_in_another_language_is_noted(write, english):
    last = notes(write(GERMAN), base=english)[-1]
    assert re.fullmatch(GERMAN_NOTE + "from scratch is likely better here: leave out `base`", last)


def test_a_text_in_another_script_is_noted(write, english):
    last = notes(write(RUSSIAN), base=english)[-1]
    assert re.fullmatch(
        r"the base does not know this script: 8\d% of the characters are new to it; from scratch is better here: leave out `base`",
        last,
    )


def test_nothing_is_noted_of_a_language_that_the_base_knows(write, english):
    assert not any("does not know" in note for note in notes(write(ENGLISH), base=english))


def test_it_is_a_warning_in_python(write, english, tmp_path):
    settings = {"training.steps": 2, "runtime.threads": 1, "training.sample_every": 0}
    with pytest.warns(UserWarning, match="does not know this script") as warned:
        train(write(RUSSIAN), base=english, settings=settings, out=tmp_path / "run")
    assert [warning.filename for warning in warned] == [__file__]


def test_it_is_printed_once_before_the_training_and_by_a_dry_run(charrnn, write, english):
    said = "the base does not know this script: "
    options = ["--from", english, "--steps", "2", "-s", "runtime.threads=1"]
    trained = charrnn("train", write(RUSSIAN), *options)
    assert trained.exit_code == 0
    assert trained.stderr.count(said) == 1
    assert trained.stderr.index(said) < trained.stderr.index("step 2")
    assert charrnn("train", write(RUSSIAN), *options, "--dry-run").stdout.count(said) == 1
    assert "leave out --from" in trained.stderr


def test_of_several_ranks_the_first_compares(write, english):
    class Second(Communicator):
        rank, size = 1, 2

        def on_root(self, make):
            return "the note of rank 0"

        def all_gather(self, value):
            return [value, value]

    made, _ = api.prepare([write(RUSSIAN)], settings=[*QUICK, "training.batch_size=2"], base=english, ranks=Second())
    assert made.notes[-1] == made.warning == "the note of rank 0"


def test_the_hint(write, shipped_english):
    assert notes(write(ENGLISH), hint=True)[-1] == HINT
    assert HINT not in notes(write(ENGLISH))


@pytest.mark.parametrize("text", [GERMAN, RUSSIAN])
def test_no_hint_for_another_language(write, shipped_english, text):
    assert not any("English" in note for note in notes(write(text), hint=True))


def test_no_hint_for_bytes_for_the_built_in_text_or_with_a_base(write, shipped_english, english):
    assert not any("English" in note for note in notes(write(ENGLISH), "data.unit=byte", hint=True))
    assert not any("English" in note for note in notes("builtin:harbour", hint=True))
    assert not any("English" in note for note in notes(write(ENGLISH), base=english, hint=True))


def test_no_hint_for_a_long_text(write, shipped_english, monkeypatch):
    monkeypatch.setattr(base_notes, "GAINS", {10: 0.5, 1_000: 0.1})
    assert not any("English" in note for note in notes(write(ENGLISH), hint=True))


@pytest.mark.parametrize("damage", [b"", b"no checkpoint", None])
def test_no_hint_where_the_base_is_missing_or_damaged(write, shipped_english, damage):
    if damage is None:
        shipped_english.unlink()
    else:
        shipped_english.write_bytes(damage)
    assert not any("English" in note for note in notes(write(ENGLISH), hint=True))


def test_the_hint_is_printed_once_and_changes_nothing(charrnn, write, shipped_english, tmp_path):
    page, said = write(ENGLISH), HINT.replace("`base`", "--from")
    options = ["--steps", "2", "-s", "runtime.threads=1"]
    with_hint = charrnn("train", page, *options, "-o", tmp_path / "a")
    assert with_hint.stderr.splitlines().count(said) == 1
    assert charrnn("train", page, *options, "--dry-run").stdout.splitlines().count(said) == 1
    shipped_english.unlink()
    assert said not in charrnn("train", page, *options, "-o", tmp_path / "b").stderr
    assert (tmp_path / "a/last.safetensors").read_bytes() == (tmp_path / "b/last.safetensors").read_bytes()


@pytest.mark.parametrize("silent", ["-q", "--json"])
def test_it_takes_no_time_where_it_is_not_printed(charrnn, write, shipped_english, monkeypatch, silent):
    monkeypatch.setattr(base_notes, "check_language", lambda *given: pytest.fail("compared"))
    assert charrnn("train", write(ENGLISH), "--steps", "2", "-s", "runtime.threads=1", silent).exit_code == 0


def test_the_gain_falls_with_the_length_of_the_text():
    lengths = np.geomspace(1_000, max(GAINS), 50)
    gains = [gain(int(length)) for length in lengths]
    assert gains == sorted(gains, reverse=True)
    assert [gain(length) for length in GAINS] == pytest.approx([*GAINS.values()])
