"""Texts generated side by side equal those of each seed alone, even for networks that amplify a changed last bit."""

import numpy as np
import pytest
from slow import mostly_slow

from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NetworkPredictor, NGramPredictor
from charrnn.generation.repetition_penalty import RepetitionPenalty
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.samples import select_best
from charrnn.generation.sampling import SamplingOptions
from charrnn.models.mixture.predictor_mixture import MixturePredictor
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network
from charrnn.ngram.kneser_ney import fit
from charrnn.text.vocabulary import Vocabulary

COUNTS = [2, 3, 5, 8, 17, 40]
CHARACTERS = Vocabulary.from_text("".join(map(chr, range(33, 90))) + "\n")
WITHOUT_LINES = Vocabulary.from_text("".join(map(chr, range(33, 90))))
BYTES = Vocabulary.from_bytes()
LENGTH = 150


def amplifying(cell="rnn", V=58, **architecture):
    """A network with weights so large that a state that differs in the last bit soon diverges."""
    network = Network.fresh(Architecture(V, 80, cell, **architecture), np.random.default_rng(0))
    for name, view in network.parameters.items():
        view *= {"W_xh": 2, "W_hh": 6 if cell == "rnn" else 12, "W_hy": 4}.get(name[:4], 1)
        if cell == "gru" and name.startswith("b_xh"):
            view[1] = -9  # z: nothing of the state before is kept
        if cell == "lstm" and name.startswith("b_h"):
            view[:3] = np.reshape([2, -2, 2], (3, 1))  # i and o are open, f is not
    return network


def alone(predictor, vocabulary, prompt, options, seeds):
    made = Generator(predictor, vocabulary)
    return ["".join(made.stream(SampleRequest(prompt, LENGTH, options), seed)) for seed in seeds]


@pytest.mark.parametrize("cell", CELLS)
def test_the_last_bits_of_weights_make_another_text(cell):
    """Shows that the tests below can fail."""
    network = amplifying(cell)
    before = alone(NetworkPredictor(network), CHARACTERS, "ABC", SamplingOptions(), range(10))
    weights = network.parameters["W_hh"]
    weights[:] = np.nextafter(weights, np.float32(9))
    after = alone(NetworkPredictor(network), CHARACTERS, "ABC", SamplingOptions(), range(10))
    assert sum(one != other for one, other in zip(before, after, strict=True)) >= 5


NETWORKS = [NetworkPredictor(amplifying("lstm")), NetworkPredictor(amplifying("gru"), label_smoothing=0.1)]
NGRAM = NGramPredictor(fit([np.random.default_rng(0).integers(0, 58, 3000)], 58, 3))
FILTERS = SamplingOptions(0.9, top_k=20, top_p=0.95, min_p=0.01, repetition=RepetitionPenalty(1.5, 2, 50))
CASES = {
    "rnn": (NetworkPredictor(amplifying("rnn")), CHARACTERS, "ABC", SamplingOptions()),
    "gru": (NetworkPredictor(amplifying("gru")), CHARACTERS, "ABC", SamplingOptions()),
    "lstm": (NetworkPredictor(amplifying("lstm")), CHARACTERS, "ABC", SamplingOptions(0.8)),
    "two layers": (NetworkPredictor(amplifying("lstm", num_layers=2)), CHARACTERS, "A", SamplingOptions()),
    "deep": (NetworkPredictor(amplifying("rnn", readout="deep")), CHARACTERS, "A", SamplingOptions()),
    "smoothed": (NetworkPredictor(amplifying("rnn"), 0.1), CHARACTERS, "A", SamplingOptions()),
    "filters": (NetworkPredictor(amplifying("rnn")), CHARACTERS, "A", FILTERS),
    "greedy": (NetworkPredictor(amplifying("lstm")), CHARACTERS, "A", SamplingOptions(0)),
    "no prompt": (NetworkPredictor(amplifying("rnn")), CHARACTERS, "", SamplingOptions()),
    "no line's end": (NetworkPredictor(amplifying("rnn", V=57)), WITHOUT_LINES, "", SamplingOptions()),
    "bytes": (NetworkPredictor(amplifying("rnn", V=256)), BYTES, "é", SamplingOptions()),
    "mixture": (MixturePredictor([*NETWORKS, NGRAM], [0.5, 0.4, 0.1]), CHARACTERS, "AB", FILTERS),
}


@mostly_slow(("predictor", "vocabulary", "prompt", "options"), CASES.values(), ids=CASES.keys(), one_in=4)
def test_texts_side_by_side_are_those_of_each_seed_alone(predictor, vocabulary, prompt, options):
    expected = alone(predictor, vocabulary, prompt, options, range(max(COUNTS)))
    made = Generator(predictor, vocabulary)
    for count in COUNTS:
        samples = made.sample(SampleRequest(prompt, LENGTH, options), range(count))
        assert [sample.text for sample in samples] == expected[:count]


@mostly_slow("name", ["lstm", "filters", "bytes", "mixture"], one_in=4)
def test_scores_and_ranking_side_by_side_are_those_of_each_seed_alone(name):
    predictor, vocabulary, prompt, options = CASES[name]
    made = Generator(predictor, vocabulary)
    asked = {"scored": True, "traced": 3, "in_pieces": True}
    many = made.sample(SampleRequest(prompt, 100, options), range(17), **asked)
    one_by_one = [made.sample(SampleRequest(prompt, 100, options), [seed], **asked)[0] for seed in range(17)]
    assert many == one_by_one
    assert select_best(many, 5) == select_best(one_by_one, 5)
    assert many[3].pieces == list(made.stream_pieces(SampleRequest(prompt, 100, options), 3))


def test_beginnings_that_differ_are_read_as_each_is_read_alone():
    predictor = NetworkPredictor(amplifying("lstm"))
    beginnings = np.random.default_rng(0).integers(0, 58, (100, 5))
    logits, step = predictor.begin(beginnings)
    after = step(np.arange(5)).copy()
    for b in range(5):
        own, own_step = predictor.begin(beginnings[:, b : b + 1])
        np.testing.assert_array_equal(logits[b : b + 1], own)
        np.testing.assert_array_equal(after[b : b + 1], own_step(np.array([b])))
