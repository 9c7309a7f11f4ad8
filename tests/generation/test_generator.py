import tracemalloc
from itertools import islice

import numpy as np
import pytest

from charrnn.errors import SamplingError, VocabularyError
from charrnn.generation import generator as generators
from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NetworkPredictor
from charrnn.generation.repetition_penalty import RepetitionPenalty
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.samples import select_best
from charrnn.generation.sampling import SamplingOptions
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network
from charrnn.network.readout import log_softmax
from charrnn.text.vocabulary import END, Vocabulary


def generator(vocabulary=None):
    vocabulary = vocabulary or Vocabulary.from_text("abc\n de")
    return Generator(
        NetworkPredictor(Network.fresh(Architecture(len(vocabulary), 8), np.random.default_rng(0))), vocabulary
    )


def write(made, prompt="ab", length=40, seed=1, **options):
    return "".join(made.stream(SampleRequest(prompt, length, SamplingOptions(**options)), seed))


def test_the_same_seed_gives_the_same_text_and_another_another():
    assert write(generator()) == write(generator())
    assert write(generator()) != write(generator(), seed=2)
    assert len(write(generator())) == 40


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"temperature": 0.5, "top_k": 3},
        {"top_p": 0.7},
        {"min_p": 0.1},
        {"temperature": 0},
        {"temperature": 0, "repetition": RepetitionPenalty(1.5, 3, 50)},
        {"temperature": 0.7, "top_k": 5, "top_p": 0.9, "min_p": 0.05, "repetition": RepetitionPenalty(3, 2, 20)},
    ],
)
def test_texts_written_side_by_side_are_those_written_alone(cell, options):
    vocabulary = Vocabulary.from_text("abcccccc\n deeeeeexyz", min_count=2)  # with an unknown symbol
    made = Generator(
        NetworkPredictor(Network.fresh(Architecture(len(vocabulary), 8, cell), np.random.default_rng(0))), vocabulary
    )
    seeds = [3, 1, (4, 1), 5]
    alone = [write(made, prompt="c", length=300, seed=seed, **options) for seed in seeds]
    samples = made.sample(SampleRequest("c", 300, SamplingOptions(**options)), seeds)
    assert [sample.text for sample in samples] == alone
    assert {sample.finish for sample in samples} == {"length"}


def test_the_prompt_is_read():
    assert write(generator(), prompt="a", temperature=0) != write(generator(), prompt="d", temperature=0)


def test_generating_equals_reading_the_generated_text():
    """Greedy text: each character is the likeliest after all before it, by a forward pass over the whole."""
    made = generator()
    text = "\nab" + write(made, temperature=0, length=20)
    ids = made.vocabulary.encode(text).astype(np.intp)[:, np.newaxis]
    ws = made.predictor.network.workspace(len(ids), 1)
    made.predictor.network.logits(ids, made.predictor.network.zero_state(1), ws)
    assert ws.logits[2:-1, 0].argmax(axis=1).tolist() == ids[3:, 0].tolist()


@pytest.mark.parametrize("text", ["abc\n", "abc"])
def test_without_a_prompt(text):
    assert len(write(generator(Vocabulary.from_text(text)), prompt="")) == 40


def test_an_unknown_character_of_the_prompt_is_named():
    with pytest.raises(VocabularyError, match=r"'Z' \(U\+005A\) at character 2"):
        write(generator(), prompt="aZ")


def test_the_unknown_symbol_is_never_written():
    vocabulary = Vocabulary.from_text("aaaabbbbxyz", min_count=2)
    made = generator(vocabulary)
    made.predictor.network.parameters["b_y"][vocabulary.unknown_id] = 100
    for options in ({}, {"temperature": 0}, {"top_k": 3}, {"top_p": 0.9}):
        assert set(write(made, prompt="", length=200, **options)) <= {"a", "b"}
    assert write(made, prompt="axz")  # characters it does not know are read as the unknown symbol


def test_bytes_come_out_as_whole_characters():
    made = generator(Vocabulary.from_bytes())
    for piece in made.stream(SampleRequest("ü", 300), 0):
        piece.encode("utf-8")
        assert piece
    made.predictor.network.parameters["b_y"][:] = -100
    made.predictor.network.parameters["b_y"][0xC3] = 100  # begins a character of two bytes, again and again
    assert set(write(made, length=5)) == {"\ufffd"}


@pytest.mark.parametrize("unit", ["char", "byte"])
@pytest.mark.parametrize("stops", [["a"], ["ab", "b"], ["dc", "e\n"], ["abcabcabcabc"], ["Ã", "\ufffd"]])
def test_a_stop_string_ends_the_text_and_is_not_part_of_it(unit, stops):
    made = generator(Vocabulary.from_bytes() if unit == "byte" else None)
    for seed in range(10):
        whole = write(made, length=200, seed=seed)
        ends = [whole.index(stop) + len(stop) for stop in stops if stop in whole]
        cut = "".join(made.stream(SampleRequest("ab", 200, stops=stops), seed))
        (sample,) = made.sample(SampleRequest("ab", 200, stops=stops), [seed])
        assert sample.text == cut
        assert whole.startswith(cut)
        assert sample.finish == ("stop" if ends else "length")
        assert not any(stop in cut for stop in stops)
        if ends:
            assert any(whole[len(cut) :].startswith(stop) for stop in stops)


def test_the_log_probability_is_that_of_the_network_for_the_drawn_text():
    made = generator()
    for stops in ((), ("d",)):
        (sample,) = made.sample(
            SampleRequest("ab", 30, SamplingOptions(temperature=0.5, top_k=4), stops), [3], scored=True
        )
        drawn = sample.text + ("d" if sample.finish == "stop" else "")
        ids = made.vocabulary.encode("\nab" + drawn).astype(np.intp)[:, np.newaxis]
        ws = made.predictor.network.workspace(len(ids), 1)
        made.predictor.network.logits(ids, made.predictor.network.zero_state(1), ws)
        log_p = log_softmax(ws.logits[2:-1, 0])[np.arange(len(drawn)), ids[3:, 0]]
        assert sample.log_probability == pytest.approx(log_p.sum(), rel=1e-5)


@pytest.mark.parametrize("unit", ["char", "byte"])
@pytest.mark.parametrize("stops", [[], ["a"], ["dc", "e\n"], ["Ã", "\ufffd"]])
def test_the_surprisals_add_up_to_the_log_probability(unit, stops):
    made = generator(Vocabulary.from_bytes() if unit == "byte" else None)
    for sample in made.sample(
        SampleRequest("ab", 60, SamplingOptions(0.7), stops), range(6), scored=True, in_pieces=True
    ):
        pieces = list(made.stream_pieces(SampleRequest("ab", 60, SamplingOptions(0.7), stops), sample.seed))
        assert "".join(piece for piece, _ in pieces) == sample.text
        assert "".join(piece for piece, _ in sample.pieces) == sample.text
        np.testing.assert_allclose([s for _, s in pieces], [s for _, s in sample.pieces], rtol=1e-5)
        assert all(piece for piece, _ in pieces)
        if sample.finish == "length":
            assert sum(s for _, s in pieces) == pytest.approx(-sample.log_probability, rel=1e-5)


def test_a_character_of_two_bytes_has_the_surprisal_of_both():
    made = generator(Vocabulary.from_bytes())
    bias = made.predictor.network.parameters["b_y"]
    bias[:] = -1000
    bias[[0xC3, 0xBC]] = 0  # ü, and halves of it
    options = SamplingOptions(temperature=0, repetition=RepetitionPenalty(1e300, 1, 1))  # by turns
    pieces = list(made.stream_pieces(SampleRequest("ü", 40, options), 0))
    whole = [surprisal for piece, surprisal in pieces if piece == "ü"]
    ids = "\nü" + "".join(piece for piece, _ in pieces)
    inputs = made.vocabulary.encode(ids).astype(np.intp)[:, np.newaxis]
    ws = made.predictor.network.workspace(len(inputs), 1)
    made.predictor.network.logits(inputs, made.predictor.network.zero_state(1), ws)
    each = -log_softmax(ws.logits[2:-1, 0])[np.arange(40), inputs[3:, 0]]
    assert len(whole) == 20
    np.testing.assert_allclose(whole, each.reshape(20, 2).sum(axis=1), rtol=1e-4)


class Counting:
    """A predictor that counts the steps it is asked for."""

    def __init__(self, predictor):
        self.predictor, self.steps, self.label_smoothing = predictor, 0, 0.0

    def begin(self, inputs):
        logits, step = self.predictor.begin(inputs)

        def counted(ids):
            self.steps += 1
            return step(ids)

        return logits, counted


@pytest.mark.parametrize("unit", ["char", "byte"])
def test_many_texts_end_when_the_last_has_met_its_stop_string(unit):
    vocabulary = Vocabulary.from_bytes() if unit == "byte" else Vocabulary.from_text("abc\n de")
    made = generator(vocabulary)
    counting = Counting(made.predictor)
    seeds, stops, length = range(4), ["cab", "db"] if unit == "char" else ["e", "b"], 3000
    alone = [made.sample(SampleRequest("ab", length, stops=stops), [seed], scored=True)[0] for seed in seeds]
    samples = Generator(counting, vocabulary).sample(SampleRequest("ab", length, stops=stops), seeds, scored=True)
    assert {sample.finish for sample in samples} == {"stop"}
    assert len({sample.drawn for sample in samples}) > 1
    for one, other in zip(samples, alone, strict=True):
        assert (one.text, one.drawn) == (other.text, other.drawn)
        assert one.log_probability == pytest.approx(other.log_probability, rel=1e-5)
    assert counting.steps == max(sample.drawn for sample in samples) - 1 < 2999


class Watched(NetworkPredictor):
    """Records how many texts it reads side by side; has memory for a limited number of calls."""

    def __init__(self, predictor, calls=99):
        super().__init__(predictor.network)
        self.widths, self.calls = [], calls

    def begin(self, inputs):
        if len(self.widths) == self.calls:
            raise MemoryError
        self.widths.append(inputs.shape[1])
        return super().begin(inputs)


def test_very_many_texts_are_written_some_at_a_time_and_are_those_written_alone(monkeypatch):
    monkeypatch.setattr(generators, "SIDE_BY_SIDE", 3)
    made, vocabulary = generator(), Vocabulary.from_text("abc\n de")
    watched = Watched(made.predictor)
    samples = Generator(watched, vocabulary).sample(SampleRequest("ab", 30), range(5, 12))
    assert watched.widths == [3, 3, 1]
    assert [sample.seed for sample in samples] == [*range(5, 12)]
    assert [sample.text for sample in samples] == [write(made, length=30, seed=seed) for seed in range(5, 12)]


def test_texts_that_do_not_fit_in_memory_are_refused_in_a_line(monkeypatch):
    monkeypatch.setattr(generators, "SIDE_BY_SIDE", 3)
    made, vocabulary = generator(), Vocabulary.from_text("abc\n de")
    with pytest.raises(SamplingError, match=r"out of memory after 6 of 1,000 texts; ask for fewer or for shorter ones"):
        Generator(Watched(made.predictor, 2), vocabulary).sample(SampleRequest("ab", 3), range(1000))


def test_a_guard_ends_the_loops_of_greedy_text():
    """The untrained network loops; with the penalty, no sequence of 4 characters comes often."""
    made = generator()

    def most_frequent(text):
        grams = [text[i : i + 4] for i in range(len(text) - 3)]
        return max(map(grams.count, grams))

    assert most_frequent(write(made, temperature=0, length=400)) > 50
    assert most_frequent(write(made, temperature=0, length=400, repetition=RepetitionPenalty(1.5, 4, 400))) < 10


def test_the_guard_knows_the_prompt():
    made = generator()
    loop = write(made, prompt="ab", temperature=0, length=100)[-40:]
    guarded = SamplingOptions(0, repetition=RepetitionPenalty(1e6, 4, 50))
    drawn = write(made, prompt=loop, temperature=0, length=1)
    assert "".join(made.stream(SampleRequest(loop, 1, guarded), 0)) != drawn


def test_a_trace_shows_what_each_character_was_drawn_from():
    made = generator()
    options = SamplingOptions(0.7, top_k=3, top_p=0.9)
    (sample, other) = made.sample(SampleRequest("ab", 50, options, ["e"]), [1, 2], scored=True, traced=2)
    assert sample.text == made.sample(SampleRequest("ab", 50, options, ["e"]), [1])[0].text
    assert len(sample.trace) == sample.drawn
    assert "".join(step.character for step in sample.trace)[: len(sample.text)] == sample.text
    own = sum(np.log(step.probability) for step in sample.trace)
    assert own == pytest.approx(sample.log_probability, rel=1e-6)
    assert len(other.trace) == other.drawn != sample.drawn
    for step in [*sample.trace, *other.trace]:
        probabilities = [p for _, p in step.candidates[:2]]
        assert probabilities == sorted(probabilities, reverse=True)
        assert step.character in dict(step.candidates)
        assert 1 <= len(step.candidates) <= 3
        assert all(0 < p <= 1 for _, p in step.candidates)
    full = made.sample(SampleRequest("ab", 50, options), [1], traced=99)[0]
    for step in full.trace:
        assert len(step.candidates) <= 3
        assert sum(p for _, p in step.candidates) == pytest.approx(1)
    some = Generator(made.predictor, made.vocabulary, only="abc")
    (sample,) = some.sample(SampleRequest("ab", 50), [1], traced=99)
    assert {character for step in sample.trace for character, _ in step.candidates} == set("abc")


def test_a_trace_names_bytes_that_are_not_ascii():
    made = generator(Vocabulary.from_bytes())
    made.predictor.network.parameters["b_y"][0xC3] = 100
    (sample,) = made.sample(SampleRequest("ab", 3, SamplingOptions(0)), [1], traced=1)
    assert [step.candidates for step in sample.trace] == [
        [("\\xc3", 1.0)]
    ] * 2  # the third may be the first of a character


def test_the_best_are_those_with_the_highest_mean_log_probability():
    samples = generator().sample(SampleRequest("ab", 40, stops=["e"]), range(8), scored=True)
    means = [sample.log_probability / sample.drawn for sample in samples]
    chosen = select_best(samples, 3)
    assert [sample.mean_log_probability for sample in chosen] == sorted(means, reverse=True)[:3]
    assert select_best([samples[0], samples[0]], 1)[0] is samples[0]


def test_an_empty_stop_string_is_refused():
    made = generator()
    with pytest.raises(SamplingError, match="at least one character"):
        made.stream(SampleRequest("a", 5, stops=[""]), 1)


@pytest.mark.parametrize("length", range(1, 12))
def test_a_character_that_the_length_cuts_is_left_out_by_all_alike(length):
    """Of é€😀, of 2, 3 and 4 bytes, again and again; the text, its pieces, its probability and its trace are of whole characters."""
    made, seeds = generator(Vocabulary.from_bytes()), range(6)
    parameters = made.predictor.network.parameters
    parameters["b_y"][:] = -50
    parameters["b_y"][[*"é€😀".encode(), ord("a")]] = 0
    whole = ["".join(made.stream(SampleRequest("", 40), seed)) for seed in seeds]
    samples = made.sample(SampleRequest("", length), seeds, scored=True, traced=1, in_pieces=True)
    for seed, sample, longer in zip(seeds, samples, whole, strict=True):
        assert longer.startswith(sample.text)
        assert "".join(made.stream(SampleRequest("", length), seed)) == sample.text
        assert "".join(c for c, _ in made.stream_pieces(SampleRequest("", length), seed)) == sample.text
        assert length - 3 <= sample.drawn <= length
        assert len(sample.trace) == sample.drawn
        assert sample.finish == "length"
        assert sum(s for _, s in sample.pieces) == pytest.approx(-sample.log_probability, abs=1e-4)
    assert length > 1 or "" in {sample.text for sample in samples}
    assert any(sample.drawn < length for sample in samples)
    assert length < 2 or any("\ufffd" in sample.text for sample in samples)  # invalid UTF-8 is shown


def test_a_text_without_a_whole_character_ranks_last():
    made = generator(Vocabulary.from_bytes())
    samples = made.sample(SampleRequest("", 1), range(60), scored=True)
    empty = [sample for sample in samples if not sample.text]
    assert {(sample.drawn, sample.log_probability) for sample in empty} == {(0, 0)}
    assert not any(sample in empty for sample in select_best(samples, len(samples) - len(empty)))


def test_unknown_characters_and_impossible_stop_strings_are_warned_of():
    vocabulary = Vocabulary.from_text("abc\n de")
    network = Network.fresh(Architecture(len(vocabulary), 8), np.random.default_rng(0))
    made = Generator(NetworkPredictor(network), vocabulary, ["ab", "cΩ"])
    assert made.find_warnings(SampleRequest(length=3, stops=["ab", "abc", "c"])) == [
        "`only`: the model does not know 'Ω' (U+03A9)"
    ]
    found = made.find_warnings(SampleRequest(length=3, stops=["aΩZΩ", "abcd e", "abca"]))
    assert found[1] == "`stops` 'aΩZΩ' never comes: it is longer than `length`, 3"
    found = made.find_warnings(SampleRequest(length=0, stops=["aΩZΩ", "abcd e", "abca"]))
    assert found[1:] == [
        "`stops` 'aΩZΩ' never comes: the model does not know 'Ω' (U+03A9) and 'Z' (U+005A)",
        "`stops` 'abcd e' never comes: `only` leaves out 'd' (U+0064), ' ' (U+0020) and 'e' (U+0065)",
    ]


def test_a_byte_model_can_write_any_stop_string_unless_only_forbids_it():
    predictor = NetworkPredictor(Network.fresh(Architecture(256, 8), np.random.default_rng(0)))
    anything, ascii_alone = (Generator(predictor, Vocabulary.from_bytes(), only) for only in (None, "ascii"))
    assert anything.find_warnings(SampleRequest(length=2, stops=["Ω", "\ufffd", "a"])) == [
        "`stops` '\ufffd' never comes: it is longer than `length`, 2"
    ]
    assert anything.find_warnings(SampleRequest(length=3, stops=["Ω", "\ufffd", "a"])) == []
    assert ascii_alone.find_warnings(SampleRequest(length=0, stops=["a", "Ω"])) == [
        "`stops` 'Ω' never comes: `only` leaves out 'Ω' (U+03A9)"
    ]


def test_only_some_characters():
    vocabulary = Vocabulary.from_text("abcABC123 \n")
    network = Network.fresh(Architecture(len(vocabulary), 8), np.random.default_rng(0))
    for only, expected in (
        ("digits", "123"),
        ("uppercase", "ABC"),
        ("letters", "abcABC"),
        ("a1", "a1"),
        ("space", " \n"),
    ):
        made = Generator(NetworkPredictor(network), vocabulary, only)
        assert set("".join(made.stream(SampleRequest("a", 200), 0))) == set(expected)
        assert set(made.sample(SampleRequest("a", 200, SamplingOptions(top_k=3)), [0, 1])[1].text) <= set(expected)
    with pytest.raises(SamplingError, match="the model knows none of these; name characters, or one of letters"):
        Generator(NetworkPredictor(network), vocabulary, "xyz")


def test_without_a_length_it_never_stops():
    made = generator()
    beginning = "".join(islice(made.stream(SampleRequest("a", 0), 5), 1000))
    assert beginning == "".join(made.stream(SampleRequest("a", 1000), 5))


@pytest.mark.slow
@pytest.mark.exhaustive
def test_without_end_memory_does_not_grow():
    made, options = generator(), SamplingOptions(0.9, 5, 0.9, 0.01, RepetitionPenalty(1.2, 3, 100))
    for write_on in (made.stream, made.stream_pieces):
        endless = write_on(SampleRequest("ab", 0, options, ["abcabcabcabcabc"]), 1)
        tracemalloc.start()
        try:
            sizes = []
            for _ in range(3):
                sizes.append(tracemalloc.get_traced_memory()[0])
                assert len(list(islice(map(len, endless), 3000))) == 3000
        finally:
            tracemalloc.stop()
        assert sizes[2] - sizes[1] < 20_000


def test_the_first_characters_of_many_seeds_follow_the_distribution():
    """Alphabet, guard and all filters, with the command's seeds: the exact distribution, worked out step by step.

    Chi-square with 3 degrees of freedom: 16.3 is passed by chance once in a thousand.
    """
    vocabulary = Vocabulary.from_text("abc\n deABXYZ")
    network = Network.fresh(Architecture(len(vocabulary), 8), np.random.default_rng(3))
    network.parameters["b_y"][:] = np.random.default_rng(5).normal(size=len(vocabulary)) / 2
    prompt, N = "aBaAaBaca", 8000  # a has been followed by B twice, by A and c once
    logits, _ = NetworkPredictor(network).begin(vocabulary.encode("\n" + prompt)[:, np.newaxis])
    weight = {symbol: np.exp(o) for symbol, o in zip(vocabulary.symbols, logits[0].tolist(), strict=True)}
    for symbol in "Z\n":
        del weight[symbol]
    for symbol, count in (("B", 2), ("A", 1), ("c", 1)):
        weight[symbol] /= 1.5**count
    of_k = sorted(((w ** (1 / 0.7), symbol) for symbol, w in weight.items()), reverse=True)[:8]
    shares = np.cumsum([w for w, _ in of_k]) / sum(w for w, _ in of_k)
    of_p = of_k[: 1 + int((shares < 0.9).sum())]
    kept = [(w, symbol) for w, symbol in of_p if w >= 0.4 * of_p[0][0]]
    assert (len(weight), len(of_k), len(of_p), len(kept)) == (10, 8, 6, 4)
    assert any(symbol in "ABc" for _, symbol in kept)
    made = Generator(NetworkPredictor(network), vocabulary, only="abcdeABXY ")
    options = SamplingOptions(0.7, 8, 0.9, 0.4, RepetitionPenalty(1.5, 2, 30))
    drawn = [sample.text for sample in made.sample(SampleRequest(prompt, 1, options), range(N))]
    assert set(drawn) == {symbol for _, symbol in kept}
    expected = {symbol: N * w / sum(w for w, _ in kept) for w, symbol in kept}
    assert sum((drawn.count(symbol) - e) ** 2 / e for symbol, e in expected.items()) < 16.3


DOCUMENTS = Vocabulary(("\n", "a", "b", "c", "", END))


def of_documents(chance=1.0, **options):
    """A model whose documents end soon, or rarely late."""
    network = Network.fresh(Architecture(len(DOCUMENTS), 8, "gru"), np.random.default_rng(0))
    network.parameters["b_y"][DOCUMENTS.end_id] = np.log(chance)
    return Generator(NetworkPredictor(network), DOCUMENTS, **options)


def test_a_drawn_document_end_ends_the_text_and_is_not_written():
    made, seeds = of_documents(), range(60)
    alone = [write(made, prompt="ab", length=0, seed=seed) for seed in seeds]
    samples = made.sample(SampleRequest("ab", 0), seeds, scored=True)
    assert [sample.text for sample in samples] == alone
    assert {sample.finish for sample in samples} == {"stop"}
    assert len({len(text) for text in alone}) > 3
    assert set("".join(alone)) == set("\nabc")
    bounded = made.sample(SampleRequest("ab", 4), seeds)
    assert [sample.text for sample in bounded] == [text[:4] for text in alone]
    assert [sample.finish for sample in bounded] == ["stop" if len(text) < 4 else "length" for text in alone]


@pytest.mark.parametrize("prompt", ["", "ab"])
def test_a_document_is_written_from_its_beginning_and_its_probability_has_its_end(prompt):
    made, end = of_documents(), DOCUMENTS.end_id
    network = made.predictor.network
    for sample in made.sample(SampleRequest(prompt, 0), range(20), scored=True):
        ids = np.array([end, *DOCUMENTS.encode(prompt + sample.text), end], np.intp)[:, np.newaxis]
        ws = network.workspace(len(ids), 1)
        network.logits(ids, network.zero_state(1), ws)
        log_p = log_softmax(ws.logits[:-1, 0])[np.arange(len(ids) - 1), ids[1:, 0]][len(prompt) :]
        assert sample.log_probability == pytest.approx(log_p.sum(), rel=1e-5)


def test_a_stop_string_within_a_document_ends_it_first():
    made, texts = of_documents(0.1), []
    for seed in range(30):
        whole = write(made, prompt="", length=0, seed=seed)
        (sample,) = made.sample(SampleRequest("", 0, stops=["b"]), [seed], scored=True)
        assert sample.text == whole.partition("b")[0] == "".join(made.stream(SampleRequest("", 0, stops=["b"]), seed))
        assert sample.finish == "stop"
        texts.append("b" in whole)
    assert {True, False} == set(texts)


def test_texts_are_written_no_further_than_the_longest_document():
    made, steps = of_documents(), []
    step = made.predictor.begin

    def counted(inputs):
        logits, go_on = step(inputs)
        return logits, lambda ids: (steps.append(1), go_on(ids))[1]

    made.predictor.begin = counted
    samples = made.sample(SampleRequest("", 10_000), range(5))
    assert len(steps) == max(len(sample.text) for sample in samples)


def test_a_document_may_end_whatever_characters_are_asked_for():
    made = of_documents(only="a<")
    assert {sample.finish for sample in made.sample(SampleRequest("", 500), range(30))} == {"stop"}
    assert set("".join(write(made, prompt="", length=500, seed=seed) for seed in range(30))) == {"a"}
    with pytest.raises(SamplingError, match="the model knows none of these"):
        of_documents(only=END.upper())


@pytest.mark.parametrize(
    ("length", "seed", "words"),
    [(-1, 1, "`length` must be at least 0; found -1"), (5, -1, "`seed` must be at least 0; found -1")],
)
def test_a_length_or_a_seed_below_0_is_refused(length, seed, words):
    with pytest.raises(SamplingError, match=words):
        generator().stream(SampleRequest("ab", length), seed)
    with pytest.raises(SamplingError, match=words):
        generator().sample(SampleRequest("ab", length), [seed])


def test_many_texts_are_not_written_without_end():
    with pytest.raises(SamplingError, match="`length` 0 has no limit"):
        generator().sample(SampleRequest("ab", 0), [1])


def test_a_byte_model_with_only_writes_ascii_bytes():
    bytes_, random = Vocabulary.from_bytes(), np.random.default_rng(0)
    predictor = NetworkPredictor(Network.fresh(Architecture(256, 8), random))
    written = write(Generator(predictor, bytes_, "letters"), prompt="", length=200)
    assert written.isascii()
    assert written.isalpha()
    assert set(write(Generator(predictor, bytes_, "ab"), prompt="", length=50)) == {"a", "b"}
    with pytest.raises(SamplingError, match=r"`only` 'é': a model of bytes can be held to ASCII characters alone"):
        Generator(predictor, bytes_, "é")


def test_documents_that_never_end_are_cut(monkeypatch):
    monkeypatch.setattr(generators, "MAX_DOCUMENT_CHARS", 40)
    vocabulary = Vocabulary((*"abc", END))
    network = Network.fresh(Architecture(4, 8), np.random.default_rng(0))
    network.parameters["b_y"][3] = -50  # so that it never ends
    made = Generator(NetworkPredictor(network), vocabulary)
    assert [(len(s.text), s.finish) for s in made.sample(SampleRequest("", 0), [1, 2])] == [(40, "length")] * 2
    assert len(write(made, prompt="", length=0)) == 40


def test_without_a_prompt_the_first_character_is_drawn_uniformly():
    """All symbols are equally likely, the unknown one too, which is not written; the second follows the first."""
    vocabulary = Vocabulary.from_text("aabbccddxyz", min_count=2)
    made = generator(vocabulary)
    samples = made.sample(SampleRequest("", 2), range(400), scored=True, in_pieces=True)
    first = [sample.text[0] for sample in samples]
    assert {symbol: 60 < first.count(symbol) < 140 for symbol in first} == dict.fromkeys("abcd", True)
    np.testing.assert_allclose([sample.pieces[0][1] for sample in samples], np.log(5))
    for sample in samples[:20]:
        (alone,) = made.sample(SampleRequest(sample.text[0], 1), [0], scored=True, traced=9)
        p = dict(alone.trace[0].candidates)[sample.text[1]] * (1 - _of_unknown(made, sample.text[0]))  # never written
        assert np.exp(-sample.pieces[1][1]) == pytest.approx(p, rel=1e-5)


def _of_unknown(made, prompt):
    logits, _ = made.predictor.begin(made.vocabulary.encode(prompt)[:, np.newaxis])
    return np.exp(log_softmax(logits))[0, made.vocabulary.unknown_id]


def test_after_a_uniform_first_character_label_smoothing_is_removed():
    vocabulary = Vocabulary.from_text("abcd")
    network = Network.fresh(Architecture(len(vocabulary), 8), np.random.default_rng(0))
    network.parameters["b_y"][0] = 3
    made = Generator(NetworkPredictor(network, 0.2), vocabulary)
    for sample in made.sample(SampleRequest("", 2), range(5), traced=4):
        (alone,) = made.sample(SampleRequest(sample.text[0], 1), [0], traced=4)
        assert sample.trace[0].candidates == [(symbol, 0.25) for symbol in "abcd"]
        assert dict(sample.trace[1].candidates) == pytest.approx(dict(alone.trace[0].candidates), rel=1e-4)
