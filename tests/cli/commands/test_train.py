"""`train`: what it prints, what is planned, and where its values come from."""

import json
import os
import re
from pathlib import Path

import pytest
from tiny import OPTIONS as TINY

from charrnn.runs import time_budget
from charrnn.runs.storage.checkpoint import load


def test_train_prints_the_run_directory_and_nothing_else_on_stdout(charrnn, text_file):
    result = charrnn("train", text_file, *TINY)
    assert result.exit_code == 0
    assert result.stdout == f"{Path('runs/text')}\n"
    assert "validation loss" in result.stderr
    assert "\x1b" not in result.stderr


def test_quiet_prints_the_run_directory_alone(charrnn, text_file):
    result = charrnn("train", text_file, *TINY, "-q")
    assert (result.stdout, result.stderr) == (f"{Path('runs/text')}\n", "")


def test_json_is_a_line_per_event_and_nothing_else(charrnn, text_file):
    result = charrnn("train", text_file, *TINY, "--json", "-q")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["event"] for event in events].count("step") == 20
    assert [event["event"] for event in events[-3:]] == ["finished", "saved", "baseline"]
    assert result.stderr == ""


def test_dry_run_shows_the_plan_and_writes_nothing(charrnn, text_file, tmp_path):
    result = charrnn(
        "train", text_file, "--dry-run", "--epochs", "3", "-s", "training.batch_size=8", "-s", "training.steps=7"
    )
    assert result.exit_code == 0
    rows = {
        cells[1]: cells[2:4]
        for cells in ([cell.strip() for cell in line.split("│")] for line in result.stdout.splitlines())
        if len(cells) > 3
    }
    assert rows["training.batch_size"] == ["8", "--set"]
    assert rows["training.epochs"] == ["3.0", "--epochs"]
    assert rows["training.steps"] == ["null", "--epochs"]
    assert rows["training.seed"] == ["0", "default"]
    assert rows["runtime.threads"][1] == "chosen for this text and machine"
    first = [line.partition(":")[0] for line in result.stdout.splitlines()[:6]]
    assert first == ["text", "characters", "network", "memory", "steps", "time"], "what matters comes before the keys"
    assert not (tmp_path / "cwd" / "runs").exists()
    found = json.loads(charrnn("train", text_file, "--dry-run", "--json").stdout)
    assert re.fullmatch(r".*default\.yaml:\d+", found["origins"]["model.cell"])
    assert found["text"]["characters"] == 1200


def test_a_dry_run_with_a_time_is_measured_once(charrnn, text_file, monkeypatch):
    measured, measure = [], time_budget._measure_cost
    monkeypatch.setattr(time_budget, "_measure_cost", lambda *given: measured.append(1) or measure(*given))
    tiny = ("-s", "model.hidden_size=8", "-s", "training.batch_size=2")
    shown = charrnn("train", text_file, "--dry-run", "--time", "10s", *tiny, "-q").stdout.splitlines()
    assert shown[5] == "time: about 10 seconds here"
    assert len(measured) == 1


def test_without_a_configuration_train_prints_the_default_sizes_for_the_text(charrnn, text_file):
    plain, named = (
        json.loads(charrnn("train", text_file, "--dry-run", "--json", *options).stdout)
        for options in ([], ["-c", "default"])
    )
    assert plain.pop("seconds") > 0
    assert named.pop("seconds") > 0
    assert plain == named
    assert (plain["config"]["model"]["cell"], plain["config"]["model"]["hidden_size"]) == ("gru", 192)
    assert plain["origins"]["model.hidden_size"] == "chosen for the text's length"
    said = charrnn("train", text_file, "--dry-run", "--json", "--epochs", "2", "-s", "model.hidden_size=8").stdout
    origins = json.loads(said)["origins"]
    assert (origins["training.epochs"], origins["model.hidden_size"]) == ("--epochs", "--set")
    stderr = charrnn("train", text_file, "-s", "model.hidden_size=8", "--steps", "8").stderr
    assert "training: 8 steps of 2 streams x 32 characters, 0.5 epochs, " in stderr
    assert (
        "sized for 1,080 characters to train on: dropout 0.4, weight dropout 0.3, label smoothing 0.02, batch size 2; "
        in stderr
    )


def test_a_fine_tune_prints_new_symbols_and_the_origin_of_its_values(charrnn, tiny_run, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("the cat sat on 12 mats.\n" * 40, "utf-8")
    found = json.loads(charrnn("train", other, "--from", tiny_run, "--dry-run", "--json").stdout)
    assert found["config"]["model"]["hidden_size"] == 16
    assert (found["origins"]["model.hidden_size"], found["origins"]["training.seed"]) == ("--from", "default")
    assert found["notes"][0].startswith(f"from {tiny_run}{os.sep}best.safetensors: step 20, validation loss ")
    assert found["notes"][1].endswith("2 are new: '1', '2'")
    shown = charrnn("train", other, "--from", tiny_run, "--dry-run").stdout
    assert re.search(r"model\.hidden_size +│ 16 +│ --from ", shown)
    assert found["notes"][1] in shown
    trained = charrnn("train", other, "--from", tiny_run, *TINY[2:])
    assert trained.stdout == f"{Path('runs', 'other')}\n"
    assert found["notes"][1] in trained.stderr
    assert f"text: {other}: 960 characters\n" in trained.stderr  # the vocabulary is not that of the text alone
    assert load(Path("runs/other/last.safetensors")).base.path == str(tiny_run / "best.safetensors")


def test_a_base_that_nothing_is_better_than_is_kept_and_that_is_said(charrnn, tiny_run, text_file):
    settings = ("learning_rate=1e3", "schedule=constant", "ema_decay=null", "warmup_steps=0", "recoveries=0", "l2_sp=0")
    spoiled = ["--steps", "20", *(word for setting in settings for word in ("-s", f"training.{setting}"))]
    lines = charrnn("train", text_file, "--from", tiny_run, *spoiled, "-o", "fine").stderr.splitlines()
    assert next(line for line in lines if line.startswith("step ")).startswith("step 0: validation loss ")
    assert any(
        line.startswith("no step was better than the base itself, which best.safetensors holds") for line in lines
    )
    assert load(Path("fine/best.safetensors")).progress.step == 0


def test_a_training_without_biases_counts_only_trained_parameters(charrnn, text_file):
    """V = 18, H = 16: 18 16 + 16 16 + 16 18 weights, 16 + 18 biases."""
    options = ["--steps", "2", "-s", "model.bias=false", "-s", "model.hidden_size=16"]
    options += ["-s", "model.cell=rnn", "-s", "model.readout=linear"]
    dry = charrnn("train", text_file, *options, "--dry-run").stdout
    assert "network: rnn, 16 units, 832 parameters" in dry.splitlines()
    assert "model.bias is false: 34 biases are held at 0, and not counted as parameters" in dry.splitlines()
    stderr = charrnn("train", text_file, *options).stderr
    assert "16 units, 832 parameters" in stderr


def test_a_section_with_nothing_below_it_means_the_defaults(charrnn, text_file, tmp_path):
    (tmp_path / "c.yaml").write_text("model:\ntraining:\n  # learning_rate: 1e-3\n", "utf-8")
    found = json.loads(
        charrnn("train", text_file, "-c", tmp_path / "c.yaml", "--steps", "5", "--dry-run", "--json").stdout
    )
    assert found["steps"] == 5
    assert found["origins"]["training.steps"] == "--steps"


def test_a_whole_section_can_be_set(charrnn, text_file):
    found = json.loads(charrnn("train", text_file, "-s", "model={hidden_size: 8}", "--dry-run", "--json").stdout)
    assert found["config"]["model"]["hidden_size"] == 8
    assert found["origins"]["model.hidden_size"] == "--set"
    assert re.fullmatch(r".*default\.yaml:\d+", found["origins"]["model.cell"])


@pytest.mark.slow
def test_training_for_a_time_records_the_steps_and_can_be_resumed_for_another(charrnn, text_file):
    tiny = [word for word in TINY if word not in ("--steps", "20")]
    result = charrnn("train", text_file, *tiny, "--time", "2s", "-o", "r")
    assert result.exit_code == 0
    steps = int(re.search(r"2 s is time for ([\d,]+) steps here", result.stderr)[1].replace(",", ""))
    assert f"steps: {steps}" in Path("r/config.yaml").read_text("utf-8")
    resumed = charrnn("train", "--resume", "r", "--time", "2s")
    assert resumed.exit_code == 0
    assert f"the end moves from step {steps:,} to" in resumed.stderr
