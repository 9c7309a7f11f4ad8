"""`charrnn info`."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import on_terminal
import pytest
from refusals import refused
from tiny import trained

from charrnn.cli.reports.info import vocabulary_in_words
from charrnn.runs import run_info
from charrnn.runs.run_info import describe_run
from charrnn.runs.storage.checkpoint import load, save
from charrnn.text.vocabulary import Vocabulary

INSPECT = ["config", "vocabulary", "parameters", "step", "best_loss", "text", "versions"]


def test_a_run_is_described(charrnn, tiny_run, text_file):
    saved = load(tiny_run / "last.safetensors")
    result = charrnn("info", tiny_run)
    assert (result.exit_code, result.stderr) == (0, "")
    for part in (
        f"{tiny_run}: finished, last changed ",
        f"{tiny_run / 'last.safetensors'}: step 20 of 20",
        f"{saved.progress.best_loss:.4f} nats at step {saved.progress.best_step}, the best on the validation split",
        "rnn (tanh), 1 layer of 16 units, ",
        f"{len(saved.vocabulary)} symbols: ␊ ␠ . ? a c d",
        f"{text_file}: 1,200 characters",
        f"SHA-256 {saved.text.sha256}",
        "still there, unchanged",
        "charrnn ",
        "best.safetensors ",
        "model.hidden_size 16 (in the recipe ",
    ):
        assert part in " ".join(result.stdout.split()) or part in result.stdout


def test_json_has_the_names_of_inspect(charrnn, tiny_run, text_file):
    saved = load(tiny_run / "last.safetensors")
    found = json.loads(charrnn("info", tiny_run, "--json").stdout)
    assert set(INSPECT) <= set(found)
    assert found["vocabulary"] == list(saved.vocabulary.symbols)
    assert found["config"] == json.loads(saved.config.model_dump_json())
    assert found["parameters"] == saved.network.parameters.flat.size
    assert (found["step"], found["steps"], found["best_loss"]) == (20, 20, saved.progress.best_loss)
    assert (found["text"]["sha256"], found["text"]["characters"]) == (saved.text.sha256, 1200)
    assert (found["text"]["found"], found["text"]["verified"]) == ([str(text_file)], True)
    assert found["versions"] == dict(saved.versions)
    assert (found["state"], found["base"]) == ("finished", None)
    assert found["files"]["last.safetensors"] == (tiny_run / "last.safetensors").stat().st_size


def test_a_bare_checkpoint_is_described(charrnn, tiny_run, tmp_path):
    shutil.copy(tiny_run / "best.safetensors", tmp_path / "alone.safetensors")
    result = charrnn("info", tmp_path / "alone.safetensors")
    assert result.stdout.startswith("checkpoint     ")
    found = json.loads(charrnn("info", tmp_path / "alone.safetensors", "--json").stdout)
    assert (found["state"], list(found["files"]), found["steps"]) == (None, ["alone.safetensors"], 20)


def test_a_run_is_found_by_its_name(charrnn, tiny_run, tmp_path):
    (tmp_path / "cwd" / "runs").mkdir()
    tiny_run.rename(tmp_path / "cwd" / "runs" / "My Stories")
    assert json.loads(charrnn("info", "My Stories", "--json").stdout)["path"] == str(Path("runs", "My Stories"))


@pytest.mark.parametrize("to", ["plain", "torch"])
def test_exported_weights_are_not_a_checkpoint(charrnn, tiny_run, tmp_path, to):
    file = tmp_path / "weights.safetensors"
    charrnn("export", tiny_run, "--to", to, "-o", file)
    refused(
        charrnn("info", file),
        1,
        f"{file}: weights that charrnn export wrote for other tools, not a checkpoint; name the run that they came from",
    )


def test_what_a_training_read_when_it_diverged_is_not_a_checkpoint(charrnn, tiny_run):
    from charrnn.runs.storage.safetensors_file import write

    file = tiny_run / "diverged.safetensors"
    with file.open("wb") as opened:
        write(opened, {}, {"step": "3", "reason": "x", "new": "8", "vocabulary": "[]", "config": "{}"})
    refused(
        charrnn("info", file),
        1,
        f"{file}: what a training read when it diverged, not a checkpoint; name its run directory",
    )


def test_a_damaged_run_is_one_line_and_one_that_has_an_older_checkpoint_is_described(charrnn, tiny_run):
    (tiny_run / "last.safetensors").write_bytes(b"")
    result = charrnn("info", tiny_run)
    assert result.exit_code == 0
    assert "using previous.safetensors" in result.stderr
    assert "previous.safetensors: step 10 of 20" in " ".join(result.stdout.split())
    (tiny_run / "previous.safetensors").write_bytes(b"")
    result = charrnn("info", tiny_run)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")


def test_a_text_that_moved_or_is_gone_is_said(charrnn, tiny_run, text_file, tmp_path):
    moved = tmp_path / "new"
    moved.mkdir()
    tiny_run.rename(moved / "run")
    text_file.rename(moved / "text.txt")
    last = moved / "run" / "last.safetensors"
    save(replace(load(last), run_parent="."), last)
    assert f"now {moved / 'text.txt'}" in charrnn("info", moved / "run").stdout
    (moved / "text.txt").unlink()
    words = " ".join(charrnn("info", moved / "run").stdout.split())
    assert "the training text cannot be read again: " in words
    assert "if it moved, name it: --text TEXT" in words


def test_a_long_text_is_not_read_again(tiny_run, monkeypatch):
    monkeypatch.setattr(run_info, "MAX_VERIFIED", 100)
    monkeypatch.setattr(run_info, "find_text", None)
    place = describe_run(tiny_run).text
    assert (len(place.found), place.verified, place.problem) == (1, False, None)


def test_the_nearest_recipe_and_what_differs_from_it(tmp_path, text_file):
    from charrnn import api
    from charrnn.config.resolve import resolve

    for recipe in ("lstm", "names", "default"):
        config = resolve(recipe, ["training.seed=7"]).config
        plan = api.plan([str(text_file)], config)
        name, differences = run_info.compare_with_recipes(plan.config, len(plan.corpus.ids))
        assert name == recipe
        assert [each.key for each in differences] == ["training.seed"]
        assert (differences[0].value, differences[0].recipe_value) == (7, 0)


def test_the_base_of_a_fine_tune_is_named(charrnn, tiny_run, text_file, tmp_path):
    charrnn("train", text_file, "--from", tiny_run, "--steps", "2", "-o", tmp_path / "tuned", "-q")
    words = " ".join(charrnn("info", tmp_path / "tuned").stdout.split())
    assert f"base {tiny_run / 'best.safetensors'}: step " in words
    assert json.loads(charrnn("info", tmp_path / "tuned", "--json").stdout)["base"]["step"] > 0


def test_the_loss_of_a_byte_model_is_per_byte_and_stands_beside_the_ngrams(charrnn, text_file, tmp_path):
    run = trained(tmp_path / "bytes", text_file, "data.unit=byte")
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"event": "baseline", "split": "valid", "ngram_order": 4, "loss": 2.5}\n')
    shown = charrnn("info", run).stdout
    assert " nats per byte at step " in shown
    assert "an n-gram has 2.5000" in shown
    assert "the 256 bytes" in shown
    assert "per byte" in charrnn("runs", tmp_path).stdout


def test_a_vocabulary_is_readable():
    assert vocabulary_in_words(Vocabulary(("\n", " ", "\x1b", "a", "\u0301", "", "<end>"))) == (
        "7 symbols: ␊ ␠ ␛ a ◌\u0301 (rare characters) (end of a document)"
    )
    many = vocabulary_in_words(Vocabulary(tuple(map(chr, range(0x4E00, 0x5E00)))))
    assert many.endswith(" and 3,696 more")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_of_any_width_shows_it(monkeypatch, tiny_run, width):
    code, shown = on_terminal.run(monkeypatch, width, "info", tiny_run)
    assert code == 0
    assert max(map(len, shown.splitlines())) <= width
    assert "\x1b" not in shown
