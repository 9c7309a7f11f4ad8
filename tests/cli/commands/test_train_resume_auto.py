"""`train --resume` without RUN, and `--resume auto` for job scripts."""

from pathlib import Path

import pytest
from refusals import refused
from tiny import OPTIONS

pytestmark = pytest.mark.slow
FEW = [*OPTIONS[:-1], "6"]  # steps


@pytest.fixture
def text(charrnn):
    path = Path("play.txt")
    path.write_text("the cat sat on the mat. a dog ran.\nwhy?\n" * 30, "utf-8")
    return path


def step_of(run):
    from charrnn.runs.storage.directory import load

    return load(Path(run), "last").checkpoint.progress.step


def test_the_newest_run_goes_on_wherever_resume_stands(charrnn, text):
    charrnn("train", text, *FEW)
    refused(charrnn("train", "--resume"), 1, "there is no unfinished run in runs/; it holds runs/play")
    for steps, words in enumerate((["--resume", "--steps"], ["--steps"]), start=8):
        done = charrnn("train", *words, steps, *([] if "--resume" in words else ["--resume"]))
        assert done.stdout == "runs/play\n"
        assert done.stderr.startswith("the newest run: runs/play\n")
        assert step_of("runs/play") == steps


def test_resume_alone_skips_what_is_finished(charrnn, text, monkeypatch):
    from charrnn.runs import finding
    from charrnn.runs.catalogue import list_runs

    charrnn("train", text, *FEW)
    charrnn("train", text, *FEW)
    stopped = [
        type(run)(**vars(run) | {"state": "stopped" if run.name == "play" else run.state})
        for run in list_runs(Path("runs"))
    ]
    monkeypatch.setattr(finding, "list_runs", lambda folder: stopped)
    assert finding.newest_unfinished_run() == Path("runs/play")
    refused(charrnn("train", "other.txt", "--resume"), 1, "there is no unfinished run that was trained on other.txt")


def test_auto_begins_goes_on_and_ends(charrnn, text):
    command = ["train", text, "--resume", "auto", *FEW, "--seed", "3"]
    begun = charrnn(*command)
    assert (begun.exit_code, begun.stdout, step_of("runs/play")) == (0, "runs/play\n", 6)
    again = charrnn(*command)
    assert (again.exit_code, again.stdout, again.stderr) == (0, "runs/play\n", "runs/play is there, and is finished\n")
    longer = charrnn(*command[:-4], "--steps", "8")
    assert longer.stderr.startswith("runs/play is there, and goes on\n")
    assert step_of("runs/play") == 8
    assert not Path("runs/play-2").exists()


def test_auto_refuses_what_differs(charrnn, text, tiny_run):
    command = ["train", text, "--resume", "auto", "-o", "there", *FEW]
    charrnn(*command)
    other = "--resume auto: there holds another run: "
    refused(charrnn(*command, "--seed", 1), 1, f"{other}training.seed is 0 there, and 1 here; leave that out, or name")
    refused(charrnn(*command, "-s", "model.hidden_size=8"), 1, f"{other}model.hidden_size is 16 there, and 8 here")
    refused(charrnn(*command, "--from", tiny_run), 1, "it began from fresh weights, and --from is")
    text.write_text(text.read_text("utf-8") + "more", "utf-8")
    refused(charrnn(*command[:-2], "--steps", "9"), 1, "the text differs", "charrnn train play.txt --from there")


def test_auto_needs_a_text_that_can_be_read_again(charrnn):
    refused(charrnn("train", "-", "--resume", "auto", stdin="text"), 1, "standard input can be read only once")
    refused(charrnn("train", "--resume", "auto", "--dry-run"), 2, "--dry-run cannot be combined with --resume")
    refused(charrnn("train", "--resume", "./auto"), 1, "--resume auto: no such run directory")


@pytest.mark.parametrize("boundary", [[], ["-s", "data.boundary=\\n"]])
def test_auto_agrees_with_sizes_that_were_fitted_to_a_short_text(charrnn, text, boundary):
    text.write_text(
        ("a long name " * 20 + "\n") * 90 + "short\n" * 10, "utf-8"
    )  # so 0.9 of the lines is not 0.9 of the text
    large = ["-s", "training.batch_size=900", "-s", "training.sequence_length=50"]
    command = ["train", text, "--resume", "auto", *FEW, *large, *boundary]
    assert charrnn(*command).exit_code == 0
    again = charrnn(*command)
    assert (again.exit_code, again.stderr) == (0, "runs/play is there, and is finished\n")


def test_auto_goes_on_from_the_checkpoint_before_the_last(charrnn, text):
    from charrnn.runs.storage.directory import LAST, PREVIOUS

    command = ["train", text, "--resume", "auto", *FEW]
    charrnn(*command)
    Path("runs/play", LAST).replace(Path("runs/play", PREVIOUS))
    again = charrnn(*command)
    assert (again.exit_code, again.stdout) == (0, "runs/play\n")


def test_auto_without_a_text_goes_on_with_that_of_the_directory_that_is_named(charrnn, text):
    charrnn("train", text, "--resume", "auto", "-o", "there", *FEW)
    done = charrnn("train", "--resume", "auto", "-o", "there", "--steps", "9")
    assert (done.exit_code, done.stdout) == (0, "there\n"), done.stderr
    assert "there is there, and goes on" in done.stderr


def test_auto_without_text_and_directory_means_the_built_in_text(charrnn, text):
    charrnn("train", text, "-o", "runs/harbour", *FEW)
    refused(charrnn("train", "--resume", "auto", "--steps", "9"), 1, "the text differs")
