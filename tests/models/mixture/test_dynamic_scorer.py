import numpy as np
import pytest

from charrnn.errors import DivergedError
from charrnn.models.mixture import dynamic_scorer
from charrnn.models.mixture.dynamic_scorer import DynamicScorer
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network
from charrnn.training.surprisal import NetworkScorer


def network(cell="gru"):
    return Network.fresh(Architecture(9, 12, cell), np.random.default_rng(0), np.float64)


def ids(k=1, n=500):
    return np.random.default_rng(1).integers(0, 4, (k, n)).astype(np.uint8)


def plainly(made, text, learning_rate):
    """The definition, independent of the scorer: score a window, then take one step of gradient descent on its mean loss."""
    made, found, state = made.astype(np.float64), [], made.zero_state(1)
    for start in range(0, len(text) - 1, dynamic_scorer.UPDATE_WINDOW):
        window = text[start : start + dynamic_scorer.UPDATE_WINDOW + 1, np.newaxis].astype(np.intp)
        ws, gradient = made.workspace(len(window) - 1, 1), made.parameters.zeros_like()
        made.forward(window[:-1], window[1:], state, ws)
        p = ws.readout.o.copy()
        found += [-np.log(p[np.arange(len(p)), window[1:, 0]])]
        made.backward(len(window) - 1, ws, gradient)
        norm = np.sqrt((gradient.flat**2).sum())
        made.parameters.flat[:] -= learning_rate * gradient.flat * min(1, dynamic_scorer.MAX_GRAD_NORM / norm)
        state = ws.state
    return np.concatenate(found)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("scale", [1, 5])  # times 5, the gradients of some windows are longer than the bound
def test_each_window_is_scored_before_it_is_learned_from(cell, scale):
    made = network(cell)
    made.parameters.flat[:] *= scale
    found = DynamicScorer(made, 0.5).score(ids())
    np.testing.assert_allclose(found[0], plainly(made, ids()[0], 0.5), rtol=1e-9)


def test_texts_side_by_side_are_learned_from_by_their_mean_loss():
    """The same text twice is as good as once."""
    twice = DynamicScorer(network(), 0.5).score(ids().repeat(2, axis=0))
    np.testing.assert_allclose(twice, DynamicScorer(network(), 0.5).score(ids()).repeat(2, axis=0), rtol=1e-9)


def test_the_weights_follow_the_text_and_the_original_stays():
    made = network()
    before = made.parameters.flat.copy()
    still, moved = NetworkScorer(made).score(ids()), DynamicScorer(made, 0.5).score(ids())
    np.testing.assert_allclose(
        moved[:, : dynamic_scorer.UPDATE_WINDOW], still[:, : dynamic_scorer.UPDATE_WINDOW], rtol=1e-9
    )
    assert moved[0, 250:].mean() < still[0, 250:].mean() - 0.5  # four characters of nine occur
    np.testing.assert_array_equal(made.parameters.flat, before)


def test_a_learning_rate_of_zero_changes_nothing():
    np.testing.assert_allclose(
        DynamicScorer(network(), 0).score(ids(3)), NetworkScorer(network()).score(ids(3)), rtol=1e-9
    )


def test_blocks_of_whole_windows_are_read_as_the_whole():
    whole, scorer = DynamicScorer(network(), 0.5).score(ids(2)), DynamicScorer(network(), 0.5)
    cut = 1 + 3 * dynamic_scorer.UPDATE_WINDOW
    blocks = [scorer.score(ids(2)[:, :cut]), scorer.score(ids(2)[:, cut:])]
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), whole, rtol=1e-12)


def test_one_character_has_no_surprisal():
    assert DynamicScorer(network()).score(ids()[:, :1]).shape == (1, 0)


def test_a_surprisal_or_a_gradient_beyond_all_numbers_is_reported():
    unlikely, steep = network("rnn").astype(np.float32), network("rnn")
    unlikely.parameters["b_y"][:] = np.where(np.arange(9) < 8, -3e38, 3e38)  # what is not read is certain
    steep.parameters.flat[:] = 0
    steep.parameters["W_hy"][:] = np.random.default_rng(0).normal(0, 1e200, (12, 9))  # of units that are all 0
    for made in (unlikely, steep):
        with np.errstate(all="ignore"), pytest.raises(DivergedError, match=r"learning rate of 0\.1 diverged"):
            DynamicScorer(made).score(ids(n=dynamic_scorer.UPDATE_WINDOW))


@pytest.mark.filterwarnings("error")
def test_a_learning_rate_that_is_too_high_is_reported_in_one_line():
    with pytest.raises(DivergedError, match="learning rate of 1e"):
        DynamicScorer(network("rnn"), 1e308).score(ids())
