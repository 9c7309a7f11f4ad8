"""The commands as a user meets them."""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import safetensors
from refusals import refused

import charrnn as package
from charrnn.config.schema import Config
from charrnn.runs.storage.checkpoint import load, save
from charrnn.runs.storage.checkpoint_record import Lineage
from charrnn.text import source_text

TINY = [
    "-s", "model.hidden_size=16", "-s", "training.batch_size=4", "-s", "training.sequence_length=8", "-s", "training.eval_every=10",
    "-s", "runtime.threads=1", "--steps", "20",
]  # fmt: skip


def test_train_prints_the_run_directory_and_nothing_else_on_stdout(charrnn, text_file):
    result = charrnn("train", text_file, *TINY)
    assert result.exit_code == 0
    assert result.stdout == "runs/text\n"
    assert "validation loss" in result.stderr
    assert "\x1b" not in result.stderr


def test_quiet_tells_nothing(charrnn, text_file):
    result = charrnn("train", text_file, *TINY, "-q")
    assert (result.stdout, result.stderr) == ("runs/text\n", "")


def test_json_is_a_line_per_event_and_nothing_else(charrnn, text_file):
    result = charrnn("train", text_file, *TINY, "--json", "-q")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["event"] for event in events].count("step") == 20
    assert events[-2]["event"] == "finished"
    assert result.stderr == ""


def test_standard_input_and_resume(charrnn, text_file):
    text = text_file.read_text()
    assert charrnn("train", "-", *TINY, "-o", "r", stdin=text).exit_code == 0
    refused = charrnn("train", "--resume", "r", "--steps", "25")
    assert refused.exit_code == 1
    assert "charrnn train --resume r TEXT" in refused.stderr
    resumed = charrnn("train", "--resume", "r", "-", "--steps", "25", stdin=text)
    assert resumed.exit_code == 0
    assert "resuming after step 20" in resumed.stderr
    assert "the end moves from step 20 to 25" in resumed.stderr


@pytest.mark.parametrize("options", [[], ["--dry-run"]], ids=["train", "dry run"])
def test_a_directory_that_is_taken_is_told_before_a_text_is_read(charrnn, tiny_run, options):
    result = charrnn("train", "nothing.txt", "--out", tiny_run, *options)
    assert result.exit_code == 1
    assert f"{tiny_run}: holds a run already; go on with it: charrnn train --resume {tiny_run}" in " ".join(
        result.stderr.split()
    )


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
    for word in ("parameters:", "memory:", "steps:", "windows per epoch"):
        assert word in result.stdout
    assert not (tmp_path / "cwd" / "runs").exists()
    found = json.loads(charrnn("train", text_file, "--dry-run", "--json").stdout)
    assert re.fullmatch(r".*default\.yaml:\d+", found["origins"]["model.cell"])
    assert found["text"]["characters"] == 1200


def test_without_a_configuration_train_takes_the_default_one_and_tells_what_the_text_decided(charrnn, text_file):
    plain, named = (
        json.loads(charrnn("train", text_file, "--dry-run", "--json", *options).stdout)
        for options in ([], ["-c", "default"])
    )
    assert plain == named
    assert (plain["config"]["model"]["cell"], plain["config"]["model"]["hidden_size"]) == ("gru", 192)
    assert plain["origins"]["model.hidden_size"] == "chosen for the text's length"
    said = charrnn("train", text_file, "--dry-run", "--json", "--epochs", "2", "-s", "model.hidden_size=8").stdout
    origins = json.loads(said)["origins"]
    assert (origins["training.epochs"], origins["model.hidden_size"]) == ("--epochs", "--set")
    told = charrnn("train", text_file, "-s", "model.hidden_size=8", "--steps", "8").stderr
    assert "training: 8 steps of 2 streams x 32 characters, 0.5 epochs, " in told
    assert (
        "sized for 1,080 characters to train on: dropout 0.4, weight dropout 0.3, label smoothing 0.02, batch size 2; "
        in told
    )


def test_a_fine_tune_tells_what_is_new_and_where_its_values_came_from(charrnn, tiny_run, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("the cat sat on 12 mats.\n" * 40)
    found = json.loads(charrnn("train", other, "--from", tiny_run, "--dry-run", "--json").stdout)
    assert found["config"]["model"]["hidden_size"] == 16
    assert (found["origins"]["model.hidden_size"], found["origins"]["training.seed"]) == ("--from", "default")
    assert found["notes"][0].startswith(f"from {tiny_run}/best.safetensors: step 20, validation loss ")
    assert found["notes"][1].endswith("2 are new: '1', '2'")
    shown = charrnn("train", other, "--from", tiny_run, "--dry-run").stdout
    assert re.search(r"model\.hidden_size +│ 16 +│ --from ", shown)
    assert found["notes"][1] in shown
    trained = charrnn("train", other, "--from", tiny_run, *TINY[2:])
    assert trained.stdout == "runs/other\n"
    assert found["notes"][1] in trained.stderr
    assert load(Path("runs/other/last.safetensors")).base.path == str(tiny_run / "best.safetensors")


def test_what_a_stranger_wrote_into_a_checkpoint_cannot_move_the_cursor(charrnn, tiny_run):
    saved = load(tiny_run / "last.safetensors")
    lineage = Lineage(path="\x1b[2J/best.safetensors", step=3, text_sha256="", weights_sha256="")
    save(replace(saved, base=lineage), tiny_run / "last.safetensors")
    resumed = charrnn("train", "--resume", tiny_run, "--steps", "21")
    assert "from \u241b[2J/best.safetensors: step 3" in resumed.stderr
    assert "\x1b" not in resumed.stderr


def test_sample_prints_the_prompt_and_the_same_text_twice(charrnn, tiny_run):
    first, second = (charrnn("sample", tiny_run, "-p", "the ", "-n", "50", "--seed", "1") for _ in range(2))
    assert first.exit_code == 0
    assert first.stdout == second.stdout
    assert first.stdout.startswith("the ")
    assert len(first.stdout) == len("the ") + 50 + 1
    assert charrnn("sample", tiny_run, "-p", "the ", "-n", "50", "--seed", "1", "--no-stream").stdout == first.stdout
    assert charrnn("sample", tiny_run, "-p", "the ", "-n", "50", "--seed", "2").stdout != first.stdout


def test_the_seed_that_was_chosen_is_told_and_repeats_the_text(charrnn, tiny_run):
    first = charrnn("sample", tiny_run, "-n", "50")
    seed = first.stderr.strip().rpartition(" ")[2]
    assert charrnn("sample", tiny_run, "-n", "50", "--seed", seed).stdout == first.stdout


def test_several_samples_have_the_seeds_that_follow(charrnn, tiny_run):
    both = charrnn("sample", tiny_run, "-n", "30", "--count", "2", "--seed", "5").stdout
    single = [charrnn("sample", tiny_run, "-n", "30", "--seed", seed).stdout for seed in (5, 6)]
    assert both == f"--- sample 1 of 2, seed 5 ---\n{single[0]}--- sample 2 of 2, seed 6 ---\n{single[1]}"


def test_samples_as_json(charrnn, tiny_run):
    options = ["-n", "30", "--seed", "5", "--stop", "a", "--min-p", "0.01", "--count", "3"]
    samples = json.loads(charrnn("sample", tiny_run, *options, "--json").stdout)
    assert [sample["seed"] for sample in samples] == [5, 6, 7]
    for sample in samples:
        assert sample.keys() == {"text", "seed", "finish", "log_probability"}
        assert "a" not in sample["text"]
        assert sample["finish"] == ("length" if len(sample["text"]) == 30 else "stop")
        assert sample["log_probability"] < 0
        alone = charrnn("sample", tiny_run, *options[:2], "--seed", sample["seed"], *options[4:-2]).stdout
        assert alone == sample["text"] + "\n"


def test_the_guard_against_repetition_changes_what_goes_round(charrnn, tiny_run):
    options = ["-n", "300", "-t", "0", "--seed", "1", "-p", "the "]
    plain = charrnn("sample", tiny_run, *options).stdout
    assert charrnn("sample", tiny_run, *options, "--repetition-penalty", "1").stdout == plain
    guard = ["--repetition-penalty", "3", "--repetition-ngram", "3", "--repetition-window", "100"]
    guarded = charrnn("sample", tiny_run, *options, *guard).stdout
    assert guarded != plain
    assert charrnn("sample", tiny_run, *options, *guard, "--count", "2").stdout.count(guarded) == 2


def test_a_trace_has_a_line_for_each_character_below_the_text(charrnn, tiny_run):
    options = ["-n", "20", "--seed", "3", "--top-k", "4"]
    plain = charrnn("sample", tiny_run, *options).stdout
    lines = charrnn("sample", tiny_run, *options, "--trace", "--trace-candidates", "2").stdout.removeprefix(plain)
    heading, *rows = lines.splitlines()
    assert heading.split()[:3] == ["step", "drawn", "p"]
    assert [row.split()[0] for row in rows] == [str(step) for step in range(1, 21)]
    for row, character in zip(rows, plain, strict=False):
        shown = f"'{character}'" if character.isprintable() else repr(character)
        assert row[8:].startswith(shown)
        assert f"*{shown} " in row
        assert row.count("  '") + row.count("  *") <= 4
    (sample,) = json.loads(charrnn("sample", tiny_run, *options, "--trace", "--json").stdout)
    assert "".join(step["character"] for step in sample["trace"]) + "\n" == plain
    assert sample["trace"][0].keys() == {"character", "probability", "candidates"}
    assert sum(p for _, p in sample["trace"][0]["candidates"]) == pytest.approx(1)


def test_reranking_prints_the_likeliest_and_tells_its_seed(charrnn, tiny_run):
    options = ["-n", "30", "--seed", "5", "--stop", "a"]
    samples = json.loads(charrnn("sample", tiny_run, *options, "--json", "--count", "6").stdout)
    drawn = [len(sample["text"]) + (sample["finish"] == "stop") for sample in samples]
    means = [sample["log_probability"] / n for sample, n in zip(samples, drawn, strict=True)]
    order = sorted(range(6), key=lambda i: -means[i])
    done = charrnn("sample", tiny_run, *options, "--rerank", "6")
    assert done.stdout == samples[order[0]]["text"] + "\n"
    assert f"seed {5 + order[0]}, mean log probability {means[order[0]]:.4f} nats" in done.stderr
    both = charrnn("sample", tiny_run, *options, "--rerank", "6", "--count", "2").stdout
    assert [line for line in both.splitlines() if line.startswith("---")] == [
        f"--- sample {place} of 2, seed {5 + i} ---" for place, i in enumerate(order[:2], 1)
    ]
    ranked = json.loads(charrnn("sample", tiny_run, *options, "--rerank", "6", "--count", "2", "--json").stdout)
    assert ranked == [samples[i] for i in order[:2]]


def test_surprisal_without_a_terminal_is_plain_text(charrnn, tiny_run):
    options = ["-n", "30", "--seed", "5", "-p", "the "]
    for more in ([], ["--count", "2"], ["--no-stream"]):
        plain = charrnn("sample", tiny_run, *options, *more)
        assert charrnn("sample", tiny_run, *options, *more, "--surprisal").output == plain.output


def test_only_some_characters(charrnn, tiny_run):
    assert set(charrnn("sample", tiny_run, "-n", "50", "--only", "cat").stdout) == set("cat\n")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end differently on Windows")
def test_without_end_until_nobody_reads(tiny_run):
    command = f"{sys.executable} -m charrnn sample {tiny_run} -n 0 | head -c 3000 | wc -c; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout.strip(), done.returncode) == ("3000", 0)


def test_prompts_from_files_and_checkpoints_by_name(charrnn, tiny_run, tmp_path):
    (tmp_path / "prompt.txt").write_text("a dog", "utf-8")
    by_file = charrnn(
        "sample", tiny_run, "--prompt-file", tmp_path / "prompt.txt", "-n", "9", "--seed", "1", "--checkpoint", "last"
    )
    by_pipe = charrnn(
        "sample", tiny_run / "last.safetensors", "--prompt-file", "-", "-n", "9", "--seed", "1", stdin="a dog"
    )
    assert by_file.stdout == by_pipe.stdout
    assert by_file.stdout.startswith("a dog")
    assert "last.safetensors" in by_file.stderr


def test_gradcheck_passes_and_its_json_has_the_agreed_form(charrnn):
    table = charrnn("gradcheck")
    assert table.exit_code == 0
    assert "all 24 checks passed, and all 9 properties hold" in table.stdout
    assert "training.max_grad_norm 1.0 (changes the gradient after it was computed)" in table.stdout
    result = json.loads(charrnn("gradcheck", "--json").stdout)
    assert result["passed"] is True
    assert set(result) == {"passed", "checks", "properties", "entries", "seed", "checked_with", "not_checked"}
    assert (result["entries"], result["seed"], result["checked_with"]) == (None, 0, {})
    assert all(set(found) == {"key", "value", "why"} for found in result["not_checked"])
    for check in result["checks"]:
        assert set(check) >= {"parameter", "shape", "oracle", "max_relative_error", "worst", "passed"}
        assert set(check["worst"]) == {"index", "analytic", "numeric"}
    assert all(set(found) == {"name", "passed", "detail"} for found in result["properties"])
    assert max(c["max_relative_error"] for c in result["checks"] if c["oracle"] == "complex-step") <= 1e-10


@pytest.mark.parametrize("nonlinearity", ["tanh", "sigmoid", "relu"])
def test_gradcheck_of_a_kind_and_of_a_run(charrnn, nonlinearity, tiny_run):
    assert charrnn("gradcheck", "-s", f"model.nonlinearity={nonlinearity}", "--seed", "3").exit_code == 0
    assert charrnn("gradcheck", "--run", tiny_run, "--oracle", "complex-step", "--entries", "9").exit_code == 0


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_gradcheck_of_every_cell_with_layers_a_stride_and_smoothed_labels(charrnn, cell):
    for settings in (
        ["-s", "model.num_layers=2"],
        ["-s", "training.stride=16", "-s", "model.initialisation=orthogonal"],
        ["-s", "training.label_smoothing=0.1"],
    ):
        result = json.loads(charrnn("gradcheck", "--json", "-s", f"model.cell={cell}", *settings).stdout)
        assert result["passed"]
        for check in result["checks"]:
            assert check["max_relative_error"] <= (1e-6 if check["oracle"] == "central" else 1e-10)


def test_gradcheck_says_how_many_entries_fit_into_its_time_and_how_to_have_them_again(charrnn, tiny_run, monkeypatch):
    from charrnn import api

    with monkeypatch.context() as hurried:
        hurried.setattr(api, "gradcheck", partial(api.gradcheck, seconds=0))
        once = charrnn("gradcheck", "--run", tiny_run, "--oracle", "forward", "--seed", "5")
    assert once.exit_code == 0
    told = r"6 of [\d,]+ entries checked, at most 1 of each parameter; the same again: --entries 1 --seed 5\n"
    assert re.search(told, once.stdout)
    assert "│ 1 of 256 │" in once.stdout
    again = charrnn("gradcheck", "--run", tiny_run, "--oracle", "forward", "--entries", "1", "--seed", "5")
    assert again.stdout == once.stdout
    assert again.stderr == ""
    found = json.loads(charrnn("gradcheck", "--run", tiny_run, "--entries", "1", "--seed", "5", "--json").stdout)
    assert (found["entries"], found["seed"]) == (1, 5)


def test_gradcheck_says_what_it_was_checked_with(charrnn):
    settings = ["model.dropout=0.25", "training.label_smoothing=0.1", "training.freeze=[readout]", "runtime.threads=2"]
    settings += ["training.reset_probability=0.1"]
    arguments = ["gradcheck", *(word for setting in settings for word in ("-s", setting))]
    table = charrnn(*arguments).stdout
    assert "checked with: model.dropout 0.25, training.label_smoothing 0.1" in table
    assert "training.freeze readout (changes the gradient after it was computed)" in table
    assert "runtime.threads 2 (checked on one core)" in table
    assert "training.reset_probability 0.1 (sets states to 0 between windows)" in table
    found = json.loads(charrnn(*arguments, "--json").stdout)
    assert found["checked_with"] == {"model.dropout": 0.25, "training.label_smoothing": 0.1}
    assert {"key": "training.freeze", "value": ["readout"], "why": "changes the gradient after it was computed"} in (
        found["not_checked"]
    )


def test_gradcheck_of_a_network_without_biases_says_that_they_are_held(charrnn):
    result = charrnn("gradcheck", "-s", "model.bias=false", "-s", "model.cell=lstm")
    assert result.exit_code == 0
    assert "not checked: model.bias false (holds every bias at 0; their gradient is not used)" in (result.stdout)
    assert "b_h" not in result.stdout
    found = json.loads(charrnn("gradcheck", "--json").stdout)
    assert "b_h" in {check["parameter"] for check in found["checks"]}
    assert "model.bias" not in {left["key"] for left in found["not_checked"]}


def test_a_training_without_biases_counts_what_learns(charrnn, text_file):
    """V = 18, H = 16: 18 16 + 16 16 + 16 18 weights, 16 + 18 biases."""
    options = ["--steps", "2", "-s", "model.bias=false", "-s", "model.hidden_size=16"]
    options += ["-s", "model.cell=rnn", "-s", "model.readout=linear"]
    dry = charrnn("train", text_file, *options, "--dry-run").stdout
    assert "parameters: 832" in dry.splitlines()
    assert "model.bias is false: 34 biases are held at 0, and not counted as parameters" in dry.splitlines()
    told = charrnn("train", text_file, *options).stderr
    assert "16 units, 832 parameters" in told


def test_a_training_with_biases_cannot_go_on_without(charrnn, text_file, tiny_run):
    result = charrnn("train", text_file, "--from", tiny_run, "-s", "model.bias=false")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: --from {tiny_run}: model.bias is true there, and false here; ")
    assert len(result.stderr.splitlines()) == 1


def test_export(charrnn, tiny_run, tmp_path):
    out = tmp_path / "weights.safetensors"
    result = charrnn("export", tiny_run, "-o", out)
    assert (result.exit_code, result.stdout.strip()) == (0, str(out))
    with safetensors.safe_open(out, framework="np") as file:
        assert set(file.keys()) == {"W_xh", "W_hh", "b_h", "W_hy", "b_y"}
        assert json.loads(file.metadata()["vocabulary"])[0] == "\n"


def test_a_failing_gradcheck_names_the_parameter_and_exits_1(charrnn, monkeypatch):
    from charrnn.network.network import Network

    right = Network.backward

    def wrong(self, count, ws, gradient, *options):
        dstate = right(self, count, ws, gradient, *options)
        gradient["W_hh"][1, 2] *= 2
        return dstate

    monkeypatch.setattr(Network, "backward", wrong)
    result = charrnn("gradcheck")
    assert result.exit_code == 1
    assert "error: 4 of 24 checks failed, in W_hh" in result.stderr
    assert "[1, 2]" in result.stdout
    assert json.loads(charrnn("gradcheck", "--json").stdout)["passed"] is False


def test_the_schema_is_the_configurations(charrnn):
    assert json.loads(charrnn("schema").stdout) == Config.model_json_schema()


def test_version_help_and_module():
    for arguments in (["--version"], ["--help"], ["train", "--help"]):
        done = subprocess.run([sys.executable, "-m", "charrnn", *arguments], capture_output=True, text=True, check=True)
        assert "Traceback" not in done.stderr
    done = subprocess.run([sys.executable, "-m", "charrnn", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"charrnn {package.__version__}\n"


def test_help_and_version_load_nothing_heavy():
    code = (
        "import sys; sys.argv = ['charrnn', '--help']\n"
        "from charrnn.cli.app import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([m for m in ('numpy', 'pydantic', 'yaml', 'safetensors') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


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


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end differently on Windows")
def test_a_closed_pipe_ends_quietly(tiny_run):
    command = f"{sys.executable} -m charrnn sample {tiny_run} -n 100000 | head -c 10"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert len(done.stdout) == 10


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end differently on Windows")
@pytest.mark.parametrize(
    ("how", "reader"), [("--json -q", "| head -1"), ("", "2>&1 | head -1"), ("", "2>&1 | head -5")]
)
def test_a_training_that_nobody_reads_any_more_saves_and_stops(text_file, tmp_path, how, reader):
    out = tmp_path / "r"
    training = f"{sys.executable} -m charrnn train {text_file} {how} -o {out} {' '.join(TINY[:-2])} --steps 100000"
    done = subprocess.run(
        ["bash", "-c", f"{training} {reader}; exit ${{PIPESTATUS[0]}}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 141
    assert "Traceback" not in done.stderr
    assert load(out / "last.safetensors").progress.step < 100000
    assert reader == "2>&1 | head -1" or load(out / "last.safetensors").progress.step > 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs /dev/full and closed descriptors")
@pytest.mark.parametrize(("redirect", "code"), [(">&-", 0), ("> /dev/full", 1)])
def test_an_output_that_takes_nothing(tiny_run, redirect, code):
    command = f"{sys.executable} -m charrnn sample {tiny_run} -n 20 {redirect}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert code == 0 or "error: standard output: No space left" in done.stderr


def test_training_on_a_folder_that_holds_runs_reads_only_the_texts(charrnn, text_file, tmp_path):
    (tmp_path / "cwd" / "letters.txt").write_text(text_file.read_text())
    assert charrnn("train", ".", *TINY, "-o", "runs/one").exit_code == 0
    assert charrnn("train", "--resume", "runs/one", "--steps", "22").exit_code == 0
    assert "1,200 characters" in charrnn("train", ".", *TINY, "-o", "runs/two").stderr


def test_a_pattern_is_resumed_from_a_folder_whose_name_looks_like_one(charrnn, text_file, tmp_path, monkeypatch):
    folder = tmp_path / "h[1]"
    folder.mkdir()
    (folder / "letters.txt").write_text(text_file.read_text())
    monkeypatch.chdir(folder)
    assert charrnn("train", "*.txt", *TINY, "-o", "r").exit_code == 0
    assert charrnn("train", "--resume", "r", "--steps", "22").exit_code == 0


def test_an_ended_patience_can_be_taken_up_again(charrnn, text_file):
    ended = charrnn(
        "train",
        text_file,
        *TINY,
        "-s",
        "training.patience=1",
        "-s",
        "training.learning_rate=1e-12",
        "-s",
        "training.seed=3",
        "-o",
        "r",
    )
    resumed = charrnn("train", "--resume", "r", "--steps", "40")
    assert (ended.exit_code, resumed.exit_code) == (0, 0)
    assert "step 30: validation" in resumed.stderr


def test_a_section_with_nothing_below_it_means_the_defaults(charrnn, text_file, tmp_path):
    (tmp_path / "c.yaml").write_text("model:\ntraining:\n  # learning_rate: 1e-3\n")
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


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end differently on Windows")
def test_a_table_that_nobody_reads_ends_quietly():
    command = f"{sys.executable} -m charrnn gradcheck | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_damaged_last_is_not_kept_as_previous(charrnn, tiny_run):
    last, previous = tiny_run / "last.safetensors", tiny_run / "previous.safetensors"
    last.write_bytes(last.read_bytes()[:100])
    assert charrnn("train", "--resume", tiny_run, "--steps", "25").exit_code == 0
    assert load(last).progress.step == 25
    assert load(previous).progress.step == 20


def test_gradcheck_of_a_run_that_knows_one_character(charrnn, tmp_path):
    (tmp_path / "a.txt").write_text("a" * 200)
    assert charrnn("train", tmp_path / "a.txt", *TINY, "-o", "r").exit_code == 0
    assert charrnn("gradcheck", "--run", "r").exit_code == 0


@pytest.mark.parametrize(
    "settings",
    [
        ["model.nonlinearity=relu", "model.initialisation=identity", "model.num_layers=3"],
        ["model.nonlinearity=sigmoid", "model.num_layers=12"],
        ["model.cell=lstm", "model.num_layers=8"],
    ],
)
def test_gradcheck_of_deep_networks(charrnn, settings):
    arguments = [word for setting in settings for word in ("-s", setting)]
    result = charrnn("gradcheck", "--entries", "5", *arguments)
    assert result.exit_code == 0, result.stderr


def test_training_for_a_time_records_the_steps_and_can_be_resumed_for_another(charrnn, text_file):
    tiny = [word for word in TINY if word not in ("--steps", "20")]
    result = charrnn("train", text_file, *tiny, "--time", "2s", "-o", "r")
    assert result.exit_code == 0
    steps = int(re.search(r"2 s are ([\d,]+) steps here", result.stderr)[1].replace(",", ""))
    assert f"steps: {steps}" in Path("r/config.yaml").read_text()
    resumed = charrnn("train", "--resume", "r", "--time", "2s")
    assert resumed.exit_code == 0
    assert f"the end moves from step {steps:,} to" in resumed.stderr


def test_bench_tells_speed_and_where_the_time_goes(charrnn):
    arguments = ("bench", "-s", "model.hidden_size=16", "-s", "training.batch_size=4", "--seconds", "0.1")
    result = charrnn(*arguments)
    assert result.exit_code == 0
    for words in ("characters/s", "GFLOP/s", "forward", "backward", "optimizer"):
        assert words in result.stdout
    found = json.loads(charrnn(*arguments, "--json").stdout)
    assert set(found) >= {
        "cell", "hidden_size", "batch_size", "sequence_length", "chars_per_second", "gflops", "sgemm_peak_gflops",
        "share_of_peak", "threads",
    }  # fmt: skip


def test_a_long_text_trains_from_a_file_and_says_where_it_is(charrnn, text_file, monkeypatch, tmp_path):

    monkeypatch.setattr(source_text, "IN_MEMORY", 100)
    monkeypatch.setenv("CHARRNN_CACHE_DIR", str(tmp_path / "cache"))
    result = charrnn("train", text_file, *TINY, "-o", "r")
    assert result.exit_code == 0
    (file,) = (tmp_path / "cache").glob("charrnn-texts*/*")
    assert str(file) in result.stderr
    assert charrnn("train", "--resume", "r", "--steps", "25").exit_code == 0


def test_where_the_cache_cannot_be_written_only_what_is_kept_there_is_refused(
    charrnn, text_file, monkeypatch, tmp_path
):
    from charrnn.text.reading import sources

    (tmp_path / "home").write_text("a file: nothing can be made in it")
    monkeypatch.setenv("CHARRNN_CACHE_DIR", str(tmp_path / "home"))
    text = text_file.read_bytes()
    assert charrnn("train", text_file, *TINY[:-2], "--time", "2s", "-q", "-o", "a").exit_code == 0
    assert charrnn("train", "-", *TINY, "-q", "-o", "b", stdin=text).exit_code == 0
    monkeypatch.setattr(sources, "SPOOLED", 1000)
    kept = "standard input of more than 0 MiB is kept"
    refused(charrnn("train", "-", *TINY, "-o", "c", stdin=text), 1, kept, "CHARRNN_CACHE_DIR")
    monkeypatch.setattr(source_text, "IN_MEMORY", 100)
    kept = "a text of more than 100 characters is kept"
    refused(charrnn("train", text_file, *TINY, "-o", "c"), 1, kept, "CHARRNN_CACHE_DIR")
    assert sorted(os.listdir()) == ["a", "b"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_sigterm_while_measuring_leaves_nothing_behind(tmp_path, text_file):
    (tmp_path / "t").mkdir()
    command = [sys.executable, "-m", "charrnn", "train", str(text_file), "--time", "300s", "-o", str(tmp_path / "r")]
    process = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(tmp_path / "t")}, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while not list((tmp_path / "t").iterdir()) and time.monotonic() < end:
        time.sleep(0.02)
    assert list((tmp_path / "t").iterdir()), "it measures in a folder of its own"
    process.terminate()
    assert process.wait(20) == 143
    assert list((tmp_path / "t").iterdir()) == []
    assert not (tmp_path / "r").exists()


def test_a_document_ends_by_itself(charrnn, text_file):
    trained = charrnn(
        "train", text_file, "-s", r"data.boundary=\n", "-s", "model.hidden_size=8", "--steps", 5, "-o", "r"
    )
    assert "60 documents, the longest 34 characters" in trained.stderr
    one = charrnn("sample", "r", "--seed", 3, "-n", 0)
    found = json.loads(charrnn("sample", "r", "--seed", 3, "-n", 0, "--count", 4, "--json").stdout)
    assert {sample["finish"] for sample in found} == {"stop"}
    assert one.stdout == found[0]["text"] + "\n"
    assert charrnn("sample", "r", "--seed", 3, "-n", 0, "--count", 2).exit_code == 0
