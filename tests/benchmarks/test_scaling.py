"""The scaling model: values computed by hand, and fits that recover their parameters."""

import pytest
from benchmarks.scaling import Link, StepCost, fit_link, fit_step_cost

LINK = Link(latency=1e-4, bandwidth=1e8)
WORK = StepCost(fixed=0.01, per_stream=0.001, size=1_000_000)


def test_an_all_reduce_of_two_ranks_sends_half_the_bytes_twice():
    assert LINK.all_reduce_seconds(2, 1_000_000) == pytest.approx(4 * 1e-4 + 1e6 / 1e8)


def test_an_all_reduce_of_eight_ranks_takes_twelve_trips_and_seven_quarters_of_the_bytes():
    assert LINK.all_reduce_seconds(8, 1_000_000) == pytest.approx(12 * 1e-4 + 1.75 * 1e6 / 1e8)


def test_an_all_reduce_of_one_rank_takes_no_time():
    assert LINK.all_reduce_seconds(1, 1_000_000) == 0


def test_the_efficiency_of_one_rank_is_1():
    assert WORK.efficiency(1, 64, LINK) == 1


def test_efficiency_is_the_speed_up_over_one_rank_divided_by_n():
    alone, together = 0.01 + 0.001 * 64, 0.01 + 0.001 * 32 + 0.0104
    assert WORK.efficiency(2, 32, LINK) == pytest.approx(alone / (2 * together))


@pytest.mark.parametrize("n", [2, 4, 64])
@pytest.mark.parametrize("efficiency", [0.5, 0.8, 0.95])
def test_streams_for_is_the_inverse_of_efficiency(n, efficiency):
    assert WORK.efficiency(n, WORK.streams_for(efficiency, n, LINK), LINK) == pytest.approx(efficiency)


def test_without_fixed_costs_and_latency_no_streams_are_needed():
    assert StepCost(0, 0.001, 0).streams_for(0.8, 4, Link(0, 1e9)) == 0


@pytest.mark.parametrize("n", [2, 5, 8])
def test_fitting_a_link_recovers_its_latency_and_bandwidth(n):
    sizes = [10_000, 100_000, 1_000_000]
    found = fit_link(sizes, [LINK.all_reduce_seconds(n, size) for size in sizes], n)
    assert (found.latency, found.bandwidth) == pytest.approx((LINK.latency, LINK.bandwidth))


def test_fitting_a_step_cost_recovers_its_parameters():
    found = fit_step_cost([16, 32, 64], [WORK.step_seconds(streams) for streams in (16, 32, 64)], WORK.size)
    assert (found.fixed, found.per_stream, found.size) == pytest.approx((WORK.fixed, WORK.per_stream, WORK.size))


def test_a_fit_has_no_negative_fixed_cost():
    found = fit_step_cost([16, 32, 64], [0.1, 0.3, 0.7], 0)
    assert found.fixed == 0
    assert 0.1 / 16 < found.per_stream < 0.7 / 64
