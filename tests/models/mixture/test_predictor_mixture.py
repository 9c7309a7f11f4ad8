import numpy as np
import pytest

from charrnn.generation.predictors import NetworkPredictor
from charrnn.models.mixture.predictor_mixture import MixturePredictor
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.network.readout import log_softmax


def predictors():
    return [
        NetworkPredictor(Network.fresh(Architecture(7, 6 + seed), np.random.default_rng(seed), np.float64))
        for seed in (0, 1)
    ]


def test_each_step_mixes_the_probabilities_of_all():
    inputs = np.random.default_rng(0).integers(0, 7, (5, 3))
    logits, step = MixturePredictor(predictors(), [0.25, 0.75]).begin(inputs)
    alone = [predictor.begin(inputs) for predictor in predictors()]
    expected = 0.25 * np.exp(log_softmax(alone[0][0])) + 0.75 * np.exp(log_softmax(alone[1][0]))
    np.testing.assert_allclose(np.exp(logits), expected, rtol=1e-12)
    after = step(inputs[0])
    expected = sum(w * np.exp(log_softmax(step(inputs[0]))) for w, (_, step) in zip([0.25, 0.75], alone, strict=True))
    np.testing.assert_allclose(np.exp(after), expected, rtol=1e-12)


def test_the_smoothing_of_a_mixture_is_that_of_its_components():
    """q = Σ w_m ((1 - ε_m) p_m + ε_m / V) has Σ w_m ε_m / V of it for each character."""
    components = [NetworkPredictor(each.network, ε) for each, ε in zip(predictors(), (0.1, 0.3), strict=True)]
    assert MixturePredictor(components, [0.25, 0.75]).label_smoothing == pytest.approx(0.25 * 0.1 + 0.75 * 0.3)


@pytest.mark.parametrize("weights", [[1, 0], [0, 1]])
def test_a_component_with_all_the_weight_generates_alone(weights):
    inputs = np.random.default_rng(0).integers(0, 7, (5, 3))
    logits, _ = MixturePredictor(predictors(), weights).begin(inputs)
    alone, _ = predictors()[weights.index(1)].begin(inputs)
    np.testing.assert_allclose(logits, log_softmax(alone), rtol=1e-12)
