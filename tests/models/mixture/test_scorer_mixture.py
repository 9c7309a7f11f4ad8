import warnings

import numpy as np
import pytest

from charrnn.errors import DivergedError
from charrnn.models.mixture.scorer_mixture import MixtureScorer, mix
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.training.surprisal import NetworkScorer


def test_probabilities_are_mixed_not_surprisals():
    p = np.random.default_rng(0).uniform(0.01, 1, (3, 2, 50))
    np.testing.assert_allclose(
        np.exp(-mix(-np.log(p), [0.2, 0.5, 0.3])), 0.2 * p[0] + 0.5 * p[1] + 0.3 * p[2], rtol=1e-12
    )
    with warnings.catch_warnings(action="error"):
        np.testing.assert_allclose(np.exp(-mix(-np.log(p), [0, 1, 0])), p[1], rtol=1e-12)
    assert mix(np.full((2, 1), 2000.0), [0.5, 0.5]) == pytest.approx(2000)  # no underflow


def test_a_model_alone_is_itself():
    s = np.random.default_rng(0).exponential(2, (1, 50)).astype(np.float32)
    np.testing.assert_array_equal(mix(s, [1.0]), s[0])


def test_scorers_are_mixed_block_by_block():
    networks = [Network.fresh(Architecture(9, 12), np.random.default_rng(seed), np.float64) for seed in (0, 1)]
    ids = np.random.default_rng(1).integers(0, 9, (2, 300)).astype(np.uint8)
    mixture = MixtureScorer([NetworkScorer(network) for network in networks], [0.25, 0.75])
    found = np.concatenate([mixture.score(ids[:, :100]), mixture.score(ids[:, 100:])], axis=1)
    alone = np.stack([NetworkScorer(network).score(ids) for network in networks])
    np.testing.assert_allclose(found, mix(alone, [0.25, 0.75]), rtol=1e-9)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_component_whose_output_is_not_a_number_is_not_mixed(wrong):
    class Reading:
        def __init__(self, surprisal):
            self.surprisal = surprisal

        def score(self, ids):
            return np.array([[1.0, self.surprisal]])

    ids = np.zeros((1, 2), np.intp)
    np.testing.assert_allclose(MixtureScorer([Reading(2.0), Reading(2.0)], [0.5, 0.5]).score(ids), [[1, 2]])
    with pytest.raises(DivergedError, match="no longer a finite number"):
        MixtureScorer([Reading(2.0), Reading(wrong)], [1.0, 0.0]).score(ids)


@pytest.mark.parametrize("weights", [[1.0], [0.3, 0.7], [0.1, 0.2, 0.7]])
def test_a_certain_character_costs_nothing_and_never_less(weights):
    found = mix(np.zeros((len(weights), 2, 3)), weights)
    assert (found >= 0).all()
    assert not np.signbit(found).any()
    np.testing.assert_allclose(found, 0, atol=1e-15)
