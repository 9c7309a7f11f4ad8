"""`train`, each mistake: a clear line on stderr, exit 1 or 2, nothing lost, no traceback."""

import os
import sys
from pathlib import Path

import pytest
from refusals import refused

TINY = [
    "-s",
    "model.hidden_size=8",
    "-s",
    "training.batch_size=2",
    "-s",
    "training.sequence_length=8",
    "--steps",
    "2",
    "-s",
    "runtime.threads=1",
]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["no such file"]),
        (b"", ["holds no text"]),
        (b"\x7fELF\0\0\0\0" * 100, ["looks binary", "data.unit=byte"]),
        (b"caf\xe9 au lait\n" * 100, ["byte 0xe9 at offset 3 (line 1) is not utf-8", "--encoding input.txt=cp1252"]),
        (b"a", ["too short", "1 character split as [0.9, 0.05, 0.05] give train 0"]),
        (b"\n" * 50, ["holds no text"]),
    ],
)
def test_texts(charrnn, tmp_path, content, words):
    path = tmp_path / "input.txt"
    if content is not None:
        path.write_bytes(content)
    refused(charrnn("train", path, *TINY), 1, "input.txt" if content != b"a" else "text", *words)
    assert not (tmp_path / "cwd" / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--steps", "20"], ["--steps: already at step 20", "found step 20"]),
        (["--epochs", "0.01"], ["--epochs: already at step 20"]),
        (["--epochs", "inf"], ["--epochs inf: must be a number above 0 and at most 1,000,000"]),
        (["--epochs", "2e6"], ["--epochs 2e6: must be a number above 0 and at most 1,000,000"]),
    ],
)
def test_invalid_ends_are_refused(charrnn, tiny_run, arguments, words):
    before = {path.name: path.read_bytes() for path in tiny_run.iterdir()}
    refused(charrnn("train", "--resume", tiny_run, *arguments), 1, *words)
    assert {path.name: path.read_bytes() for path in tiny_run.iterdir()} == before


def test_invalid_fine_tunes_are_refused(charrnn, tiny_run, text_file):
    train = ["train", text_file, "--from"]
    refused(charrnn(*train, "nothing"), 1, "--from nothing: no such run")
    refused(charrnn(*train, tiny_run / "lock"), 1, f"--from {tiny_run}/lock: ")
    refused(
        charrnn(*train, tiny_run, "-s", "model.hidden_size=8"), 1, "model.hidden_size is 16 in the base, and 8 here"
    )
    refused(charrnn(*train, tiny_run, "--resume", tiny_run), 2, "--resume", "--from cannot be combined with --resume")
    assert not Path("runs").exists()


def test_the_recipe_of_a_fine_tune_needs_a_base(charrnn, text_file):
    found = charrnn("train", text_file, "-c", "finetune")
    refused(found, 1, "--config finetune: is for --from RUN, whose network it takes: charrnn train TEXT --from RUN")


def test_an_empty_name_is_not_the_current_folder(charrnn, tmp_path):
    (tmp_path / "cwd" / "notes.txt").write_text("something else " * 50, "utf-8")
    refused(charrnn("train", ""), 1, "'' is not a file name")


def test_a_training_that_diverges(charrnn, text_file):
    wild = ["-s", "training.learning_rate=1000", "-s", "model={cell: rnn, nonlinearity: relu}"]
    wild += ["-s", "training.max_grad_norm=null", "-s", "training.eval_every=1"]
    result = charrnn("train", text_file, *TINY[:-4], *wild, "--steps", "60", "-q", "-o", "r")
    refused(result, 1, "training diverged")
    assert "Warning" not in result.stderr
    assert "NaN" not in Path("r/metrics.jsonl").read_text("utf-8")


def test_a_training_whose_loss_is_a_number_but_hopeless(charrnn, text_file):
    wild = [
        "-s",
        "training.learning_rate=1000",
        "-s",
        "model={cell: rnn, nonlinearity: relu, readout: deep, hidden_size: 16, dropout: 0, weight_dropout: 0}",
    ]
    wild += ["-s", "training.precision=float64", "-s", "training.optimizer=sgd", "-s", "training.max_grad_norm=null"]
    wild += ["-s", "training.ema_decay=0.9", "-s", "training.eval_every=10", "-s", "training.save_every=10"]
    result = charrnn(
        "train", text_file, *TINY[:-4], *wild, "-s", "training.recoveries=0", "--steps", "60", "-q", "-o", "r"
    )
    refused(result, 1, "training diverged", "r/diverged.safetensors")
    assert Path("r/diverged.safetensors").is_file()


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode on Windows")
def test_a_file_name_that_is_not_unicode(charrnn, tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write("hello world\n" * 50)
    except OSError:
        pytest.skip("this file system takes no such name")
    refused(charrnn("train", path, *TINY), 1, "a file name that is not UTF-8")


def test_a_name_with_a_line_end_does_not_make_two_lines(charrnn):
    result = charrnn("train", "a\nb.txt")
    assert len(result.stderr.splitlines()) == 1


def test_a_checkpoint_in_the_place_of_its_run(charrnn, tiny_run):
    refused(
        charrnn("train", "--resume", tiny_run / "last.safetensors"), 1, "a file; name its run directory", str(tiny_run)
    )


def test_a_folder_without_text(charrnn, tmp_path):
    (tmp_path / "empty").mkdir()
    refused(charrnn("train", tmp_path / "empty"), 1, "empty", "holds no text file")


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("- 1\n- 2\n", ["a configuration is a mapping", "found a list"]),
        ("a: [", ["not YAML", "line 1"]),
        ("training: {seed: 1, seed: 2}", ["training.seed: written twice"]),
        ("training:\n  learning_rate: fast\n", ["c.yaml:2: training.learning_rate: must be a number; found 'fast'"]),
        ("model:\n\n  hidden_size: 0\n", ["c.yaml:3: model.hidden_size", "found 0"]),
        ("model:\n  hiden_size: 3\n", ["c.yaml:2: model.hiden_size: no such key; did you mean model.hidden_size?"]),
    ],
)
def test_configurations(charrnn, tmp_path, text_file, yaml, words):
    (tmp_path / "c.yaml").write_text(yaml, "utf-8")
    refused(charrnn("train", text_file, "-c", tmp_path / "c.yaml"), 1, *words)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-s", "model.hidden_size"], 1, ["--set model.hidden_size: must be KEY=VALUE"]),
        (["-c", "nonsense"], 1, ["--config nonsense: no such file", "quick"]),
        (["--steps", "many"], 2, ["--steps"]),
        (
            ["--steps", "0"],
            1,
            ["--steps 0: must be a whole number above 0; to see the plan without a training: --dry-run"],
        ),
        (["--epochs", "-1"], 1, ["--epochs -1: must be a number above 0 and at most 1,000,000"]),
        (["--steps", "3", "--epochs", "3"], 2, ["give one of --steps, --epochs and --time"]),
        (["--time", "3s", "--epochs", "3"], 2, ["give one of --steps, --epochs and --time"]),
        (["--time", "soon"], 1, ["--time soon: must be a time above 0, such as 140s, 10m or 1h30m"]),
        (["--time", "0.01s"], 1, ["--time: 10 ms is too short for one step"]),
        (["--nonsense"], 2, ["there is no option --nonsense"]),
        (["--resume", "nothing"], 1, ["--resume nothing: no such run directory"]),
        (["--set", "model.hidden_size=" + "[" * 3000], 1, ["model.hidden_size: must be a whole number; found"]),
        (["--resume", "x", "--seed", "3"], 2, ["--seed cannot be combined with --resume"]),
        (["--resume", "x", "-c", "gru", "--time", "soon"], 2, ["--config cannot be combined with --resume"]),
    ],
)
def test_options_of_train(charrnn, text_file, arguments, code, words):
    refused(charrnn("train", text_file, *arguments), code, *words)


@pytest.mark.parametrize("end", [["--steps", "0"], ["--epochs", "-1"]])
def test_an_end_that_no_training_has_is_refused_with_resume(charrnn, tiny_run, end):
    refused(charrnn("train", "--resume", tiny_run, *end), 1, f"{end[0]} {end[1]}: must be a")
    assert charrnn("train", "--resume", tiny_run, "-q", "--steps", "21").exit_code == 0


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written(charrnn, text_file, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    refused(
        charrnn("train", text_file, *TINY, "-o", tmp_path / "locked" / "run"),
        1,
        "cannot be written",
        "Permission denied",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc")
def test_paths_that_even_root_cannot_read_or_write(charrnn, text_file):
    refused(charrnn("train", text_file, *TINY, "-o", "/proc/charrnn"), 1, "/proc/charrnn: cannot be written")
    refused(charrnn("train", "/proc/self/mem"), 1, "/proc/self/mem: cannot be read")


def test_a_directory_below_a_file(charrnn, text_file):
    words = "cannot be written" if os.path.__name__ == "posixpath" else "a file, not a directory"
    refused(charrnn("train", text_file, *TINY, "-o", text_file / "run"), 1, words)


@pytest.mark.parametrize("options", [[], ["--dry-run"]], ids=["train", "dry run"])
def test_a_directory_that_is_taken_is_refused_before_a_text_is_read(charrnn, tiny_run, options):
    before = {path.name: path.read_bytes() for path in tiny_run.iterdir()}
    words = f"{tiny_run}: already holds a run; resume it: charrnn train --resume {tiny_run}"
    refused(charrnn("train", "nothing.txt", "--out", tiny_run, *options), 1, words)
    assert {path.name: path.read_bytes() for path in tiny_run.iterdir()} == before


def test_a_training_with_biases_cannot_go_on_without(charrnn, text_file, tiny_run):
    result = charrnn("train", text_file, "--from", tiny_run, "-s", "model.bias=false")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: --from {tiny_run}: model.bias is true in the base, and false here; ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-s", "data.boundary=***"], r"write \*\*\*; found '***'"),
        (["-s", "data.boundary=|"], r"to mean the characters themselves, write \|"),
        (["-s", "training.steps=%"], "--set: training.steps: must be a whole number; found '%'"),
        (["-s", "training.patience=---"], "--set: training.patience: must be a whole number; found '---'"),
        (["-s", "data.split=@"], "--set: data.split: must be a list, in brackets; found '@'"),
    ],
)
def test_a_mistake_is_described_in_plain_words(charrnn, text_file, arguments, words):
    result = charrnn("train", text_file, *arguments)
    refused(result, 1, words)
    assert "YAML" not in result.stderr
