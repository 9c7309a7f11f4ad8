"""Errors of options, word for word, and their form for every option of every command."""

import re
from pathlib import Path

import pytest
import typer.main
from refusals import refused

from charrnn.cli.app import app
from charrnn.cli.commands import gradcheck
from charrnn.cli.options.synonyms import INSTEAD, OPTIONS
from charrnn.diagnostics.gradcheck import oracles
from charrnn.system.shell import shell_word

GROUP = typer.main.get_command(app)
OPTION_NAMES = {name for command in GROUP.commands.values() for each in command.params for name in each.opts}
FOREIGN = re.compile(
    r"Input should|is not a valid|Invalid value|type=|x[<>]=?|Value error|No such option|requires an arg"
)
BAD = ["", "many", "0,8x", "-1", "nan", "１x", "1e999", "\u200b"]


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("sample RUN -t 0,8", 2, f"-t {shell_word('0,8')}: must be a number of at least 0; write 0.8; see"),
        ("sample RUN --temperature=-1", 1, "--temperature -1: must be a number of at least 0; see"),
        ("sample RUN --top-p 90", 1, "--top-p 90: must be a number above 0 and at most 1; did you mean 0.9? See"),
        ("sample RUN -n abc", 2, "-n abc: must be a whole number of at least 0; see"),
        ("sample RUN --length 1.5", 2, "--length 1.5: must be a whole number of at least 0; see"),
        ("sample RUN --count 0", 2, "--count 0: must be a whole number above 0; see"),
        ("sample RUN --seed -1", 2, "--seed -1: must be a whole number of at least 0; without --seed, "),
        ("sample RUN --checkpoint newest", 2, "--checkpoint newest: must be best or last; did you mean last? See"),
        ("sample RUN --length", 2, "--length needs a value; see"),
        ("sample RUN --temp 1", 2, "there is no option --temp; did you mean --temperature? See"),
        ("sample RUN --num 3", 2, "there is no option --num; did you mean --count? See"),
        ("sample RUN --output x", 2, "there is no option --output; "),
        ("sample RUN -p a extra", 2, "unexpected: extra; a prompt comes after -p: charrnn sample RUN -p extra; see"),
        ("sample RUN --json=yes", 2, "--json takes no value; found yes; see"),
        ("eval RUN --split val", 2, "--split val: must be train or valid or test; did you mean valid? See"),
        (
            "export RUN --to pytorch",
            2,
            "--to pytorch: must be plain or torch or charrnn or onnx or html; did you mean torch? See",
        ),
        ("train --steps many", 2, "--steps many: must be a whole number above 0; see"),
        ("train --epochs 0", 1, "--epochs 0: must be a number above 0 and at most 1,000,000; see"),
        ("train --time soon", 1, "--time soon: must be a time above 0, such as 140s, 10m or 1h30m; see"),
        ("train --time 5:30", 1, "; write 5h30m or 5m30s; see"),
        ("train --lr 0.1", 2, "there is no option --lr; did you mean -s training.learning_rate=0.1? See"),
        ("train --batch-size 8", 2, "there is no option --batch-size; did you mean -s training.batch_size=8? See"),
        ("train --hidden 64", 2, "there is no option --hidden; did you mean -s model.hidden_size=64? See"),
        ("train --layers 2", 2, "there is no option --layers; did you mean -s model.num_layers=2? See"),
        ("train --cell lstm", 2, "there is no option --cell; did you mean -s model.cell=lstm? See"),
        ("train --dropout 0.1", 2, "there is no option --dropout; did you mean -s model.dropout=0.1? See"),
        ("train --gpu", 2, "there is no option --gpu; charrnn computes on the processor, on all its cores; see"),
        ("train --verbose", 2, "there is no option --verbose; progress is shown anyway; --quiet hides it; see"),
        ("train --name x", 2, "there is no option --name; did you mean --out? See"),
        ("train -epochs 3", 2, "there is no option -epochs; did you mean --epochs? See"),
        ("train --count 3", 2, "there is no option --count; it is an option of charrnn sample; see"),
        ("sample RUN -n", 2, "-n needs a value; see charrnn sample --help"),
        ("train --zzz", 2, "there is no option --zzz; see"),
        ("--seed 3 train", 2, "there is no option --seed; write it after the command: charrnn "),
        (
            "train --text x --te y",
            2,
            "there is no option --text; name the text without an option: charrnn train TEXT; see",
        ),
        ("sample RUN --top-k 3 --top 3", 2, "there is no option --top; it is an option of charrnn score; see"),
        ("train --momentum 0.9", 2, "; write training.optimizer=momentum, whose constant is 0.9; see"),
        (
            "train --bidirectional",
            2,
            "there is no option --bidirectional; a network reads from left to right only; see",
        ),
        ("train --temp 0.3", 2, "; how to write is chosen later: charrnn sample RUN --temperature 0.8; see"),
        ("train -lr 0.1", 2, "there is no option -lr; did you mean -s training.learning_rate=0.1? See"),
        ("train -steps 3", 2, "there is no option -steps; did you mean --steps? See"),
        ("train -seed=3", 2, "there is no option -seed; did you mean --seed? See"),
        ("sample RUN -temperature 1", 2, "there is no option -temperature; did you mean --temperature? See"),
        ("train --steps --epochs 3", 2, "--steps needs a value; found the option --epochs; see"),
        (
            "gradcheck --oracle complex",
            1,
            "--oracle complex: must be complex-step or closed-form or forward or central; did you mean complex-step? See",
        ),
        ("gradcheck --oracle numeric", 1, "; did you mean central? See"),
    ],
)
def test_messages(charrnn, tiny_run, text_file, line, code, message):
    words = [str(tiny_run) if word == "RUN" else word for word in line.split()]
    refused(charrnn(*words), code, message)
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (name, option.opts[-1])
        for name, command in GROUP.commands.items()
        for option in command.params
        if option.param_type_name == "option"
        and not option.is_flag
        and option.name not in ("install_completion", "show_completion")
        and re.fullmatch("[A-Z]|SECONDS|None", str(option.metavar))
    ],
)
def test_every_option_refuses_bad_values_in_our_words(charrnn, command, option):
    """Numbers and choices: what is wrong with the value is said before anything is read or written."""
    for value in BAD:
        result = charrnn(command, f"{option}={value}")
        error = result.stderr
        assert result.exit_code in (1, 2), (value, error)
        assert error.startswith(f"error: {option}"), (value, error)
        assert error.count("\n") == 1, (value, error)
        assert not FOREIGN.search(error), (value, error)
        assert not Path("runs").exists()


def test_a_very_high_temperature_is_remarked(charrnn, tiny_run):
    assert "warning: --temperature 80 is close to blind guessing" in charrnn("sample", tiny_run, "-t", "80").stderr
    assert "guessing" not in charrnn("sample", tiny_run, "-t", "2").stderr


def test_the_oracles_are_those_of_gradcheck():
    assert tuple(oracles.ORACLES) == gradcheck.ORACLES


def test_every_name_that_is_proposed_exists():
    assert set(OPTIONS) <= OPTION_NAMES
    for line in INSTEAD:
        assert set(re.findall(r"--[a-z][a-z-]*", line)) <= OPTION_NAMES


def test_a_file_whose_name_begins_with_a_dash(charrnn):
    Path("-my tales.txt").write_text("text", "utf-8")
    refused(
        charrnn("train", "-my tales.txt"),
        2,
        f"there is no option -my tales.txt; for the file of that name: {shell_word('./-my tales.txt')}; see",
    )
