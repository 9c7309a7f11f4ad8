import numpy as np
import pytest

from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NGramPredictor
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.sampling import SamplingOptions
from charrnn.ngram.kneser_ney import fit
from charrnn.text.vocabulary import Vocabulary

TEXT = "the cat sat on the mat. a dog ran.\nwhy?\n" * 5
VOCABULARY = Vocabulary.from_text(TEXT)
MODEL = fit([VOCABULARY.encode(TEXT)], len(VOCABULARY), 8)


def test_the_logits_are_the_log_probabilities_of_the_counts():
    texts = np.random.default_rng(0).integers(0, len(VOCABULARY), (3, 20))
    logits, step = NGramPredictor(MODEL).begin(texts.T[:4])
    for t in range(4, 20):
        np.testing.assert_array_equal(logits, MODEL.predict(MODEL.state_after(texts[:, :t])))
        logits = step(texts[:, t])


def test_it_reproduces_the_text():
    made = Generator(NGramPredictor(MODEL), VOCABULARY)
    assert "".join(made.stream(SampleRequest("the cat", 40, SamplingOptions(temperature=0)), 1)) == TEXT[7:47]


def test_the_probability_of_a_sample_is_that_of_the_model():
    made = Generator(NGramPredictor(MODEL), VOCABULARY)
    for sample in made.sample(SampleRequest("the ", 50), [1, 2], scored=True):
        ids = VOCABULARY.encode("\nthe " + sample.text)
        assert sample.log_probability == pytest.approx(-MODEL.surprisals(ids, 5).sum(), rel=1e-12)
