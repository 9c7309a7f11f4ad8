"""Texts of a batch equal those of each seed alone, whenever they join and leave."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow import mostly_slow

from charrnn.errors import VocabularyError
from charrnn.generation.batch import SLICE, Batch, BatchedText
from charrnn.generation.generator import Generator
from charrnn.generation.predictors import WINDOW, NetworkPredictor
from charrnn.generation.repetition_penalty import RepetitionPenalty
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.sampling import SamplingOptions
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.network.readout import log_softmax
from charrnn.system.blas_threads import one_blas_thread
from charrnn.text.vocabulary import END, Vocabulary

LETTERS = "".join(map(chr, range(33, 90)))
CHARACTERS = Vocabulary.from_text(LETTERS + "\n")
WITHOUT_LINES = Vocabulary.from_text(LETTERS)
DOCUMENTS = Vocabulary((*"abcdefg", END))
UNKNOWN = Vocabulary((*"\nabcdefg", ""))
BYTES = Vocabulary.from_bytes()
FILTERS = SamplingOptions(0.9, top_k=20, top_p=0.95, min_p=0.01, repetition=RepetitionPenalty(1.5, 2, 50))


def amplifying(vocabulary, cell="rnn", **architecture):
    """A network whose texts differ soon if a state differs in the last bit (see test_side_by_side.py)."""
    network = Network.fresh(Architecture(len(vocabulary), 40, cell, **architecture), np.random.default_rng(0))
    for name, view in network.parameters.items():
        view *= {"W_xh": 2, "W_hh": 6 if cell == "rnn" else 12, "W_hy": 4}.get(name[:4], 1)
    return network


CASES = {
    "rnn": (CHARACTERS, amplifying(CHARACTERS), 0.0),
    "gru": (CHARACTERS, amplifying(CHARACTERS, "gru"), 0.1),
    "lstm": (CHARACTERS, amplifying(CHARACTERS, "lstm", num_layers=2), 0.0),
    "deep": (CHARACTERS, amplifying(CHARACTERS, "gru", readout="deep", num_layers=2), 0.1),
    "blind start": (WITHOUT_LINES, amplifying(WITHOUT_LINES), 0.1),
    "documents": (DOCUMENTS, amplifying(DOCUMENTS), 0.0),
    "unknown": (UNKNOWN, amplifying(UNKNOWN), 0.1),
    "bytes": (BYTES, amplifying(BYTES), 0.1),
}
OPTIONS = [SamplingOptions(), FILTERS, SamplingOptions(0), SamplingOptions(0.7, top_p=0.9)]
PROMPTS = {8: ["", "abc", "f" * 70], 9: ["", "abc", "g" * 70]}


def requests(vocabulary):
    prompts = PROMPTS.get(len(vocabulary), ["", "ABC", "AB" * 40, "X" * (WINDOW + 5)])
    return [
        SampleRequest(prompt, length, options, stops)
        for prompt, length, options, stops in zip(
            [*prompts, *prompts, prompts[0], prompts[1]], [60, 300, 1, 40, 25, 60, 33, 50],
            [*OPTIONS, *OPTIONS], [[], [], [], ["e", "B"], [], ["AB", "c"], [], []], strict=False,
        )
    ]  # fmt: skip


def write(batch, joins, leaving=()):
    """Advance a batch: `joins` has for each text the step at which it joins, `leaving` those that are taken out. As in
    an engine and in `sample`, the BLAS has one thread: several would round in another way.
    """
    step = 0
    with one_blas_thread():
        while joins or len(batch):
            for text, at in list(joins.items()):
                if at <= step:
                    batch.join([text])
                    del joins[text]
            for text in leaving:
                if len(text.ids) >= 5:
                    text.finish = text.finish or "left"
            batch.advance()
            step += 1


def drawn(text, vocabulary):
    return [*text.ids], text.finish


def alone(network, vocabulary, smoothing, request, seed):
    """What `sample` draws: the ids up to a stop string's end, and the finish."""
    made = Generator(NetworkPredictor(network, smoothing), vocabulary)
    (sample,) = made.sample(request, [seed], scored=True)
    return sample


def same(text, sample, vocabulary, request):
    from charrnn.generation.incremental_decoder import count_whole
    from charrnn.generation.stop_strings import first_stop

    whole = vocabulary.decode(text.ids[: count_whole(vocabulary, text.ids)])
    return (whole[: first_stop(whole, request.stops)], text.finish) == (sample.text, sample.finish)


@mostly_slow("case", CASES, one_in=3)
def test_texts_that_join_at_any_time_are_those_of_each_seed_alone(case):
    vocabulary, network, smoothing = CASES[case]
    batch, joins, expected = Batch(network, vocabulary, smoothing), {}, []
    for seed, request in enumerate(requests(vocabulary)):
        text = BatchedText(vocabulary, request, seed, top=2 if seed % 2 else None)
        joins[text] = 7 * seed
        expected.append((text, alone(network, vocabulary, smoothing, request, seed), request))
    write(batch, joins)
    for text, sample, request in expected:
        assert same(text, sample, vocabulary, request)
        if text.top is not None:
            scores = [each for each, _ in text.scores[: sample.drawn]]
            assert sum(scores) == pytest.approx(sample.log_probability, abs=1e-9)
    assert not batch.texts


NETWORK = amplifying(CHARACTERS)
SAMPLES = {}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 4), st.sampled_from(["", "A", "AB" * 40]), st.integers(0, 3), st.booleans()),
        min_size=1,
        max_size=9,
    )
)  # fmt: skip
def test_in_any_order(given_texts):
    batch, joins, leaving, kept = Batch(NETWORK, CHARACTERS, 0.1), {}, [], []
    for at, seed, prompt, options, leaves in given_texts:
        request = SampleRequest(prompt, 30, OPTIONS[options])
        text = BatchedText(CHARACTERS, request, seed)
        joins[text] = at
        (leaving if leaves else kept).append((text, (seed, prompt, options), request))
    write(batch, joins, [text for text, *_ in leaving])
    for text, key, request in kept + leaving:
        if key not in SAMPLES:
            SAMPLES[key] = alone(NETWORK, CHARACTERS, 0.1, request, key[0]).text
        assert SAMPLES[key].startswith(CHARACTERS.decode(text.ids))
    assert all(len(text.ids) == 30 for text, *_ in kept)
    assert all(len(text.ids) in (5, 6) and text.finish == "left" for text, *_ in leaving)


def test_texts_of_one_prompt_read_it_once(monkeypatch):
    batch, request = Batch(NETWORK, CHARACTERS), SampleRequest("ABC" * 10, 20)
    texts = [BatchedText(CHARACTERS, request, seed) for seed in range(4)]
    batch.join(texts)
    assert len(batch) == 4
    batch.advance()
    assert len(batch.texts) == 4
    write(batch, {})
    for seed, text in enumerate(texts):
        assert CHARACTERS.decode(text.ids) == alone(NETWORK, CHARACTERS, 0, request, seed).text


def test_texts_of_no_prompt_have_a_blind_guess_each():
    network, request = amplifying(WITHOUT_LINES), SampleRequest("", 20)
    texts = [BatchedText(WITHOUT_LINES, request, seed) for seed in range(3)]
    batch = Batch(network, WITHOUT_LINES)
    batch.join(texts)
    write(batch, {})
    for seed, text in enumerate(texts):
        assert WITHOUT_LINES.decode(text.ids) == alone(network, WITHOUT_LINES, 0, request, seed).text


def test_a_long_prompt_is_read_between_the_characters_of_the_others():
    batch = Batch(NETWORK, CHARACTERS)
    writing = BatchedText(CHARACTERS, SampleRequest("A", 1000), 0)
    long = BatchedText(CHARACTERS, SampleRequest("AB" * 1500, 5), 0)
    short = BatchedText(CHARACTERS, SampleRequest("AB", 5), 0)
    write(batch, {}), batch.join([writing]), batch.advance()
    batch.join([long]), batch.advance(), batch.advance(), batch.join([short])
    before = len(writing.ids)
    while short.finish is None:
        batch.advance()
    assert len(writing.ids) - before == 6  # one for each of its characters and one while its prompt is read
    while not long.ids:
        batch.advance()
    assert len(writing.ids) == pytest.approx(3000 / SLICE, abs=12)


def test_a_prompt_is_scored():
    request = SampleRequest("ABCA", 0)
    text = BatchedText(CHARACTERS, request, 0, top=2, echo=True)
    batch = Batch(NETWORK, CHARACTERS)
    write(batch, {text: 0})
    logits, step = NetworkPredictor(NETWORK).begin(CHARACTERS.encode("\n")[:, np.newaxis])
    for index, (log_p, likeliest) in zip(CHARACTERS.encode("ABCA"), text.prompt_scores, strict=True):
        expected = log_softmax(logits)[0]
        assert log_p == pytest.approx(expected[index], abs=1e-5)
        assert [each for each, _ in likeliest] == (-expected).argsort()[:2].tolist()
        logits = step(np.array([index]))
    assert (text.ids, text.finish) == ([], "length")


def test_a_prompt_is_scored_across_windows_and_after_a_blind_guess():
    network = amplifying(WITHOUT_LINES)
    text = BatchedText(WITHOUT_LINES, SampleRequest("A" * (WINDOW + 7), 3), 0, top=0, echo=True)
    write(Batch(network, WITHOUT_LINES), {text: 0})
    assert len(text.prompt_scores) == WINDOW + 7
    assert text.prompt_scores[0][0] == pytest.approx(-np.log(len(WITHOUT_LINES)))
    assert len(text.ids) == len(text.scores) == 3


@pytest.mark.parametrize("scored", [True, False])
@pytest.mark.parametrize("vocabulary", [CHARACTERS, WITHOUT_LINES])
def test_nothing_is_written(vocabulary, scored):
    text = BatchedText(vocabulary, SampleRequest("", 0), 0, top=1, echo=scored)
    write(Batch(amplifying(vocabulary), vocabulary), {text: 0})
    assert (text.ids, text.scores, text.finish) == ([], [], "length")


def test_what_is_left_while_its_prompt_is_read_is_never_written():
    text = BatchedText(CHARACTERS, SampleRequest("A" * 500, 5), 0)
    batch = Batch(NETWORK, CHARACTERS)
    batch.join([text]), batch.advance()
    text.finish = "left"
    batch.advance()
    assert (len(batch), text.ids) == (0, [])


def test_bad_texts():
    with pytest.raises(VocabularyError):
        BatchedText(CHARACTERS, SampleRequest("é", 5), 0)
    with pytest.raises(ValueError, match="non-negative"):
        BatchedText(CHARACTERS, SampleRequest("A", 5), -1)
