"""Every command that writes a file replaces an existing one only with --force, or if the user agrees."""

import contextlib
import os
import re
import sys
from pathlib import Path

import pytest
from links import needs_links
from refusals import refused
from slow import mostly_slow

from charrnn import api
from charrnn.cli.output import files
from charrnn.errors import OutputError
from charrnn.system.files import folder_handle
from charrnn.system.optional_libraries import install_command

COMMANDS = {
    "view": "p.html",
    "plot": "p.svg",
    "gradflow": "p.png",
    "export": "p.safetensors",
}
LAGS = {"gradflow": ("--lags", "5")}
every_command = mostly_slow("command", list(COMMANDS), one_in=4, slow_in=3)


@pytest.fixture
def write(charrnn, tiny_run):
    """Run a command on the tiny run that writes its file here, or to another path."""

    def run(command, *more, out=None):
        return charrnn(command, tiny_run, *LAGS.get(command, ()), "-o", out or COMMANDS[command], *more)

    return run


@every_command
def test_an_existing_file_is_replaced_only_with_force(write, command):
    pytest.importorskip("matplotlib")
    out = Path(COMMANDS[command])
    out.write_text("precious", "utf-8")
    said = f"error: {out}: exists already; --force replaces it, --out names another"
    refused(write(command), 1, said)
    assert out.read_text("utf-8") == "precious"
    assert write(command, "--force").exit_code == 0
    assert out.read_bytes() != b"precious"
    assert [path.name for path in Path().iterdir()] == [out.name]


@every_command
def test_a_file_created_meanwhile_is_not_replaced(write, command, monkeypatch):
    """As if two commands write one file at the same time."""
    pytest.importorskip("matplotlib")
    out, make = Path(COMMANDS[command]), folder_handle.Folder.create
    monkeypatch.setattr(
        folder_handle.Folder, "create", lambda *given: (out.write_text("precious", "utf-8"), make(*given))[1]
    )
    result = write(command)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith(f"error: {out}: exists already")
    assert "--force" in result.stderr
    assert out.read_text("utf-8") == "precious"
    assert [path.name for path in Path().iterdir()] == [out.name]
    assert write(command, "--force").exit_code == 0
    assert out.read_bytes() != b"precious"


@every_command
@needs_links
def test_a_link_is_replaced_itself_with_force_only(write, command, tmp_path):
    pytest.importorskip("matplotlib")
    out = Path(COMMANDS[command])
    out.symlink_to(tmp_path / "nowhere")
    refused(write(command), 1, "exists already")
    assert write(command, "--force").exit_code == 0
    assert not out.is_symlink()
    assert not (tmp_path / "nowhere").exists()


@every_command
def test_a_file_of_ones_own_with_a_like_name_is_left_alone(write, command):
    pytest.importorskip("matplotlib")
    mine = Path(f"{COMMANDS[command]}.tmp")
    mine.write_text("precious", "utf-8")
    assert write(command).exit_code == 0
    assert mine.read_text("utf-8") == "precious"
    assert len(list(Path().iterdir())) == 2


@every_command
@pytest.mark.parametrize("more", [(), ("--force",)])
def test_an_impossible_output_path_is_refused_before_anything_is_read(write, tiny_run, command, more):
    pytest.importorskip("matplotlib")
    for name in ("best.safetensors", "last.safetensors", "metrics.jsonl"):
        (tiny_run / name).unlink()
    out = Path(COMMANDS[command])
    refused(write(command, *more, out=f"no/{out}"), 1, f"no/{out}: cannot be written: there is no folder no")
    out.mkdir()
    refused(write(command, *more), 1, f"{out}: is a folder; name a file with --out")
    assert not [*out.iterdir()]


@pytest.mark.parametrize("command", ["plot", "gradflow"])
def test_a_missing_matplotlib_is_reported_before_anything_is_read(charrnn, command, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    wanted = f"charrnn {command} -o needs matplotlib: {install_command('plot')}"
    refused(charrnn(command, "no run", "-o", "a.svg"), 1, wanted)


@pytest.mark.parametrize("command", ["plot", "gradflow"])
def test_force_without_a_file_is_misuse(charrnn, tiny_run, command):
    refused(charrnn(command, tiny_run, "--force"), 2, "--force needs --out; give both")


def test_the_api_replaces_weights_only_on_request(tiny_run, tmp_path):
    out = tmp_path / "a.safetensors"
    out.write_text("precious", "utf-8")
    with pytest.raises(OutputError, match="exists already; `replace` replaces it"):
        api.export(tiny_run, out)
    assert out.read_text("utf-8") == "precious"
    api.export(tiny_run, out, replace=True)
    assert out.read_bytes() != b"precious"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe with a name needs POSIX")
def test_a_pipe_or_a_device_is_never_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(OutputError, match="is a device or a pipe"):
            files.confirm_overwrite(path, force=True)


def test_a_read_only_folder_is_reported_before(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)  # root may write everywhere
    with pytest.raises(OutputError, match=rf"the folder {re.escape(str(tmp_path))} is read-only"):
        files.confirm_overwrite(tmp_path / "a", force=True)


def test_without_standard_input_nobody_is_asked(tmp_path, monkeypatch):
    (tmp_path / "a").touch()
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(OutputError, match="exists already"):
        files.confirm_overwrite(tmp_path / "a", force=False)


def test_a_failed_write_keeps_the_old_file(tmp_path):
    (tmp_path / "a").write_text("mine", "utf-8")
    full = OSError(28, "No space left on device")
    with (
        pytest.raises(OutputError, match="a: cannot be written: No space left on device"),
        files.open_output(tmp_path / "a"),
    ):
        raise full
    assert [(path.name, path.read_text("utf-8")) for path in tmp_path.iterdir()] == [("a", "mine")]


@pytest.fixture
def asked(tiny_run, tmp_path):
    """Run a command in a terminal whose file exists, up to the question."""
    pexpect = pytest.importorskip("pexpect", reason="a pseudo-terminal needs POSIX")
    if sys.platform == "win32":
        pytest.skip("a pseudo-terminal needs POSIX")
    children = []

    def spawn(command, redirected=""):
        (tmp_path / COMMANDS[command]).write_text("precious", "utf-8")
        line = [sys.executable, "-m", "charrnn", command, tiny_run, *LAGS.get(command, ()), "-o", COMMANDS[command]]
        shell = f"exec {' '.join(map(str, line))} {redirected}"
        children.append(
            pexpect.spawn(
                "/bin/sh",
                ["-c", shell],
                cwd=str(tmp_path),
                encoding="utf-8",
                codec_errors="replace",
                timeout=60,
                dimensions=(30, 300),
            )
        )
        return children[-1]

    yield spawn
    for child in children:
        with contextlib.suppress(pexpect.ExceptionPexpect):
            child.close(force=True)


def ended(child):
    """The remaining output, and the exit code."""
    said = child.read()
    child.close()
    return said, child.exitstatus


ANSWERS = [("YES\n", 0), ("\n", 1), ("\x04", 1), ("\xff\n", 1), ("\x03", 130)]  # the rarer ones, of one command


@mostly_slow(
    ("command", "answer", "code"),
    [(command, *case) for command in COMMANDS for case in [("y\n", 0), ("n\n", 1)]]
    + [("export", *case) for case in ANSWERS],
    one_in=13,
    slow_in=3,
)
def test_a_person_at_a_terminal_is_asked(asked, tmp_path, command, answer, code):
    out = COMMANDS[command]
    child = asked(command)
    child.expect_exact(f"{out} exists; replace it? [y/N] ")
    os.write(child.child_fd, answer.encode("latin-1"))
    said, found = ended(child)
    assert found == code, said
    assert ((tmp_path / out).read_bytes() != b"precious") == (code == 0)
    assert ("exists already; --force" in said) == (code == 1)
    assert "Traceback" not in said


@pytest.mark.slow
def test_the_question_is_not_part_of_the_result(asked, tmp_path):
    child = asked("export", "> result")
    child.expect_exact("[y/N] ")
    child.send("y\n")
    assert ended(child)[1] == 0
    assert (tmp_path / "result").read_text("utf-8") == "p.safetensors\n"


@pytest.mark.parametrize("redirected", ["2> said", "< /dev/null"])
@pytest.mark.slow
def test_no_question_is_asked_without_a_terminal_for_it(asked, tmp_path, redirected):
    said, code = ended(asked("export", redirected))
    assert code == 1
    assert "[y/N]" not in said
    assert "exists already" in (said if redirected.startswith("<") else (tmp_path / "said").read_text("utf-8"))
