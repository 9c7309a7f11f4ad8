"""Tables of all commands, in a pipe and in terminals of several widths, and the layout rules."""

import io
import json
import os
import re
from collections import Counter

import on_terminal
import pytest
from rich.cells import cell_len
from slow import mostly_slow
from tiny import TINY, trained
from typer.testing import CliRunner

from charrnn import api
from charrnn.cli.app import app
from charrnn.cli.output.console import Terminal
from charrnn.cli.output.tables import Name, Table
from charrnn.cli.output.wrapping import width_of
from charrnn.cli.reports.samples import show_samples
from charrnn.cli.sweep.live_view import running_line
from charrnn.generation.samples import Sample, TracedStep
from charrnn.training.benchmark import Bench
from charrnn.training.events import digits

WIDTHS = (60, 80, 120)
NUMBER = re.compile(r"[+-]?\d[\d.,]*(?:e[+-]\d+)?")
SETTINGS = [part for setting in TINY for part in ("-s", setting)]
BOX = "┏┳┓┃┡╇┩│├┼┤└┴┘━─"
LONG = "the-sea-and-all-that-is-in-it-by-somebody-with-a-long-name-"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs whose long names differ at their ends, in one folder; a sweep of four trainings is made by its first test."""
    folder = tmp_path_factory.mktemp("tables")
    text = folder / "text.txt"
    text.write_text("the cat sat on the mat. a dog ran.\nwhy?\n" * 30, "utf-8")
    trained(folder / f"{LONG}1", text)
    trained(folder / f"{LONG}2", text, "training.seed=1")
    return folder


def sweep(folder):
    grid = ["training.learning_rate=0.00123456789,0.0123456789", "model.dropout=0.0,0.123456789"]
    varying = [part for each in grid for part in ("--grid", each)]
    return ["sweep", "default", folder / "text.txt", *SETTINGS, *varying, "-o", folder / "sweep"]


COMMANDS = {
    "eval": lambda folder: ["eval", folder / f"{LONG}1", "--with", folder / f"{LONG}2", "--ngram"],
    "gradcheck": lambda folder: ["gradcheck", "-s", "model.cell=lstm", "--entries", "3"],
    "sweep": sweep,
    "eval --dynamic": lambda folder: ["eval", folder / f"{LONG}1", "--dynamic"],
    "score": lambda folder: ["score", folder / f"{LONG}1", folder / "text.txt"],
    "score --against": lambda folder: [
        "score", folder / f"{LONG}1", folder / "text.txt", "--against", folder / f"{LONG}2"
    ],
    "bench": lambda folder: ["bench"],
    "dry run": lambda folder: ["train", folder / "text.txt", *SETTINGS, "--dry-run"],
    "novelty": lambda folder: ["sample", folder / f"{LONG}1", "--seed", "1", "-n", "80", "--novelty"],
    "trace": lambda folder: ["sample", folder / f"{LONG}1", "--seed", "1", "-n", "20", "--trace"],
    "gradflow": lambda folder: ["gradflow", "-s", "model.cell=lstm", "-s", "model.hidden_size=8", "--lags", "60",
                                "--positions", "2"],
}  # fmt: skip
BENCH = Bench(
    "gru", 256, 1, 64, 64, 64, 60, 1, 2, 123_456.7, 0.0331, 61.5, 98.7, 0.62, 0.0123456, 0.02, 0.0007, 0.00001
)


@pytest.fixture(autouse=True)
def _same_speed(monkeypatch):
    monkeypatch.setattr(api, "bench", lambda *_: BENCH)


def figures_of(output):
    """How often each is there; of a sweep from its table on, above which it says what begins and ends."""
    return Counter(NUMBER.findall(output[max(0, output.find("rank")) :]))


def in_a_pipe(arguments):
    found = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert found.exit_code == 0, found.stderr
    return found


@mostly_slow("name", COMMANDS, one_in=5)
def test_each_figure_of_a_pipe_is_whole_in_every_terminal_and_no_other_is_there(runs, monkeypatch, name):
    arguments = COMMANDS[name](runs)
    piped = in_a_pipe(arguments).output
    figures = figures_of(piped)
    assert "…" not in piped
    for width in WIDTHS:
        code, shown = on_terminal.run(monkeypatch, width, *arguments)
        found = figures_of(shown)
        assert code == 0
        assert "…" not in shown
        assert not figures - found, f"lost in {width} columns"
        assert set(found) == set(figures), f"broken in {width} columns"
        assert all(cell_len(line) <= width for line in shown.splitlines() if line[:1] and line[0] in BOX)


EXPECTED = {
    "gradcheck": lambda found: [
        text
        for check in found["checks"]
        for text in (
            f"{check['max_relative_error']:.1e}",
            f"{check['worst']['analytic']:+.7e}",
            f"{check['worst']['numeric']:+.7e}",
            str(check["worst"]["index"]),
        )
    ],
    "sweep": lambda found: [
        text
        for row in found
        for text in (digits(row["best_loss"]), digits(row["bpc"], 3), *map(str, row["values"].values()))
    ],
    "eval": lambda found: [digits(loss) for loss in (found["loss"], found["bpc"], *found["baselines"].values())],
    "bench": lambda found: [f"{found[part] * 1e3:.2f}" for part in ("forward", "backward", "update", "rest")],
    "dry run": lambda found: [
        json.dumps(value)
        for section in found["config"].values()
        for value in section.values()
        if isinstance(value, float)
    ],
    "novelty": lambda found: [f"{share:.1%}" for share in found[0]["novelty"]["curve"].values()],
    "trace": lambda found: [f"{step['probability']:.4f}" for step in found[0]["trace"]],
    "gradflow": lambda found: [f"{cut['cosine']:.4f}" for cut in found["truncation"]],
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "sweep" else name for name in EXPECTED]
)
def test_the_figures_of_the_json_are_in_the_table(runs, name):
    arguments = COMMANDS[name](runs)
    found = json.loads(in_a_pipe([*arguments, "--json"]).stdout)
    shown = in_a_pipe(arguments).output
    figures = EXPECTED[name](found)
    assert figures
    assert [figure for figure in figures if figure not in shown] == []


def test_names_that_differ_at_their_ends_differ_in_a_pipe_and_in_a_narrow_terminal(runs, monkeypatch):
    arguments = COMMANDS["eval"](runs)
    piped = in_a_pipe(arguments).stdout
    assert f"{LONG}1{os.sep}best.safetensors, alone" in piped
    assert f"{LONG}2{os.sep}best.safetensors, alone" in piped
    _, shown = on_terminal.run(monkeypatch, 60, *arguments)
    names = "".join(line.split("│")[1].strip() for line in shown.splitlines() if line.startswith("│"))
    assert f"{LONG}1{os.sep}best.safetensors, alone" in names.replace(
        "best.safetensors,alone", "best.safetensors, alone"
    )
    assert f"{LONG}2/" in names


def shown(capsys, table, monkeypatch, width):
    from rich.console import Console

    console = Console(width=50 if width is None else width)
    monkeypatch.setattr("charrnn.cli.output.tables.terminal_columns", lambda _: width)
    table.show(console)
    return capsys.readouterr().out.splitlines()


def sections():
    table = Table(Name("what"), "size", Name("by"), "error")
    for name in ("a", "b"):
        for number, by in enumerate(("one", "two")):
            table.add_row(*((name, "12") if number == 0 else ("", "")), by, "+1.2345678e-09", closes=number == 1)
    return table


def test_a_pipe_has_no_width(capsys, monkeypatch):
    table = Table(Name("name"), "figure")
    table.add_row("x" * 300, "1" * 200)
    lines = shown(capsys, table, monkeypatch, None)
    assert lines[3] == f"│ {'x' * 300} │ {'1' * 200} │"


def test_first_headings_and_names_are_narrowed_then_sections_are_headed_then_rows_are_blocks(capsys, monkeypatch):
    assert "┃ what ┃ size ┃ by  ┃ error          ┃" in shown(capsys, sections(), monkeypatch, 40)
    narrow = shown(capsys, sections(), monkeypatch, 30)
    assert narrow[0] == "what a  size 12"
    assert narrow[4:6] == ["│ one │ +1.2345678e-09 │", "│ two │ +1.2345678e-09 │"]
    assert shown(capsys, sections(), monkeypatch, 23) == [
        "what a  size 12",
        "  by one",
        "  error +1.2345678e-09",
        "  by two",
        "  error +1.2345678e-09",
        "",
        "what b  size 12",
        "  by one",
        "  error +1.2345678e-09",
        "  by two",
        "  error +1.2345678e-09",
    ]


def test_the_fields_of_blocks_are_aligned(capsys, monkeypatch):
    table = Table("lag", "median", "quartiles")
    table.add_row("1", "0.5", "0.25 to 0.75")
    table.add_row("1,000", "1.0e-17", "0 to 1.0e-16")
    assert shown(capsys, table, monkeypatch, 30) == [
        "lag 1      median 0.5",
        "  quartiles 0.25 to 0.75",
        "",
        "lag 1,000  median 1.0e-17",
        "  quartiles 0 to 1.0e-16",
    ]


def test_a_cell_s_text_is_neither_markup_nor_an_escape(capsys, monkeypatch):
    table = Table(Name("[red]"), "figure")
    table.add_row("[link=http://x]a[/link]\x1b[2J\n:smile:", "1")
    for width in (None, 30):
        text = "".join(shown(capsys, table, monkeypatch, width))
        assert "\x1b" not in text
        assert "[red]" in text
    assert "[link=http://x]a[/link]␛[2J␊:smile:" in "".join(shown(capsys, table, monkeypatch, None))


def test_wide_characters_of_a_name_are_folded_and_the_borders_stay(capsys, monkeypatch):
    table = Table(Name("name"), "figure")
    table.add_row("灯台の光が海を照らす" * 3, "1.234")
    lines = shown(capsys, table, monkeypatch, 40)
    assert {cell_len(line) for line in lines} == {40}


def test_a_row_has_a_cell_for_each_column():
    with pytest.raises(ValueError, match="a row of 1 cells, and 2 columns"):
        Table("a", "b").add_row("1")


def test_a_colour_that_is_forced_makes_no_terminal_of_a_pipe(runs, monkeypatch):
    arguments = COMMANDS["eval"](runs)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert f"{LONG}1{os.sep}best.safetensors, alone" in in_a_pipe(arguments).stdout


def test_figures_that_belong_together_stay_on_one_line(capsys, monkeypatch):
    table = Table(Name("name"), "95 %, nats")
    table.add_row("something that can be folded", "1.2345 to 1.3456")
    assert any("1.2345 to 1.3456" in line for line in shown(capsys, table, monkeypatch, 36))
    assert any("1.2345 to 1.3456" in line for line in shown(capsys, table, monkeypatch, 20))


def test_a_trace_is_wrapped_only_in_a_narrow_terminal(runs, monkeypatch):
    arguments = COMMANDS["trace"](runs)
    piped = in_a_pipe(arguments).stdout.partition("network candidates\n")[2].splitlines()
    _, narrow = on_terminal.run(monkeypatch, 50, *arguments)
    lines = narrow.partition("network candidates\n")[2].splitlines()
    assert len(piped) == 20 < len(lines)
    assert all(len(line) <= 50 for line in lines)
    assert (
        len({line.index(re.sub(r".*\d\.\d{4}  ", "", line[:27]) or "'") for line in lines if line[:6] == " " * 6}) == 1
    )


def test_the_columns_of_a_trace_are_aligned(capsys):
    steps = [TracedStep(character, 0.5, [(character, 0.5)]) for character in ("a", "灯", "\u0301", "\n", "👩", " ")]
    show_samples([Sample("", 1, "length", None, trace=steps)], "", False, False, False)
    lines = capsys.readouterr().out.splitlines()[-6:]
    assert {width_of(line.partition("0.5000")[0]) for line in lines} == {16}
    assert "'\\n'" in lines[3]


def test_a_plot_is_as_wide_as_a_dumb_terminal(runs, monkeypatch):
    for width in (60, 100):
        _, output = on_terminal.run(monkeypatch, width, "plot", runs / f"{LONG}1")
        (axis,) = [line for line in output.splitlines() if "└" in line]
        assert cell_len(axis) == width - 1


@pytest.mark.parametrize("name", [f"{LONG}learning_rate=0.00123", "灯台の光" * 20])
@pytest.mark.parametrize("columns", [30, 40, 60, 80])
def test_a_long_name_in_a_sweep_is_cut_and_not_its_figures(name, columns):
    line = running_line(name, 123.4, 12_345, columns).plain
    assert line.endswith(" · 2 min 3 s · step 12,345")
    assert width_of(line) <= columns


def test_a_title_is_broken_between_its_words(capsys, monkeypatch):
    table = Table("n", title="what this is of,\nand where it is from")
    table.add_row("1")
    assert shown(capsys, table, monkeypatch, 9)[:5] == ["what this", "is of,", "and where", "it is", "from"]
    assert shown(capsys, table, monkeypatch, None)[:2] == ["what this is of,", "and where it is from"]


def test_a_pipe_gets_the_same_table_on_windows(monkeypatch):
    """Where rich finds an old console, because there is none at all."""
    monkeypatch.setattr("rich.console.detect_legacy_windows", lambda: True)
    assert Terminal(file=io.StringIO()).legacy_windows is False
    screen = io.StringIO()
    screen.isatty = lambda: True
    assert Terminal(file=screen).legacy_windows is True
