"""Where something that moves may be drawn."""

import sys
from types import SimpleNamespace

import pytest

from charrnn.cli.output import live_terminal


@pytest.mark.parametrize(
    ("changed", "can"), [({}, True), ({"legacy_windows": True}, False), ({"is_dumb_terminal": True}, False)]
)
def test_nothing_is_drawn_on_a_terminal_that_does_not_know_how(monkeypatch, changed, can):
    """`legacy_windows`: a console that shows the words of a VT100 and does not obey them."""
    terminal = {"is_interactive": True, "is_dumb_terminal": False, "legacy_windows": False} | changed
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(live_terminal, "in_foreground", lambda console: True)
    monkeypatch.delenv(live_terminal.NOTEBOOK, raising=False)
    assert live_terminal.can_draw_on(SimpleNamespace(**terminal), json=False) == can
