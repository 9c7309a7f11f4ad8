"""A training in plain lines."""

import io
from types import SimpleNamespace

from rich.console import Console

from charrnn.cli.output.surprisal_colours import STYLES
from charrnn.cli.progress import plain_lines
from charrnn.cli.progress.plain_lines import PlainLines, sample
from charrnn.training.events import Evaluated, Sampled, Stepped


def step(number):
    return Stepped(number, 0.5, 2.0, 0.5, False, 1e-3, 1e5)


def test_the_characters_of_a_sample_keep_their_surprisals_without_the_empty_lines_around_it():
    found = sample(Sampled(1, "\n\nab\n", (9.0, 9.0, 0.0, 9.0, 0.0)))
    assert found.plain == "ab"
    assert [(span.start, span.end, span.style) for span in found.spans] == [(0, 1, STYLES[0]), (1, 2, STYLES[-1])]


def test_a_sample_without_surprisals_is_shown_and_none_of_it_moves_the_cursor():
    assert sample(Sampled(1, "a\x1b[2Jb\rc\u202ed\te", ())).plain == "a\u241b[2Jb\u240dc<U+202E>d    e"


def test_steps_are_printed_every_ten_seconds_and_evaluations_and_what_goes_wrong_at_once(monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(plain_lines, "time", SimpleNamespace(monotonic=lambda: clock.now))
    out = io.StringIO()
    lines = PlainLines(Console(file=out, width=200), 100, None)
    for number in range(1, 31):
        clock.now += 1
        lines(step(number))
        if number == 15:
            lines(Evaluated(15, "valid", 2.5, 3.6, True, 0.9))
    lines = [line.split(":")[0].split(" · ")[0] for line in out.getvalue().splitlines()]
    assert lines == ["step 10 of 100", "step 15", "saturation", "step 20 of 100", "step 30 of 100"]
    assert "step 10 of 100 · loss 2.0000 (2.885 bpc) · gradient 0.50 (0% clipped)" in out.getvalue()
