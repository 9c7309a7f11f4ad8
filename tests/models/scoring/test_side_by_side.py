"""Texts scored side by side: each as alone, whatever the model and whatever is beside it."""

from threading import Event

import numpy as np
import pytest
from tiny import trained

import charrnn
from charrnn.errors import DivergedError, TextError
from charrnn.models.scoring import side_by_side

LINES = ["the cat", "a", "why? " * 40, "a dog ran.", "sat on the mat. the cat", "\N{SNOWMAN} the", "t"]
KINDS = {
    "characters": [],
    "documents": [r"data.boundary=\n"],
    "documents after blank lines": ["data.boundary=blank-line"],
    "bytes": ["data.unit=byte"],
    "rare ones share a symbol": ["data.min_count=40"],
    "lstm, two layers, deep": ["model.cell=lstm", "model.num_layers=2", "model.readout=deep"],
    "relu": ["model.nonlinearity=relu"],
}


def same_as_alone(model, texts):
    found = model.score_many(texts)
    assert len(found) == len(texts)
    for text, scored in zip(texts, found, strict=True):
        alone = model.score(text)
        assert scored.characters == alone.characters
        assert scored.units == alone.units
        np.testing.assert_allclose(scored.surprisals, alone.surprisals, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_each_text_has_the_surprisals_that_it_has_alone(tmp_path, text_file, kind):
    text_file.write_text("the cat sat on the mat. a dog ran.\n\nwhy? é\n" * 30, "utf-8")
    same_as_alone(charrnn.load(trained(tmp_path / "run", text_file, *KINDS[kind])), LINES)


def test_a_mixture_with_an_ngram(tiny_run):
    same_as_alone(charrnn.load(tiny_run, tiny_run / "last.safetensors", ngram=True, weights=[0.5, 0.2, 0.3]), LINES)


def test_a_model_that_has_no_line_break_guesses_the_first_character(tmp_path, text_file):
    text_file.write_text("the cat sat on the mat. a dog ran. " * 30, "utf-8")
    same_as_alone(charrnn.load(trained(tmp_path / "run", text_file)), LINES)


def test_a_text_of_several_documents_is_cut_as_alone(tmp_path, text_file):
    model = charrnn.load(trained(tmp_path / "run", text_file, r"data.boundary=\n"))
    same_as_alone(model, ["the cat\n", "a dog\nwhy?", "\n\nthe", "a"])
    with pytest.raises(TextError, match=r"texts\[1\]: .* no document"):
        model.score_many(["the", " \n "])


@pytest.mark.parametrize("settings", [[], [r"data.boundary=\n"], ["data.unit=byte"]])
def test_what_is_no_list_of_texts_is_refused(tmp_path, text_file, settings):
    model = charrnn.load(trained(tmp_path / "run", text_file, *settings))
    with pytest.raises(TextError, match=r"texts must be a list of texts; found one text: score it with score\(text\)"):
        model.score_many("the cat")
    for wrong in (17, None, bytearray(b"the")):
        with pytest.raises(TextError, match=rf"^a text must be a str or bytes; found {type(wrong).__name__}"):
            model.score(wrong)
        with pytest.raises(
            TextError, match=rf"texts\[1\]: a text must be a str or bytes; found {type(wrong).__name__}"
        ):
            model.score_many(["the", wrong])
    with pytest.raises(TextError, match=r"texts\[2\]: (a text to be scored needs at least 1|.* no document)"):
        model.score_many(["the", "cat", ""])
    if "byte" not in str(settings):
        with pytest.raises(
            TextError, match=r"texts\[0\]: character 3: '\\udc80' \(U\+DC80\), half of a surrogate pair"
        ):
            model.score_many(["a \udc80"])


def test_texts_that_begin_alike_are_in_one_batch(monkeypatch, tiny_run):
    texts = ["the", "", "a dog", "that", "a", "x" * side_by_side.LONG, "the cat"]
    assert side_by_side._batches(texts, 3) == [[4, 2, 3], [0, 6]]
    assert side_by_side._batches(texts[:2], 3) == []
    monkeypatch.setattr(side_by_side, "LONG", 100)
    monkeypatch.setattr(side_by_side, "BATCH", {True: 3})
    monkeypatch.setattr(side_by_side, "LARGE", 1)
    same_as_alone(charrnn.load(tiny_run), LINES)


def test_equal_texts_have_equal_figures(tiny_run):
    nats = charrnn.load(tiny_run).score_many(["the cat", "a", "the cat", "the cat sat", "the cat"]).nats
    assert nats[0] == nats[2] == nats[4] < nats[3]


def test_what_is_read_after_the_end_of_a_text_is_not_counted(tmp_path, text_file):
    """A line break, the padding, after an `a` makes the output of this network overflow."""
    model = charrnn.load(trained(tmp_path / "run", text_file, "model.nonlinearity=relu"))
    w, symbols = model.saved.network.parameters, model.vocabulary.symbols
    w["W_xh"][:], w["W_hh"][:], w["W_hy"][:] = -3e38, np.eye(16) * 3e38, np.eye(16, len(symbols)) * 10
    w["W_xh"][symbols.index("\n")], w["W_xh"][symbols.index("a")], w["b_h"][:] = 0, 1, 0
    same_as_alone(model, ["the cat sat", "a"])
    with pytest.raises(DivergedError):
        model.score("a\nt")


def test_a_surprisal_that_is_not_finite_is_an_error(tiny_run):
    model = charrnn.load(tiny_run)
    model.saved.network.parameters["b_y"][:] = np.nan
    with pytest.raises(DivergedError):
        model.score_many(["the cat", "a"])


def test_a_long_text_is_read_as_alone_to_the_bit(tiny_run):
    model, text = charrnn.load(tiny_run), "the cat sat on the mat. a dog ran.\n" * 600
    found = model.score_many(["a", text])
    np.testing.assert_array_equal(found[1].surprisals, model.score(text).surprisals)


def test_a_batch_ends_as_soon_as_it_is_to_stop(tiny_run):
    """Ctrl-C: the threads that still read are waited for."""
    network, stop, ids = charrnn.load(tiny_run).saved.network, Event(), np.ones((3, 50), np.intp)
    assert side_by_side._read(network, ids, np.array([50, 50, 20]), stop).any()
    stop.set()
    assert not side_by_side._read(network, ids, np.array([50, 50, 20]), stop).any()


def test_an_interrupt_asks_all_threads_to_stop(tiny_run, monkeypatch):
    asked = []

    def interrupt(components, weights, stop, ids, lengths):
        asked.append(stop)
        raise KeyboardInterrupt

    monkeypatch.setattr(side_by_side, "_surprisals", interrupt)
    with pytest.raises(KeyboardInterrupt):
        charrnn.load(tiny_run).score_many(["the", "cat"])
    assert asked[0].is_set()
