import numpy as np
import pytest

from charrnn.errors import DivergedError
from charrnn.models import dynamic_evaluation
from charrnn.models.dynamic_evaluation import DynamicReader
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.training.surprisal import NetworkReader


def network(cell="gru"):
    return Network.fresh(Architecture(9, 12, cell), np.random.default_rng(0), np.float64)


def ids(k=1, n=500):
    return np.random.default_rng(1).integers(0, 4, (k, n)).astype(np.uint8)


def plainly(made, text, learning_rate):
    """The definition, with nothing of the reader: score a window, then one step of gradient descent on its mean loss."""
    made, found, state = made.astype(np.float64), [], made.zero_state(1)
    for start in range(0, len(text) - 1, dynamic_evaluation.UPDATE_WINDOW):
        window = text[start : start + dynamic_evaluation.UPDATE_WINDOW + 1, np.newaxis].astype(np.intp)
        ws, gradient = made.workspace(len(window) - 1, 1), made.parameters.zeros_like()
        made.forward(window[:-1], window[1:], state, ws)
        p = ws.readout.o.copy()
        found += [-np.log(p[np.arange(len(p)), window[1:, 0]])]
        made.backward(len(window) - 1, ws, gradient)
        norm = np.sqrt((gradient.flat**2).sum())
        made.parameters.flat[:] -= learning_rate * gradient.flat * min(1, dynamic_evaluation.MAX_GRAD_NORM / norm)
        state = ws.state
    return np.concatenate(found)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("scale", [1, 5])  # times 5, the gradients of some windows are longer than the bound
def test_each_window_is_scored_before_it_is_learned_from(cell, scale):
    made = network(cell)
    made.parameters.flat[:] *= scale
    found = DynamicReader(made, 0.5).read(ids())
    np.testing.assert_allclose(found[0], plainly(made, ids()[0], 0.5), rtol=1e-9)


def test_of_texts_side_by_side_the_mean_over_all_is_learned_from():
    """The same text twice is as good as once."""
    twice = DynamicReader(network(), 0.5).read(ids().repeat(2, axis=0))
    np.testing.assert_allclose(twice, DynamicReader(network(), 0.5).read(ids()).repeat(2, axis=0), rtol=1e-9)


def test_the_weights_follow_the_text_and_the_original_stays():
    made = network()
    before = made.parameters.flat.copy()
    still, moved = NetworkReader(made).read(ids()), DynamicReader(made, 0.5).read(ids())
    np.testing.assert_allclose(
        moved[:, : dynamic_evaluation.UPDATE_WINDOW], still[:, : dynamic_evaluation.UPDATE_WINDOW], rtol=1e-9
    )
    assert moved[0, 250:].mean() < still[0, 250:].mean() - 0.5  # four characters of nine occur
    np.testing.assert_array_equal(made.parameters.flat, before)


def test_a_learning_rate_of_zero_changes_nothing():
    np.testing.assert_allclose(
        DynamicReader(network(), 0).read(ids(3)), NetworkReader(network()).read(ids(3)), rtol=1e-9
    )


def test_blocks_of_whole_windows_are_read_as_the_whole():
    whole, reader = DynamicReader(network(), 0.5).read(ids(2)), DynamicReader(network(), 0.5)
    cut = 1 + 3 * dynamic_evaluation.UPDATE_WINDOW
    blocks = [reader.read(ids(2)[:, :cut]), reader.read(ids(2)[:, cut:])]
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), whole, rtol=1e-12)


def test_one_character_has_no_surprisal():
    assert DynamicReader(network()).read(ids()[:, :1]).shape == (1, 0)


def test_a_surprisal_or_a_gradient_beyond_all_numbers_is_told():
    unlikely, steep = network("rnn").astype(np.float32), network("rnn")
    unlikely.parameters["b_y"][:] = np.where(np.arange(9) < 8, -3e38, 3e38)  # what is not read is certain
    steep.parameters.flat[:] = 0
    steep.parameters["W_hy"][:] = np.random.default_rng(0).normal(0, 1e200, (12, 9))  # of units that are all 0
    for made in (unlikely, steep):
        with np.errstate(all="ignore"), pytest.raises(DivergedError, match=r"learning rate of 0\.1 diverged"):
            DynamicReader(made).read(ids(n=dynamic_evaluation.UPDATE_WINDOW))


@pytest.mark.filterwarnings("error")
def test_a_learning_rate_that_is_too_high_is_told_in_one_line():
    with pytest.raises(DivergedError, match="learning rate of 1e"):
        DynamicReader(network("rnn"), 1e308).read(ids())
