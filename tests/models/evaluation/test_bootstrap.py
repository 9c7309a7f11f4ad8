import numpy as np
import pytest

from charrnn.models.evaluation import bootstrap
from charrnn.models.evaluation.bootstrap import BootstrapMean


def of(*blocks):
    made = BootstrapMean()
    for block in blocks:
        made.add(block)
    return made


def test_the_mean_is_that_of_all_characters_however_they_came():
    values = np.random.default_rng(0).exponential(2, (3, 1000)).astype(np.float32)
    for cut in (0, 1, 64, 65, 999):
        made = of(values[:, :cut], values[:, cut:])
        assert made.characters == 3000
        assert made.mean == pytest.approx(values.mean(dtype=np.float64), rel=1e-12)


def test_the_interval_of_independent_characters_is_that_of_the_normal_law():
    values = np.random.default_rng(0).exponential(2, (1, 100_000))
    low, high = of(values).interval()
    half = 1.96 * values.std() / np.sqrt(values.size)
    assert low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert high == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_the_interval_of_characters_that_come_in_scenes_is_as_wide_as_the_scenes_ask():
    """Each value is repeated for 300 characters, more than a cell, so there are 300 times fewer independent values."""
    scenes = np.random.default_rng(0).exponential(2, 1000).repeat(300)[np.newaxis]
    low, high = of(scenes).interval()
    half = 1.96 * scenes.std() / np.sqrt(1000)
    assert (high - low) / 2 == pytest.approx(half, rel=0.2)


def test_constant_values_have_an_interval_of_zero_width():
    """Of texts side by side too, whose last cells are shorter than the others."""
    assert of(np.ones((3, 5000)), np.ones((3, 70))).interval() == (1, 1)


def test_the_seed_hardly_moves_the_interval():
    made = of(np.random.default_rng(0).exponential(2, (1, 20_000)))
    lows, highs = zip(*(made.interval(seed) for seed in range(10)), strict=True)
    assert max(lows) - min(lows) < 0.1 * (highs[0] - lows[0])


@pytest.mark.slow
def test_the_interval_holds_the_truth_in_about_95_of_100_texts():
    inside = 0
    for seed in range(100):
        low, high = of(np.random.default_rng(seed).exponential(1, (1, 20_000))).interval(seed)
        inside += low < 1 < high
    assert 88 <= inside <= 99


def test_the_same_text_gives_the_same_interval():
    values = np.random.default_rng(0).exponential(2, (1, 10_000))
    assert of(values).interval() == of(values).interval()


def test_a_short_text_has_none():
    assert of(np.ones((1, 9 * bootstrap.CELL))).interval() is None
    assert of(np.ones((1, 10 * bootstrap.CELL))).interval() == (1, 1)
    assert BootstrapMean().interval() is None


def test_the_difference_of_two_is_taken_character_by_character():
    a, b = np.random.default_rng(0).exponential(2, (2, 1, 50_000))
    difference = of(a + b).difference(of(a))
    assert difference.mean == pytest.approx(b.mean())
    wide, narrow = of(a + b).interval(), of(a + 1e-3 * b).difference(of(a)).interval()
    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 100


def test_no_more_is_kept_than_one_number_for_each_cell():
    made = of(np.ones((1, 64_000)))
    assert sum(map(len, made._sums)) == 64_000 / bootstrap.CELL
