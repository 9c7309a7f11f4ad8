"""A training in a real terminal: what is drawn, and how it stops."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from foreground import heed_signals
from slow import mostly_exhaustive

from charrnn.runs.storage.checkpoint import load
from charrnn.system.platform_features import HANG_UP

pexpect = pytest.importorskip("pexpect", reason="a pseudo-terminal needs POSIX")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal needs POSIX")
LONG = [
    "-s", "model.hidden_size=16", "-s", "training.batch_size=4", "-s", "training.sequence_length=8", "-s", "training.eval_every=200",
    "-s", "runtime.threads=1", "--steps", "1000000",
]  # fmt: skip


def spawn(*arguments, width=100, **environment):
    command = ["-m", "charrnn", "train", *map(str, arguments)]
    return pexpect.spawn(
        sys.executable,
        command,
        encoding="utf-8",
        timeout=60,
        dimensions=(30, width),
        env={**os.environ, "TERM": "xterm-256color", **environment},
        preexec_fn=heed_signals,
    )


@mostly_exhaustive("width", [40, 100, 200], one_in=3)
@pytest.mark.slow
def test_ctrl_c_saves_exits_130_and_leaves_the_terminal_as_it_was(text_file, tmp_path, width):
    child = spawn(text_file, "-o", tmp_path / "r", *LONG, width=width)
    child.expect("validation loss")
    child.expect("loss")
    child.sendintr()
    child.expect("checkpoint saved")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    step = load(tmp_path / "r" / "last.safetensors").progress.step
    assert 200 <= step < 1_000_000
    assert not list((tmp_path / "r").glob("*.tmp"))
    again = spawn("--resume", tmp_path / "r", "--steps", step + 5)
    again.expect(f"resuming after step {step:,}")
    again.expect(pexpect.EOF)
    again.close()
    assert again.exitstatus == 0
    assert load(tmp_path / "r" / "last.safetensors").progress.step == step + 5


@pytest.mark.slow
def test_the_cursor_comes_back(text_file, tmp_path):
    child = spawn(text_file, "-o", tmp_path / "r", *LONG[:-1], "400")
    output = child.read()
    assert output.rindex("\x1b[?25h") > output.rindex("\x1b[?25l"), "shown again after it was hidden"


@pytest.mark.slow
def test_no_color_means_no_colour(text_file, tmp_path):
    child = spawn(text_file, "-o", tmp_path / "r", *LONG[:-1], "400", NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", child.read())


@mostly_exhaustive("more", [[], ["--no-stream"], ["--count", "2"]], one_in=3)
@pytest.mark.slow
def test_surprisal_colours_only_the_generated_text(tiny_run, more):
    command = ["-m", "charrnn", "sample", str(tiny_run), "-n", "200", "--seed", "1", "-p", "the dog", *more]

    def written(*options, **environment):
        child = pexpect.spawn(
            sys.executable,
            [*command, *options],
            encoding="utf-8",
            timeout=60,
            dimensions=(30, 120),
            env={**os.environ, "TERM": "xterm-256color", **environment},
        )
        return child.read().replace("\r\n", "\n")

    def text(output):
        return re.sub(r"\x1b\[[0-9;]*m", "", output).partition("seed 1\n")[2]

    plain, coloured = written(), written("--surprisal")
    legend = "surprisal in bits: below 0.5 · below 1 · below 2 · below 4 · below 6 · 6 or more\n"
    assert text(coloured).replace(legend, "") == text(plain)
    assert len(re.findall(r"\x1b\[[0-9;]*38;5;[0-9]+m", coloured.partition("the dog")[2])) > 50
    assert "the dog\x1b" in coloured
    uncoloured = written("--surprisal", NO_COLOR="1")
    assert text(uncoloured) == text(plain)
    assert "38;5;" not in uncoloured
    assert written("--surprisal", TERM="dumb").partition("seed 1\n")[2] == text(plain)


@pytest.mark.slow
def test_sigterm_saves_and_exits_143(text_file, tmp_path):
    command = [sys.executable, "-m", "charrnn", "train", str(text_file), "-o", str(tmp_path / "r"), *LONG]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8", preexec_fn=heed_signals)
    while "validation loss" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "checkpoint saved" in rest
    assert load(tmp_path / "r" / "last.safetensors").progress.step >= 200


ENDLESS_STEP = """
import sys, time
from charrnn.cli.app import main
from charrnn.training.trainer import Trainer

def step(self, split):
    print("step", file=sys.stderr, flush=True)
    time.sleep(100)

Trainer.step = step
main()
"""


@mostly_exhaustive(("number", "code"), [(signal.SIGINT, 130), (HANG_UP, 129), (signal.SIGTERM, 143)], one_in=3)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.slow
def test_a_second_signal_ends_a_step_that_takes_too_long(text_file, tmp_path, number, code, threads):
    """The first waits for the step at hand, here a hundred seconds."""
    settings = [*LONG, "-s", f"runtime.threads={threads}", "-s", "training.eval_every=1000"]
    command = [sys.executable, "-c", ENDLESS_STEP, "train", str(text_file), "-o", str(tmp_path / "r"), *settings]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8", preexec_fn=heed_signals)
    while "step\n" != process.stderr.readline():
        pass
    process.send_signal(number)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.send_signal(number)
    # Without a handler the system ends the process by the signal itself; a shell reports 128 and its number.
    assert process.wait(30) in (code, -number)
    assert "Traceback" not in process.stderr.read()
    assert load(tmp_path / "r" / "last.safetensors").progress.step == 0


@pytest.mark.slow
def test_a_terminal_that_goes_away_saves_and_exits_129(text_file, tmp_path):
    child = spawn(text_file, "-o", tmp_path / "r", *LONG)
    child.expect("validation loss")
    os.close(child.child_fd)  # the kernel sends SIGHUP, and what is still written has no reader
    assert os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1]) == 129
    assert load(tmp_path / "r" / "last.safetensors").progress.step >= 200


@pytest.mark.slow
def test_a_training_started_by_nohup_survives_its_terminal(text_file, tmp_path):
    settings = [*LONG[:-1], "3000", "-o", str(tmp_path / "r")]
    command = ["nohup", sys.executable, "-m", "charrnn", "train", str(text_file), *settings]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8", stdin=subprocess.DEVNULL)
    while "validation loss" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0


def unread(pipe):
    """How many bytes of a pipe its reader has not taken."""
    import fcntl
    import termios

    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_ctrl_c_before_the_training_exits_130(tmp_path):
    """While it waits for standard input, there is nothing to save."""
    process = subprocess.Popen(
        [sys.executable, "-m", "charrnn", "train", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=tmp_path,
    )
    process.stdin.write("a")
    process.stdin.flush()
    while unread(process.stdin):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in stderr
