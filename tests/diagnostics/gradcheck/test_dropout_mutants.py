"""Gradcheck fails for a broken dropout of units or weights, forward or backward."""

from dataclasses import replace

import pytest
from mutants import mutants, planted
from slow import mostly_slow
from tiny import trained

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.network import dropout
from charrnn.network.architecture import CELLS
from charrnn.network.dropout import Dropout
from charrnn.network.network import Network
from charrnn.network.weight_dropout import WeightDropout
from charrnn.network.window_options import WindowOptions

SETTINGS = ["model.num_layers=2", "model.dropout=0.5", "model.weight_dropout=0.3"]
APPLIED = WeightDropout.apply.__wrapped__
BROKEN = [
    (function, name, code)
    for function in (
        Dropout.fill,
        dropout.scale,
        dropout.keep_mask,
        APPLIED,
        WeightDropout._mask,
        WeightDropout.from_network.__func__,
    )
    for name, code in mutants(function)
    if "negated: bits = " not in name  # as random as before
]
[BACKWARD] = [
    code for name, code in mutants(Network._layer_backward) if "deleted: np.multiply(ws.dh, layer.mask" in name
]
[OF_WEIGHTS] = [code for name, code in mutants(APPLIED) if "deleted: np.multiply(g[place], mask" in name]
BACKWARDS = {"units": (Network._layer_backward, BACKWARD), "weights": (APPLIED, OF_WEIGHTS)}


def config(cell, *settings):
    return resolve(None, [f"model.cell={cell}", *SETTINGS, *settings]).config


def caught(given) -> bool:
    try:
        return not api.gradcheck(given, oracles=["complex-step"]).passed
    except Exception:
        return True


@mostly_slow("readout", ["linear", "deep"], one_in=2)
@mostly_slow("cell", CELLS, one_in=3)
def test_every_oracle_agrees_with_both_dropouts_and_all_else_that_training_does(cell, readout):
    extras = ["training.stride=2", "training.label_smoothing=0.1", r"data.boundary=\n", "training.accumulate=2"]
    report = api.gradcheck(config(cell, f"model.readout={readout}", *extras), entries=8)
    assert [check for check in report.checks if not check.passed] == []
    assert [found for found in report.properties if not found.passed] == []
    assert list(report.checked_with) == [
        "model.dropout", "model.weight_dropout", "training.label_smoothing", "training.stride", "training.accumulate",
        "data.boundary",
    ]  # fmt: skip


@mostly_slow("rate", [0.001, 0.05, 0.9, 0.99], one_in=4)
def test_any_rate_is_checked_with_a_mask_that_drops_something_and_not_everything(rate):
    report = api.gradcheck(config("gru", f"model.dropout={rate}", f"model.weight_dropout={rate}"), oracles=["forward"])
    assert report.passed
    by_name = {check.parameter: check for check in report.checks}
    assert by_name["W_hh_2"].worst.analytic != 0


@mostly_slow(("function", "name", "code"), BROKEN, ids=[name for _, name, _ in BROKEN], one_in=8, slow_in=4)
def test_every_mutant_is_caught(function, name, code):
    with planted(function, code):
        assert caught(config("gru")), f"survived: {name}"


@mostly_slow("cell", CELLS, one_in=3)
@pytest.mark.parametrize("of", BACKWARDS)
def test_a_broken_backward_is_caught_on_the_command_line(charrnn, cell, of):
    dropped = {"units": "model.dropout=0.5", "weights": "model.weight_dropout=0.5"}[of]
    arguments = ("gradcheck", "-c", "default", "-s", f"model.cell={cell}", "-s", dropped, "--oracle", "forward")
    assert charrnn(*arguments).exit_code == 0
    with planted(*BACKWARDS[of]):
        result = charrnn(*arguments)
    assert result.exit_code == 1
    assert "checks failed, in " in result.stderr
    assert "W_hh" in result.stderr


@pytest.mark.parametrize("of", BACKWARDS)
def test_a_broken_backward_is_caught_with_the_weights_of_a_run(charrnn, tmp_path, text_file, of):
    run = trained(tmp_path / "run", text_file, "model.dropout=0.3", "model.weight_dropout=0.3", "model.hidden_size=8")
    arguments = ("gradcheck", "--run", run, "--oracle", "closed-form")
    assert charrnn(*arguments).exit_code == 0
    with planted(*BACKWARDS[of]):
        assert charrnn(*arguments).exit_code == 1


@mostly_slow("cell", CELLS, one_in=3)
def test_shares_that_draw_the_masks_of_other_streams_are_caught(cell, monkeypatch):
    given = config(cell, "training.accumulate=3")
    assert not caught(given)
    right = WindowOptions.select
    monkeypatch.setattr(
        WindowOptions, "select", lambda self, streams: replace(right(self, streams), dropout=self.dropout)
    )
    assert caught(given)
