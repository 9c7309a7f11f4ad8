from itertools import islice

import numpy as np
import pytest

from charrnn.errors import SamplingError, VocabularyError
from charrnn.generation.generator import Generator
from charrnn.generation.predictor import NetworkPredictor
from charrnn.generation.sampling import Options
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.network.readout import log_softmax
from charrnn.text.vocabulary import END, Vocabulary


def generator(vocabulary=None):
    vocabulary = vocabulary or Vocabulary.of_text("abc\n de")
    return Generator(
        NetworkPredictor(Network.fresh(Architecture(len(vocabulary), 8), np.random.default_rng(0))), vocabulary
    )


def write(made, prompt="ab", length=40, seed=1, **options):
    return "".join(made.generate(prompt, length, Options(**options), seed))


def test_the_same_seed_gives_the_same_text_and_another_another():
    assert write(generator()) == write(generator())
    assert write(generator()) != write(generator(), seed=2)
    assert len(write(generator())) == 40


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize(
    "options", [{}, {"temperature": 0.5, "top_k": 3}, {"top_p": 0.7}, {"min_p": 0.1}, {"temperature": 0}]
)
def test_texts_written_side_by_side_are_those_written_alone(cell, options):
    vocabulary = Vocabulary.of_text("abcccccc\n deeeeeexyz", min_count=2)  # with an unknown symbol
    made = Generator(
        NetworkPredictor(Network.fresh(Architecture(len(vocabulary), 8, cell), np.random.default_rng(0))), vocabulary
    )
    seeds = [3, 1, (4, 1), 5]
    alone = [write(made, prompt="c", length=300, seed=seed, **options) for seed in seeds]
    samples = made.generate_many("c", 300, Options(**options), seeds)
    assert [sample.text for sample in samples] == alone
    assert {sample.finish for sample in samples} == {"length"}


def test_the_prompt_is_read():
    assert write(generator(), prompt="a", temperature=0) != write(generator(), prompt="d", temperature=0)


def test_writing_equals_reading_what_was_written():
    """Greedy text: each character is the likeliest after all before it, by a forward pass over the whole."""
    made = generator()
    text = "ab" + write(made, temperature=0, length=20)
    ids = made._vocabulary.encode(text).astype(np.intp)[:, np.newaxis]
    ws = made._predictor.network.workspace(len(ids), 1)
    made._predictor.network.logits(ids, made._predictor.network.zero_state(1), ws)
    assert ws.logits[1:-1, 0].argmax(axis=1).tolist() == ids[2:, 0].tolist()


@pytest.mark.parametrize("text", ["abc\n", "abc"])
def test_without_a_prompt(text):
    assert len(write(generator(Vocabulary.of_text(text)), prompt="")) == 40


def test_an_unknown_character_of_the_prompt_is_named():
    with pytest.raises(VocabularyError, match=r"'Z' \(U\+005A\) at position 1"):
        write(generator(), prompt="aZ")


def test_the_unknown_symbol_is_never_written():
    vocabulary = Vocabulary.of_text("aaaabbbbxyz", min_count=2)
    made = generator(vocabulary)
    made._predictor.network.parameters["b_y"][vocabulary.unknown_id] = 100
    for options in ({}, {"temperature": 0}, {"top_k": 3}, {"top_p": 0.9}):
        assert set(write(made, prompt="", length=200, **options)) <= {"a", "b"}
    assert write(made, prompt="axz")  # characters it does not know are read as the unknown symbol


def test_bytes_come_out_as_whole_characters():
    made = generator(Vocabulary.of_bytes())
    for piece in made.generate("ü", 300, Options(), 0):
        piece.encode("utf-8")
        assert piece
    made._predictor.network.parameters["b_y"][:] = -100
    made._predictor.network.parameters["b_y"][0xC3] = 100  # begins a character of two bytes, again and again
    assert set(write(made, length=5)) == {"\ufffd"}


@pytest.mark.parametrize("unit", ["char", "byte"])
@pytest.mark.parametrize("stops", [["a"], ["ab", "b"], ["dc", "e\n"], ["abcabcabcabc"], ["Ã", "\ufffd"]])
def test_a_stop_string_ends_the_text_and_is_not_part_of_it(unit, stops):
    made = generator(Vocabulary.of_bytes() if unit == "byte" else None)
    for seed in range(10):
        whole = write(made, length=200, seed=seed)
        ends = [whole.index(stop) + len(stop) for stop in stops if stop in whole]
        cut = "".join(made.generate("ab", 200, Options(), seed, stops))
        (sample,) = made.generate_many("ab", 200, Options(), [seed], stops)
        assert sample.text == cut
        assert whole.startswith(cut)
        assert sample.finish == ("stop" if ends else "length")
        assert not any(stop in cut for stop in stops)
        if ends:
            assert any(whole[len(cut) :].startswith(stop) for stop in stops)


def test_the_log_probability_is_that_of_the_network_for_all_that_was_drawn():
    made = generator()
    for stops in ((), ("d",)):
        (sample,) = made.generate_many("ab", 30, Options(temperature=0.5, top_k=4), [3], stops, scored=True)
        drawn = sample.text + ("d" if sample.finish == "stop" else "")
        ids = made._vocabulary.encode("ab" + drawn).astype(np.intp)[:, np.newaxis]
        ws = made._predictor.network.workspace(len(ids), 1)
        made._predictor.network.logits(ids, made._predictor.network.zero_state(1), ws)
        log_p = log_softmax(ws.logits[1:-1, 0])[np.arange(len(drawn)), ids[2:, 0]]
        assert sample.log_probability == pytest.approx(log_p.sum(), rel=1e-5)


def test_an_empty_stop_string_is_refused():
    made = generator()
    with pytest.raises(SamplingError, match="at least one character"):
        made.generate("a", 5, Options(), 1, [""])


def test_only_some_characters():
    vocabulary = Vocabulary.of_text("abcABC123 \n")
    network = Network.fresh(Architecture(len(vocabulary), 8), np.random.default_rng(0))
    for only, expected in (
        ("digits", "123"),
        ("uppercase", "ABC"),
        ("letters", "abcABC"),
        ("a1", "a1"),
        ("space", " \n"),
    ):
        made = Generator(NetworkPredictor(network), vocabulary, only)
        assert set("".join(made.generate("a", 200, Options(), 0))) == set(expected)
        assert set(made.generate_many("a", 200, Options(top_k=3), [0, 1])[1].text) <= set(expected)
    with pytest.raises(SamplingError, match="the model knows none of these; name characters, or one of letters"):
        Generator(NetworkPredictor(network), vocabulary, "xyz")


def test_without_end_it_goes_on():
    made = generator()
    beginning = "".join(islice(made.generate("a", 0, Options(), 5), 1000))
    assert beginning == "".join(made.generate("a", 1000, Options(), 5))


DOCUMENTS = Vocabulary(("\n", "a", "b", "c", "", END))


def of_documents(chance=1.0, **options):
    """A model whose documents end soon, or with a small chance late."""
    network = Network.fresh(Architecture(len(DOCUMENTS), 8, "gru"), np.random.default_rng(0))
    network.parameters["b_y"][DOCUMENTS.end_id] = np.log(chance)
    return Generator(NetworkPredictor(network), DOCUMENTS, **options)


def test_a_document_ends_where_its_end_is_drawn_and_the_end_is_not_written():
    made, seeds = of_documents(), range(60)
    alone = [write(made, prompt="ab", length=0, seed=seed) for seed in seeds]
    samples = made.generate_many("ab", 0, Options(), seeds, scored=True)
    assert [sample.text for sample in samples] == alone
    assert {sample.finish for sample in samples} == {"stop"}
    assert len({len(text) for text in alone}) > 3
    assert set("".join(alone)) == set("\nabc")
    bounded = made.generate_many("ab", 4, Options(), seeds)
    assert [sample.text for sample in bounded] == [text[:4] for text in alone]
    assert [sample.finish for sample in bounded] == ["stop" if len(text) < 4 else "length" for text in alone]


@pytest.mark.parametrize("prompt", ["", "ab"])
def test_a_document_is_written_from_its_beginning_and_its_probability_has_its_end(prompt):
    made, end = of_documents(), DOCUMENTS.end_id
    network = made._predictor.network
    for sample in made.generate_many(prompt, 0, Options(), range(20), scored=True):
        ids = np.array([end, *DOCUMENTS.encode(prompt + sample.text), end], np.intp)[:, np.newaxis]
        ws = network.workspace(len(ids), 1)
        network.logits(ids, network.zero_state(1), ws)
        log_p = log_softmax(ws.logits[:-1, 0])[np.arange(len(ids) - 1), ids[1:, 0]][len(prompt) :]
        assert sample.log_probability == pytest.approx(log_p.sum(), rel=1e-5)


def test_a_stop_string_within_a_document_ends_it_first():
    made, texts = of_documents(0.1), []
    for seed in range(30):
        whole = write(made, prompt="", length=0, seed=seed)
        (sample,) = made.generate_many("", 0, Options(), [seed], ["b"], scored=True)
        assert sample.text == whole.partition("b")[0] == "".join(made.generate("", 0, Options(), seed, ["b"]))
        assert sample.finish == "stop"
        texts.append("b" in whole)
    assert {True, False} == set(texts)


def test_texts_are_written_no_further_than_the_longest_document():
    made, steps = of_documents(), []
    step = made._predictor.begin

    def counted(inputs):
        logits, go_on = step(inputs)
        return logits, lambda ids: (steps.append(1), go_on(ids))[1]

    made._predictor.begin = counted
    samples = made.generate_many("", 10_000, Options(), range(5))
    assert len(steps) == max(len(sample.text) for sample in samples)


def test_a_document_may_end_whatever_characters_are_asked_for():
    made = of_documents(only="a<")
    assert {sample.finish for sample in made.generate_many("", 500, Options(), range(30))} == {"stop"}
    assert set("".join(write(made, prompt="", length=500, seed=seed) for seed in range(30))) == {"a"}
    with pytest.raises(SamplingError, match="the model knows none of these"):
        of_documents(only=END.upper())
