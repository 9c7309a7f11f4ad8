"""Whether another process lives, and whether it holds a lock, on each system."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from charrnn.system import processes

ENDED = 2**22 + 1  # no process has this number


@pytest.fixture
def no_table(monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "LOCK_TABLE", tmp_path / "none")


def test_without_a_lock_table_a_process_that_lives_counts(no_table):
    assert processes.process_holds_lock(os.getpid())
    assert not processes.process_holds_lock(ENDED)


def test_with_one_it_must_hold_a_lock(monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "LOCK_TABLE", tmp_path / "locks")
    (tmp_path / "locks").write_text("1: FLOCK  ADVISORY  WRITE 77 00:1a:1234 0 EOF\n")
    assert processes.process_holds_lock(77)
    assert not processes.process_holds_lock(os.getpid())


@pytest.mark.parametrize(("handle", "waited", "lives"), [(5, 258, True), (5, 0, False), (0, 258, False)])
def test_windows_is_asked_without_the_kill_that_would_end_the_process_there(
    no_table, monkeypatch, handle, waited, lives
):
    closed = []
    kernel = SimpleNamespace(
        OpenProcess=lambda rights, inherits, pid: handle,
        WaitForSingleObject=lambda handle, milliseconds: waited,
        CloseHandle=closed.append,
    )
    monkeypatch.setattr(processes, "IS_WINDOWS", True)
    monkeypatch.setattr(os, "kill", None)
    monkeypatch.setitem(sys.modules, "ctypes", SimpleNamespace(windll=SimpleNamespace(kernel32=kernel)))
    assert processes.process_holds_lock(1234) == lives
    assert closed == ([handle] if handle else [])
    assert not processes.is_alive(0)


def test_a_process_that_ended_is_not_alive():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert not processes.is_alive(process.pid)


@pytest.mark.parametrize("windows", [False, True])
@pytest.mark.parametrize("pid", [0, -1, 1 << 32, 1 << 70])
def test_a_number_that_no_process_can_have_is_not_looked_up(monkeypatch, windows, pid):
    """A lock file may say anything; Windows' own functions take 32 bits."""
    monkeypatch.setattr(os, "kill", lambda *given: pytest.fail(str(given)))
    monkeypatch.setattr(processes, "_is_alive_on_windows", lambda pid: pytest.fail(str(pid)))
    monkeypatch.setattr(processes, "IS_WINDOWS", windows)
    assert not processes.is_alive(pid)
