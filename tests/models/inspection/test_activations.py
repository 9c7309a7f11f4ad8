import numpy as np
import pytest
from tiny import trained

from charrnn import api
from charrnn.errors import DivergedError
from charrnn.models import encoded_text
from charrnn.models.inspection import activations
from charrnn.models.inspection.activations import inspect
from charrnn.models.scoring.scoring import UNKNOWN_COST
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network
from charrnn.text.vocabulary import Vocabulary
from charrnn.training import surprisal
from charrnn.training.surprisal import WARM_UP

TEXT = "the cat sat on the mat. a dog ran.\nwhy?\n" * 4


def network(V, cell="gru", layers=1, seed=0):
    return Network.fresh(Architecture(V, 6, cell, num_layers=layers), np.random.default_rng(seed), np.float64)


def read(net, vocabulary, text):
    block, _ = encoded_text.take(encoded_text.from_pieces([text], vocabulary), len(text))
    return inspect(net, vocabulary, block)


@pytest.mark.parametrize("cell", CELLS)
def test_the_activations_are_those_of_one_pass_over_the_text(cell):
    vocabulary = Vocabulary.from_text(TEXT)
    net = network(len(vocabulary), cell, layers=2)
    ids = vocabulary.encode("\n" + TEXT).astype(np.intp)[:, np.newaxis]
    ws = net.workspace(len(ids), 1)
    net.logits(ids, net.zero_state(1), ws)
    made = read(net, vocabulary, TEXT)
    assert set(made.activations) == set(ws.activations)
    for name, values in made.activations.items():
        np.testing.assert_allclose(values, ws.activations[name][1:, 0], atol=1e-3)


def test_the_surprisals_are_those_of_score(tiny_run):
    model = api.load(tiny_run)
    text = TEXT + "the \N{SNOWMAN} cat"
    made = read(model.saved.network, model.vocabulary, text)
    assert made.text == text
    np.testing.assert_allclose(made.surprisals, model.score(text).surprisals, atol=1e-5)
    assert np.flatnonzero(made.unknown).tolist() == [text.index("\N{SNOWMAN}")]
    assert made.surprisals[made.unknown] == UNKNOWN_COST


@pytest.mark.slow
def test_a_long_text_is_read_in_streams_as_if_it_were_one(monkeypatch):
    text = "".join(np.random.default_rng(1).choice(list("ab c\n"), 10 * WARM_UP + 17))
    vocabulary = Vocabulary.from_text(text)
    net = network(len(vocabulary))
    side_by_side = read(net, vocabulary, text)
    monkeypatch.setattr(surprisal, "STREAMS", 1)
    alone = read(net, vocabulary, text)
    np.testing.assert_allclose(side_by_side.surprisals, alone.surprisals, atol=1e-9)
    np.testing.assert_array_equal(side_by_side.likeliest, alone.likeliest)
    for name, values in side_by_side.activations.items():
        np.testing.assert_array_equal(values, alone.activations[name])


def test_a_network_that_remembers_far_back_is_shown_as_it_is_scored(tiny_run, monkeypatch):
    """Where a warm-up is too short to forget what it does not know, the streams must still be the same."""
    monkeypatch.setattr(surprisal, "WARM_UP", 8)
    monkeypatch.setattr(activations, "WARM_UP", 8)
    model, text = api.load(tiny_run), TEXT * 5
    made = read(model.saved.network, model.vocabulary, text)
    np.testing.assert_allclose(made.surprisals, model.score(text).surprisals, atol=1e-5)


@pytest.mark.parametrize(("n", "B"), [(1, 1), (64, 1), (65, 1), (5000, 3), (4097, 2)])
def test_every_place_is_some_streams_own_once(n, B):
    places = np.concatenate([window.at[window.own] for window in activations._windows(n, B, n // B)])
    assert sorted(places.tolist()) == [*range(n)]


def test_predictions_are_sorted_and_include_the_actual_probability():
    vocabulary = Vocabulary.from_text(TEXT)
    made = read(network(len(vocabulary)), vocabulary, TEXT)
    assert made.likeliest.shape == (len(TEXT), 5)
    assert (np.diff(made.probabilities, axis=1) <= 0).all()
    ids, hits = vocabulary.encode(TEXT), 0
    for place, (row, p) in enumerate(zip(made.likeliest, made.probabilities, strict=True)):
        for symbol, probability in zip(row, p, strict=True):
            if symbol == ids[place]:
                assert probability == pytest.approx(np.exp(-made.surprisals[place]))
                hits += 1
    assert hits > 10


def test_bytes_are_put_together_to_characters():
    text = "a\N{SNOWMAN}b\xff".encode() + b"\xff\xfe"
    vocabulary = Vocabulary.from_bytes()
    net = network(256)
    made = read(net, vocabulary, text)
    plain = read(net, Vocabulary(tuple(map(chr, range(256)))), text.decode("latin-1"))
    assert made.characters == ["a", "\N{SNOWMAN}", "b", "\xff", "\ufffd", "\ufffd"]
    np.testing.assert_allclose(made.surprisals[1], plain.surprisals[1:4].sum(), atol=1e-9)
    np.testing.assert_array_equal(made.likeliest[1], plain.likeliest[1])
    np.testing.assert_array_equal(made.activations["h"][1], plain.activations["h"][3])


def test_documents_reset_the_state_and_end_in_a_line_break(tmp_path, text_file):
    model = api.load(trained(tmp_path / "documents", text_file, r"data.boundary=\n"))
    block, more = encoded_text.take(model.read([str(text_file)]).blocks(), 200)
    made = inspect(model.saved.network, model.vocabulary, block)
    assert more
    assert made.text == text_file.read_text("utf-8")[:200]
    np.testing.assert_allclose(made.surprisals, model.score(text_file.read_text("utf-8")).surprisals[:200], atol=1e-5)
    ids = model.vocabulary.encode(made.text.replace("\n", " ")).astype(np.intp)  # an end is none of these
    hits = [
        (p, np.exp(-made.surprisals[place]))
        for place, (row, found) in enumerate(zip(made.likeliest, made.probabilities, strict=True))
        for symbol, p in zip(row, found, strict=True)
        if symbol == ids[place] and made.text[place] != "\n"
    ]
    assert len(hits) > 10
    np.testing.assert_allclose(*zip(*hits, strict=True), rtol=1e-5)
    first, again = (made.activations["h"][place] for place in (0, made.text.index("\nthe") + 1))
    np.testing.assert_array_equal(first, again)


@pytest.mark.filterwarnings("error")
def test_activations_that_are_too_large_to_keep_are_the_largest_that_can_be_kept():
    vocabulary = Vocabulary.from_text(TEXT)
    net = Network.fresh(Architecture(len(vocabulary), 6, nonlinearity="relu"), np.random.default_rng(0))
    for name, view in net.parameters.items():
        view[:] = {"W_xh": 1e6}.get(name, 0)
    made = read(net, vocabulary, TEXT)
    assert (made.activations["h"] == np.finfo(np.float16).max).all()


@pytest.mark.filterwarnings("error")
def test_a_network_whose_numbers_are_not_finite_is_refused():
    vocabulary = Vocabulary.from_text(TEXT)
    net = Network.fresh(Architecture(len(vocabulary), 6, nonlinearity="relu"), np.random.default_rng(0))
    net.parameters.flat[:] = 3e38
    with pytest.raises(DivergedError, match="no longer a finite number"):
        read(net, vocabulary, TEXT)
