"""`charrnn train --tensorboard`: the files have the values of metrics.jsonl, and do not affect the training."""

import json
import os
import sys
from contextlib import closing

import pytest
from event_files import crc32c, records, shown
from links import needs_links
from tiny import TINY

from charrnn import api
from charrnn.cli.progress import tensorboard
from charrnn.cli.progress.tensorboard import FOLDER, TensorBoardLog
from charrnn.config.resolve import resolve
from charrnn.errors import DivergedError, MissingLibraryError
from charrnn.system.files.folder_handle import Folder
from charrnn.system.optional_libraries import install_command
from charrnn.training.events import Evaluated, Flowed, Recovered, Resumed, Sampled, Stepped

SETTINGS = [part for setting in (*TINY, "model.num_layers=1", "training.gradflow_every=5") for part in ("-s", setting)]


def step(number, loss=2.0):
    return Stepped(number, 0.5, loss, 0.25, True, 0.125, 1000.0)


def logged(run, *events):
    run.mkdir(exist_ok=True)
    with Folder(run) as folder, closing(TensorBoardLog(folder)) as board:
        for event in events:
            board(event)
    return shown(run / FOLDER)


def metrics(run, name):
    lines = map(json.loads, (run / "metrics.jsonl").read_text("utf-8").splitlines())
    return {line["step"]: line for line in lines if line["event"] == name}


def begun(folder, text, *settings):
    return api.start(api.plan([str(text)], resolve(None, [*TINY, *settings]).config), folder)


def test_the_checksum_of_these_tests_is_the_known_one():
    assert crc32c(b"123456789") == 0xE3069283


def test_the_event_files_hold_the_same_values_as_metrics(charrnn, text_file, tmp_path):
    run = tmp_path / "run"
    assert charrnn("train", text_file, "-o", run, *SETTINGS, "--tensorboard").exit_code == 0
    found = shown(run / "tensorboard")
    for name in ("loss", "grad_norm", "clipped", "learning_rate", "chars_per_second", "epoch"):
        assert found[f"train/{name}"] == [
            (step, pytest.approx(float(line[name]), rel=1e-6)) for step, line in metrics(run, "step").items()
        ]
    for name in ("loss", "bpc"):
        assert found[f"valid/{name}"] == [
            (step, pytest.approx(line[name], rel=1e-6)) for step, line in metrics(run, "eval").items()
        ]
    shares = {step: line["saturated"] for step, line in metrics(run, "eval").items()}
    assert dict(found["train/saturated"]) == pytest.approx(shares, rel=1e-6)
    radii = {step: line["spectral_radius"] for step, line in metrics(run, "gradflow").items()}
    assert dict(found["gradient_flow/layer1/spectral_radius"]) == pytest.approx(radii, rel=1e-6)
    assert [step for step, _ in found["sample/text_summary"]] == [10, 20]


def test_a_sample_is_a_block_of_code_in_which_no_line_end_is_lost(tmp_path):
    found = logged(tmp_path / "run", Sampled(7, "# one\n\n*two*"))
    assert found == {"sample/text_summary": [(7, "    # one\n    \n    *two*")]}


def test_figures_that_are_none_are_not_logged(tmp_path):
    found = logged(
        tmp_path / "run",
        Flowed(
            step=5,
            layer=2,
            lags=8,
            half_life=3,
            log10_norm_1=-0.5,
            saturated=0.25,
            **dict.fromkeys(("horizon", "log10_norm_last", "lyapunov", "spectral_radius")),
        ),
    )
    assert found == {
        "gradient_flow/layer2/half_life": [(5, 3.0)],
        "gradient_flow/layer2/log10_norm_1": [(5, -0.5)],
        "gradient_flow/layer2/saturated": [(5, 0.25)],
    }


def test_events_logged_again_after_a_resume_are_shown_once(tmp_path):
    folder = tmp_path / "run"
    logged(folder, *map(step, (1, 2, 3, 4)), Evaluated(4, "valid", 2.0, 3.0, True))
    found = logged(folder, Resumed(2), step(3, loss=1.0), step(4))
    assert found["train/loss"] == [(1, 2.0), (2, 2.0), (3, 1.0), (4, 2.0)]
    assert found["valid/loss"] == []
    assert len(list((folder / FOLDER).iterdir())) == 2


def test_events_logged_again_after_a_rollback_are_shown_once(tmp_path):
    events = [*map(step, (1, 2, 3)), Recovered(1, "loss nan", 4, 0.1, 1), step(2, loss=1.0)]
    assert logged(tmp_path / "run", *events)["train/loss"] == [(1, 2.0), (2, 1.0)]


def test_files_of_many_processes_are_read_in_the_order_in_which_they_were_begun(tmp_path):
    folder = tmp_path / "run"
    for number in range(12):
        logged(folder, Resumed(0), step(1, loss=number))
    assert shown(folder / FOLDER)["train/loss"] == [(1, 11.0)]


def test_a_killed_and_resumed_training_shows_the_values_of_metrics(text_file, tmp_path, charrnn):
    run = begun(tmp_path / "run", text_file)
    events = run.events()
    with closing(TensorBoardLog(run.folder)) as board:
        for event in events:
            board(event)
            if event.step == 17:
                break
    events.close()
    assert shown(tmp_path / "run" / "tensorboard")["train/loss"][-1][0] == 17
    result = charrnn("train", "--resume", tmp_path / "run", "--tensorboard", "--json", "-q")
    assert {json.loads(line)["event"] for line in result.stdout.splitlines()} >= {"resumed", "step", "finished"}
    assert result.stderr == ""
    found = shown(tmp_path / "run" / "tensorboard")["train/loss"]
    assert [step for step, _ in found] == [*range(1, 21)]
    losses = {step: line["loss"] for step, line in metrics(tmp_path / "run", "step").items()}
    assert dict(found) == pytest.approx(losses, rel=1e-6)


def test_logging_does_not_change_the_training(charrnn, text_file, tmp_path):
    for name, options in (("with", ["--tensorboard"]), ("without", [])):
        charrnn("train", text_file, "-o", tmp_path / name, *SETTINGS, "-q", *options)
    assert (tmp_path / "with" / "last.safetensors").read_bytes() == (
        tmp_path / "without" / "last.safetensors"
    ).read_bytes()
    assert not (tmp_path / "without" / "tensorboard").exists()


def test_a_training_that_ends_in_an_error_has_logged_its_last_steps(text_file, tmp_path):
    settings = ("training.learning_rate=1000", "training.max_grad_norm=null", "model.nonlinearity=relu")
    run = begun(tmp_path / "run", text_file, *settings, "training.optimizer=sgd", "training.recoveries=0")
    with pytest.raises(DivergedError), closing(TensorBoardLog(run.folder)) as board:
        list(map(board, run.events()))
    last = max(metrics(tmp_path / "run", "step"))
    assert shown(tmp_path / "run" / "tensorboard")["train/loss"][-1][0] == last


def test_without_tensorboardx_no_training_starts(charrnn, text_file, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    result = charrnn("train", text_file, "-o", tmp_path / "run", *SETTINGS, "--tensorboard")
    expected = f"error: train --tensorboard needs tensorboardX: {install_command('tensorboard')}\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", expected)
    assert not (tmp_path / "run").exists()
    with pytest.raises(MissingLibraryError):
        tensorboard.require_library()
    assert charrnn("train", text_file, "-o", tmp_path / "run", *SETTINGS, "-q").exit_code == 0


def test_nothing_is_made_before_the_first_event(tmp_path):
    """A run that was killed before its first save starts from scratch in its directory, which must hold nothing else."""
    with Folder(tmp_path) as folder:
        TensorBoardLog(folder).close()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_reported_once_and_the_training_goes_on(charrnn, tiny_run):
    (tiny_run / "tensorboard").write_text("a file, no folder", "utf-8")
    result = charrnn("train", "--resume", tiny_run, "--steps", "30", "--tensorboard", "-q")
    assert result.exit_code == 0
    expected = f"{tiny_run / 'tensorboard'}: cannot be written: Not a directory; the training goes on without it"
    assert " ".join(result.stderr.split()) == expected
    assert max(metrics(tiny_run, "step")) == 30


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("flush_every", [0.0, 1000.0])
def test_a_full_disk_is_reported_once_and_the_training_goes_on(charrnn, text_file, tmp_path, monkeypatch, flush_every):
    create = Folder.create

    opened = []

    def full(folder, name):
        if "tfevents" not in name:
            return create(folder, name)
        opened.append(open("/dev/full", "wb"))  # noqa: SIM115 (the log closes it)
        return opened[-1]

    monkeypatch.setattr(Folder, "create", full)
    monkeypatch.setattr(tensorboard, "FLUSH_EVERY", flush_every)
    result = charrnn("train", text_file, "-o", tmp_path / "run", *SETTINGS, "--tensorboard", "-q")
    assert result.exit_code == 0
    assert result.stderr.count("No space left on device; the training goes on without it") == 1
    assert len(result.stderr.splitlines()) == 1
    assert max(metrics(tmp_path / "run", "step")) == 20
    assert api.load(tmp_path / "run")
    assert [file.closed for file in opened] == [True]


def test_logged_events_reach_the_disk_within_an_interval(tmp_path, monkeypatch):
    def steps(run, flush_every):
        monkeypatch.setattr(tensorboard, "FLUSH_EVERY", flush_every)
        run.mkdir()
        with Folder(run) as folder:
            board = TensorBoardLog(folder)
            board(step(1))
        return [record.step for path in (run / FOLDER).iterdir() for record in records(path.read_bytes())]

    assert steps(tmp_path / "at once", 0.0) == [0, 1]
    assert steps(tmp_path / "later", 1000.0) == []


@needs_links
def test_no_link_is_followed(charrnn, tiny_run, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tiny_run / FOLDER).symlink_to(tmp_path / "elsewhere")
    result = charrnn("train", "--resume", tiny_run, "--steps", "30", "--tensorboard", "-q")
    note = f"{tiny_run / FOLDER}: cannot be written: tensorboard is a link, and links are not followed here; the training goes on"
    assert " ".join(result.stderr.split()).startswith(note)
    assert result.exit_code == 0
    assert os.listdir(tmp_path / "elsewhere") == []
    (tiny_run / FOLDER).unlink()
    (tiny_run / FOLDER).mkdir()
    monkeypatch.setattr(tensorboard.socket, "gethostname", lambda: "here")
    monkeypatch.setattr(tensorboard.time, "time", lambda: 1e9)
    (tiny_run / FOLDER / "events.out.tfevents.1000000000.here.0001").symlink_to(tmp_path / "victim")
    result = charrnn("train", "--resume", tiny_run, "--steps", "40", "--tensorboard", "-q")
    assert "cannot be written: File exists" in result.stderr
    assert not (tmp_path / "victim").exists()
