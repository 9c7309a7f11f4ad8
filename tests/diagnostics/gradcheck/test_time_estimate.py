"""The number of entries that fit into a time; the report says how many, and how to check the same ones again."""

import numpy as np
import pytest

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.diagnostics.gradcheck import time_estimate
from charrnn.diagnostics.gradcheck.case import random_window, small_case
from charrnn.diagnostics.gradcheck.gradcheck import Comparison, all_pass
from charrnn.diagnostics.gradcheck.oracles import ORACLES
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network

DEEP = resolve(None, ["model.cell=lstm", "model.num_layers=8"]).config


def entries_in(comparison):
    return {check.entries for check in comparison.checks()}


def test_without_time_one_entry_of_each_parameter_is_checked():
    comparison = Comparison(small_case(Architecture(7, 5), 0))
    time_estimate.extend_for(comparison, 0)
    assert entries_in(comparison) == {1}
    assert not comparison.is_complete


def test_with_time_every_entry_is_checked():
    comparison, shares = Comparison(small_case(Architecture(7, 5), 0)), []
    time_estimate.extend_for(comparison, 1e6, shares.append)
    assert comparison.is_complete
    assert all(check.entries == len(comparison._order[check.parameter]) for check in comparison.checks())
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize(
    ("seconds", "rounds"), [(1.5, [1]), (7.9, [1, 2, 4, 6, 7]), (11, [1, 2, 4, 8, 10, 11]), (16, [1, 2, 4, 8, 16])]
)
def test_a_round_that_would_end_too_late_is_made_smaller_or_not_begun(monkeypatch, seconds, rounds):
    """On a machine where each entry of the one parameter takes a second."""
    now, made = [0.0], []
    monkeypatch.setattr(time_estimate.time, "perf_counter", lambda: now[0])

    class Slow:
        entries, largest, is_complete = 0, 100, False

        def count(self, entries):
            return min(entries, self.largest)

        def prepare(self):
            pass

        def extend(self, entries, on_progress):
            now[0] += entries - self.entries
            self.entries = entries
            made.append(entries)

    time_estimate.extend_for(Slow(), seconds)
    assert made == rounds
    assert now[0] <= seconds


def test_many_layers_are_checked_as_far_as_the_time_goes_and_the_report_says_so():
    report = api.gradcheck(DEEP, oracles=["complex-step"], seconds=0)
    assert all_pass(report.checks)
    assert (report.entries, report.seed) == (1, 0)


def test_the_number_and_the_seed_check_the_same_entries_again():
    config = resolve(None, ["model.cell=gru"]).config
    once = api.gradcheck(config, seconds=0, seed=3, oracles=["forward"])
    again = api.gradcheck(config, entries=once.entries, seed=once.seed, oracles=["forward"])
    assert [check.worst for check in once.checks] == [check.worst for check in again.checks]
    other = api.gradcheck(config, entries=once.entries, seed=4, oracles=["forward"])
    assert [check.worst.index for check in once.checks] != [check.worst.index for check in other.checks]


def test_a_closed_form_that_would_take_too_long_is_left_out_unless_it_is_named():
    left_out = api.gradcheck(seconds=0)
    assert {check.oracle for check in left_out.checks} == {*ORACLES} - {"closed-form"}
    assert (left_out.not_checked[0].key, left_out.not_checked[0].value) == ("oracle", "closed-form")
    assert "`oracles` closed-form checks it all the same" in left_out.not_checked[0].why
    named = api.gradcheck(seconds=0, oracles=["closed-form"])
    assert {check.oracle for check in named.checks} == {"closed-form"}
    given = api.gradcheck(seconds=0, entries=1)
    assert {check.oracle for check in given.checks} == {*ORACLES}


def test_a_wide_network_is_probed_as_a_narrower_one(monkeypatch):
    probed, closed_form = [], ORACLES[time_estimate.PAIRED]

    def probe(case, parameter, chosen):
        probed.append(case.state.shape)
        return closed_form(case, parameter, chosen)

    monkeypatch.setitem(ORACLES, time_estimate.PAIRED, probe)
    wide = Network.fresh(Architecture(7, 40, "lstm", num_layers=2), np.random.default_rng(0))
    case = random_window(wide, np.random.default_rng(0))
    for widest in (4 * 40, 32, 1):
        monkeypatch.setattr(time_estimate, "WIDEST", widest)
        assert time_estimate.closed_form_seconds(case) > 0
    assert probed == [(4, 1, 40), (4, 1, 8), (4, 1, 1)]
