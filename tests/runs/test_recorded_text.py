"""The text of a run is found again, or an error says why not and what to type."""

import gzip
import os
from dataclasses import replace

import pytest
from links import needs_links

from charrnn import api
from charrnn.config.data import Data
from charrnn.errors import RunError, TextError, VocabularyError
from charrnn.runs.recorded_text import load_corpus, read_once, read_text
from charrnn.runs.storage.checkpoint import load


@pytest.fixture
def saved(tiny_run):
    return load(tiny_run / "last.safetensors")


@pytest.mark.parametrize("unit", ["char", "byte"])
def test_the_text_is_the_one_that_was_trained_on_cut_in_the_same_places(tmp_path, text_file, tiny_config, unit):
    config = tiny_config.with_values("data", unit=unit, min_count=31, split=(0.8, 0.15, 0.05))
    run = api.start(api.plan([str(text_file)], config), tmp_path / "run")
    list(run.events())
    corpus = load_corpus(load(run.path / "last.safetensors"))
    assert corpus.vocabulary == run.plan.corpus.vocabulary
    for name in ("train", "valid", "test"):
        assert corpus.split(name).tolist() == run.plan.corpus.split(name).tolist()


def test_a_text_that_was_moved_is_read_from_its_new_place(saved, text_file, tmp_path):
    text_file.rename(tmp_path / "moved.txt")
    with pytest.raises(RunError, match=r"text\.txt: no such file.*; if it moved, name it: `text` TEXT"):
        load_corpus(saved)
    assert load_corpus(saved, [str(tmp_path / "moved.txt")]).sha256 == saved.text.sha256


def test_a_text_that_has_changed_is_refused(saved, text_file):
    text_file.write_text(text_file.read_text("utf-8") + "one more line\n", "utf-8")
    with pytest.raises(
        RunError, match=r"text\.txt has 1,214 characters, .* the run's had 1,200, .*name it: `text` TEXT"
    ):
        load_corpus(saved)


def test_another_text_is_refused_by_its_name(saved):
    with pytest.raises(RunError, match=r"trained on: builtin:harbour has [\d,]+ characters"):
        load_corpus(saved, ["builtin:harbour"])
    with pytest.raises(TextError, match="nowhere: no such file"):
        load_corpus(saved, ["nowhere"])


def test_a_text_from_standard_input_is_asked_for(saved, text_file):
    piped = replace(saved, text=replace(saved.text, sources=("-",)))
    with pytest.raises(RunError, match="came from standard input; name a file that holds it: charrnn eval RUN TEXT"):
        load_corpus(piped, hint="charrnn eval RUN TEXT")
    assert load_corpus(piped, [str(text_file)]).sha256 == saved.text.sha256


@needs_links
def test_a_folder_is_read_as_it_was_for_a_run_of_older_rules(tmp_path, tiny_config):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text("the cat sat on the mat.\n" * 20, "utf-8")
    (folder / "b.html").write_text("<html>a dog ran.\n" * 20, "utf-8")
    (folder / "wide.txt").write_bytes(("why?\n" * 20).encode("utf-16"))
    os.symlink("a.txt", folder / "z.txt")
    config = tiny_config.with_values("data", encoding=("b.html=utf-8",))
    run = api.start(api.plan([str(folder / name) for name in ("a.txt", "b.html", "z.txt")], config), tmp_path / "run")
    list(run.events())
    saved = load(run.path / "last.safetensors")
    before = replace(saved, config=tiny_config, text=replace(saved.text, sources=(str(folder),)))
    assert load_corpus(before).sha256 == saved.text.sha256
    (folder / "a.txt").write_text("another text\n" * 20, "utf-8")
    with pytest.raises(RunError, match="the text differs"):
        load_corpus(before)


def test_a_vocabulary_that_does_not_fit_the_text_is_refused(saved):
    swapped = replace(saved.vocabulary, symbols=("é", *saved.vocabulary.symbols[1:]))
    with pytest.raises(VocabularyError, match="is not among the 18 characters"):
        load_corpus(replace(saved, vocabulary=swapped))


def _read_once(sources, data):
    return (piece.content for piece in read_once(sources, data).pieces())


@pytest.mark.parametrize("read", [_read_once, lambda sources, data: read_text(sources, data).pieces()])
def test_a_text_read_once_or_often_may_swell_as_much_as_is_configured(tmp_path, monkeypatch, read):
    """300,000 characters in some 300 bytes: a thousandfold."""
    monkeypatch.setattr("charrnn.text.reading.text_file.ALWAYS_ALLOWED_BYTES", 1000)
    path = tmp_path / "text.gz"
    path.write_bytes(gzip.compress(b"a" * 300_000))
    with pytest.raises(TextError, match="suspiciously many"):
        list(read([str(path)], Data()))
    assert sum(map(len, read([str(path)], Data(max_expansion=2000)))) == 300_000
