"""The last line on a terminal: what a person may type next; and nothing of it in a pipe."""

import os
from pathlib import Path

import on_terminal
import pytest
from tiny import OPTIONS

from charrnn.cli.output import next_command
from charrnn.system.shell import shell_word


def on_a_wide_terminal(monkeypatch, *arguments):
    monkeypatch.setattr("charrnn.cli.progress.follow.can_draw_on", lambda console, json: False)
    code, shown = on_terminal.run(monkeypatch, 250, *arguments)
    assert code == 0, shown
    return shown


def test_after_a_training_comes_writing(monkeypatch, text_file, tmp_path):
    out = tmp_path / "my run"
    shown = on_a_wide_terminal(monkeypatch, "train", text_file, *OPTIONS, "-o", out)
    assert shown.endswith(f"{out}\nwrite with it: charrnn sample {shell_word(str(out))}\n")
    shown = on_a_wide_terminal(monkeypatch, "train", "--resume", out, "--steps", 25)
    assert shown.endswith(f"{out}\nwrite with it: charrnn sample {shell_word(str(out))}\n")


def test_where_there_is_no_room_the_command_has_a_line_of_its_own_and_stays_whole(monkeypatch, text_file, tmp_path):
    monkeypatch.setattr("charrnn.cli.progress.follow.can_draw_on", lambda console, json: False)
    out = tmp_path / "my run"
    _, shown = on_terminal.run(monkeypatch, 60, "train", text_file, *OPTIONS, "-o", out)
    assert shown.endswith(f"\n{out}\nwrite with it:\ncharrnn sample {shell_word(str(out))}\n")


def test_after_a_stop_comes_going_on(monkeypatch, text_file, tmp_path):
    monkeypatch.setattr("charrnn.system.signals.StopRequest.is_set", lambda self: True)
    monkeypatch.setattr("charrnn.system.signals.StopRequest.exit_code", 130)
    monkeypatch.setattr("charrnn.cli.progress.follow.can_draw_on", lambda console, json: False)
    out = tmp_path / "my run"
    code, shown = on_terminal.run(monkeypatch, 250, "train", text_file, *OPTIONS, "-o", out)
    assert (code, shown.splitlines()[-1]) == (130, f"go on: charrnn train --resume {shell_word(str(out))}")


@pytest.mark.slow
def test_after_a_sweep_comes_writing_with_the_best(monkeypatch, text_file, tmp_path):
    arguments = ["--grid", "training.seed=1", *OPTIONS, "-o", tmp_path / "s"]
    shown = on_a_wide_terminal(monkeypatch, "sweep", "quick", text_file, *arguments)
    *_, best, last = shown.splitlines()
    assert last == f"write with it: charrnn sample {best}"
    assert Path(best).is_dir()


@pytest.mark.parametrize("more", [[], ["-q"], ["--json"]])
def test_in_a_pipe_there_is_none(charrnn, text_file, tmp_path, more):
    done = charrnn("train", text_file, *OPTIONS, "-o", tmp_path / "run", *more)
    assert "charrnn sample" not in done.stderr + done.stdout


@pytest.mark.parametrize("quiet", ["-q", "--json"])
def test_whoever_wants_quiet_or_json_gets_none(monkeypatch, text_file, tmp_path, quiet):
    shown = on_a_wide_terminal(monkeypatch, "train", text_file, *OPTIONS, "-o", tmp_path / "run", quiet)
    assert "charrnn sample" not in shown


def test_a_page_is_opened_as_the_system_does_it(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes this for a terminal
    monkeypatch.setattr(next_command, "OPENER", "show")
    next_command.suggest_opening(Path("-a b.html"))
    shown = capsys.readouterr().err
    assert f"open it: show {shell_word(os.path.join('.', '-a b.html'))}" in shown
