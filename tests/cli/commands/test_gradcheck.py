"""`gradcheck`: what it prints, passing and failing, and what it refuses."""

import json
import re
import subprocess
import sys
from functools import partial

import pytest
from refusals import refused
from tiny import OPTIONS as TINY


def test_gradcheck_passes_and_its_json_has_the_agreed_form(charrnn):
    table = charrnn("gradcheck", "-c", "plain")
    assert table.exit_code == 0
    assert "all 24 checks passed, and all 9 properties hold" in table.stdout
    assert "training.max_grad_norm 1.0 (changes the gradient after it was computed)" in table.stdout
    result = json.loads(charrnn("gradcheck", "-c", "plain", "--json").stdout)
    assert result["passed"] is True
    assert set(result) == {"passed", "checks", "properties", "entries", "seed", "checked_with", "not_checked"}
    assert (result["entries"], result["seed"], result["checked_with"]) == (None, 0, {})
    assert all(set(found) == {"key", "value", "why"} for found in result["not_checked"])
    for check in result["checks"]:
        assert set(check) >= {"parameter", "shape", "oracle", "max_relative_error", "worst", "passed"}
        assert set(check["worst"]) == {"index", "analytic", "numeric"}
    assert all(set(found) == {"name", "passed", "detail"} for found in result["properties"])
    assert max(c["max_relative_error"] for c in result["checks"] if c["oracle"] == "complex-step") <= 1e-10


def test_gradcheck_says_how_many_entries_fit_into_its_time_and_how_to_have_them_again(charrnn, tiny_run, monkeypatch):
    from charrnn import api

    with monkeypatch.context() as hurried:
        hurried.setattr(api, "gradcheck", partial(api.gradcheck, seconds=0))
        once = charrnn("gradcheck", "--run", tiny_run, "--oracle", "forward", "--seed", "5")
    assert once.exit_code == 0
    summary = r"6 of [\d,]+ entries checked, at most 1 of each parameter; the same again: --entries 1 --seed 5\n"
    assert re.search(summary, once.stdout)
    assert "│ 1 of 256 │" in once.stdout
    again = charrnn("gradcheck", "--run", tiny_run, "--oracle", "forward", "--entries", "1", "--seed", "5")
    assert again.stdout == once.stdout
    assert again.stderr == ""
    found = json.loads(charrnn("gradcheck", "--run", tiny_run, "--entries", "1", "--seed", "5", "--json").stdout)
    assert (found["entries"], found["seed"]) == (1, 5)


def test_gradcheck_names_the_settings_that_were_checked(charrnn):
    settings = ["model.dropout=0.25", "training.label_smoothing=0.1", "training.freeze=[readout]", "runtime.threads=2"]
    settings += ["training.reset_probability=0.1"]
    arguments = ["gradcheck", "-c", "plain", *(word for setting in settings for word in ("-s", setting))]
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
    result = charrnn("gradcheck", "-s", "model.bias=false", "-s", "model.cell=lstm", "--oracle", "closed-form")
    assert result.exit_code == 0
    assert "not checked: model.bias false (holds every bias at 0; their gradient is not used)" in (result.stdout)
    assert "b_h" not in result.stdout
    found = json.loads(charrnn("gradcheck", "-c", "plain", "--json", "--oracle", "closed-form").stdout)
    assert "b_h" in {check["parameter"] for check in found["checks"]}
    assert "model.bias" not in {left["key"] for left in found["not_checked"]}


def test_a_failing_gradcheck_names_the_parameter_and_exits_1(charrnn, monkeypatch):
    from charrnn.network.network import Network

    right = Network.backward

    def wrong(self, count, ws, gradient, *options):
        dstate = right(self, count, ws, gradient, *options)
        gradient["W_hh"][1, 2] *= 2
        return dstate

    monkeypatch.setattr(Network, "backward", wrong)
    result = charrnn("gradcheck", "-c", "plain")
    assert result.exit_code == 1
    assert "error: 4 of 24 checks failed, in W_hh" in result.stderr
    assert "[1, 2]" in result.stdout
    assert json.loads(charrnn("gradcheck", "-c", "plain", "--json").stdout)["passed"] is False


@pytest.mark.slow
def test_without_a_configuration_the_network_of_the_default_recipe_is_checked(charrnn):
    found = charrnn("gradcheck")
    assert found.exit_code == 0
    assert found.stdout == charrnn("gradcheck", "-c", "default").stdout
    assert "checked with: model.dropout 0.15, model.weight_dropout 0.15, training.label_smoothing 0.02" in found.stdout
    assert found.stdout.splitlines()[-1] == "all 36 checks passed, and all 11 properties hold"
    assert charrnn("gradcheck", "-s", "model.cell=rnn").stdout != found.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end differently on Windows")
@pytest.mark.slow
def test_a_table_that_nobody_reads_ends_quietly():
    command = f"{sys.executable} -m charrnn gradcheck | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_gradcheck_of_a_run_that_knows_one_character(charrnn, tmp_path):
    (tmp_path / "a.txt").write_text("a" * 200, "utf-8")
    assert charrnn("train", tmp_path / "a.txt", *TINY, "-o", "r").exit_code == 0
    assert charrnn("gradcheck", "--run", "r", "--entries", "5").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--oracle", "magic"], 1, ["--oracle magic: must be complex-step or closed-form or forward or central; see"]),
        (["--tolerance", "0"], 2, ["--tolerance 0: must be a number above 0"]),
        (["--run", "nothing"], 1, ["no such run"]),
        (["--run", "x", "-c", "quick"], 2, ["RUN has its own configuration"]),
        (["-s", "model.cell=lstmm"], 1, ["model.cell: must be", "found 'lstmm'"]),
    ],
)
def test_options_of_gradcheck(charrnn, arguments, code, words):
    refused(charrnn("gradcheck", *arguments), code, *words)
