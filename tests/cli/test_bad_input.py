"""Each mistake: a clear line on stderr, exit 1 or 2, nothing lost, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from refusals import refused

from charrnn import api
from charrnn.cli.commands import sample

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
        (b"caf\xe9 au lait\n" * 100, ["byte 0xe9 at offset 3 (line 1) is not utf-8", "--encoding 'input.txt=cp1252'"]),
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
        (["--steps", "20"], ["20 steps are made already", "found 20"]),
        (["--epochs", "0.01"], ["20 steps are made already"]),
        (["--epochs", "inf"], ["--epochs: training.epochs: must be a finite number"]),
        (["--epochs", "2e6"], ["--epochs: training.epochs: must be less than or equal to"]),
    ],
)
def test_an_end_that_cannot_be(charrnn, tiny_run, arguments, words):
    before = {path.name: path.read_bytes() for path in tiny_run.iterdir()}
    refused(charrnn("train", "--resume", tiny_run, *arguments), 1 if arguments[1] != "x" else 2, *words)
    assert {path.name: path.read_bytes() for path in tiny_run.iterdir()} == before


def test_a_fine_tune_that_cannot_be(charrnn, tiny_run, text_file):
    train = ["train", text_file, "--from"]
    refused(charrnn(*train, "nothing"), 1, "--from nothing: no such run")
    refused(charrnn(*train, tiny_run / "lock"), 1, f"--from {tiny_run}/lock: ")
    refused(charrnn(*train, tiny_run, "-s", "model.hidden_size=8"), 1, "model.hidden_size is 16 there, and 8 here")
    refused(charrnn(*train, tiny_run, "--resume", tiny_run), 2, "--resume", "--from has no place beside it")
    assert not Path("runs").exists()


def test_an_empty_name_is_not_the_current_folder(charrnn, tmp_path):
    (tmp_path / "cwd" / "notes.txt").write_text("something else " * 50)
    refused(charrnn("train", ""), 1, "'' is not a file name")


def test_a_training_that_diverges(charrnn, text_file):
    wild = ["-s", "training.learning_rate=1000", "-s", "model={cell: rnn, nonlinearity: relu}"]
    wild += ["-s", "training.max_grad_norm=null", "-s", "training.eval_every=1"]
    result = charrnn("train", text_file, *TINY[:-4], *wild, "--steps", "60", "-q", "-o", "r")
    refused(result, 1, "training diverged")
    assert "Warning" not in result.stderr
    assert "NaN" not in Path("r/metrics.jsonl").read_text()


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
        with open(path, "w") as file:
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


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_json_into_a_full_disk_is_an_error_and_the_training_is_saved(text_file, tmp_path):
    command = [
        sys.executable,
        "-m",
        "charrnn",
        "train",
        str(text_file),
        *TINY,
        "--json",
        "-q",
        "-o",
        str(tmp_path / "r"),
    ]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("error: standard output: No space left on device")
    assert (tmp_path / "r" / "last.safetensors").is_file()


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
    (tmp_path / "c.yaml").write_text(yaml)
    refused(charrnn("train", text_file, "-c", tmp_path / "c.yaml"), 1, *words)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-s", "model.hidden_size"], 1, ["--set model.hidden_size: must be KEY=VALUE"]),
        (["-c", "nonsense"], 1, ["--config nonsense: no such file", "quick"]),
        (["--steps", "many"], 2, ["--steps"]),
        (["--steps", "0"], 1, ["--steps: training.steps: must be greater than or equal to 1; found 0"]),
        (["--epochs", "-1"], 1, ["--epochs: training.epochs: must be greater than 0; found -1"]),
        (["--steps", "3", "--epochs", "3"], 2, ["give one of --steps, --epochs and --time"]),
        (["--time", "3s", "--epochs", "3"], 2, ["give one of --steps, --epochs and --time"]),
        (["--time", "soon"], 1, ["--time 'soon': not a duration; write 140s, 10m or 1h30m"]),
        (["--time", "0.01s"], 1, ["--time: 0.01 s are not enough for one step"]),
        (["--nonsense"], 2, ["No such option"]),
        (["--resume", "nothing"], 1, ["--resume nothing: no such run directory"]),
        (["--set", "model.hidden_size=" + "[" * 3000], 1, ["model.hidden_size: must be a whole number; found"]),
        (["--resume", "x", "--seed", "3"], 2, ["--seed has no place beside it"]),
    ],
)
def test_options_of_train(charrnn, text_file, arguments, code, words):
    refused(charrnn("train", text_file, *arguments), code, *words)


def test_a_directory_that_holds_another_run(charrnn, text_file, tiny_run):
    before = {path.name: path.read_bytes() for path in tiny_run.iterdir()}
    refused(charrnn("train", text_file, *TINY, "-o", tiny_run), 1, str(tiny_run), f"charrnn train --resume {tiny_run}")
    assert {path.name: path.read_bytes() for path in tiny_run.iterdir()} == before


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written(charrnn, text_file, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    refused(
        charrnn("train", text_file, *TINY, "-o", tmp_path / "locked" / "run"),
        1,
        "cannot be written",
        "Permission denied",
    )


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux's /proc")
def test_what_even_root_may_not_read_or_write(charrnn, text_file):
    refused(charrnn("train", text_file, *TINY, "-o", "/proc/charrnn"), 1, "/proc/charrnn: cannot be written")
    refused(charrnn("train", "/proc/self/mem"), 1, "/proc/self/mem: cannot be read")


def test_a_directory_below_a_file(charrnn, text_file):
    refused(charrnn("train", text_file, *TINY, "-o", text_file / "run"), 1, "cannot be written")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", "truncated"])
def test_checkpoints(charrnn, tiny_run, content):
    path = tiny_run / "last.safetensors"
    path.write_bytes(path.read_bytes()[:-5] if content == "truncated" else content)
    refused(charrnn("sample", path, "-n", "5"), 1, "last.safetensors", "checkpoint" if content == b"" else "damaged")
    refused(charrnn("gradcheck", "--run", path), 1, "last.safetensors")
    told = charrnn("train", "--resume", tiny_run, "--steps", "25").stderr
    assert "last.safetensors" in told
    assert "using previous.safetensors" in told


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-p", "the Ω"], 1, ["'Ω' (U+03A9) at position 4"]),
        (["-t", "-1"], 1, ["temperature must be", "found -1"]),
        (["-t", "nan"], 1, ["temperature must be"]),
        (["-t", "hot"], 2, ["--temperature"]),
        (["--top-k", "0"], 1, ["top-k must be at least 1; found 0"]),
        (["--top-p", "1.5"], 1, ["top-p must be above 0 and at most 1; found 1.5"]),
        (["--min-p", "0"], 1, ["min-p must be above 0 and at most 1; found 0"]),
        (["--only", "Ω"], 1, ["--only 'Ω': the model knows none of these"]),
        (["--only", ""], 1, ["--only '': the model knows none of these"]),
        (["--stop", ""], 1, ["a stop string must have at least one character"]),
        (["-n", "-1"], 2, ["--length"]),
        (["-n", "0", "--json"], 2, ["--length 0 writes without end"]),
        (["-n", "0", "--count", "2"], 2, ["--length 0 writes without end"]),
        (["-n", "0", "--trace"], 2, ["--length 0 writes without end"]),
        (["-n", "0", "--no-stream"], 2, ["--length 0 writes without end", "--no-stream"]),
        (["--weights", "1"], 1, ["--weights: for a mixture only; add --with or --ngram"]),
        (["-n", "0", "--rerank", "2"], 2, ["--length 0 writes without end"]),
        (["--rerank", "2", "--count", "3"], 2, ["--rerank must be at least --count, 3; found 2"]),
        (["--rerank", "0"], 2, ["--rerank"]),
        (["--trace-candidates", "0"], 2, ["--trace-candidates"]),
        (["--trace-candidates", "3"], 2, ["--trace-candidates is how many a --trace tells of; give both"]),
        (["--repetition-penalty", "0.9"], 1, ["repetition-penalty must be a number of at least 1", "found 0.9"]),
        (["--repetition-penalty", "nan"], 1, ["repetition-penalty must be a number", "found nan"]),
        (["--repetition-ngram", "5"], 2, ["say how --repetition-penalty works; give it too"]),
        (["--repetition-window", "50"], 2, ["say how --repetition-penalty works; give it too"]),
        (
            ["--repetition-penalty", "1", "--repetition-ngram", "0"],
            1,
            ["repetition-ngram must be at least 1 character; found 0"],
        ),
        (
            ["--repetition-penalty", "2", "--repetition-window", "7"],
            1,
            ["repetition-window must be at least one n-gram, 8 characters; found 7"],
        ),
        (["--count", "0"], 2, ["--count"]),
        (["--seed", "-1"], 2, ["--seed"]),
        (["--prompt-file", "nothing.txt"], 1, ["--prompt-file nothing.txt: cannot be read: No such file"]),
        (["-p", "a", "--prompt-file", "x"], 2, ["not both"]),
        (["--checkpoint", "worst"], 2, ["--checkpoint"]),
    ],
)
def test_options_of_sample(charrnn, tiny_run, arguments, code, words):
    refused(charrnn("sample", tiny_run, *arguments), code, *words)


def test_the_text_of_the_training_is_not_the_text_to_be_scored(charrnn, tiny_run, text_file):
    refused(charrnn("score", tiny_run, "--text", text_file), 2, "a text to be scored stands after the run")


def test_a_checkpoint_by_itself_is_neither_the_best_nor_the_last(charrnn, tiny_run):
    best = tiny_run / "best.safetensors"
    refused(
        charrnn("sample", best, "--checkpoint", "last"), 1, "is a checkpoint by itself; for its run's last one name"
    )


@pytest.mark.parametrize(
    ("arguments", "words"), [(["sample"], "read or written at once"), (["train"], "model.hidden_size")]
)
def test_where_memory_runs_out_what_helps_is_told(charrnn, tiny_run, monkeypatch, arguments, words):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(api, "load", full)
    monkeypatch.setattr(api, "plan", full)
    refused(charrnn(*arguments, *([tiny_run] if arguments == ["sample"] else [])), 1, "out of memory", words)


@pytest.mark.parametrize("by_pipe", [False, True])
def test_a_prompt_that_is_too_long_is_refused_with_its_size(charrnn, tiny_run, tmp_path, monkeypatch, by_pipe):
    monkeypatch.setattr(sample, "MAX_PROMPT_BYTES", 1000)
    text = "the cat " * 200
    (tmp_path / "long.txt").write_text(text, "utf-8")
    given = ("-", text) if by_pipe else (tmp_path / "long.txt", None)
    size = "more than 1,000 bytes" if by_pipe else "1,600 bytes"
    done = charrnn("sample", tiny_run, "--prompt-file", given[0], "-n", "5", stdin=given[1])
    refused(done, 1, f"--prompt-file {given[0]}: {size}; a prompt has at most 1,000")
    (tmp_path / "long.txt").write_text(text[:1000], "utf-8")
    assert charrnn("sample", tiny_run, "--prompt-file", tmp_path / "long.txt", "-n", "5").exit_code == 0
    assert charrnn("sample", tiny_run, "--prompt", text, "-n", "5").stdout.startswith(text)


def test_a_run_that_is_not_there(charrnn, tiny_run):
    refused(charrnn("sample", tiny_run.parent / "nothing"), 1, "no such run", "there are run")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--oracle", "magic"], 1, ["unknown oracle 'magic'; there are complex-step, closed-form, forward, central"]),
        (["--tolerance", "0"], 2, ["--tolerance must be above 0; found 0"]),
        (["--run", "nothing"], 1, ["no such run"]),
        (["--run", "x", "-c", "quick"], 2, ["--run brings its own configuration"]),
        (["-s", "model.cell=lstmm"], 1, ["model.cell: must be", "found 'lstmm'"]),
    ],
)
def test_options_of_gradcheck(charrnn, arguments, code, words):
    refused(charrnn("gradcheck", *arguments), code, *words)
