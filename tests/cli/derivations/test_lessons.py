"""The output of a lesson: complete at any width, and as JSON."""

import io
import json
import math
import re
from dataclasses import replace

import pytest
from rich.console import Console

from charrnn.cli.derivations.lessons import lesson_json, show_lesson
from charrnn.derivations.tasks.lessons import TASKS, train
from charrnn.text.characters.printable import json_text


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self):
        return True


@pytest.fixture(scope="module")
def lessons():
    return {name: train(name, settings={"updates": 4}) for name in TASKS}


def shown(lesson, width=None):
    file = io.StringIO() if width is None else Terminal()
    options = {"highlight": False, "color_system": None, "legacy_windows": False}
    console = Console(file=file, width=width or 120, force_terminal=bool(width), **options)
    show_lesson(console, lesson)
    return file.getvalue()


def words_of(text):
    return re.sub(r"[┏┳┓┃┡╇┩│├┼┤└┴┘━─\s]+", " ", text)


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_on_a_terminal_nothing_is_cut(lessons, name, width):
    found = shown(lessons[name], width)
    assert all(len(line) <= width for line in found.splitlines())
    assert "…" not in found
    for run in lessons[name].runs:
        for figure in (f"{run.largest_norm:.3g}", f"{run.updates}", *([f"{run.loss:.3g}"] if run.loss else [])):
            assert figure in found
    for sentence in (lessons[name].goal, *lessons[name].learned):
        assert words_of(sentence) in words_of(found)


def test_the_output_of_a_lesson(lessons):
    lines = shown(lessons["scalar"]).splitlines()
    assert lines[0] == f"Task: {lessons['scalar'].goal}."
    assert lines[1] == "Each update: w ← w - α ∂L/∂w for every weight. alpha 0.03, updates 4, clip 1, seed 0."
    table = [line for line in lines if line[:1] in "┃│"]
    headings, before, *rows = [[cell.strip() for cell in re.split("[┃│]", line)[1:-1]] for line in table]
    assert headings == ["training", "loss", "right, fresh numbers", "updates", "clipped", "longest gradient"]
    assert before == ["before", f"{lessons['scalar'].loss:.3g}", f"{lessons['scalar'].score:.0%}", "", "", ""]
    assert [row[0] for row in rows] == ["unclipped", "clipped", "(3) as printed"]
    clipped = lessons["scalar"].runs[1]
    assert rows[1][1:] == [
        f"{clipped.loss:.3g}",
        f"{clipped.score:.0%}",
        "4",
        f"{clipped.clipped}",
        f"{clipped.largest_norm:.3g}",
    ]
    assert tuple(lines[-4:]) == lessons["scalar"].learned


def test_divergence_is_reported(lessons):
    row = next(line for line in shown(lessons["vanishing"]).splitlines() if line.startswith("│ unclipped"))
    assert [cell.strip() for cell in row.split("│")][1:5] == ["unclipped", "diverged", "", "2"]


@pytest.mark.parametrize("name", TASKS)
def test_json_has_all_of_it(lessons, name):
    found = json.loads(json_text(lesson_json(lessons[name])), parse_constant=pytest.fail)
    assert (found["system"], found["seed"], found["settings"]["updates"]) == (name, 0, 4)
    assert found["learned"] == list(lessons[name].learned)
    assert [run["name"] for run in found["runs"]] == [run.name for run in lessons[name].runs]
    for got, run in zip(found["runs"], lessons[name].runs, strict=True):
        assert got["losses"] == [loss if math.isfinite(loss) else None for loss in run.losses]
        assert (got["loss"], got["score"], got["clipped"]) == (run.loss, run.score, run.clipped)


def test_json_has_no_infinity(lessons):
    lesson = lessons["vector"]
    run = replace(lesson.runs[0], loss=math.inf, score=math.nan, largest_norm=math.inf, losses=(1.0, math.inf))
    found = lesson_json(replace(lesson, loss=math.inf, score=math.nan, runs=(run,)))
    assert (found["loss"], found["score"], found["runs"][0]["largest_norm"]) == (None, None, None)
    (run,) = found["runs"]
    assert (run["loss"], run["score"], run["losses"]) == (None, None, [1.0, None])
