"""The live display, compared with captures: tests/cli/progress/captures has a file for each terminal size.

After a change that is wanted: `python -m pytest tests/cli/progress/test_dashboard.py --rewrite-captures`, and read the difference.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from rich.text import Text
from slow import mostly_slow

from charrnn.cli.output.wrapping import width_of
from charrnn.cli.progress.dashboard import FILLED, Dashboard, join_parts, side_by_side
from charrnn.runs.storage.history import HistoryReader
from charrnn.text.characters.graphemes import graphemes
from charrnn.training.events import Evaluated, Finished, Recovered, Sampled, Stepped

CAPTURES = Path(__file__).parent / "captures"
SIZES = [(20, 5), (40, 10), (40, 30), (60, 14), (80, 24), (100, 30), (160, 24), (200, 50)]
TEXT = "\n\nFIRST KEEPER:\nThe lamp is lit, and all the harbour sleeps;\ta ship comes home.\n\nSECOND KEEPER:\nThen pull the rope and let it ring, for there is wind tonight.\n"


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def trained(wrong=False):
    """A dashboard half way through a training."""
    clock = Clock()
    dashboard = Dashboard(3000, 0, 1.0, clock)
    for step in range(1, 1501):
        clock.now += 0.05
        dashboard.read(Stepped(step, step / 400, 1.5 + 3 / step**0.5, 0.8, step % 4 == 0, 2e-3, 123_456))
        if step % 150 == 0:
            loss = 2.0 if wrong and step > 300 else 1.7 + 3 / step**0.5
            dashboard.read(Evaluated(step, "valid", loss, loss / np.log(2), True, 0.6 if wrong else 0.1))
    dashboard.read(Sampled(1500, TEXT, tuple(np.linspace(0, 5, len(TEXT)))))
    return dashboard


def shown(dashboard, width, height):
    return [line.plain.rstrip() for line in dashboard.lines(width, height)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "{}x{}".format(*size))
@pytest.mark.parametrize("wrong", [False, True], ids=["well", "wrong"])
def test_it_looks_as_captured(size, wrong, request):
    capture = CAPTURES / "{}x{}_{}.txt".format(*size, "wrong" if wrong else "well")
    found = "\n".join(shown(trained(wrong), *size)) + "\n"
    if request.config.getoption("--rewrite-captures"):
        capture.write_text(found, encoding="utf-8")
    assert found == capture.read_text(encoding="utf-8")


@mostly_slow("width", [1, 2, 7, 20, 39, 40, 59, 60, 79, 109, 110, 111, 300], one_in=4)
@pytest.mark.parametrize("height", [1, 2, 3, 5, 8, 13, 24, 80])
def test_no_line_is_longer_than_the_terminal_and_there_are_fewer_than_it_has_rows(width, height):
    lines = trained(wrong=True).lines(width, height)
    assert all(line.cell_len <= width and "\n" not in line.plain for line in lines)
    assert 1 <= len(lines) <= max(1, height - 1)


def test_wide_characters_of_a_sample_take_two_columns():
    dashboard = trained()
    dashboard.read(Sampled(1600, "灯台の光が海を照らす" * 20, (1.0,) * 200))
    assert all(line.cell_len <= 40 for line in dashboard.lines(40, 30))


def test_before_the_first_step_there_is_a_bar_and_no_time_left():
    dashboard = Dashboard(3000, 0, 1.0, Clock())
    assert shown(dashboard, 80, 24)[1:] == ["starting"]
    assert shown(dashboard, 80, 24)[0].endswith(" 0% · 0 s elapsed · measuring")


def test_the_time_left_of_a_resumed_training_is_by_its_own_steps():
    clock = Clock()
    dashboard = Dashboard(1000, 500, 1.0, clock)
    for step in (501, 502):
        clock.now += 10
        dashboard.read(Stepped(step, 1.0, 2.0, 0.5, False, 1e-3, 1e5))
    assert shown(dashboard, 80, 24)[0].endswith(" 50% · 20 s elapsed · 1 h 23 min left")


def test_the_time_left_is_gone_at_the_end_and_stays_after_a_stop():
    for reason, end in (("steps", "20 s elapsed"), ("patience", "20 s elapsed"), ("stopped", "1 h 23 min left")):
        clock = Clock()
        dashboard = Dashboard(1000, 500, 1.0, clock)
        for step in (501, 502):
            clock.now += 10
            dashboard.read(Stepped(step, 1.0, 2.0, 0.5, False, 1e-3, 1e5))
        dashboard.read(Finished(502, reason, None, 20.0))
        assert shown(dashboard, 80, 24)[0].endswith(end)


def test_where_there_is_no_room_for_the_bar_the_time_elapsed_goes_first_and_no_figure_is_cut():
    clock = Clock()
    dashboard = Dashboard(1_000_000, 0, 1.0, clock)
    for step in (499_999, 500_000):
        clock.now += 100
        dashboard.read(Stepped(step, 1.0, 2.0, 0.5, False, 1e-3, 1e5))
    assert shown(dashboard, 100, 24)[0].endswith("─ 50% · 3 min 20 s elapsed · 578 days left")
    assert shown(dashboard, 60, 24)[0] == "step 500,000/1,000,000 ━━━━━━━━───────── 50% · 578 days left"
    assert shown(dashboard, 30, 24)[0] == "500,000/1,000,000 ━━━━━━──────"
    for width in range(18, 200):
        assert width - 1 <= len(dashboard.lines(width, 24)[0].plain.rstrip()) <= width


def test_without_a_bound_the_gradient_has_none():
    dashboard = Dashboard(1000, 0, None, Clock())
    dashboard.read(Stepped(1, 1.0, 2.0, 0.5, False, 1e-3, 1e5))
    assert "gradient 0.50 (0% clipped)" in shown(dashboard, 100, 24)[1]


def test_a_rollback_resets_bar_and_curve():
    dashboard = trained()
    dashboard.read(Recovered(700, "loss 99", 1501, 1e-3, 1))
    lines = shown(dashboard, 80, 24)
    assert lines[0].startswith("step 700/3,000")
    assert any("steps 1 to 700" in line for line in lines)


def test_a_warning_is_returned_when_it_begins_and_shown_while_it_lasts():
    dashboard = Dashboard(1000, 0, 1.0, Clock())
    dashboard.read(Stepped(1, 1.0, 2.0, 0.5, False, 1e-3, 1e5))
    assert len(dashboard.read(Evaluated(1, "valid", 2.0, 2.9, True, 0.9))) == 1
    assert dashboard.read(Evaluated(2, "valid", 1.9, 2.9, True, 0.9)) == []
    assert any(line.startswith("saturation: 90%") for line in shown(dashboard, 80, 24))
    dashboard.read(Evaluated(3, "valid", 1.8, 2.9, True, 0.2))
    assert not any(line.startswith("saturation") for line in shown(dashboard, 80, 24))


def test_figures_are_wrapped_between_them():
    assert join_parts(["ab", "cd", "ef"], 7) == ["ab · cd", "ef"]
    assert join_parts(["ab", "cd"], 6) == ["ab", "cd"]
    assert join_parts(["abcdef", "g"], 3) == ["abcdef", "g"]


def test_the_bar_is_filled_as_far_as_the_training():
    dashboard = Dashboard(1000, 0, 1.0, Clock())
    dashboard.read(Stepped(500, 1.0, 2.0, 0.5, False, 1e-3, 1e5))
    line = dashboard.lines(80, 24)[0]
    filled, rest = line.plain.count("━"), line.plain.count("─")
    assert rest - 1 <= filled <= rest
    assert filled > 10
    assert [(span.end - span.start, span.style) for span in line.spans] == [(filled, FILLED), (rest, "dim")]


def test_blocks_are_drawn_side_by_side():
    left, right = [Text("a"), Text("bc")], [Text("x"), Text("y"), Text("z")]
    assert [line.plain for line in side_by_side(left, right, 4)] == ["a   x", "bc  y", "    z"]
    assert [line.plain for line in side_by_side([], right, 4)] == ["x", "y", "z"]


@pytest.mark.parametrize(("seconds", "words"), [(59.9, "59 s"), (60, "1 min"), (3600, "1 h"), (90_061, "1 day 1 h")])
def test_times_are_in_two_units(seconds, words):
    clock = Clock()
    dashboard = Dashboard(1000, 0, 1.0, clock)
    clock.now += seconds
    assert f" {words} elapsed" in shown(dashboard, 80, 24)[0]


def test_a_resumed_training_that_goes_back_to_before_its_beginning_counts_from_there():
    clock = Clock()
    dashboard = Dashboard(1000, 537, 1.0, clock)
    for step in range(538, 541):
        clock.now += 1
        dashboard.read(Stepped(step, 1.0, 2.0, 0.5, False, 1e-3, 1e5))
    dashboard.read(Recovered(500, "loss nan", 541, 5e-4, 1))
    assert shown(dashboard, 80, 24)[0].endswith("50% · 3 s elapsed · measuring")
    for step in range(501, 511):
        clock.now += 1
        dashboard.read(Stepped(step, 1.0, 2.0, 0.5, False, 1e-3, 1e5))
    assert shown(dashboard, 80, 24)[0].endswith("51% · 13 s elapsed · 8 min 10 s left")
    assert any("steps 501 to 510" in line for line in shown(dashboard, 80, 24))


def test_a_rollback_resets_the_figures():
    dashboard = Dashboard(1000, 0, 1.0, Clock())
    for step in range(1, 10):
        dashboard.read(Stepped(step, 1.0, 1e6, 900.0, True, 1e-3, 1e5))
        dashboard.read(Evaluated(step, "valid", float(step), 2.9, True, 0.1))
    dashboard.read(Recovered(4, "loss nan", 10, 5e-4, 1))
    dashboard.read(Stepped(5, 1.0, 2.0, 0.5, False, 5e-4, 1e5))
    assert shown(dashboard, 200, 24)[1].startswith("loss 2.0000 (2.885 bpc) · gradient 0.50 of 1 (0% clipped)")
    dashboard.read(Evaluated(5, "valid", 3.5, 2.9, True, 0.1))
    dashboard.read(Recovered(5, "loss nan", 6, 5e-4, 1))
    dashboard.read(Stepped(6, 1.0, 2.0, 0.5, False, 5e-4, 1e5))
    assert "valid 3.5000" in shown(dashboard, 200, 24)[1]


def test_the_newest_sample_is_shown_also_after_a_rollback():
    dashboard = trained()
    assert any("FIRST KEEPER" in line for line in shown(dashboard, 80, 30))
    dashboard.read(Recovered(1400, "loss nan", 1501, 5e-4, 1))
    dashboard.read(Sampled(1500, "another", (1.0,) * 7))
    assert "another" in shown(dashboard, 80, 30)


def test_the_curve_is_drawn_now_and_then_and_at_the_end():
    dashboard = trained()
    shown(dashboard, 80, 24)
    for step in (1501, 1502):
        dashboard.read(Stepped(step, 4.0, 1.5, 0.8, False, 2e-3, 1e5))
    assert any("steps 1 to 1,500" in line for line in shown(dashboard, 80, 24))
    dashboard.read(Finished(1502, "stopped", None, 1.0))
    assert any("steps 1 to 1,502" in line for line in shown(dashboard, 80, 24))


def test_another_size_is_filled_at_once():
    dashboard = trained()
    shown(dashboard, 80, 24)
    assert shown(dashboard, 50, 30) == shown(trained(), 50, 30)


@pytest.mark.parametrize(
    "text",
    ["👩\u200d👩\u200d👧" * 50, "🇩🇪" * 100, "e\u0301" * 300, "क्षि " * 80, "\u2764\ufe0f" * 90],
    ids=["families", "flags", "accents", "conjuncts", "hearts"],
)
def test_a_sample_is_folded_for_terminals_that_join_nothing_and_cut_nowhere(text):
    dashboard = trained()
    dashboard.read(Sampled(1600, text, (1.0,) * len(text)))
    lines = dashboard.lines(40, 30)
    assert all(width_of(line.plain) <= 40 for line in lines)
    wrapped = "".join(line.plain for line in lines[-7:]).replace(" ", "")
    assert graphemes(text.replace(" ", ""))[: len(graphemes(wrapped))] == graphemes(wrapped)


def test_digits_of_a_figure_are_never_cut():
    def figures(width):
        return set(re.findall(r"\d[\d.,:]*(?:e[+-]\d+)?", "\n".join(shown(trained(wrong=True), width, 30))))

    every = figures(300) | figures(59)  # a narrow one has other words
    for width in range(1, 60):
        assert figures(width) <= every, f"cut in {width} columns"


def history(steps, evaluated=()):
    reader = HistoryReader()
    event = {
        "event": "step",
        "epoch": 0.5,
        "grad_norm": 1.0,
        "clipped": False,
        "learning_rate": 0.1,
        "chars_per_second": 4.0,
    }
    for step in range(1, steps + 1):
        reader.read(json.dumps({**event, "step": step, "loss": 4 - step / steps}).encode())
        if step in evaluated:
            reader.read(json.dumps({"event": "eval", "step": step, "loss": 3.5}).encode())
    return reader.history(None)


def test_the_curve_of_a_resumed_training_is_whole_and_has_its_last_validation():
    dashboard = Dashboard(1000, 500, 1.0, Clock(), history=history(500, [250]))
    dashboard.read(Stepped(501, 1.0, 2.0, 0.5, False, 1e-3, 1e5))
    lines = shown(dashboard, 80, 24)
    assert "valid 3.5000" in lines[1]
    assert any(line.endswith("o validation  steps 1 to 501") for line in lines)
    dashboard.read(Recovered(200, "loss nan", 502, 5e-4, 1))
    dashboard.read(Stepped(201, 1.0, 2.0, 0.5, False, 1e-3, 1e5))
    assert any(line.endswith("training  steps 1 to 201") for line in shown(dashboard, 60, 24))


def test_a_resumed_training_with_nothing_to_do_shows_its_curve_and_no_figures():
    dashboard = Dashboard(500, 500, 1.0, Clock(), history=history(500, [250]))
    dashboard.read(Finished(500, "steps", None, 0.0))
    assert [line.split(" ━")[0] for line in shown(dashboard, 80, 24)][:3] == [
        "step 500/500",
        "",
        shown(dashboard, 80, 24)[2],
    ]
    assert shown(dashboard, 80, 24)[2].endswith("steps 1 to 500")


def test_the_first_curve_does_not_wait():
    dashboard = Dashboard(500, 0, 1.0, Clock())
    shown(dashboard, 80, 24)
    for step in (1, 2, 3):
        dashboard.read(Stepped(step, 1.0, 2.0, 0.5, False, 1e-3, 1e5))
    assert any("⠤⠤ training" in line for line in shown(dashboard, 80, 24))


def test_warnings_in_the_picture_are_cut_at_blanks():
    for width in range(20, 120, 7):
        for line in shown(trained(wrong=True), width, 40):
            if line.startswith(("overfitting", "saturation")) and line.endswith("…"):
                assert len(line) <= width
                assert line[:-1].endswith(" ") or " " not in line
                whole = next(
                    each for each in trained(wrong=True)._health.warnings.values() if each.startswith(line[:9])
                )
                assert whole.startswith(line[:-1].rstrip() + " ")
