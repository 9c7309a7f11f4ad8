"""The clipping grid: when a training counts as diverged, the table, and the conclusions."""

import json
import math

import numpy as np
import pytest
from benchmarks.published import clipping
from benchmarks.published.clipping import VALIDATIONS, Setting, make_trainer, run_training
from benchmarks.published.clipping_grid import conclusions, diverged, grid, table

from charrnn.network.architecture import Architecture
from charrnn.network.network import Network

LN_V = math.log(65)
SETTING = Setting("relu", hidden_size=4, batch_size=2, updates=8)


def result(rate=1.0, threshold=None, losses=(3.0, 2.0), finite=True):
    return {
        "rate": rate,
        "threshold": threshold,
        "losses": list(losses),
        "finite": finite,
        "clipped": 0.25,
        "seconds": 1.0,
    }


def training(rate, threshold):
    network = Network.fresh(Architecture(3, 4, "rnn", "relu"), np.random.default_rng(0))
    text = np.random.default_rng(0).integers(0, 3, 1000)
    return make_trainer(network, text, text[:300], SETTING, rate, threshold)


@pytest.mark.parametrize("losses", [(3.0, 2.0), (2.0, 3.9), (5.0, LN_V - 0.01), (LN_V - 0.01,)])
def test_a_training_that_ends_below_chance_and_near_its_best_did_not_diverge(losses):
    assert not diverged(result(losses=losses))


@pytest.mark.parametrize("losses", [(3.0, LN_V + 0.01), (1.5, 3.01)])
def test_a_training_that_ends_above_chance_or_above_twice_its_best_diverged(losses):
    assert diverged(result(losses=losses))


@pytest.mark.parametrize("losses", [(), (3.0, 2.0)])
def test_a_training_with_a_loss_that_is_not_finite_diverged(losses):
    assert diverged(result(losses=losses, finite=False))


def test_a_cell_has_the_lowest_losses_of_the_trainings_that_did_not_diverge():
    cells = grid([result(losses=(2.0, 2.5)), result(losses=(4.0, 3.0)), result(losses=(9.0, 9.0)), result(rate=2.0)])
    assert cells[None, 1.0] == ([2.0, 3.0], 1, [0.25, 0.25])
    assert cells[None, 2.0] == ([2.0], 0, [0.25])


def test_the_table_has_a_row_for_each_rate_a_column_for_each_threshold_and_the_n_gram():
    results = [
        result(losses=[2.0]),
        result(losses=[3.0]),
        result(2.0, 0.25, [9.0]),
        result(2.0),
        result(2.0, None, [9.0]),
    ]
    assert table(grid(results)).splitlines() == [
        "| rate | no clipping | norm at most 0.25 |",
        "| --- | --- | --- |",
        "| 1 | 2.5000 ± 0.5000 | - |",
        "| 2 | 2.0000; 1 of 2 diverged | 1 of 1 diverged |",
        "| 7-gram | 1.5165 |  |",
    ]


def test_the_gain_is_divided_between_clipping_at_the_same_rate_and_the_higher_rate():
    losses = {
        (None, 1.0): 2.5,
        (None, 2.0): 9.0,
        (0.25, 1.0): 2.4,
        (0.25, 2.0): 2.1,
        (0.25, 4.0): 9.0,
        (0.25, 8.0): 2.2,
    }
    cells = grid([result(rate, threshold, [loss]) for (threshold, rate), loss in losses.items()])
    without, clipped, _ = conclusions(cells)
    assert without == "- no clipping: usable up to 1; best 2.5000 at 1"
    assert clipped == (
        "- norm at most 0.25: usable up to 2; best 2.1000 at 2 (25.0% of updates clipped), +0.4000 lower: +0.1000 by clipping at 1, +0.3000 by the rate from there"
    )


def test_without_a_usable_rate_the_conclusion_says_so():
    assert conclusions(grid([result(losses=[9.0])]))[0] == "- no clipping: no usable rate"


def test_a_training_reports_its_validations_and_how_often_it_clipped():
    found = run_training(training(0.1, threshold=1e-6), SETTING.updates)
    assert (len(found["losses"]), found["finite"], found["clipped"]) == (VALIDATIONS, True, 1.0)
    assert run_training(training(0.1, threshold=None), SETTING.updates)["clipped"] == 0


def test_a_training_whose_loss_is_not_a_number_is_reported_as_not_finite():
    assert not run_training(training(1e30, threshold=None), SETTING.updates)["finite"]


def test_the_table_is_printed_from_saved_results_without_the_text(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(clipping, "TEXT", str(tmp_path / "none.txt"))
    arguments = ["--table", "--out", str(tmp_path)]
    clipping.main(arguments, "a machine")
    assert capsys.readouterr().out.endswith("clipping.jsonl: nothing is measured yet.\n")
    saved = {**vars(Setting("tanh", 64, 10, 600)), "seed": 0, "machine": "a machine", **result(losses=[2.0])}
    (tmp_path / "clipping.jsonl").write_text(json.dumps(saved) + "\n", "utf-8")
    clipping.main(arguments, "another")
    printed = capsys.readouterr().out
    assert "| 1 | 2.0000 |" in printed
    assert printed.endswith("Measured on a machine.\n")
