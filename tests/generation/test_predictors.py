import numpy as np
import pytest

from charrnn.errors import DivergedError
from charrnn.generation import predictors
from charrnn.generation.predictors import MIN_KEPT_SHARE, LabelSmoothingCorrection, NetworkPredictor
from charrnn.generation.sampling import SamplingOptions, choose
from charrnn.generation.sampling_loop import SampledStep, draw_texts
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network
from charrnn.network.readout import log_softmax


@pytest.mark.parametrize("cell", CELLS)
def test_a_long_prompt_read_in_windows_equals_one_pass(cell, monkeypatch):
    network = Network.fresh(Architecture(7, 6, cell, num_layers=2), np.random.default_rng(0), np.float64)
    inputs = np.random.default_rng(1).integers(0, 7, (50, 3))
    whole, step = NetworkPredictor(network).begin(inputs)
    monkeypatch.setattr(predictors, "WINDOW", 8)
    pieces, step_after_pieces = NetworkPredictor(network).begin(inputs)
    np.testing.assert_allclose(pieces, whole, rtol=1e-12)
    np.testing.assert_allclose(step_after_pieces(inputs[0]), step(inputs[0]), rtol=1e-12)


def test_label_smoothing_is_removed_from_the_probabilities():
    V, ε = 7, 0.1
    p = np.random.default_rng(0).dirichlet(np.full(V, 10.0), 3)
    q = (1 - ε) * p + ε / V
    for constant in (0, -50):  # logits are known up to one
        np.testing.assert_allclose(
            np.exp(log_softmax(LabelSmoothingCorrection(q, ε)(np.log(q) + constant))), p, rtol=1e-9
        )


def test_probabilities_below_the_smoothing_stay_positive_and_in_order():
    o = np.array([[9.0, 1.0, 0.0, -500.0, -1000.0]], np.float32)
    found = LabelSmoothingCorrection(o, 0.1)(o)
    assert np.isfinite(found).all()
    assert (np.diff(found) < 0).all()
    np.testing.assert_allclose(found[0, 1:], o[0, 1:] + np.log(MIN_KEPT_SHARE), rtol=1e-6)


def test_generation_removes_smoothing_and_scores_keep_it():
    network = Network.fresh(Architecture(7, 6), np.random.default_rng(0), np.float64)
    inputs = np.random.default_rng(1).integers(0, 7, (5, 3))
    disallowed = np.arange(7) == 2

    def drawn(ε):
        randoms = [np.random.default_rng(seed) for seed in range(3)]
        steps = draw_texts(NetworkPredictor(network, ε), inputs, 4, SamplingOptions(), randoms, disallowed)
        return [SampledStep(*(part.copy() for part in step)) for step in steps]

    plain, without = drawn(0.0), drawn(0.1)
    np.testing.assert_array_equal(without[0].logits, plain[0].logits)
    for step in plain:
        np.testing.assert_array_equal(step.allowed, np.where(disallowed, -np.inf, step.logits))
    for step in without:
        np.testing.assert_array_equal(
            step.allowed, np.where(disallowed, -np.inf, LabelSmoothingCorrection(step.logits, 0.1)(step.logits))
        )
        assert np.abs(step.allowed - step.logits)[:, ~disallowed].max() > 0.01


def test_logits_that_are_not_finite_stay_so_for_sampling_to_report(recwarn):
    for wrong in (np.inf, np.nan):
        found = LabelSmoothingCorrection(np.ones((1, 3)), 0.1)(np.array([[0.0, wrong, 1.0]]))
        with pytest.raises(DivergedError):
            choose(found[0], SamplingOptions(), 0.5)
    assert not recwarn.list


@pytest.mark.parametrize("cell", CELLS)
def test_a_beginning_that_all_texts_share_is_read_once(cell, monkeypatch):
    network = Network.fresh(Architecture(7, 6, cell, num_layers=2), np.random.default_rng(0), np.float64)
    shared = np.repeat(np.random.default_rng(1).integers(0, 7, (9, 1)), 5, axis=1)
    widths, workspace = [], network.workspace
    monkeypatch.setattr(network, "workspace", lambda T, B, *rest: widths.append(B) or workspace(T, B, *rest))
    found, step = NetworkPredictor(network).begin(shared)
    one, step_of_one = NetworkPredictor(network).begin(shared[:, :1])
    assert widths == [1, 1]
    np.testing.assert_allclose(found, np.repeat(one, 5, axis=0), rtol=1e-12)
    after = step_of_one(np.array([3]))
    np.testing.assert_allclose(step(np.array([3, 1, 3, 2, 3]))[[0, 2, 4]], np.repeat(after, 3, axis=0), rtol=1e-12)
    other = shared.copy()
    other[-1, 2] = (other[-1, 2] + 1) % 7
    NetworkPredictor(network).begin(other)
    NetworkPredictor(network, exact=False).begin(other)
    assert widths[2:] == [1] * 5 + [5]


def test_every_character_keeps_at_least_a_hundredth_of_its_probability():
    """Of V = 4 and ε = 0.4 smoothing gave each 0.1: of what has less, all would go; a hundredth stays."""
    q = np.array([[0.8, 0.12, 0.1 / 0.999, 0.03]])
    kept = np.exp(LabelSmoothingCorrection(q, 0.4)(np.log(q))) / q
    scale = q.sum()  # logits are known up to a constant: their probabilities are shares of the sum
    assert kept[0] == pytest.approx([1 - 0.1 * scale / 0.8, 1 - 0.1 * scale / 0.12, 0.01, 0.01], rel=1e-9)
