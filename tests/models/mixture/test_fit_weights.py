import numpy as np
import pytest

from charrnn.models.mixture.fit_weights import fit_weights
from charrnn.models.mixture.scorer_mixture import mix


def test_the_weights_are_those_of_the_least_loss():
    s = np.random.default_rng(0).exponential(2, (3, 4000))
    s[2] += 1  # a worse one
    w = np.array(fit_weights(s))
    assert w.sum() == pytest.approx(1)
    best = mix(s, w).mean()
    for direction in np.random.default_rng(1).normal(size=(200, 3)):
        other = np.abs(w + 0.05 * direction)
        assert mix(s, other / other.sum()).mean() >= best - 1e-6
    assert best < s.mean(axis=1).min() - 0.1
    assert w[2] < w[0]


def test_weights_that_a_text_was_drawn_with_are_found_again():
    random = np.random.default_rng(0)
    p = random.dirichlet(np.ones(5), (2, 40_000))
    mixture = 0.7 * p[0] + 0.3 * p[1]
    drawn = (mixture.cumsum(axis=1) < random.random((40_000, 1))).sum(axis=1)
    assert fit_weights(-np.log(p[:, np.arange(40_000), drawn])) == pytest.approx([0.7, 0.3], abs=0.03)


def test_weights_add_up_to_one_however_unlikely_the_text_is():
    s = np.random.default_rng(0).exponential(2, (3, 4000))
    assert sum(fit_weights(s + 2000)) == pytest.approx(1, abs=1e-12)
    assert fit_weights(s + 2000) == pytest.approx(fit_weights(s), abs=1e-9)  # e^-2000 underflows to 0


def test_a_component_without_use_gets_no_weight():
    s = np.random.default_rng(0).exponential(2, 1000)
    assert fit_weights(np.stack([s, s + 3]))[0] == pytest.approx(1, abs=1e-3)
