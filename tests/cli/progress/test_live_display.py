"""The live display in terminals: one in memory (pyte), and tmux, which wraps its lines again when it is resized."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from slow import mostly_exhaustive, mostly_slow

pexpect = pytest.importorskip("pexpect", reason="a pseudo-terminal needs POSIX")
pyte = pytest.importorskip("pyte", reason="a screen in memory needs pyte")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal needs POSIX")
CURSOR = re.compile(r"\x1b\[\d*[ABHJK]|\x1b\[\?25")  # moves it, hides it, or erases
FORCED = (
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "LINES",
)  # GNU readline, which pytest loads, sets the last two for children
CLEAN = {name: value for name, value in os.environ.items() if name not in FORCED}
SMALL = [
    "-s", "model.cell=rnn", "-s", "model.hidden_size=16", "-s", "model.dropout=0",
    "-s", "training.batch_size=4", "-s", "training.sequence_length=8", "-s", "runtime.threads=1",
]  # fmt: skip


def command(text_file, run, *arguments, steps=3000, every=500):
    settings = [*SMALL, "-s", f"training.eval_every={every}", "--steps", str(steps)]
    return ["-m", "charrnn", "train", str(text_file), "-o", str(run), *settings, *arguments]


def spawn(arguments, width=80, height=24, **environment):
    return pexpect.spawn(
        sys.executable,
        arguments,
        encoding="utf-8",
        timeout=60,
        dimensions=(height, width),
        env={**CLEAN, "TERM": "xterm-256color", **environment},
    )


class Screen:
    """The terminal screen of a program."""

    def __init__(self, child, width, height):
        self.child, self.output = child, ""
        self._screen = pyte.HistoryScreen(width, height, history=1000, ratio=0.01)
        self._stream = pyte.Stream(self._screen)

    def read(self, until=lambda screen: False):
        """Take in what is written, to the end, or until something is to be seen."""
        while not until(self):
            try:
                piece = self.child.read_nonblocking(65536, timeout=60)
            except pexpect.EOF:
                self.child.close()
                break
            self.output += piece
            self._stream.feed(re.sub(r"\x1b\[\?2026[hl]", "", piece))
        return self

    def resize(self, width, height):
        self.child.setwinsize(height, width)
        self._screen.resize(height, width)

    @property
    def lines(self):
        return [line.rstrip() for line in self._screen.display]

    @property
    def with_history(self):
        """The lines, after those that were pushed up."""
        width = self._screen.columns
        return ["".join(row[i].data for i in range(width)).rstrip() for row in self._screen.history.top] + self.lines


def bars(lines):
    return [line for line in lines if re.search("[━─]{3}", line)]


@mostly_slow("width", [40, 200], one_in=2)
def test_at_the_end_one_picture_is_on_the_screen_and_nothing_of_those_before(text_file, tmp_path, width):
    arguments = command(text_file, tmp_path / "r", steps=1200, every=200)
    screen = Screen(spawn(arguments, width, 50), width, 50).read()
    assert screen.child.exitstatus == 0
    assert len(bars(screen.lines)) == 1
    assert re.match(r"(step )?1,200/1,200 ━+( |$)", bars(screen.lines)[0])
    shown = "\n".join(screen.lines)
    assert shown.count("a sample, after step 1,200") == shown.count("⠤⠤ training") == 1
    assert shown.count(": validation loss") == 6
    assert shown.index("step 1,200: validation") < shown.index("1,200/1,200") < shown.index("a sample")
    assert "step 1,200: all steps done" in shown
    end = "".join(screen.lines).replace("it: ", "it:")
    assert end.endswith(f"{tmp_path / 'r'}write with it:charrnn sample {tmp_path / 'r'}")


@pytest.mark.slow
@pytest.mark.exhaustive
def test_ten_rows_are_enough(text_file, tmp_path):
    screen = Screen(spawn(command(text_file, tmp_path / "r"), 60, 10), 60, 10).read()
    assert len(bars(screen.lines)) <= 1
    assert "step 3,000: all steps done" in screen.output


@mostly_exhaustive("size", [(80, 12), (50, 30)], one_in=2)
@pytest.mark.slow
def test_a_terminal_that_is_resized_shows_one_picture(text_file, tmp_path, size):
    screen = Screen(spawn(command(text_file, tmp_path / "r", steps=6000, every=6000), 80, 30), 80, 30)
    screen.read(lambda screen: "⠤⠤ training" in "".join(screen.lines))
    screen.resize(*size)
    screen.read()
    assert len(bars(screen.lines)) == int(size[1] > 12), "with the lines below it, the picture is higher than 12 rows"
    assert sum("a sample, after" in line for line in screen.lines) == int(size[1] > 12)
    assert not any(line.startswith("epoch 0.") for line in screen.lines), "a picture of before"


@pytest.mark.slow
@pytest.mark.exhaustive
def test_it_is_drawn_at_most_four_times_a_second_and_with_what_happens_and_not_with_each_step(text_file, tmp_path):
    began = time.monotonic()
    screen = Screen(spawn(command(text_file, tmp_path / "r", steps=4000), 80, 30), 80, 30).read()
    seconds = time.monotonic() - began
    assert 5 < screen.output.count("\x1b[?2026h") < 4 * seconds + 4 * 8 + 10
    assert screen.output.count("\x1b[?2026h") == screen.output.count("\x1b[?2026l")


@pytest.mark.slow
def test_the_sample_is_in_the_colours_of_its_surprisals(text_file, tmp_path):
    screen = Screen(spawn(command(text_file, tmp_path / "r", steps=100, every=100)), 80, 24).read()
    last = screen.output[screen.output.rindex("a sample, after") :]
    assert len(set(re.findall(r"38;5;(\d+)m", last))) >= 3


@pytest.mark.slow
@pytest.mark.exhaustive
def test_no_color_means_not_one_colour(text_file, tmp_path):
    output = Screen(spawn(command(text_file, tmp_path / "r"), NO_COLOR="1"), 80, 24).read().output
    assert CURSOR.search(output), "it is drawn all the same"
    assert not re.search(r"\x1b\[(?:[\d;]*;)?(?:3[0-8]|4[0-8]|9[0-7])[;m]", output)


@mostly_exhaustive("environment", [{"TERM": "dumb"}, {"JPY_PARENT_PID": "1"}], ids=["dumb", "notebook"], one_in=2)
@pytest.mark.slow
def test_terminals_without_cursor_control_get_plain_lines(text_file, tmp_path, environment):
    output = Screen(spawn(command(text_file, tmp_path / "r"), **environment), 80, 24).read().output
    assert not CURSOR.search(output)
    assert output.count(": validation loss") == 6
    assert len(output.splitlines()) < 200, "nor a flood of them"


@pytest.mark.slow
def test_a_forced_colour_draws_no_picture_into_a_log(text_file, tmp_path):
    environment = {**os.environ, "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    done = subprocess.run(
        [sys.executable, *command(text_file, tmp_path / "r")], capture_output=True, encoding="utf-8", env=environment
    )
    assert done.stderr.count(": validation loss") == 6
    assert not CURSOR.search(done.stderr)
    assert "\x1b[" in done.stderr


@pytest.mark.slow
def test_json_in_a_file_is_json_while_the_terminal_shows_the_picture(text_file, tmp_path):
    line = " ".join([sys.executable, *command(text_file, tmp_path / "r", "--json"), ">", str(tmp_path / "events")])
    child = pexpect.spawn("/bin/sh", ["-c", line], encoding="utf-8", timeout=60, dimensions=(40, 80), env=CLEAN)
    screen = Screen(child, 80, 40).read()
    assert len(bars(screen.lines)) == 1
    events = [json.loads(line)["event"] for line in (tmp_path / "events").read_text("utf-8").splitlines()]
    assert events.count("step") == 3000
    assert "saved" in events[-2:]


@pytest.mark.slow
def test_json_on_the_terminal_is_not_drawn_over(text_file, tmp_path):
    output = Screen(spawn(command(text_file, tmp_path / "r", "--json", steps=50)), 80, 24).read().output
    assert not CURSOR.search(output)
    lines = [line for line in output.splitlines() if line.startswith("{")]
    assert [json.loads(line)["event"] for line in lines].count("step") == 50


@pytest.mark.slow
def test_warnings_stay_above_and_are_printed_once(text_file, tmp_path):
    arguments = command(
        text_file, tmp_path / "r", "-s", "training.learning_rate=1", "-s", "training.max_grad_norm=null", every=250
    )
    screen = Screen(spawn(arguments, 80, 50), 80, 50).read()
    warnings = [line for line in screen.lines if line.startswith(("saturation:", "plateau:", "overfitting:"))]
    assert len(warnings) == len(set(warnings)) or "…" in "".join(warnings)
    assert any(line.startswith("saturation:") for line in warnings)


@mostly_exhaustive(
    "left_over", [{"COLUMNS": "0"}, {"COLUMNS": "0", "LINES": "0"}, {"COLUMNS": "300"}], ids=str, one_in=3
)
@pytest.mark.slow
def test_the_terminal_says_how_large_it_is_and_not_the_environment(text_file, tmp_path, left_over):
    screen = Screen(spawn(command(text_file, tmp_path / "r", steps=600), 80, 30, **left_over), 80, 30).read()
    assert screen.child.exitstatus == 0
    assert [len(line) for line in bars(screen.lines)] == [80]


SIZES = [(60, 20), (80, 24), (120, 40)]
LONG = {"steps": 1_000_000, "every": 1000}


def has_sample(screen):
    return any(line.find("a sample, after step") >= 0 for line in screen.lines)


@mostly_exhaustive("size", SIZES, one_in=3)
@pytest.mark.slow
def test_whatever_is_typed_and_ctrl_c_leave_one_bar_and_whole_words(text_file, tmp_path, size):
    screen = Screen(spawn(command(text_file, tmp_path / "r", **LONG), *size), *size).read(has_sample)
    for key in "a\n\n\x1b[Ab\n":
        screen.child.send(key)
        time.sleep(0.1)
    screen.read(lambda screen: "2,000: validation" in "".join(screen.lines))
    screen.child.sendintr()
    screen.read()
    assert screen.child.exitstatus == 130
    assert len(bars(screen.with_history)) == 1
    assert sum("a sample, after" in line for line in screen.with_history) == 1
    assert "^C" not in screen.output
    shown = " ".join(screen.lines)
    assert "stopped; checkpoint saved · best validation loss" in re.sub(" +", " ", shown)
    assert all(len(line) <= size[0] for line in screen.lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.slow
def test_signals_from_elsewhere_leave_one_bar(text_file, tmp_path, number):
    screen = Screen(spawn(command(text_file, tmp_path / "r", **LONG), 80, 24), 80, 24).read(has_sample)
    os.kill(screen.child.pid, number)
    screen.read()
    assert screen.child.exitstatus == 128 + number
    assert len(bars(screen.with_history)) == 1


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_second_ctrl_c_leaves_one_bar_a_cursor_and_an_echo(text_file, tmp_path):
    import termios

    screen = Screen(spawn(command(text_file, tmp_path / "r", **LONG), 80, 24), 80, 24).read(has_sample)
    mode = termios.tcgetattr(screen.child.child_fd)
    mode[3] |= termios.NOFLSH  # otherwise Ctrl-C discards what this test has not read yet
    termios.tcsetattr(screen.child.child_fd, termios.TCSANOW, mode)
    screen.child.sendintr()
    screen.child.sendintr()
    screen.read(lambda screen: "\x1b[?25h" in screen.output)
    echo = termios.tcgetattr(screen.child.child_fd)[3] & termios.ECHO if not screen.child.closed else True
    screen.read()
    assert len(bars(screen.with_history)) == 1
    assert screen.output.rindex("\x1b[?25h") > screen.output.rindex("\x1b[?25l")
    assert echo or screen.child.exitstatus == 130


@mostly_exhaustive("size", SIZES, one_in=3)
@pytest.mark.slow
def test_a_resumed_training_shows_its_whole_curve(text_file, tmp_path, size):
    Screen(spawn(command(text_file, tmp_path / "r", steps=1000), *size), *size).read()
    again = ["-m", "charrnn", "train", "--resume", str(tmp_path / "r"), "--steps", "1500"]
    screen = Screen(spawn(again, *size), *size).read()
    assert screen.child.exitstatus == 0
    assert len(bars(screen.with_history)) == 1
    heading = next(line for line in screen.with_history if "⠤⠤ training" in line)
    assert "steps 1 to 1,500" in heading
    assert "o validation" in heading


@mostly_exhaustive("size", [(60, 20), (80, 24)], one_in=2)
@pytest.mark.slow
def test_no_word_of_the_introduction_is_cut(text_file, tmp_path, size):
    done = subprocess.run(
        [sys.executable, *command(text_file, tmp_path / "a", steps=10)],
        capture_output=True,
        encoding="utf-8",
        env=CLEAN,
    )
    screen = Screen(spawn(command(text_file, tmp_path / "b", steps=10), *size), *size)
    screen.read(lambda screen: "all steps done" in "".join(screen.lines))
    introduction = [line for line in done.stderr.splitlines() if line.startswith(("network:", "training:"))]
    printed = " ".join(" ".join(screen.with_history).split())
    assert len(introduction) == 2
    for line in introduction:
        assert line.partition("; run directory")[0] in printed


needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux, which is not here")


@pytest.fixture
def tmux(tmp_path):
    """A tmux of its own; called with the arguments of a command."""

    def call(*arguments):
        done = subprocess.run(
            ["tmux", "-f", "/dev/null", "-S", str(tmp_path / "socket"), *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            check=True,
            env=CLEAN,
        )
        return done.stdout

    yield call
    subprocess.run(["tmux", "-S", str(tmp_path / "socket"), "kill-server"], capture_output=True)


ENDLESS = {"steps": 10_000_000, "every": 10_000_000}


def wait_for(seen, shown):
    deadline = time.monotonic() + 60
    while not seen(shown()):
        assert time.monotonic() < deadline, shown()
        time.sleep(0.1)


@needs_tmux
@pytest.mark.slow
def test_a_continued_training_is_drawn_below_the_shell_s_output(text_file, tmp_path, tmux):
    tmux("new-session", "-d", "-s", "s", "-x", 80, "-y", 30, "env PS1='$ ' bash --norc")

    def type_in(*keys):
        tmux("send-keys", "-t", "s", *keys)

    def screen():
        return tmux("capture-pane", "-p", "-t", "s").rstrip("\n").splitlines()

    def cursor():
        return tmux("display-message", "-p", "-t", "s", "#{cursor_flag}").strip()

    type_in(" ".join([sys.executable, *command(text_file, tmp_path / "r", **ENDLESS)]), "Enter")
    wait_for(lambda lines: "⠤⠤ training" in "".join(lines), screen)
    type_in("C-z")
    wait_for(lambda lines: "Stopped" in "".join(lines) and cursor() == "1", screen)
    type_in("bg; echo hel''lo", "Enter")
    wait_for(lambda lines: "hello" in lines, screen)
    time.sleep(1)
    assert screen()[-1] == "$", "behind the shell nothing is drawn"
    type_in("fg", "Enter")
    wait_for(lambda lines: "".join(lines).startswith("text:") and "⠤⠤ training" in "".join(lines), screen)
    assert len(bars(screen())) == 1
    assert "hello" in tmux("capture-pane", "-p", "-t", "s", "-S", "-100").splitlines(), "it can be scrolled back to"
    type_in("C-c")
    wait_for(lambda lines: "stopped; checkpoint saved" in "".join(lines), screen)


@needs_tmux
@pytest.mark.slow
def test_a_training_in_the_background_of_a_shell_prints_lines(text_file, tmp_path, tmux):
    line = " ".join([sys.executable, *command(text_file, tmp_path / "r", steps=1000)])
    tmux("new-session", "-d", "-s", "s", "-x", 80, "-y", 50, "env PS1='$ ' bash --norc")
    tmux("send-keys", "-t", "s", f"{line} & wait", "Enter")
    wait_for(lambda shown: "all steps done" in shown, lambda: tmux("capture-pane", "-p", "-t", "s"))
    assert bars(tmux("capture-pane", "-p", "-t", "s").splitlines()) == []


@needs_tmux
@mostly_exhaustive("sizes", [[(60, 10), (100, 30)], [(50, 24)]], one_in=2)
@pytest.mark.slow
def test_tmux_shows_one_picture_after_it_was_resized(text_file, tmp_path, tmux, sizes):
    line = " ".join([sys.executable, *command(text_file, tmp_path / "r", **ENDLESS)])
    tmux("new-session", "-d", "-s", "s", "-x", 80, "-y", 24, line)

    def screen():
        return tmux("capture-pane", "-p", "-t", "s").splitlines()

    wait_for(lambda lines: "⠤⠤ training" in "".join(lines), screen)
    for width, height in sizes:
        tmux("resize-window", "-t", "s", "-x", width, "-y", height)
        time.sleep(0.7)
    wait_for(lambda lines: [len(line) for line in bars(lines)] in ([sizes[-1][0]], [sizes[-1][0] - 1]), screen)
    assert sum("⠤⠤ training" in line for line in screen()) == 1
