"""What is typed is not echoed while a picture is drawn."""

import os
from contextlib import suppress

import pytest

from charrnn.system import terminal_echo
from charrnn.system.terminal_echo import set_echo, without_echo

termios = pytest.importorskip("termios", reason="a pseudo-terminal needs POSIX")
has_termios = pytest.mark.skipif(terminal_echo.termios is None, reason="termios is taken away")


@pytest.fixture
def terminal():
    master, slave = os.openpty()
    with os.fdopen(slave, "w") as file:
        yield file
    os.close(master)


def echoes(terminal):
    return bool(termios.tcgetattr(terminal.fileno())[3] & termios.ECHO)


@has_termios
def test_it_is_off_in_the_block_and_on_after_it_also_after_an_error(terminal):
    assert echoes(terminal)
    with suppress(KeyboardInterrupt), without_echo(terminal):
        assert not echoes(terminal)
        assert termios.tcgetattr(terminal.fileno())[3] & termios.ISIG, "Ctrl-C is still heeded"
        raise KeyboardInterrupt
    assert echoes(terminal)


@has_termios
def test_one_that_was_off_stays_off(terminal):
    assert set_echo(terminal, on=False)
    with without_echo(terminal):
        pass
    assert not echoes(terminal)
    assert not set_echo(terminal, on=True)
    assert echoes(terminal)


def test_what_is_not_a_terminal_or_is_gone_has_none(tmp_path):
    with (tmp_path / "file").open("w") as file:
        assert not set_echo(file, on=False)
    assert not set_echo(file, on=False)


def test_without_termios_nothing_is_changed(terminal, monkeypatch):
    monkeypatch.setattr(terminal_echo, "termios", None)
    with without_echo(terminal):
        assert echoes(terminal)
    assert not set_echo(terminal, on=False)
