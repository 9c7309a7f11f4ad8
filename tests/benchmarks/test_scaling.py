"""The model of several ranks: what it must say by hand, and that its fits give back what they were made from."""

import pytest
from benchmarks.scaling import Link, Work, fitted_link, fitted_work

LINK = Link(latency=1e-4, bandwidth=1e8)
WORK = Work(fixed=0.01, per_stream=0.001, size=1_000_000)


def test_a_sum_of_two_ranks_brings_half_the_bytes_twice():
    assert LINK.sum_over(2, 1_000_000) == pytest.approx(4 * 1e-4 + 1e6 / 1e8)


def test_a_sum_of_eight_takes_twelve_trips_and_seven_quarters_of_the_bytes():
    assert LINK.sum_over(8, 1_000_000) == pytest.approx(12 * 1e-4 + 1.75 * 1e6 / 1e8)


def test_a_sum_of_one_rank_takes_no_time():
    assert LINK.sum_over(1, 1_000_000) == 0


def test_one_rank_is_as_efficient_as_itself():
    assert WORK.efficiency(1, 64, LINK) == 1


def test_efficiency_is_the_speed_of_n_over_n_times_the_speed_of_one_with_all_streams():
    alone, together = 0.01 + 0.001 * 64, 0.01 + 0.001 * 32 + 0.0104
    assert WORK.efficiency(2, 32, LINK) == pytest.approx(alone / (2 * together))


@pytest.mark.parametrize("n", [2, 4, 64])
@pytest.mark.parametrize("efficiency", [0.5, 0.8, 0.95])
def test_with_the_streams_for_an_efficiency_it_is_reached_exactly(n, efficiency):
    assert WORK.efficiency(n, WORK.streams_for(efficiency, n, LINK), LINK) == pytest.approx(efficiency)


def test_without_a_cost_no_streams_are_needed():
    assert Work(0, 0.001, 0).streams_for(0.8, 4, Link(0, 1e9)) == 0


@pytest.mark.parametrize("n", [2, 5, 8])
def test_a_link_is_found_from_its_sums(n):
    sizes = [10_000, 100_000, 1_000_000]
    found = fitted_link(sizes, [LINK.sum_over(n, size) for size in sizes], n)
    assert (found.latency, found.bandwidth) == pytest.approx((LINK.latency, LINK.bandwidth))


def test_work_is_found_from_its_steps():
    found = fitted_work([16, 32, 64], [WORK.alone(streams) for streams in (16, 32, 64)], WORK.size)
    assert (found.fixed, found.per_stream, found.size) == pytest.approx((WORK.fixed, WORK.per_stream, WORK.size))


def test_a_fit_never_has_a_negative_beginning():
    found = fitted_work([16, 32, 64], [0.1, 0.3, 0.7], 0)
    assert found.fixed == 0
    assert 0.1 / 16 < found.per_stream < 0.7 / 64
