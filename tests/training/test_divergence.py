"""Detection of loss spikes."""

import numpy as np
import pytest

from charrnn.training.divergence import RunningLoss, is_hopeless, is_usable


def level_of(losses):
    level = RunningLoss()
    for loss in losses:
        level.add(loss)
    return level


def test_the_first_loss_is_not_a_spike():
    assert not RunningLoss().is_spike(1e9)


def test_a_steady_loss_may_rise_by_a_nat_and_no_more():
    level = level_of([1.5] * 200)
    assert (level.mean, level.variance) == (1.5, 0)
    assert not level.is_spike(2.49)
    assert level.is_spike(2.51)


def test_a_noisy_loss_may_rise_by_ten_standard_deviations_more():
    noise = np.random.default_rng(0).normal(0, 0.3, 5000)
    level = level_of(1.5 + noise)
    assert level.mean == pytest.approx(1.5, abs=0.1)
    assert np.sqrt(level.variance) == pytest.approx(0.3, rel=0.3)
    assert not level.is_spike(4)
    assert level.is_spike(6.5)


def test_the_level_follows_a_loss_that_falls():
    level = level_of([*np.linspace(4.2, 1.5, 400), *[1.5] * 300])
    assert level.mean == pytest.approx(1.5, abs=0.01)


def test_a_gradient_whose_square_overflows_is_of_no_use():
    assert is_usable(1e19, np.dtype(np.float32))
    assert not is_usable(1e20, np.dtype(np.float32))
    assert is_usable(1e20, np.dtype(np.float64))
    assert not is_usable(np.nan, np.dtype(np.float64))


@pytest.mark.parametrize(
    ("loss", "expected"), [(0.0, False), (1e6, False), (1.1e6, True), (np.inf, True), (np.nan, True)]
)
def test_a_loss_beyond_all_learning_is_hopeless(loss, expected):
    assert is_hopeless(loss) == expected


def test_the_threshold_is_a_nat_and_ten_standard_deviations_above_the_level():
    """1.5 + 1 + 10 x 0.2 = 4.5."""
    level = RunningLoss(mean=1.5, variance=0.04)
    assert not level.is_spike(4.499)
    assert level.is_spike(4.501)


def test_mean_and_variance_are_those_of_losses_weighted_by_their_age():
    """A loss has 0.98 times the weight of the next one; the first one also has the weight of all before it."""
    found = np.random.default_rng(1).uniform(0, 3, 200)
    level = level_of(found)
    weights = 0.02 * 0.98 ** np.arange(199, -1, -1)
    weights[0] = 0.98**199
    assert weights.sum() == pytest.approx(1)
    mean = np.average(found, weights=weights)
    assert level.mean == pytest.approx(mean, rel=1e-12)
    assert level.variance == pytest.approx(np.average((found - mean) ** 2, weights=weights), rel=1e-10)
