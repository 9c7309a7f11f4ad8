"""`charrnn plot`: figures, plots in the terminal, and errors."""

import json
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from refusals import refused
from slow import mostly_exhaustive, mostly_slow

from charrnn.cli.plots import curves, figure
from charrnn.cli.plots.curves import QUANTITIES, downsample_min_max, moving_average, plot_data, summary, y_limits
from charrnn.cli.plots.terminal import plot
from charrnn.errors import OptionError
from charrnn.runs.storage.history import read_history

STEP = {
    "event": "step",
    "epoch": 0.5,
    "grad_norm": 1.0,
    "clipped": False,
    "learning_rate": 0.1,
    "chars_per_second": 4.0,
}


def write(path, losses, *events, rates=4.0):
    """A run directory with these losses, and nothing else."""
    path.mkdir(parents=True)
    steps = [{**STEP, "step": n, "loss": loss, "chars_per_second": rates} for n, loss in enumerate(losses, 1)]
    (path / "metrics.jsonl").write_text("".join(json.dumps(event) + "\n" for event in [*steps, *events]), "utf-8")
    return path


def picture(*runs, axis="steps", window=1):
    return plot_data(runs, [read_history(run) for run in runs], axis, window)


def texts(svg):
    return [element.text for element in ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_a_figure_names_its_axes_its_runs_and_their_best(charrnn, tiny_run):
    result = charrnn("plot", tiny_run, "-o", "a.svg")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "a.svg\n", "")
    found = texts("a.svg")
    for label in (
        "steps",
        "loss (nats per character)",
        "learning rate",
        "gradient norm, before clipping",
        "validation",
        "best",
        summary(picture(tiny_run).runs[0]),
    ):
        assert label in found


def test_a_figure_has_the_panels_that_are_asked_for(charrnn, tiny_run):
    assert charrnn("plot", tiny_run, "-o", "a.svg", "--what", "clipped,bpc,bpc", "--x", "epochs").exit_code == 0
    labels = [
        text
        for text in texts("a.svg")
        if text in {quantity.label.format(unit="character") for quantity in QUANTITIES.values()}
    ]
    assert labels == ["share of steps clipped", "bits per character"]
    assert "epochs" in texts("a.svg")


@pytest.mark.slow
def test_the_same_metrics_give_the_same_bytes(charrnn, tiny_run):
    for name in ("a.svg", "b.svg"):
        assert charrnn("plot", tiny_run, "-o", name).exit_code == 0
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()


@pytest.mark.slow
def test_a_figure_of_a_long_run_stays_small(charrnn, tmp_path):
    run = write(tmp_path / "long", 2 + np.random.default_rng(0).random(50_000))
    charrnn("plot", run, "-o", "a.svg", "--what", "loss")
    assert Path("a.svg").stat().st_size < 200_000


@pytest.mark.slow
def test_rollbacks_are_marked(charrnn, tmp_path):
    back = {"event": "recovered", "step": 2, "reason": "", "diverged_step": 3, "learning_rate": 0.05, "tries": 1}
    charrnn("plot", write(tmp_path / "a", [3, 2]), "-o", "without.svg")
    charrnn("plot", write(tmp_path / "b", [3, 2], back), "-o", "with.svg")
    assert "went back after diverging" in texts("with.svg")
    assert "went back after diverging" not in texts("without.svg")


@mostly_slow("name", ["a$_2$", "<&\x01", "猫"], one_in=3)
def test_a_name_is_unchanged_in_the_figure(charrnn, tmp_path, name):
    result = charrnn("plot", write(tmp_path / name, [3, 2]), "-o", "a.svg")
    assert (result.exit_code, result.stderr) == (0, "")
    assert any(text.startswith(name.replace("\x01", "\u2401") + ": 2 steps") for text in texts("a.svg"))


@pytest.mark.parametrize("losses", [[2.0], [2.0, 2.0], [0.0, 0.0]])
@mostly_exhaustive("norm", [0.0, 1.0], one_in=2)
@pytest.mark.slow
def test_one_step_and_flat_curves_can_be_drawn(charrnn, tmp_path, losses, norm, recwarn):
    run = write(tmp_path / "a", losses)
    (run / "metrics.jsonl").write_text(
        (run / "metrics.jsonl").read_text("utf-8").replace('"grad_norm": 1.0', f'"grad_norm": {norm}'), "utf-8"
    )
    assert charrnn("plot", run, "-o", "a.png", "--what", ",".join(QUANTITIES)).exit_code == 0
    assert charrnn("plot", run, "--what", ",".join(QUANTITIES)).exit_code == 0
    assert not list(recwarn)


def test_in_the_terminal_it_needs_no_matplotlib(charrnn, tiny_run, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = charrnn("plot", tiny_run)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    lines = result.stdout.splitlines()
    assert lines[0] == "loss (nats per character)"
    assert max(map(len, lines)) <= 120
    assert sum(line.count("o") for line in lines[1:15]) == 2
    assert re.match(r"⠤⠤ run: 20 steps, best validation loss \d\.\d{4} \(\d\.\d{3} bpc\) at step \d+$", lines[-2])


def test_several_runs_in_plain_text_have_letters(charrnn, tmp_path):
    falling, rising = write(tmp_path / "x" / "one", [3, 2, 1]), write(tmp_path / "x" / "two", [1, 2, 3])
    lines = charrnn("plot", falling, rising).stdout.splitlines()
    assert lines[1].lstrip(" 3┤").strip().startswith("a")
    assert lines[1].endswith("b")
    assert (lines[14].strip()[3], lines[14][-1]) != ("a", "b")
    assert lines[-3:-1] == ["a one: 3 steps, not validated yet", "b two: 3 steps, not validated yet"]


def test_runs_of_one_name_are_named_by_their_paths(charrnn, tmp_path):
    one, two = write(tmp_path / "x" / "run", [3, 2]), write(tmp_path / "y" / "run", [3, 2])
    assert [run.name for run in picture(one, two).runs] == [str(one), str(two)]


def test_damaged_lines_are_reported(charrnn, tiny_run):
    with (tiny_run / "metrics.jsonl").open("a") as file:
        file.write("{\n")
    result = charrnn("plot", tiny_run)
    assert result.exit_code == 0
    assert "1 damaged line skipped" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-o", "a.gif"], 1, ["a.gif: a figure's name must end in .svg or .png"]),
        (
            ["--what", "los"],
            2,
            [
                "--what los: must be one or several of loss, bpc, grad_norm, clipped, learning_rate",
                "with commas between them; did you mean loss?",
            ],
        ),
        (["--what", ""], 2, ["must be one or several of"]),
        (["--smooth", "0"], 2, ["--smooth"]),
        (["--force"], 2, ["--force needs --out; give both"]),
        (["nothing"], 1, ["nothing: no such run"]),
        (["run/metrics.jsonl", "--x", "time"], 1, ["run/metrics.jsonl: without its config.yaml", "--x epochs"]),
    ],
)
def test_invalid_options_are_refused(charrnn, tiny_run, arguments, code, words):
    shutil.copytree(tiny_run, "run")
    refused(charrnn("plot", tiny_run, *arguments), code, *words)
    assert [path.name for path in Path().iterdir()] == ["run"]


def test_a_run_without_metrics_is_refused(charrnn, tiny_run):
    (tiny_run / "metrics.jsonl").unlink()
    refused(charrnn("plot", tiny_run), 1, "holds no metrics.jsonl")


@pytest.mark.parametrize(
    "events", ["", "\n\n", '{"event": "resumed", "step": 5}\n' * 3, '{"event": "eval", "step": 5, "loss": 1}\n']
)
@pytest.mark.parametrize("more", [(), ("-o", "a.svg")])
def test_a_run_without_steps_is_refused(charrnn, tiny_run, events, more):
    (tiny_run / "metrics.jsonl").write_text(events, "utf-8")
    refused(charrnn("plot", tiny_run, *more), 1, f"{tiny_run / 'metrics.jsonl'}: has no step of a training")
    assert not Path("a.svg").exists()


@pytest.mark.parametrize(
    ("steps", "rate", "label", "last"),
    [(3, 32.0, "seconds", 3.0), (3, 0.5, "minutes", 3.2), (3, 0.01, "hours", 8 / 3)],
)
def test_time_has_a_unit_that_fits(tmp_path, tiny_run, steps, rate, label, last):
    shutil.copy(tiny_run / "config.yaml", write(tmp_path / "a", [1.0] * steps, rates=rate))
    found = picture(tmp_path / "a", axis="time")
    assert found.x_label == f"{label} of training, without evaluations"
    assert found.runs[0].x[-1] == pytest.approx(last)


def test_time_that_is_not_known_is_refused_for_the_run_that_lacks_it(tmp_path, tiny_run):
    with pytest.raises(OptionError, match=r"[/\\]a: without its config"):
        picture(tiny_run, write(tmp_path / "a", [1.0]), axis="time")


def test_a_mean_is_over_as_many_to_each_side():
    values = np.arange(10.0) ** 2
    for window in (1, 2, 3, 4, 5, 9, 10, 11, 19, 20, 30, 10**12):
        expected = [values[max(0, i - (window - 1) // 2) : i + window // 2 + 1].mean() for i in range(10)]
        np.testing.assert_allclose(moving_average(values, window), expected)
    np.testing.assert_array_equal(moving_average(values, 1), values)


def test_a_huge_value_spoils_no_mean_but_those_it_is_part_of():
    values = np.full(20, 0.1)
    values[10] = 1e30
    found = moving_average(values, 3)
    np.testing.assert_allclose(np.delete(found, [9, 10, 11]), 0.1, rtol=1e-14)
    np.testing.assert_allclose(found[9:12], 1e30 / 3)


def test_the_default_window_is_a_hundredth_of_the_longest_run(tmp_path):
    short, long = write(tmp_path / "a", [1.0] * 5), write(tmp_path / "b", [1.0] * 340)
    assert picture(short, long, window=None).window == 3
    assert picture(short, window=None).window == 1


def test_thinning_keeps_every_peak_and_the_order():
    rng = np.random.default_rng(1)
    x, y = np.arange(5000.0), rng.random(5000)
    y[[1234, 4000]] = 9, -9
    few_x, few_y = downsample_min_max(x, y, 50)
    assert len(few_x) == 100
    assert {9, -9} < set(few_y)
    assert (np.diff(few_x) >= 0).all()
    np.testing.assert_array_equal(y[few_x.astype(int)], few_y)
    assert downsample_min_max(x[:100], y[:100], 50)[0] is not None
    np.testing.assert_array_equal(downsample_min_max(x[:100], y[:100], 50)[1], y[:100])


def test_the_beginning_of_a_noisy_curve_does_not_set_the_limits(tmp_path):
    found = picture(write(tmp_path / "a", [9.0, 8.0, 7.0] + [2.0, 1.0] * 99))
    assert y_limits(QUANTITIES["loss"], found.curves(QUANTITIES["loss"])) == (1.0, 3.0)
    assert y_limits(QUANTITIES["learning_rate"], found.curves(QUANTITIES["learning_rate"])) == (0.1, 0.1)


def test_evaluations_are_drawn_at_their_steps_and_in_their_unit(tmp_path):
    run = write(tmp_path / "a", [3, 2, 1], {"event": "eval", "step": 2, "loss": np.log(2)})
    (found,) = picture(run).curves(QUANTITIES["bpc"])
    assert (found.dots_x.tolist(), found.dots.tolist()) == ([2.0], [1.0])
    np.testing.assert_allclose(found.raw, np.array([3, 2, 1]) / np.log(2))
    assert picture(run, axis="epochs").curves(QUANTITIES["loss"])[0].dots_x.tolist() == [0.5]
    assert picture(run).curves(QUANTITIES["grad_norm"])[0].dots.size == 0


def test_a_star_marks_the_best_evaluation_and_a_triangle_each_rollback(tmp_path):
    figures = pytest.importorskip("matplotlib.figure")
    evaluations = [{"event": "eval", "step": step, "loss": loss} for step, loss in ((1, 3.0), (2, 1.5), (3, 2.0))]
    back = {"event": "recovered", "step": 3}
    found = picture(write(tmp_path / "a", [3, 2, 1], *evaluations, back), axis="epochs")
    run, (curve,) = replace(found.runs[0], x=np.array([0.1, 0.2, 0.3])), found.curves(QUANTITIES["loss"])
    curve = replace(curve, dots_x=np.array([0.1, 0.2, 0.3]))
    axes = figures.Figure().subplots()
    figure._draw_curve(axes, curve, "black", "-", faint=False)
    figure._mark_recoveries(axes, run, "black")
    marks = {line.get_marker(): line.get_xydata().tolist() for line in axes.lines}
    assert marks["*"] == [[0.2, 1.5]]
    assert marks["^"] == [[0.3, 0]]


def test_the_axis_of_bits_has_the_same_values_in_bits(tmp_path):
    drawing = pytest.importorskip("matplotlib.figure").Figure()
    axes = drawing.subplots()
    figure._draw_panel(axes, QUANTITIES["loss"], picture(write(tmp_path / "a", [3, 2, 1])))
    drawing.draw_without_rendering()
    [other] = axes.child_axes
    np.testing.assert_allclose(other.get_ylim(), np.array(axes.get_ylim()) / np.log(2))


def test_in_colour_several_runs_have_their_colours_and_evaluations(tmp_path):
    evaluated = {"event": "eval", "step": 2, "loss": 2.5}
    found = picture(write(tmp_path / "a", [3, 2, 1], evaluated), write(tmp_path / "b", [1, 2, 3]))
    lines = plot(found, QUANTITIES["loss"], columns=29, rows=4, coloured=True)
    styles = {str(span.style) for line in lines for span in line.spans if line.plain[span.start : span.end].strip()}
    assert styles == {"color(75)", "color(208)"}
    assert sum(line.plain[9:].count("o") for line in lines[:4]) == 1
    assert curves.summary(found.runs[0]) == "a: 3 steps, best validation loss 2.5000 (3.607 bpc) at step 2"


@pytest.mark.parametrize(
    "losses", [[0.1, 0.002308], [1e9, 1.234e-6], [0.002308, 0.002308], [1e-30, 0.0], [123456.7, 1]]
)
@pytest.mark.parametrize("quantity", ["loss", "bpc", "learning_rate", "clipped"])
@pytest.mark.parametrize("columns", [20, 59, 119])
def test_the_axis_is_straight_whatever_the_labels_are(tmp_path, losses, quantity, columns):
    found = picture(write(tmp_path / "a", losses, rates=1.234e-6))
    *rows, axis, below = [line.plain for line in plot(found, QUANTITIES[quantity], columns, 5, True)]
    at = axis.index("└")
    assert {row.index("┤") for row in rows} == {at}
    assert {len(row) for row in (*rows, axis)} == {max(columns, at + 2)}
    assert below[at + 1] == "0"
    assert len(below) == len(axis)


@pytest.mark.parametrize(("columns", "last_row"), [(20, "0 steps 3"), (14, "0…3"), (13, "3"), (5, "3")])
def test_in_a_narrow_terminal_a_plot_is_no_wider_than_that(tmp_path, columns, last_row):
    found = picture(write(tmp_path / "a", [5.445, 2, 7.093e-06]))
    *rows, below = [line.plain for line in plot(found, QUANTITIES["loss"], columns, 5, True)]
    assert {len(line) for line in (*rows, below)} == {max(columns, len("7.093e-06 ┤") + 1)}
    assert below.strip() == last_row


def test_a_loss_that_four_places_would_hide_is_shown(tmp_path):
    found = picture(write(tmp_path / "a", [1.0, 0.5], {"event": "eval", "step": 2, "loss": 1.234567e-07}))
    assert curves.summary(found.runs[0]) == "a: 2 steps, best validation loss 1.235e-07 (1.781e-07 bpc) at step 2"


@pytest.mark.parametrize(
    ("seconds", "unit", "last"),
    [(119, "seconds", 119), (120, "minutes", 2), (7199, "minutes", 7199 / 60), (7200, "hours", 2), (1, "seconds", 1)],
)
def test_time_is_shown_in_the_largest_unit_of_at_least_two(tmp_path, seconds, unit, last):
    history = replace(read_history(write(tmp_path / "run", [3.0, 2.0])), seconds=np.array([0.5, seconds]))
    found = plot_data([tmp_path / "run"], [history], "time", 1)
    assert found.x_label == f"{unit} of training, without evaluations"
    assert found.runs[0].x[-1] == pytest.approx(last)
    assert found.runs[0].x[0] == pytest.approx(0.5 * last / seconds)


def test_a_long_axis_name_is_cut(tmp_path):
    found = replace(picture(write(tmp_path / "a", [3, 2, 1])), x_label="minutes of training, without evaluations")
    for columns in (20, 30, 60):
        *_, axis, below = [line.plain for line in plot(found, QUANTITIES["loss"], columns, 5, True)]
        assert len(below) == len(axis) == columns
        assert below.endswith("3")
