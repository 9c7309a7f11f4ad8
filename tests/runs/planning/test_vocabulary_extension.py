"""An extended vocabulary: every symbol keeps its weights under its new id."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.errors import NetworkError
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network
from charrnn.runs.planning.vocabulary_extension import AXES, extend_vocabulary
from charrnn.text.vocabulary import Vocabulary

SYMBOLS = st.sets(st.characters(exclude_categories=["Cs"]) | st.just(""), min_size=1, max_size=20)


def vocabulary(symbols):
    """Code-point order, the unknown symbol last."""
    return Vocabulary(tuple(sorted(symbols, key=lambda symbol: (symbol == "", symbol))))


def network(size, cell="gru", layers=2, dtype=np.float32):
    made = Network.fresh(Architecture(size, 4, cell, num_layers=layers), np.random.default_rng(1), dtype)
    made.parameters.flat[:] += np.random.default_rng(2).normal(size=len(made.parameters))  # no bias is zero
    return made


def ones(vocabulary):
    """Each symbol once."""
    return np.ones(len(vocabulary), np.intp)


def of_symbol(made, name, index):
    return np.take(made.parameters[name], index, axis=AXES[name])


@pytest.mark.parametrize("cell", CELLS)
def test_the_parameters_with_a_vocabulary_axis_are_those_whose_shape_it_changes(cell):
    small, large = (Architecture(size, 4, cell, num_layers=2).shapes() for size in (7, 9))
    assert {name for name in small if small[name] != large[name]} == set(AXES)
    for name, axis in AXES.items():
        assert (small[name][axis], large[name][axis]) == (7, 9)


@settings(deadline=None)
@given(SYMBOLS, SYMBOLS, st.sampled_from(CELLS))
def test_every_symbol_keeps_its_weights_to_the_bit(old, others, cell):
    if not old - {""} or not others - {""}:
        return
    before, other = vocabulary(old), vocabulary(others)
    after = before.union(other)
    base = network(len(before), cell)
    whole = extend_vocabulary(base, before, after, ones(after), np.random.default_rng(3))
    for index, symbol in enumerate(before.symbols):
        now = after.symbols.index(symbol)
        for name in AXES:
            assert of_symbol(whole, name, now).tobytes() == of_symbol(base, name, index).tobytes()
    for name, view in base.parameters.items():
        if name not in AXES:
            assert whole.parameters[name].tobytes() == view.tobytes()


@pytest.mark.parametrize("cell", CELLS)
def test_an_extended_network_predicts_old_symbols_as_before(cell):
    before = vocabulary("bdf")
    after = before.union(vocabulary("aceg"))
    base = network(3, cell, dtype=np.float64)
    whole = extend_vocabulary(base, before, after, ones(after), np.random.default_rng(0), np.float64)
    text = "bdffdbbdfdbf"
    logits = []
    for made, known in ((base, before), (whole, after)):
        ids = known.encode(text).astype(np.intp)[:, np.newaxis]
        workspace = made.workspace(len(text), 1)
        made.logits(ids, made.zero_state(1), workspace)
        logits.append(workspace.logits[..., known.encode("bdf")])
    np.testing.assert_allclose(*logits, rtol=1e-12)


def test_a_new_symbol_begins_as_likely_as_an_old_one_that_is_as_frequent():
    """With small random weights, as in a fresh network."""
    before, after = vocabulary("ab"), vocabulary("abcd")
    base = network(2)
    base.parameters.flat[:] = 7
    base.parameters["b_y"][:] = 1, 2
    whole = extend_vocabulary(base, before, after, np.array([99, 9, 99, 0]), np.random.default_rng(0))
    for index in (2, 3):
        assert np.abs(of_symbol(whole, "W_xh", index)).max() <= 0.5  # 1 / √H
        assert 0 < np.abs(of_symbol(whole, "W_hy", index)).max() <= 0.5
    level = 1.5 - np.log(1000) / 2
    np.testing.assert_allclose(whole.parameters["b_y"], [1, 2, level + np.log(100), level], rtol=1e-6)


def test_a_new_symbol_shares_the_probability_of_its_plain_form():
    before, after = vocabulary('E"'), vocabulary('E"É“')
    base = network(2)
    whole = extend_vocabulary(base, before, after, np.array([0, 8, 1, 9]), np.random.default_rng(0))  # in order: "EÉ“
    for symbol, plain, share in (("É", "E", 2 / 10), ("“", '"', 10 / 10)):
        new, old = after.symbols.index(symbol), before.symbols.index(plain)
        for name in ("W_xh", "W_hy"):
            assert of_symbol(whole, name, new).tobytes() == of_symbol(base, name, old).tobytes()
        np.testing.assert_allclose(
            of_symbol(whole, "b_y", new), of_symbol(base, "b_y", old) + np.log(share), rtol=1e-5, atol=1e-6
        )


def test_where_no_old_symbol_occurs_a_new_one_has_no_bias():
    before, after = vocabulary("ab"), vocabulary("abяю")
    whole = extend_vocabulary(network(2), before, after, np.array([0, 0, 5, 6]), np.random.default_rng(0))
    assert whole.parameters["b_y"][2:].tolist() == [0, 0]


def test_biases_that_are_held_at_0_stay_there():
    before, after = vocabulary("E"), vocabulary("EÉя")
    base = Network.fresh(Architecture(1, 4, bias=False), np.random.default_rng(1))
    whole = extend_vocabulary(base, before, after, np.array([1, 2, 3]), np.random.default_rng(0))
    assert not whole.parameters["b_y"].any()


def test_a_document_has_no_plain_form():
    before, after = vocabulary("<"), Vocabulary(("<", "<end>"))
    whole = extend_vocabulary(network(1), before, after, np.array([1, 1]), np.random.default_rng(0))
    assert of_symbol(whole, "W_hy", 0).tobytes() != of_symbol(whole, "W_hy", 1).tobytes()


def test_without_new_symbols_it_is_a_copy_that_shares_nothing():
    before = vocabulary("ab")
    base = network(2)
    kept = base.parameters.flat.tobytes()
    again = extend_vocabulary(base, before, before, ones(before), np.random.default_rng(0))
    assert again.parameters.flat.tobytes() == kept
    again.parameters.flat[:] = 0
    assert base.parameters.flat.tobytes() == kept


def test_weights_that_another_precision_cannot_hold_are_refused():
    before = vocabulary("ab")
    base = network(2, dtype=np.float64)
    base.parameters["W_hh"][0, 0, 0] = 1e300
    with pytest.raises(NetworkError, match="too large for float32"):
        extend_vocabulary(base, before, before, ones(before), np.random.default_rng(0), np.float32)
