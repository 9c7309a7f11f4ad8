"""What a command shows before it has a result: on a terminal at once, erased at the end, and nothing elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

import on_terminal
import pyte
import pytest
from slow import mostly_exhaustive
from tiny import OPTIONS

from charrnn.cli.output.console import Terminal
from charrnn.cli.progress import stage_lines as module
from charrnn.cli.progress.follow import COUNTING
from charrnn.cli.progress.stage_lines import StageLines
from charrnn.runs.time_budget import MEASURING

LIGHT = """
import sys
from charrnn.cli.app import app
from charrnn.cli.progress import stage_lines
class Shown(stage_lines.StageLines):
    def _start(self):
        sys.stderr.write(f"first {{'numpy' in sys.modules}}\\n")
        self._open = False
stage_lines.StageLines = Shown
stage_lines.can_draw_on = lambda console, json: True
app({arguments!r}, prog_name="charrnn")
"""


@mostly_exhaustive(
    "arguments",
    [
        ["train", "none.txt"], ["sample", "none"], ["eval", "none"], ["score", "none", "none.txt"], ["view", "none"],
        ["gradcheck", "none"], ["gradflow", "none"], ["bench", "-c", "none"], ["export", "none"],
        ["sweep", "none.txt", "--grid", "training.seed=1,2"], ["derive", "none"], ["runs", "none"],
        ["plot", "none"], ["plot", "none", "-o", "a.svg"], ["gradflow", "none", "-o", "a.svg"], ["info", "none"],
    ],
    ids=lambda arguments: arguments[0],
    one_in=3,
)  # fmt: skip
@pytest.mark.slow
def test_the_first_line_is_there_before_numpy(arguments, tmp_path):
    program = LIGHT.format(arguments=arguments)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", cwd=tmp_path, check=False
    )
    assert done.stderr.splitlines()[0] == "first False", done.stderr


def shown_by(clock, *stages):
    """The lines of a StageLines that was called with each stage in turn, and after each the seconds that pass."""
    lines = StageLines(Terminal(file=open(os.devnull, "w", encoding="utf-8"), force_terminal=False))  # noqa: SIM115
    for stage, seconds, passed in stages:
        lines(stage, seconds)
        clock[0] += passed
    return lines.lines()


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_the_newest_stages_are_shown_and_the_last_has_a_clock(clock):
    stages = [(name, None, 0.0) for name in ("one", "two", "three", "four")]
    assert shown_by(clock, *stages, ("five", None, 0.4)) == ["two", "three", "four", "five"]
    assert shown_by(clock, ("reading", None, 2.0), ("measuring", 15.0, 6.5)) == ["reading", "measuring, 6 of 15 s"]
    assert shown_by(clock, ("measuring", 2.0, 5.0)) == ["measuring, 5 s"]


@pytest.mark.slow
def test_a_training_says_what_it_does_first(text_file, tmp_path):
    pytest.importorskip("pty", reason="a pseudo-terminal needs POSIX")
    pexpect = pytest.importorskip("pexpect", reason="a pseudo-terminal needs POSIX")
    child = pexpect.spawn(
        sys.executable, ["-m", "charrnn", "train", str(text_file), *OPTIONS, "-o", str(tmp_path / "run")],
        encoding="utf-8", timeout=60, dimensions=(24, 80),
    )  # fmt: skip
    output = child.read()
    for stage in (
        "starting",
        f"reading {text_file.name}",
        "1,200 characters, 18 different",
        "gru of 16 units",
        COUNTING,
    ):
        assert stage in output
    screen = pyte.Screen(80, 60)
    pyte.Stream(screen).feed(output)
    assert not any(line.startswith(("starting", "reading", COUNTING)) for line in screen.display), "they are erased"
    assert not screen.cursor.hidden


@pytest.fixture
def stages(monkeypatch):
    """The stages of a command, as on a terminal."""
    stages = []

    class Recorded(StageLines):
        def _start(self):
            pass

        def __call__(self, stage, seconds=None, /):
            stages.append(stage)

    monkeypatch.setattr(module, "StageLines", Recorded)
    monkeypatch.setattr(module, "can_draw_on", lambda console, json: True)
    return stages


def test_a_training_with_a_budget_reads_then_describes_then_measures(charrnn, stages, text_file):
    sizes = [option for option in OPTIONS if option not in ("--steps", "20")]
    assert charrnn("train", text_file, *sizes, "--time", "2s", "--dry-run").exit_code == 0
    reading, found, network, *measured = stages
    assert (reading, found) == (f"reading {text_file.name}", "1,200 characters, 18 different")
    assert network.startswith("gru of 16 units")
    assert measured[0] == MEASURING


@pytest.mark.usefixtures("small_peak")
def test_a_benchmark_describes_the_network_then_times_it(charrnn, stages):
    small = ["-s", "model.hidden_size=16", "-s", "training.batch_size=4", "-s", "training.sequence_length=8"]
    assert charrnn("bench", *small, "--seconds", "0.1").exit_code == 0
    network, *timed = stages
    assert network.startswith("gru of 16 units")
    assert network.endswith("4 streams x 8 characters")
    assert timed == ["timing updates", "timing the parts of an update", "timing the fastest matrix product"]


def test_an_evaluation_loads_reads_counts_and_predicts(charrnn, stages, tiny_run, text_file):
    assert charrnn("eval", tiny_run).exit_code == 0
    loading, *reading, counting, predicting = stages
    assert loading == f"loading {tiny_run}"
    assert set(reading) == {f"reading {text_file.name}"}
    assert counting == "counting its n-grams"
    assert predicting.startswith("predicting ")


@pytest.mark.parametrize("more", [["-q"], ["--json"]])
def test_who_wants_quiet_or_json_sees_no_stage(monkeypatch, text_file, tmp_path, more):
    code, shown = on_terminal.run(
        monkeypatch, 80, "train", text_file, *OPTIONS, "-o", tmp_path / "run", *more, term="xterm"
    )
    assert code == 0
    assert "starting" not in shown


def test_a_pipe_sees_no_stage(charrnn, text_file, tmp_path):
    done = charrnn("train", text_file, *OPTIONS, "-o", tmp_path / "run")
    assert "reading" not in done.stderr
    assert "starting" not in done.stderr


def test_ctrl_c_during_a_stage_leaves_a_clean_terminal_and_nothing_else(text_file, tmp_path):
    pytest.importorskip("pty", reason="a pseudo-terminal needs POSIX")
    arguments = ["-m", "charrnn", "train", str(text_file), "--time", "10m", "-s", "model.hidden_size=16"]
    pexpect = pytest.importorskip("pexpect", reason="a pseudo-terminal needs POSIX")
    child = pexpect.spawn(
        sys.executable, arguments, encoding="utf-8", timeout=60, dimensions=(24, 80), cwd=str(tmp_path),
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    child.expect("measuring")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert child.before.rfind("\x1b[?25h") > child.before.rfind("\x1b[?25l"), "the cursor is shown"
    assert [path.name for path in Path(tmp_path).iterdir() if path.name.startswith(("runs", "charrnn-"))] == []
