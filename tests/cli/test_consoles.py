"""Whatever the encoding and the line ends of a console are, what is written is UTF-8, and in a pipe the same bytes."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from charrnn.cli import app
from charrnn.system.platform_features import HANG_UP

CP1252 = {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
NOT_IN_CP1252 = "Ленский.txt"


class Stream(io.TextIOWrapper):
    """Standard output as Windows opens it."""

    def __init__(self, is_terminal):
        super().__init__(io.BytesIO(), "cp1252", newline="\r\n", write_through=True)
        self._is_terminal = is_terminal

    def isatty(self):
        return self._is_terminal

    @property
    def written(self):
        return self.buffer.getvalue().decode("utf-8")


@pytest.fixture
def charrnn_on(monkeypatch, tmp_path):
    """Run the command as its script does, on streams of Windows: exit code, stdout, stderr."""

    def run(*words, is_terminal=False):
        out, err = Stream(is_terminal), Stream(is_terminal)
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        monkeypatch.setattr(sys, "argv", ["charrnn", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            app.main()
        return ended.value.code or 0, out.written, err.written

    monkeypatch.chdir(tmp_path)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, HANG_UP) if number}
    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_console_in_cp1252_gets_utf_8_and_a_pipe_gets_plain_line_ends(charrnn_on, tiny_run):
    text = Path("a text.txt")
    text.write_text("the cat sat.\n", "utf-8")
    code, out, err = charrnn_on("score", tiny_run, text, "--top", 2)
    assert code == 0, err
    assert "┏━" in out
    assert "\r" not in out + err


@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_name_outside_cp1252_is_in_the_message(charrnn_on, is_terminal):
    code, out, err = charrnn_on("train", NOT_IN_CP1252, is_terminal=is_terminal)
    assert (code, out) == (1, "")
    assert "error: " in err
    assert f"{NOT_IN_CP1252}: no such file" in err


@pytest.mark.slow
def test_every_command_comes_out_whole_in_a_console_in_cp1252(tiny_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("other.txt").write_text("the cat — «sat».\n", "utf-8")
    Path("old.txt").write_bytes("the café “sat”.\n".encode("cp1252"))
    for words, has in [
        (["--help"], "Learn and write"),
        (["eval", "run", "other.txt"], "┃"),
        (["eval", "run", "old.txt", "--encoding", "cp1252"], "┃"),
        (["score", "run", "other.txt", "--top", "2"], "┃"),
        (["score", "run", "-", "--encoding", "cp1252", "--top", "2"], "┃"),
        (["score", "run", "-"], "error: standard input: byte 0xe9 at offset 7 (line 1) is not utf-8"),
        (["score", "run", "other.txt", "--json"], "«"),
        (["sample", "run", "--prompt-file", "other.txt"], "'«' (U+00AB)"),
        (["sample", "run", "-p", "the", "-n", "9"], "the"),
        (["runs", "."], "┃"),
        (["info", "run"], "configuration"),
        (["plot", "run"], "⣀"),
        (["gradflow", "run", "--lags", "5", "--positions", "1"], "lag"),
        (["write", "run", "-o", "scene.txt"], "standard input: line 1: byte 8 is not UTF-8"),
        (["view", "run", "other.txt", "-o", "page.html"], "page.html"),
        (["export", "run", "--to", "html", "-o", "writer.html"], "writer.html"),
        (["train", "text.txt", "-s", "model.hidden_size=8", "--steps", "2", "-o", "new"], "new"),
    ]:
        command = [sys.executable, "-m", "charrnn", *words]
        environment = {**os.environ, **CP1252}
        ended = subprocess.run(command, input=Path("old.txt").read_bytes(), capture_output=True, env=environment)
        shown = ended.stdout.decode("utf-8") + ended.stderr.decode("utf-8")
        assert has in shown, words
        assert "Traceback" not in shown, words
