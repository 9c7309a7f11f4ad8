"""How many trainings of a sweep run at once."""

import pytest

from charrnn.sweeps import scheduler
from charrnn.sweeps.grid import parse_axes, trials
from charrnn.sweeps.sweep import make


@pytest.mark.parametrize(
    ("grid", "jobs"),
    [
        ("model.hidden_size=8,16", 8),
        ("runtime.threads=1,4", 2),
        ("runtime.threads=4,1", 2),
        ("runtime.threads=1,16", 1),
    ],
)
def test_no_core_is_shared_by_two_trainings(monkeypatch, text_file, grid, jobs):
    monkeypatch.setattr(scheduler, "usable_cores", lambda: range(8))
    found = trials(parse_axes([grid]), None, ["training.batch_size=4", "training.sequence_length=8"], {}, None, 0)
    assert scheduler.default_jobs(make(found, [str(text_file)], None)) == jobs
