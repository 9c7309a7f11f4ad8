"""The order of a sweep's trainings."""

from dataclasses import replace
from pathlib import Path

import pytest

from charrnn.cli.output.console import result_console
from charrnn.cli.sweep.table import Row, best, sort_rows, table
from charrnn.runs.storage.status import RunStatus
from charrnn.sweeps.jobs import JobResult


def row(name, state, loss=None):
    return Row(Path(name), {}, JobResult(state), RunStatus(loss, None if loss is None else 10))


ROWS = [
    row("failed", "failed", 0.5),  # its loss is one of weights that went wrong later
    row("not validated", "done"),
    row("worse", "done", 2.0),
    row("stopped", "stopped", 1.0),
    row("better", "done", 1.5),
    row("as good", "done", 1.5),
]


def test_finished_trainings_are_ranked_by_loss_and_come_first():
    found = [each.run.name for each in sort_rows(ROWS)]
    assert found == ["better", "as good", "worse", "not validated", "failed", "stopped"]


def test_small_losses_that_differ_look_different(capsys):
    table([row(name, "done", loss) for name, loss in [("a", 1.2e-5), ("b", 3.4e-6), ("c", 1e30)]]).show(
        result_console()
    )
    shown = capsys.readouterr().out
    assert [loss in shown for loss in ("1.2e-05", "3.4e-06", " 1e+30 ")] == [True] * 3


def test_long_values_that_differ_at_their_ends_differ(capsys):
    rows = [replace(row(end, "done", 1.0), values={"data.boundary": "-" * 100 + end}) for end in "ab"]
    table(rows).show(result_console())
    shown = capsys.readouterr().out
    assert all("-" * 100 + end in shown for end in "ab")


@pytest.mark.parametrize(
    ("rows", "name"), [(ROWS, "better"), (ROWS[:2], "not validated"), (ROWS[:1], None), ([ROWS[0], ROWS[3]], None)]
)
def test_the_best_training_is_a_finished_one(rows, name):
    found = best(rows)
    assert (found and found.run.name) == name
