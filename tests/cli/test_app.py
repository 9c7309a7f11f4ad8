"""The command line: help, start-up, and rules for several commands."""

import subprocess
import sys

import pytest
from refusals import refused
from tiny import OPTIONS as TINY

import charrnn as package
from charrnn import api


def test_version_help_and_module():
    for arguments in (["--version"], ["--help"], ["train", "--help"]):
        done = subprocess.run(
            [sys.executable, "-m", "charrnn", *arguments], capture_output=True, encoding="utf-8", check=True
        )
        assert "Traceback" not in done.stderr
    done = subprocess.run(
        [sys.executable, "-m", "charrnn", "--version"], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == f"charrnn {package.__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["sample", "--help"], ["train", "-h"]], ids=" ".join)
def test_help_and_version_load_nothing_heavy(arguments):
    code = (
        f"import sys; sys.argv = ['charrnn', *{arguments}]\n"
        "from charrnn.cli.app import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([m for m in ('numpy', 'pydantic', 'rich', 'yaml', 'safetensors') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.slow
def test_utf8_whatever_the_locale(tmp_path):
    text = tmp_path / "gruen.txt"
    text.write_text("grüne Wörter, größer → schön\n" * 40, "utf-8")
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "charrnn", "train", str(text), "-o", str(tmp_path / "r"), *TINY]
    done = subprocess.run(command, capture_output=True, env=environment, check=True)
    done.stderr.decode("utf-8")
    command = [sys.executable, "-m", "charrnn", "sample", str(tmp_path / "r"), "-p", "größ", "-n", "20"]
    done = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert done.stdout.decode("utf-8").startswith("größ")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", "truncated"])
def test_checkpoints(charrnn, tiny_run, content):
    path = tiny_run / "last.safetensors"
    path.write_bytes(path.read_bytes()[:-5] if content == "truncated" else content)
    refused(charrnn("sample", path, "-n", "5"), 1, "last.safetensors", "checkpoint" if content == b"" else "damaged")
    refused(charrnn("gradcheck", "--run", path), 1, "last.safetensors")
    stderr = charrnn("train", "--resume", tiny_run, "--steps", "25").stderr
    assert "last.safetensors" in stderr
    assert "using previous.safetensors" in stderr


@pytest.mark.parametrize(
    ("arguments", "words"), [(["sample"], "read or write less at once"), (["train"], "model.hidden_size")]
)
def test_out_of_memory_is_one_line_with_advice(charrnn, tiny_run, monkeypatch, arguments, words):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(api, "load", full)
    monkeypatch.setattr(api, "plan", full)
    refused(charrnn(*arguments, *([tiny_run] if arguments == ["sample"] else [])), 1, "out of memory", words)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end differently on Windows")
@pytest.mark.parametrize("command", ["score {run} --json builtin:harbour", "score {run} builtin:harbour", "eval {run}"])
@pytest.mark.slow
def test_a_closed_pipe_ends_the_command_quietly(tiny_run, command):
    line = f"{sys.executable} -m charrnn {command.format(run=tiny_run)} | head -c 6"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stdout) > 0


@pytest.mark.parametrize("command", ["eval", "score"])
def test_texts_that_cannot_be_read(charrnn, tiny_run, tmp_path, command):
    (tmp_path / "empty.txt").touch()
    refused(charrnn(command, tiny_run, tmp_path / "empty.txt"), 1, "empty.txt: holds no text")
    refused(charrnn(command, tiny_run, tmp_path / "none.txt"), 1, "none.txt: no such file")
    refused(charrnn(command, tiny_run, "-", stdin=b""), 1, "standard input: holds no text")
    refused(charrnn(command, tmp_path / "no", "-", stdin=b"x"), 1, "no such run")


@pytest.mark.parametrize("command", ["eval", "score", "sample"])
def test_empty_weights_are_none(charrnn, tiny_run, command):
    refused(charrnn(command, tiny_run, "--ngram", "--weights", "", stdin=b"x"), 2, "must be numbers")
