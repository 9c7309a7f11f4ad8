"""Whether another process lives."""

import os

import pytest

from charrnn.system import processes


@pytest.mark.parametrize("system", ["posix", "nt"])
@pytest.mark.parametrize("pid", [0, -1, 1 << 32, 1 << 70])
def test_a_number_that_no_process_can_have_is_not_looked_up(monkeypatch, system, pid):
    """A lock file may say anything; Windows' own functions take 32 bits."""
    monkeypatch.setattr(os, "kill", lambda *given: pytest.fail(str(given)))
    monkeypatch.setattr(processes, "_is_alive_on_windows", lambda pid: pytest.fail(str(pid)))
    monkeypatch.setattr(processes, "os", type("os", (), {"name": system, "kill": os.kill}))
    assert not processes.is_alive(pid)
