import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from charrnn.errors import DivergedError, SamplingError
from charrnn.generation.sampling import (
    SamplingOptions,
    candidates,
    choose,
    draw,
    min_p_count,
    scale_logits,
    top_p_count,
)
from charrnn.network.readout import log_softmax

logits = arrays(np.float64, st.integers(1, 12), elements=st.floats(-50, 50))
LOG_P = np.log([0.1, 0.4, 0.3, 0.2])


@given(logits, st.floats(1e-3, 100))
def test_tempering_is_the_softmax_of_the_scaled_logits(o, temperature):
    expected = np.exp((o - o.max()) / temperature)
    np.testing.assert_allclose(
        np.exp(log_softmax(scale_logits(o, temperature))), expected / expected.sum(), rtol=1e-9, atol=1e-300
    )


@pytest.mark.parametrize("temperature", [5e-324, 1e-300, 1e300])
@pytest.mark.parametrize("o", [[1e38, -1e38, 0.0], [0.0, 0.0, -np.inf], [3e38, 3e38, 3e38]])
def test_no_temperature_overflows(temperature, o):
    p = np.exp(log_softmax(scale_logits(np.array(o), temperature)))
    assert p.sum() == pytest.approx(1)


def falling(o):
    """Sorted probabilities, the likeliest first, as the filters take them."""
    return np.sort(np.exp(log_softmax(scale_logits(o, 1))))[::-1]


@given(logits, st.floats(1e-6, 1))
def test_top_p_keeps_the_fewest_characters_with_that_probability(o, share):
    p = falling(o)
    cumulative = np.add.accumulate(p)
    n = top_p_count(cumulative, share)
    assert p[:n].sum() >= share * p.sum() * (1 - 1e-12)
    assert p[: n - 1].sum() < share * p.sum() * (1 + 1e-12)
    assert top_p_count(np.stack([cumulative, cumulative]), share).tolist() == [n, n]


@given(logits, st.floats(1e-6, 1) | st.just(1.0))
def test_min_p_keeps_characters_relative_to_the_likeliest(o, share):
    p = falling(o)
    n = min_p_count(p, share)
    assert n == np.count_nonzero(p >= share * p[0]) > 0
    assert min_p_count(np.stack([p, p]), share).tolist() == [n, n]


def keep_plainly(p, options):
    """The filters one after the other on a list of characters, the likeliest first, ties the lower id first."""
    kept = sorted(range(len(p)), key=lambda i: (-p[i], i))
    if options.top_k is not None:
        kept = kept[: options.top_k]
    if options.top_p is not None:
        shares = np.add.accumulate(p[kept])
        kept = kept[: 1 + np.count_nonzero(shares[:-1] < options.top_p * shares[-1])]
    if options.min_p is not None:
        kept = [i for i in kept if p[i] >= options.min_p * p[kept[0]]]
    return np.where(np.isin(np.arange(len(p)), kept), p, 0)


some_k = st.none() | st.integers(1, 12)
some_share = st.none() | st.sampled_from([1e-9, 0.1, 0.25, 0.5, 0.9, 1.0]) | st.floats(0.01, 1)
with_ties = arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=st.sampled_from([0, 1, 2, 3, -np.inf])
)


@given(with_ties, some_k, some_share, some_share, st.sampled_from([0, 0.5, 1]))
def test_the_filters_apply_one_after_the_other(o, k, share, least, temperature):
    o[~np.isfinite(o).any(axis=1), 0] = 0  # something may always be drawn
    options = SamplingOptions(temperature, k, share, least)
    for row, p in zip(o, candidates(o, options), strict=True):
        heated = np.exp(
            (row - row.max()) / (temperature or 1)
        )  # in this order of operations, for equal sums at the edges
        expected = keep_plainly(heated, options if temperature else SamplingOptions(1, 1))
        np.testing.assert_allclose(p, expected / expected.sum())


@given(with_ties, some_k, some_share, some_share, st.sampled_from([0, 0.5, 1]))
def test_a_draw_selects_the_candidate_at_its_cumulative_probability(o, k, share, least, temperature):
    """Every candidate has its interval of u, in falling order of probability, ties by lower id; for rows as for one."""
    o[~np.isfinite(o).any(axis=1), 0] = 0
    options = SamplingOptions(temperature, k, share, least)
    p = candidates(o, options)
    for u in (0.0, 0.013, 0.277, 0.5001, 0.77, 0.999, np.nextafter(1, 0)):
        chosen = choose(o, options, np.full(len(o), u))
        assert chosen.tolist() == [choose(row, options, u) for row in o]
        for row, index in zip(p, chosen, strict=True):
            order = (-row).argsort(kind="stable") if options.has_filters else np.arange(len(row))
            place = order.tolist().index(index)
            assert row[index] > 0
            assert row[order[:place]].sum() - 1e-12 <= u <= row[order[: place + 1]].sum() + 1e-12


def chosen(options, o=LOG_P):
    """The ids that can be drawn."""
    return sorted({int(choose(o, options, u)) for u in np.linspace(0, 1, 2001)[:-1]})


def test_ties_go_to_the_lower_id():
    equal = np.zeros(4)
    assert chosen(SamplingOptions(top_k=2), equal) == [0, 1]
    assert chosen(SamplingOptions(top_p=0.5), equal) == [0, 1]
    assert chosen(SamplingOptions(min_p=1.0), equal) == [0, 1, 2, 3]
    assert choose(equal, SamplingOptions(temperature=0), 0.9) == 0


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        *[
            (SamplingOptions(top_k=k), ids)
            for k, ids in ((1, [1]), (3, [1, 2, 3]), (4, [0, 1, 2, 3]), (99, [0, 1, 2, 3]))
        ],
        *[
            (SamplingOptions(top_p=p), ids)
            for p, ids in (
                (1e-9, [1]),
                (0.39, [1]),
                (0.41, [1, 2]),
                (0.69, [1, 2]),
                (0.71, [1, 2, 3]),
                (1.0, [0, 1, 2, 3]),
                (5e-324, [1]),
                (np.nextafter(1, 0), [0, 1, 2, 3]),
            )
        ],
        *[
            (SamplingOptions(min_p=p), ids)
            for p, ids in (
                (5e-324, [0, 1, 2, 3]),
                (1.0, [1]),
                (0.76, [1]),
                (0.74, [1, 2]),
                (0.26, [1, 2, 3]),
                (0.24, [0, 1, 2, 3]),
            )
        ],
        (SamplingOptions(top_k=2, top_p=0.58), [1, 2]),  # of what top-k left, 0.57 and 0.43
        (SamplingOptions(top_k=2, top_p=0.57), [1]),
    ],
)
def test_what_can_be_chosen(options, expected):
    assert chosen(options) == expected


@pytest.mark.parametrize(
    "options",
    [SamplingOptions(top_p=0.5), SamplingOptions(top_p=1.0), SamplingOptions(min_p=0.1), SamplingOptions(top_k=3)],
)
def test_all_mass_on_one(options):
    assert chosen(options, np.array([-np.inf, 0.0, -np.inf])) == [1]


@pytest.mark.parametrize(
    ("u", "expected"), [(0, 0), (0.0999, 0), (0.1001, 1), (0.4999, 1), (0.5001, 2), (0.9999999999, 3)]
)
def test_a_draw_is_the_inverse_of_the_cumulative_distribution(u, expected):
    assert draw(np.add.accumulate(np.exp(LOG_P)), u) == expected


@given(st.floats(0, 1, exclude_max=True))
def test_a_filtered_character_is_never_drawn(u):
    assert draw(np.add.accumulate([0, 0.5, 0, 0.5, 0]), u) in (1, 3)


@given(st.integers(1, 5), st.integers(1, 9), st.integers(0, 2**32))
def test_each_row_is_sampled_as_if_alone(rows, V, seed):
    random = np.random.default_rng(seed)
    o, u = random.normal(size=(rows, V)) * 5, random.random(rows)
    for options in (
        SamplingOptions(0),
        SamplingOptions(0.7),
        SamplingOptions(1.3, top_k=2),
        SamplingOptions(top_p=0.6),
        SamplingOptions(2, 3, 0.9),
        SamplingOptions(min_p=0.3),
        SamplingOptions(0.9, 4, 0.9, 0.1),
    ):
        expected = [choose(row, options, one) for row, one in zip(o, u, strict=True)]
        assert choose(o, options, u).tolist() == expected


@pytest.mark.parametrize("temperature", [0, 1])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(temperature, bad):
    for logits, u in ((np.array([0.0, bad]), 0.5), (np.array([[0.0, 1.0], [0.0, bad]]), np.array([0.5, 0.5]))):
        with pytest.raises(DivergedError, match="no longer a finite number"):
            choose(logits, SamplingOptions(temperature), u)


@pytest.mark.parametrize("total", [1.0, 1.5, 1.9999999, 1e-300, 3e300])
def test_the_last_number_below_one_still_draws_the_last_character(total):
    u = np.nextafter(1, 0)
    sums = np.add.accumulate([total * 0.3, total * 0.7])
    assert draw(sums, u) == draw(sums, u, 2) == 1
    assert draw(sums, u, 1) == 0
    assert draw(sums[np.newaxis], np.array([u])).tolist() == [1]


@pytest.mark.parametrize(
    ("options", "p"),
    [
        (SamplingOptions(), [0.1, 0.4, 0.3, 0.2]),
        (SamplingOptions(top_k=2), [0, 4 / 7, 3 / 7, 0]),
        (SamplingOptions(top_p=0.8), [0, 4 / 9, 3 / 9, 2 / 9]),
        (SamplingOptions(min_p=0.6), [0, 4 / 7, 3 / 7, 0]),
        (SamplingOptions(0.5), np.array([0.01, 0.16, 0.09, 0.04]) / 0.3),
    ],
)
def test_draws_follow_the_distribution(options, p):
    """Chi-square with 3 degrees of freedom at most: 16.3 is passed by chance once in a thousand."""
    random, p = np.random.default_rng(0), np.array(p)
    counts = np.bincount([choose(LOG_P, options, u) for u in random.random(20_000)], minlength=4)
    assert not counts[p == 0].any()
    expected = 20_000 * p[p > 0]
    assert ((counts[p > 0] - expected) ** 2 / expected).sum() < 16.3


def test_temperature_zero_is_the_exact_argmax():
    assert choose(np.array([1.0, 1.0 + 1e-15, -5]), SamplingOptions(temperature=0), 0.99) == 1


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
        {"min_p": 0.0},
        {"min_p": -0.1},
        {"min_p": 2},
    ],
)
def test_values_out_of_range_are_named(values):
    ((name, value),) = values.items()
    with pytest.raises(SamplingError, match=f"`{name}` must be.*found {value}"):
        SamplingOptions(**values)
