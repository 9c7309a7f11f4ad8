"""Every figure of an evaluation equals its definition, computed from the logits."""

import json
import lzma
import math
import re

import numpy as np
import pytest
import tiny
from slow import mostly_slow

from charrnn import api
from charrnn.errors import DivergedError, OptionError, RunError, TextError
from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NetworkPredictor
from charrnn.generation.sample_request import SampleRequest
from charrnn.models import encoded_text, loading, training_text
from charrnn.models.evaluation import baselines
from charrnn.models.mixture import components
from charrnn.models.mixture.scorer_mixture import mix
from charrnn.models.scoring.scoring import UNKNOWN_COST
from charrnn.network.readout import log_softmax
from charrnn.ngram.order_selection import fit_best
from charrnn.runs.run import SAMPLE_LENGTH, SAMPLE_OPTIONS
from charrnn.text.reading.source_reader import Piece
from charrnn.text.vocabulary import Vocabulary


def trained(folder, text, *settings, seed=0):
    """As tiny.trained, with three splits that are long enough to evaluate."""
    return tiny.trained(folder, text, "data.split=[0.6,0.2,0.2]", f"training.seed={seed}", *settings)


def stream(model, pieces):
    """A text of one file, read once."""
    return encoded_text.from_stream((Piece(0, piece) for piece in pieces), model.vocabulary, ("text",))


@pytest.fixture
def run(tmp_path, text_file):
    return trained(tmp_path / "run", text_file)


@pytest.fixture
def other(tmp_path, text_file):
    return trained(tmp_path / "other", text_file, "model.cell=gru", seed=1)


def plainly(model, ids, component=0):
    """The surprisals of ids[1:], in one pass, from the logits."""
    network = model.components[component].network
    ws = network.workspace(len(ids) - 1, 1)
    network.logits(ids[:-1, np.newaxis].astype(np.intp), network.zero_state(1), ws)
    return -log_softmax(ws.logits[:, 0])[np.arange(len(ids) - 1), ids[1:]]


def read_on(model):
    """The n-gram's surprisals of the test split's characters after the first, of the last 240 of 1,200, read on from before."""
    return model.training_text.ngram.surprisals(model.training_text.corpus.ids, 961)


def test_the_loss_of_a_split_is_the_mean_surprisal_of_its_characters(run):
    model = api.load(run)
    for name, size in (("train", 720), ("valid", 240), ("test", 240)):
        found = model.evaluate(split=name)
        surprisals = plainly(model, model.training_text.corpus.split(name))
        assert found.characters == size - 1
        assert found.loss == pytest.approx(surprisals.mean(), rel=1e-5)
        assert found.bpc == pytest.approx(surprisals.mean() / math.log(2), rel=1e-5)
        assert found.bits_per_byte == pytest.approx(found.bpc)  # ASCII
        assert found.perplexity == pytest.approx(math.exp(surprisals.mean()), rel=1e-5)
        assert (found.split, found.protocol) == (name, "contiguous")


def test_the_validation_split_has_the_loss_that_the_training_logged(run):
    model = api.load(run)
    assert model.evaluate(split="valid").loss == model.saved.progress.best_loss


def test_the_held_out_split_is_test_or_else_valid(run, tmp_path, text_file):
    assert api.load(run).evaluate().split == "test"
    without_test = trained(tmp_path / "b", text_file, "data.split=[0.8,0.2,0]")
    assert api.load(without_test).evaluate().split == "valid"
    with pytest.raises(
        RunError,
        match=r"text has no test split: protocol contiguous cuts .* \[0.8, 0.2, 0.0\]; `split` may be train or valid",
    ):
        api.load(without_test).evaluate(split="test")
    with pytest.raises(RunError, match=r"no test split: protocol nanogpt cuts it into \[0.9, 0.1, 0.0\]"):
        api.load(run).evaluate(split="test", protocol="nanogpt")


def test_baselines_are_counted_in_the_training_split_alone(run):
    model = api.load(run)
    corpus, found = model.training_text.corpus, model.evaluate(split="test")
    train, test = corpus.split("train"), corpus.split("test")
    assert found.baselines.uniform == pytest.approx(math.log(len(corpus.vocabulary)))
    counts = np.bincount(train, minlength=len(corpus.vocabulary)) + 1
    assert found.baselines.unigram == pytest.approx(-np.log(counts / counts.sum())[test[1:]].mean())
    assert found.baselines.ngram == pytest.approx(read_on(model).mean())
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]
    sizes = [
        len(lzma.compress(corpus.vocabulary.decode(part).encode(), lzma.FORMAT_RAW, filters=filters))
        for part in (train, np.append(train, test))
    ]
    assert found.baselines.xz == pytest.approx((sizes[1] - sizes[0]) * 8 * math.log(2) / len(test), rel=0.1)
    assert found.gain == pytest.approx(found.baselines.ngram - found.loss)


def test_the_gain_has_an_interval_of_its_own(run):
    found = api.load(run).evaluate(split="train")
    assert found.interval[0] < found.loss < found.interval[1]
    assert found.gain_interval[0] < found.gain < found.gain_interval[1]
    assert found.ngram_order == api.load(run).training_text.ngram.order


def test_a_text_read_in_blocks_is_evaluated_as_the_whole(run, monkeypatch, tmp_path):
    sources = [tmp_path / "a.txt", tmp_path / "b.txt"]  # each a piece of its own
    for source in sources:
        source.write_text("the c\N{SNOWMAN}t sat\n", "utf-8")
    model, text = api.load(run), "the c\N{SNOWMAN}t sat\n" * 2
    whole, split = model.evaluate(text), model.evaluate(split="test")
    in_pieces = model.evaluate(model.read([*map(str, sources)]))
    assert (in_pieces.characters, in_pieces.unknown) == (whole.characters, 2)
    assert in_pieces.bits_per_byte == pytest.approx(whole.bits_per_byte)
    assert in_pieces.baselines.ngram == pytest.approx(whole.baselines.ngram)
    assert in_pieces.baselines.unigram == pytest.approx(whole.baselines.unigram)
    monkeypatch.setattr(encoded_text, "BLOCK", 50)
    in_blocks = api.load(run).evaluate(split="test")
    assert (in_blocks.characters, in_blocks.baselines.xz) == (239, split.baselines.xz)
    for name in ("loss", "bits_per_byte", "gain"):
        assert getattr(in_blocks, name) == pytest.approx(getattr(split, name), rel=1e-5)


def test_a_compressor_is_not_asked_for_more_than_is_counted(run, monkeypatch):
    found, text = {}, "the cat sat on"
    for longest in (13, 14, 720):
        monkeypatch.setattr(baselines, "MAX_COUNTED_CHARS", longest)
        found[longest] = api.load(run).evaluate(text).baselines.xz
    assert found[13] is None
    assert found[14] > found[720] + 1  # after the last 14 characters of the training split, which are others


def test_another_text_is_compressed_after_the_training_text(run):
    found = api.load(run).evaluate("the cat sat on the mat.\n" * 20)
    assert 0.01 < found.baselines.xz < 0.3


def test_without_baselines_nothing_is_counted(run):
    found = api.load(run).evaluate(counted=False)
    assert (found.baselines.unigram, found.baselines.ngram, found.baselines.xz, found.gain) == (None,) * 4


def test_any_text_is_read_and_unknown_characters_are_counted_and_charged(run):
    model = api.load(run)
    found = model.evaluate("the cat\N{SNOWMAN} sat.")
    ids, missing = model.vocabulary.read("\nthe cat\N{SNOWMAN} sat.")
    surprisals = np.where(missing[1:], UNKNOWN_COST, plainly(model, ids))
    assert math.log(0x110000 - 0x800) == UNKNOWN_COST
    assert (found.characters, found.unknown, found.split) == (13, 1, None)
    assert found.loss == pytest.approx(surprisals.mean(), rel=1e-5)
    assert found.bits_per_byte == pytest.approx(surprisals.sum() / math.log(2) / 15, rel=1e-5)  # the snowman has 3
    assert found.baselines.uniform == pytest.approx((12 * math.log(len(model.vocabulary)) + UNKNOWN_COST) / 13)


def test_rare_characters_share_a_symbol_and_count_with_their_own_bytes(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("ab" * 500 + "€é" + "ab" * 100, "utf-8")
    model = api.load(trained(tmp_path / "run", text, "data.min_count=2", "data.split=[0.5,0.5,0]"))
    found = model.evaluate(split="valid", counted=False)
    assert found.unknown == 0  # the model has a symbol for them
    assert found.bits_per_byte == pytest.approx(found.bpc * found.characters / (598 + 5))


def test_bytes_are_characters_of_a_byte_model(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("die Tür ist zu, tut mir leid.\n" * 40, "utf-8")
    model = api.load(trained(tmp_path / "run", text, "data.unit=byte"))
    found = model.evaluate("die Tür")
    assert (found.characters, found.unknown) == (8, 0)
    assert found.bits_per_byte == found.bpc
    assert model.evaluate(split="valid").loss == model.saved.progress.best_loss


def test_a_compressor_reads_bytes_as_they_are():
    data = b"\xff\x80 no UTF-8"
    assert encoded_text.decode_text(Vocabulary.from_bytes(), np.frombuffer(data, np.uint8)) == data


def test_a_text_whose_training_text_is_gone_is_evaluated_without_counts(run, text_file):
    text_file.unlink()
    found = api.load(run).evaluate("the cat sat.")
    assert found.baselines.ngram is None
    assert "cannot be read again" in found.notes[0]
    with pytest.raises(RunError, match="cannot be read again"):
        api.load(run).evaluate(split="test")


def test_a_damaged_best_is_reported(run):
    (run / "best.safetensors").write_bytes(b"damaged")
    (note,) = api.load(run).notes
    assert "best.safetensors" in note
    assert note != str(run / "last.safetensors")


def test_the_training_text_may_have_moved(run, text_file, tmp_path):
    loss = api.load(run).evaluate(split="test").loss
    moved = text_file.rename(tmp_path / "elsewhere.txt")
    for text, encoding in (([str(moved)], ["utf-8"]), (str(moved), "utf-8")):
        assert api.load(run, text=text, encoding=encoding).evaluate(split="test").loss == loss


@pytest.mark.filterwarnings("error")  # of the compressor's thread
def test_a_text_with_nothing_to_predict_is_refused(run):
    with pytest.raises(TextError, match="at least 1 character; the text has fewer"):
        api.load(run).evaluate("")


def test_char_rnns_protocol_reads_each_slice_from_its_beginning_and_counts_read_on(run):
    model = api.load(run)
    found = model.evaluate(split="valid", protocol="char-rnn", slices=(4, 10))
    rows = model.training_text.corpus.ids.reshape(4, 300)  # 1,200 characters are 30 windows of 4 x 10; 28 of them train
    surprisals = np.concatenate([plainly(model, row) for row in rows[:, 280:]])
    assert found.loss == pytest.approx(surprisals.mean(), rel=1e-5)
    assert (found.protocol, found.slices, found.characters) == ("char-rnn", (4, 10), 4 * 19)
    ngram = fit_best(list(rows[:, :280]), len(model.vocabulary))
    counted = np.concatenate([ngram.surprisals(row, 281) for row in rows])
    assert found.baselines.ngram == pytest.approx(counted.mean(), rel=1e-9)
    assert found.notes == ("40 of these characters were trained on: the training split the text in another way",)


def test_baselines_are_counted_in_the_training_split_that_the_protocol_cuts(run, monkeypatch):
    model, counted = api.load(run), []
    monkeypatch.setattr(training_text, "fit_best", lambda *given: counted.append(given) or fit_best(*given))
    cut = {"protocol": "char-rnn", "slices": (4, 20)}
    assert model.evaluate(split="valid", **cut).baselines.ngram != model.evaluate(split="valid").baselines.ngram
    assert model.evaluate(split="test").baselines.ngram is not None
    shapes = [np.shape(segments) for segments, _ in counted]
    assert shapes == [(4, 280), (1, 720)]  # slices stay apart; once for each cut


def test_the_training_split_was_trained_on_and_that_needs_no_note(run):
    found = api.load(run).evaluate(split="train", protocol="char-rnn", slices=(4, 20), counted=False)
    assert found.notes == ()


def test_a_run_cut_by_a_protocol_is_evaluated_by_it(tmp_path, text_file):
    settings = ["data.protocol=char-rnn", "data.slices=[4,20]"]
    model = api.load(trained(tmp_path / "run", text_file, *settings))
    found = model.evaluate(split="valid")
    assert (found.protocol, found.loss, found.notes) == ("char-rnn", model.saved.progress.best_loss, ())


def test_dynamic_evaluation_leaves_the_model_as_it_was(run):
    model = api.load(run)
    still = model.evaluate(split="test", counted=False)
    moved = model.evaluate(split="test", learning_rate=0.3, counted=False)
    assert (moved.dynamic, moved.static) == (0.3, still.loss)
    assert moved.loss < still.loss - 0.05
    assert model.evaluate(split="test", counted=False) == still


def test_a_mixture_is_the_mixture_of_its_members(run, other):
    model = api.load(run, other, ngram=True, weights=[1, 2, 1])
    assert model.weights == (0.25, 0.5, 0.25)
    found = model.evaluate(split="test")
    ids = model.training_text.corpus.split("test")
    own = np.stack([plainly(model, ids), plainly(model, ids, 1), read_on(model)])
    assert found.loss == pytest.approx(mix(own, model.weights).mean(), rel=1e-5)
    assert [part.loss for part in found.members] == pytest.approx(own.mean(axis=1).tolist(), rel=1e-5)
    assert [part.weight for part in found.members] == [0.25, 0.5, 0.25]


def test_weights_are_fitted_on_the_validation_split(run, other):
    fitted = api.load(run, other, ngram=True)
    loss = fitted.evaluate(split="valid", counted=False).loss
    assert sum(fitted.weights) == pytest.approx(1)
    for weights in ([1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]):
        given = api.load(run, other, ngram=True, weights=weights)
        other_weights = given.evaluate(split="valid", counted=False)
        assert loss <= other_weights.loss + 1e-6
        assert other_weights.notes == ()
    assert fitted.evaluate(split="valid").notes == ("the weights of the mixture were fitted on this very split",)
    assert fitted.evaluate(split="test").notes == ()


def test_weights_are_fitted_on_the_beginning_of_every_slice(tmp_path, text_file, monkeypatch):
    settings = ["data.protocol=char-rnn", "data.slices=[4,20]"]
    runs = [trained(tmp_path / str(seed), text_file, *settings, seed=seed) for seed in (0, 1)]
    fitted = []
    monkeypatch.setattr(loading, "fit_weights", lambda surprisals: fitted.append(surprisals) or [0.5, 0.5])
    model = api.load(*runs)
    monkeypatch.setattr(loading, "MAX_FIT_CHARS", 40)
    api.load(*runs)
    slices = model.training_text.corpus.slices("valid")
    assert slices.shape == (4, 20)
    for found, length in zip(fitted, (20, 10), strict=True):
        expected = [[plainly(model, row[:length], component) for row in slices] for component in (0, 1)]
        np.testing.assert_allclose(found, np.reshape(expected, (2, -1)), rtol=1e-4)
    monkeypatch.setattr(loading, "MAX_FIT_CHARS", 4)  # of each slice a character, from which nothing is predicted
    with pytest.raises(RunError, match="no validation split on which weights could be fitted"):
        api.load(*runs)


def test_models_of_different_vocabularies_are_not_mixed(run, tmp_path):
    text = tmp_path / "b.txt"
    text.write_text("the cat sat on a mat. xyz! " * 60, "utf-8")
    with pytest.raises(
        RunError, match=r"different vocabularies cannot be mixed: .*best.safetensors lacks '!' .* and 2 more"
    ):
        api.load(run, trained(tmp_path / "b", text))


@pytest.mark.parametrize("weights", [[1], [1, -1], [0, 0], [1, math.nan], [1, math.inf]])
def test_invalid_weights_are_refused(run, other, weights):
    with pytest.raises(OptionError, match="must be 2 numbers of at least 0"):
        api.load(run, other, weights=weights)


def test_a_component_trained_on_held_out_text_is_reported(run, other, tmp_path, text_file):
    assert len(api.load(run, other).notes) == 2
    otherwise = tiny.trained(tmp_path / "cut", text_file, "data.split=[0.7,0.2,0.1]")
    assert (
        f"{tmp_path / 'cut' / 'best.safetensors'} was trained on another part of the text"
        in api.load(run, otherwise).notes[-1]
    )
    longer = tmp_path / "longer.txt"
    longer.write_text(text_file.read_text("utf-8") * 2, "utf-8")
    assert "was trained on another text" in api.load(run, trained(tmp_path / "long", longer)).notes[-1]


def test_weights_are_for_a_mixture_only(run):
    with pytest.raises(OptionError, match=r"`weights`: for a mixture only; add `others` RUN or `ngram`"):
        api.load(run, weights=[1])


def test_a_text_for_a_model_of_bytes_is_read_as_its_bytes(tmp_path, text_file):
    model = api.load(trained(tmp_path / "bytes", text_file, "data.unit=byte"))
    text = "the cät sat on the mät. " * 4
    as_text, as_bytes = model.evaluate(text), model.evaluate(text.encode())
    assert as_text == as_bytes
    assert as_text.characters == len(text.encode())


def test_without_a_validation_split_weights_must_be_given(tmp_path, text_file):
    runs = [trained(tmp_path / str(seed), text_file, "data.split=[1,0,0]", seed=seed) for seed in (0, 1)]
    with pytest.raises(RunError, match=r"no validation split .* `weights`"):
        api.load(*runs)
    assert len(api.load(runs[0], runs[1], weights=[1, 1]).score("the cat").characters) == 7


def test_a_sample_respects_its_options(run):
    model = api.load(run)
    whole = model.sample("the ", 60, temperature=1.5, seed=3)
    assert len(whole) == 60
    stop = whole[20:24]
    assert model.sample("the ", 60, temperature=1.5, seed=3, stops=[stop]) == whole[: whole.index(stop)]
    assert set(model.sample("the ", 60, temperature=1.5, seed=3, only="chars:digits a")) <= set("digits a")
    assert set(model.sample("the ", 60, temperature=1.5, seed=3, only=["chars:ab", "space"])) <= set("ab \n")
    likeliest = model.sample("the ", 60, temperature=0)
    for filtered in ({"top_k": 1}, {"top_p": 1e-9}, {"min_p": 1}):
        assert model.sample("the ", 60, temperature=1.5, seed=3, **filtered) == likeliest


def test_a_mixture_writes(run, other):
    generator = api.load(run, other, ngram=True).generator()

    alone = "".join(generator.stream(SampleRequest("the ", 50), 3))
    assert generator.sample(SampleRequest("the ", 50), [3, 4])[0].text == alone


def test_the_scores_of_a_text_are_the_terms_of_its_evaluation(run, other):
    for model in (api.load(run), api.load(run, other, ngram=True)):
        scored, text = model.score("the cat\N{SNOWMAN} sat."), "the cat\N{SNOWMAN} sat."
        assert "".join(scored.characters) == text
        assert scored.surprisals.mean() == pytest.approx(model.evaluate(text, counted=False).loss, rel=1e-6)
        assert scored.surprisals[7] == UNKNOWN_COST


def test_a_text_is_scored_after_a_lines_end_that_is_remembered(run):
    model = api.load(run)
    expected = plainly(model, model.vocabulary.encode("\nthe"))
    np.testing.assert_allclose(model.score("the").surprisals, expected, rtol=1e-5)


def test_a_short_text_waits_for_no_other_process(run, monkeypatch):
    monkeypatch.setattr(components, "fastest_threads", lambda *sizes: pytest.fail("asked for processes"))
    model = api.load(run)
    assert len(model.score("the cat").characters) == 7
    assert model.evaluate("the cat").characters == 7


def test_without_a_lines_end_it_is_a_blind_guess(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("abcd" * 300, "utf-8")
    model = api.load(trained(tmp_path / "run", text))
    assert model.score("ab").surprisals[0] == pytest.approx(math.log(4))


@pytest.mark.parametrize("cuts", [[], [1], [4, 5, 6, 7], [9, 10]])
def test_a_text_is_scored_as_it_comes(run, cuts):
    model, text = api.load(run), "the cat sat on the mat"
    pieces = [text[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    stretches = list(model.score_in_pieces(stream(model, pieces)))
    assert ["".join(stretch.characters) for stretch in stretches] == pieces
    np.testing.assert_allclose(
        np.concatenate([stretch.surprisals for stretch in stretches]), model.score(text).surprisals, rtol=1e-4
    )


@mostly_slow("cuts", [[], [1], [5, 6, 7, 8], [2, 9, 11]], one_in=4)
def test_bytes_are_scored_as_whole_characters(tmp_path, cuts):
    path = tmp_path / "text.txt"
    path.write_text("die Tür ist zu, tut mir leid. €\n" * 40, "utf-8")
    model = api.load(trained(tmp_path / "run", path, "data.unit=byte"))
    data = "Tür€".encode() + b"\x80\xffx"
    ids = np.frombuffer(b"\n" + data, np.uint8)
    surprisals = plainly(model, ids)
    pieces = [data[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    stretches = list(model.score_in_pieces(stream(model, pieces)))
    assert [c for stretch in stretches for c in stretch.characters] == [
        "T",
        "ü",
        "r",
        "€",
        "\N{REPLACEMENT CHARACTER}",
        "\N{REPLACEMENT CHARACTER}",
        "x",
    ]
    expected = [surprisals[0], surprisals[1:3].sum(), surprisals[3], surprisals[4:7].sum(), *surprisals[7:]]
    assert sum(stretch.units for stretch in stretches) == len(data)
    np.testing.assert_allclose(np.concatenate([stretch.surprisals for stretch in stretches]), expected, rtol=1e-4)


def test_a_character_of_bytes_comes_when_the_next_begins(tmp_path, text_file):
    model = api.load(trained(tmp_path / "run", text_file, "data.unit=byte"))
    stretches = model.score_in_pieces(stream(model, [b"\x80b", b"cd"]))  # what continues no character is one of its own
    assert [stretch.characters for stretch in stretches] == [["\N{REPLACEMENT CHARACTER}"], ["b", "c"], ["d"]]


def test_a_long_text_is_opened_to_be_read_once(run, text_file, tmp_path):
    """Only documents, which must be cut, are held in memory."""
    assert api.load(run).read([str(text_file)], once=True).characters is None
    documents = trained(tmp_path / "b", text_file, "data.boundary=\\n")
    assert api.load(documents).read([str(text_file)], once=True).characters == 1201


def test_an_empty_text_is_not_scored(run):
    with pytest.raises(TextError, match="at least 1 character"):
        api.load(run).score("")


def test_a_file_is_evaluated_as_its_text(run, text_file):
    model = api.load(run)
    given = model.read([str(text_file)])
    assert given.files == (str(text_file),)
    assert model.evaluate(given, counted=False) == model.evaluate(text_file.read_text("utf-8"), counted=False)


def scaled(model, by):
    model.components[0].network.parameters.flat[:] *= by
    return model


@pytest.mark.filterwarnings("error")
def test_a_perplexity_beyond_any_float_is_infinite(run):
    found = scaled(api.load(run), 1e5).evaluate()
    assert found.loss > 710
    assert found.perplexity == math.inf


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_an_output_that_is_not_a_number_is_reported(run):
    model = api.load(run)
    model.components[0].network.parameters.flat[:] = np.float32(3e38)
    with pytest.raises(DivergedError, match="no longer a finite number"):
        model.evaluate()
    with pytest.raises(DivergedError, match="no longer a finite number"):
        model.score("the cat")


def test_weights_of_any_size_are_shares(run, other):
    assert api.load(run, other, weights=[1e308, 1e308]).weights == (0.5, 0.5)
    assert api.load(run, other, weights=[5e-324, 0]).weights == (1, 0)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"split": "dev"}, "`split` must be one of train, valid, test; found dev"),
        ({"protocol": "nano"}, "`protocol` must be one of contiguous, nanogpt, char-rnn; found nano"),
        ({"slices": (4, 10)}, "`slices` are for protocol char-rnn; found contiguous; add `protocol` char-rnn"),
        ({"protocol": "char-rnn", "slices": (0, 10)}, "two whole numbers above 0"),
        ({"text": "the cat", "split": "valid"}, "leave them out with another text"),
        ({"learning_rate": math.nan}, "must be a number of at least 0; found nan"),
        ({"learning_rate": math.inf}, "must be a number of at least 0; found inf"),
        ({"learning_rate": -1}, "must be a number of at least 0; found -1"),
    ],
)
def test_invalid_evaluations_are_refused(run, asked, words):
    with pytest.raises(OptionError, match=words):
        api.load(run).evaluate(**asked)


def test_bytes_are_not_characters(run):
    with pytest.raises(TextError, match=r"text.decode\(\)"):
        api.load(run).evaluate(b"the cat")


def test_there_are_two_checkpoints(run):
    with pytest.raises(RunError, match="no checkpoint is called 'first'; there are best and last"):
        api.load(run, which="first")


def test_bytes_that_are_not_characters_are_not_held_for_ever(tmp_path):
    path = tmp_path / "text.bin"
    path.write_bytes(b"the cat sat on the mat.\n" * 50)
    model = api.load(trained(tmp_path / "bytes", path, "data.unit=byte"))
    stretches = list(model.score_in_pieces(stream(model, [b"\x80" * 10] * 5)))
    assert [len(found.characters) for found in stretches] == [9, 10, 10, 10, 10, 1]
    assert "".join("".join(found.characters) for found in stretches) == "\ufffd" * 50


def test_the_repr_of_a_model_is_one_line(tiny_run):
    line = repr(api.load(tiny_run))
    assert re.fullmatch(
        r"<Model .*best\.safetensors: rnn of \d+ units, \d+ characters, [\d,]+ steps, validation loss \d\.\d{4}>", line
    )


def test_a_run_with_smoothed_labels_generates_unsmoothed_and_scores_as_trained(tmp_path, text_file):
    run = trained(tmp_path / "smoothed", text_file, "training.label_smoothing=0.5")
    model = loading.load(run)
    assert model.components[0].predictor().label_smoothing == 0.5
    scored = model.score("the cat")
    np.testing.assert_allclose(scored.surprisals, plainly(model, model.vocabulary.encode("\nthe cat")), rtol=1e-4)


def test_samples_during_training_are_unsmoothed_too(tmp_path, text_file):
    run = trained(tmp_path / "smoothed", text_file, "training.label_smoothing=0.5")
    events = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    shown = [event for event in events if event["event"] == "sample"][-1]
    model = loading.load(run, which="last")
    network, seed = model.components[0].network, (0, shown["step"])
    without, as_learned = (
        "".join(Generator(predictor, model.vocabulary).stream(SampleRequest("", SAMPLE_LENGTH, SAMPLE_OPTIONS), seed))
        for predictor in (NetworkPredictor(network, 0.5), NetworkPredictor(network))
    )
    assert shown["text"] == without != as_learned


def test_the_compressor_sees_the_end_of_a_long_training_text(run, monkeypatch):
    """Of 720 characters to train on the last 300, and no more: those that stand next to what it compresses."""
    seen = []
    monkeypatch.setattr(baselines, "MAX_COUNTED_CHARS", 300)
    monkeypatch.setattr(baselines, "xz", lambda train, text: seen.append((train, text)) or 1.0)
    model = api.load(run)
    found = model.evaluate(split="valid")
    text = model.training_text.corpus
    whole = text.vocabulary.decode(text.ids).encode()
    assert seen == [(whole[420:720], whole[720:960])]
    assert found.baselines.xz == pytest.approx(1 / 240)


def test_each_member_writes_without_the_smoothing_of_its_own_training(tmp_path, text_file):
    runs = [
        trained(tmp_path / name, text_file, f"training.label_smoothing={share}")
        for name, share in (("a", 0.1), ("b", 0.0), ("c", 0.3))
    ]
    model = api.load(*runs, weights=[1, 1, 1])
    assert [component.label_smoothing for component in model.components] == [0.1, 0.0, 0.3]


@pytest.mark.parametrize(
    ("length", "shown", "goes_on"),
    [(2, "ab", True), (3, "abc", True), (4, "abcd", True), (6, "abcdef", False), (9, "abcdef", False)],
)
def test_the_beginning_of_a_text_in_pieces_and_whether_it_goes_on(length, shown, goes_on):
    blocks = encoded_text.from_pieces(iter(["abc", "", "def"]), Vocabulary.from_text("abcdef"))
    block, more = encoded_text.take(blocks, length)
    assert ("".join(block.characters), more) == (shown, goes_on)
    assert block.ids.shape == block.unknown.shape == (1, len(shown))
