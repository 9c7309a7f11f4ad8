import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from charrnn.errors import DivergedError, SamplingError
from charrnn.generation.sampling import Options, choose, draw, keep_top_k, keep_top_p, tempered

logits = arrays(np.float64, st.integers(1, 12), elements=st.floats(-50, 50))
LOG_P = np.log([0.1, 0.4, 0.3, 0.2])


def support(log_p):
    return np.flatnonzero(log_p > -np.inf).tolist()


@given(logits, st.floats(1e-3, 100))
def test_tempering_is_the_softmax_of_the_scaled_logits(o, temperature):
    expected = np.exp((o - o.max()) / temperature)
    np.testing.assert_allclose(np.exp(tempered(o, temperature)), expected / expected.sum(), rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("temperature", [5e-324, 1e-300, 1e300])
@pytest.mark.parametrize("o", [[1e38, -1e38, 0.0], [0.0, 0.0, -np.inf], [3e38, 3e38, 3e38]])
def test_no_temperature_overflows(temperature, o):
    p = np.exp(tempered(np.array(o), temperature))
    assert p.sum() == pytest.approx(1)


@given(logits, st.integers(1, 15))
def test_top_k_keeps_the_k_likeliest_with_their_proportions(o, k):
    log_p = tempered(o, 1)
    kept = keep_top_k(log_p, k)
    ids = support(kept)
    assert len(ids) == min(k, len(o))
    others = [i for i in range(len(o)) if i not in ids]
    assert not others or log_p[ids].min() >= log_p[others].max()
    assert np.exp(kept).sum() == pytest.approx(1)
    np.testing.assert_allclose(np.diff(kept[ids]), np.diff(log_p[ids]), atol=1e-9)


def test_ties_go_to_the_lower_id():
    assert support(keep_top_k(np.log(np.full(4, 0.25)), 2)) == [0, 1]
    assert support(keep_top_p(np.log(np.full(4, 0.25)), 0.5)) == [0, 1]
    assert choose(np.zeros(4), Options(temperature=0), 0.9) == 0


@pytest.mark.parametrize(
    ("p", "expected"),
    [(1e-9, [1]), (0.39, [1]), (0.41, [1, 2]), (0.69, [1, 2]), (0.71, [1, 2, 3]), (1.0, [0, 1, 2, 3])],
)
def test_top_p_keeps_the_fewest_that_reach_p(p, expected):
    assert support(keep_top_p(LOG_P, p)) == expected


def test_top_p_with_all_mass_on_one():
    certain = np.array([-np.inf, 0.0, -np.inf])
    assert support(keep_top_p(certain, 0.5)) == [1]
    assert support(keep_top_p(certain, 1.0)) == [1]


@pytest.mark.parametrize(
    ("u", "expected"), [(0, 0), (0.0999, 0), (0.1001, 1), (0.4999, 1), (0.5001, 2), (0.9999999999, 3)]
)
def test_a_draw_is_the_inverse_of_the_cumulative_distribution(u, expected):
    assert draw(LOG_P, u) == expected


@given(st.floats(0, 1, exclude_max=True))
def test_what_was_left_out_is_never_drawn(u):
    assert draw(np.array([-np.inf, np.log(0.5), -np.inf, np.log(0.5), -np.inf]), u) in (1, 3)


@given(st.integers(1, 5), st.integers(1, 9), st.integers(0, 2**32))
def test_rows_are_chosen_as_each_alone(rows, V, seed):
    random = np.random.default_rng(seed)
    o, u = random.normal(size=(rows, V)) * 5, random.random(rows)
    for options in (Options(0), Options(0.7), Options(1.3, top_k=2), Options(top_p=0.6), Options(2, 3, 0.9)):
        expected = [choose(row, options, one) for row, one in zip(o, u, strict=True)]
        assert choose(o, options, u).tolist() == expected


@pytest.mark.parametrize("temperature", [0, 1])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(temperature, bad):
    for logits, u in ((np.array([0.0, bad]), 0.5), (np.array([[0.0, 1.0], [0.0, bad]]), np.array([0.5, 0.5]))):
        with pytest.raises(DivergedError, match="no longer a finite number"):
            choose(logits, Options(temperature), u)


@pytest.mark.parametrize("total", [1.0, 1.5, 1.9999999, 1e-300, 3e300])
def test_the_last_number_below_one_still_draws_the_last_character(total):
    u = np.nextafter(1, 0)
    log_p = np.log([total * 0.3, total * 0.7])
    assert draw(log_p, u) == 1
    assert draw(log_p[np.newaxis], np.array([u])).tolist() == [1]


def test_draws_follow_the_distribution():
    """Chi-square with 3 degrees of freedom: 16.3 is passed by chance once in a thousand."""
    random = np.random.default_rng(0)
    counts = np.bincount([choose(LOG_P, Options(), u) for u in random.random(20_000)], minlength=4)
    expected = 20_000 * np.exp(LOG_P)
    assert ((counts - expected) ** 2 / expected).sum() < 16.3


def test_temperature_zero_is_the_exact_argmax():
    assert choose(np.array([1.0, 1.0 + 1e-15, -5]), Options(temperature=0), 0.99) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"temperature": -1},
        {"temperature": np.nan},
        {"temperature": np.inf},
        {"top_k": 0},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"top_p": np.nan},
    ],
)
def test_values_out_of_range_are_named(values):
    ((name, value),) = values.items()
    with pytest.raises(SamplingError, match=f"{name.replace('_', '-')} must be.*found {value}"):
        Options(**values)
