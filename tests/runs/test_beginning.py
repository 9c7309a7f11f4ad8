"""Commands that read or write a text agree on its surprisals from the first character on."""

import numpy as np
import pytest
import tiny
from slow import mostly_slow

from charrnn import api
from charrnn.generation.sample_request import SampleRequest
from charrnn.models import encoded_text
from charrnn.models.inspection import activations
from charrnn.text.source_text import SourceText
from charrnn.text.vocabulary import END

LINES = "the cat sat on the mat.\na dog ran to Zoë.\nwhy?\n"
TEXTS = {
    "characters": (LINES * 25, []),
    "bytes": (LINES * 25, ["data.unit=byte"]),
    "documents": (LINES * 25, [r"data.boundary=\n"]),
    "documents of lines": (LINES.replace("why", "why\nnot") * 25, ["data.boundary=file", "data.split=[1,0,0]"]),
    "no line's end": ("abcde edcba abc. " * 70, []),
    "rare characters": (LINES * 25 + "qxj", ["data.min_count=2"]),
    "smoothed labels": (LINES * 25, ["training.label_smoothing=0.2"]),
    "mixture": (LINES * 25, ["training.label_smoothing=0.1"]),
}


@pytest.fixture(scope="module", params=TEXTS)
def model(request, tmp_path_factory):
    text, settings = TEXTS[request.param]
    folder = tmp_path_factory.mktemp("beginning")
    (folder / "text.txt").write_text(text, "utf-8")
    runs = [
        tiny.trained(folder / str(seed), folder / "text.txt", f"training.seed={seed}", *settings)
        for seed in ((0, 1) if request.param == "mixture" else (0,))
    ]
    return api.load(*runs, ngram=True, weights=[1, 2, 1]) if len(runs) > 1 else api.load(*runs)


def written(model, prompt, seed=3, length=60):
    """A sample with the surprisal of each of its characters."""
    (sample,) = model.generator().sample(SampleRequest(prompt, length), [seed], scored=True, in_pieces=True)
    return sample


@mostly_slow("prompt", ["", "a", "a e", "e"], one_in=4)
def test_a_generated_text_is_scored_with_its_own_probabilities(model, prompt):
    """Up to float32 rounding, since the two compute in different order. Samples with invalid UTF-8 are skipped."""
    for seed in range(4):
        sample = written(model, prompt, seed)
        text = prompt + sample.text
        if not text or "\ufffd" in text:
            continue
        scored = model.score(text)
        assert "".join(scored.characters).startswith(text)
        ours = [surprisal for _, surprisal in sample.pieces]
        np.testing.assert_allclose(ours, scored.surprisals[len(prompt) : len(text)], rtol=1e-4, atol=1e-5)
        if sample.finish == "stop":  # the end of a document is drawn too
            assert scored.characters[-1] == END
            assert sample.log_probability == pytest.approx(-scored.surprisals[len(prompt) :].sum(), rel=1e-4)


def test_a_trace_has_the_probabilities_of_score(model):
    (sample,) = model.generator().sample(SampleRequest("a", 30), [3], scored=True, traced=1)
    total = sum(np.log(step.probability) for step in sample.trace)
    assert total == pytest.approx(sample.log_probability, rel=1e-5)


def test_the_mean_of_the_scores_is_the_loss_of_the_evaluation(model):
    for text in ("a", "abc abc a. " * 20, "\na\n", "a\N{SNOWMAN}c"):
        found, scored = model.evaluate(text, counted=False), model.score(text)
        total = scored.surprisals.sum()
        assert found.loss * found.characters == pytest.approx(total, rel=1e-5)
        assert found.characters == len(text.encode() if model.vocabulary.unit == "byte" else scored.characters)
        still = model.evaluate(text, counted=False, learning_rate=0)
        assert still.loss == pytest.approx(found.loss, rel=1e-5)


def test_the_baselines_are_charged_for_the_same_characters(model):
    text = "a cat"
    with_baselines = model.evaluate(text)
    assert with_baselines.characters == model.evaluate(text, counted=False).characters
    assert with_baselines.gain == pytest.approx(with_baselines.baselines.ngram - with_baselines.loss)


def test_a_page_shows_the_surprisals_of_score(model):
    if len(model.components) > 1:  # a page is of one network
        return
    for text in ("a", "abc abc. a"):
        content = SourceText.from_content(text.encode() if model.vocabulary.unit == "byte" else text)
        given = encoded_text.from_text(content, model.vocabulary, model.saved.config.data)
        block, _ = encoded_text.take(given.blocks(), 1000)
        made = activations.inspect(model.saved.network, model.vocabulary, block)
        assert made.text.removesuffix("\n") == text
        np.testing.assert_allclose(made.surprisals, model.score(text).surprisals, rtol=1e-4, atol=1e-5)


def test_a_split_is_read_from_its_own_first_character_on_by_a_page_as_by_an_evaluation(model):
    """Nothing predicts the first character, except in a list of documents, where a document end precedes it."""
    slices = model.training_text.corpus.slices("valid")
    if len(model.components) > 1 or not slices.size:
        return
    block, _ = encoded_text.take([encoded_text.from_ids(slices[0], model.vocabulary)], slices.size)
    made = activations.inspect(model.saved.network, model.vocabulary, block)
    found = model.evaluate(split="valid", counted=False)
    predicted = made.surprisals if model.vocabulary.end_id is not None else made.surprisals[1:]
    assert predicted.sum() == pytest.approx(found.loss * found.characters, rel=1e-4)
    if model.vocabulary.end_id is None:
        assert made.surprisals[0] == pytest.approx(np.log(len(model.vocabulary)))
