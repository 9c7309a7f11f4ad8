"""`charrnn derive`: which equations of the documents hold."""

import json
import re
from dataclasses import replace

import numpy as np
import on_terminal
import pytest
from slow import mostly_slow
from typer.testing import CliRunner

from charrnn.cli.app import app
from charrnn.cli.derivations.settings import CHOICES, SIZES
from charrnn.cli.derivations.time_estimate import BYTES, SECONDS, cost, largest
from charrnn.cli.output.wrapping import width_of
from charrnn.derivations.case import Case
from charrnn.derivations.documents import SYSTEMS
from charrnn.derivations.systems.vector import Vector

run = CliRunner().invoke


def found(*arguments: str) -> dict:
    result = run(app, ["derive", *arguments, "--json"])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_every_equation_holds_as_printed_or_as_corrected():
    report = found()
    assert report["passed"]
    assert {row["system"] for row in report["equations"]} == set(SYSTEMS)
    for row in report["equations"]:
        assert (row["corrected"] or row["printed"])["holds"]
        assert (row["corrected"] or row["printed"])["error"] < 1e-14


def test_the_network_is_compared_with_each_system():
    rows = found()["bridges"]
    assert {row["system"] for row in rows} == set(SYSTEMS)
    assert all(row["holds"] for row in rows)


def test_the_errata_do_not_hold_as_printed():
    rows = {(row["system"], row["number"]): row for row in found()["equations"]}
    for key, error in {
        ("scalar", "(14), (15)"): 3.6,
        ("vector", "(63)"): 2.2,
        ("mean-loss", "boxed, j rising"): 0.1,
    }.items():
        assert rows[key]["printed"] == {"holds": False, "error": pytest.approx(error, abs=0.1), "reason": ""}
    assert rows["update-rules", "V ←"]["printed"] == {"holds": False, "error": None, "reason": "shapes do not fit"}
    assert rows["multiple", "∂L/∂W"]["printed"]["reason"] == "not in the document"


@mostly_slow(
    ("name", "systems"),
    [("scalar", {"scalar"}), ("D2", {"scalar", "vector", "multiple"}), ("d0", {"mean-loss"})],
    one_in=3,
)
def test_a_system_or_the_systems_of_a_document(name, systems):
    assert {row["system"] for row in found(name)["equations"]} == systems
    assert found(name) == found("--system", name)


def test_a_seed_gives_the_same_numbers_and_another_one_others():
    assert found("vector", "--seed", "3") == found("vector", "--seed", "3")
    assert found("vector", "--seed", "3")["equations"] != found("vector", "--seed", "4")["equations"]


def test_settings_are_those_of_the_case():
    report = found("mean-loss", "-s", "T=2", "-s", "D=3", "-s", "inputs=one-hot", "-s", "loss=sum", "-s", "initial=zero",
                   "-s", "phi_h=logistic", "-s", "phi_o=identity", "-s", "ell=squared-error")  # fmt: skip
    assert report["settings"] == {
        "T": 2, "M": 3, "D": 3, "C": 6, "inputs": "one-hot", "loss": "sum", "initial": "zero", "phi_h": "logistic",
        "phi_o": "identity", "ell": "squared-error",
    }  # fmt: skip
    assert report["equations"] != found("mean-loss", "-s", "T=2", "-s", "D=3")["equations"]


@pytest.mark.parametrize(
    ("arguments", "loss"),
    [
        (["mean-loss"], "mean"),
        (["D2"], "sum"),
        ([], "document"),
        (["-s", "loss=sum"], "sum"),
        (["mean-loss", "-s", "loss=sum"], "sum"),
        (["vanishing"], None),
    ],
)
@pytest.mark.slow
def test_the_settings_can_be_typed_back(arguments, loss):
    report = found(*arguments)
    assert report["settings"].get("loss") == loss
    typed = [part for key, value in report["settings"].items() for part in ("-s", f"{key}={value}")]
    assert found(*arguments, *typed) == report


def test_the_help_lists_the_systems_and_settings():
    text = " ".join(run(app, ["derive", "--help"]).stdout.split())
    assert ", ".join(SYSTEMS) in text
    for key, (_, values) in CHOICES.items():
        assert f"{key} (" in text
        assert all(value in text for value in values if value != "document")
    for key, counted in SIZES.items():
        assert f"{key} {counted}" in text
    assert "With --train: alpha, updates, clip, D." in text


def test_a_print_that_fits_by_chance_is_still_wrong():
    """With equal sizes V = U - α ∂L/∂V can be computed, and is another number."""
    rows = {row["number"]: row for row in found("update-rules", "-s", "M=4", "-s", "D=4", "-s", "C=4")["equations"]}
    assert rows["V ←"]["printed"]["error"] > 0.1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["scaler"], 1, "there is no system 'scaler'; there are mean-loss, "),
        (["D7"], 1, "and the documents D0, D1, D2, D3"),
        ([""], 1, "there is no system ''"),
        (["-s", "T=0"], 1, "T, the number of steps, must be a whole number from 1; found '0'"),
        (["-s", "T=-1"], 1, "found '-1'"),
        (["-s", "D=2.5"], 1, "found '2.5'"),
        (["-s", "B=١"], 1, "found '١'"),
        (["-s", "T"], 1, "must be KEY=VALUE"),
        (["-s", "W=3"], 1, "there is no setting 'W'"),
        (["-s", "phi=tanh"], 1, "did you mean phi_"),
        (["-s", "phi_h=tnh"], 1, "phi_h is one of tanh, logistic, relu, identity; found 'tnh'; did you mean tanh?"),
        (["scalar", "-s", "D=3"], 1, "scalar has no D; its settings are T, loss, initial"),
        (["-s", "phi_o=tanh"], 1, "ell=cross-entropy needs outputs between 0 and 1; found phi_o=tanh"),
        (["-s", "T=5000"], 1, "and a minute is allowed; --set T="),
        (["vector", "-s", "D=999999999999"], 1, "and a minute is allowed; --set D="),
        (["-s", "T=999999", "-s", "D=99999"], 1, "and a minute is allowed; lower "),
        (["vanishing", "-s", "T=1", "-s", "M=16000000"], 1, "2.3 GB of memory, and 2 are allowed; --set D=4 or M=13"),
        (["multiple", "-s", "B=100000"], 1, "hours, and a minute is allowed; --set "),
        (["--explain"], 1, "--explain needs a system: mean-loss, "),
        (
            ["D2", "--explain"],
            1,
            "D2 has several systems: scalar, vector, multiple; for example charrnn derive scalar --explain",
        ),
        (
            ["vector", "--explain", "-s", "T=9"],
            1,
            "--explain shows every number: T, the number of steps, is at most 8; found 9",
        ),
        (
            ["mini-batch", "--explain", "-s", "phi_h=identity", "-s", "T=8", "-s", "D=1", "-s", "M=4", "--seed", "8"],
            1,
            "--explain: numbers overflow in this case; lower T, set phi_h=tanh, or take another --seed",
        ),
        (["scalar", "--explain", "-s", "D=2"], 1, "scalar has no D"),
        (["--train"], 1, "--train needs a system: mean-loss, "),
        (
            ["vector", "--train", "-s", "T=3"],
            1,
            "--set T=3: there is no setting 'T' here; there are alpha, updates, clip, D",
        ),
        (["vector", "--train", "-s", "updates=1e9"], 1, "--set updates=1e9: updates must be a whole number from 1"),
        (["vector", "--train", "-s", "alpha=1_0"], 1, "--set alpha=1_0: alpha must be a number above 0"),
        (["vector", "--train", "-s", "updates=1000000"], 1, "--train: 1,000,000 updates would take about "),
        (["vector", "--train", "-s", "alpha"], 1, "must be KEY=VALUE"),
        (["vector", "--explain", "--train"], 2, "give --explain or --train, not both"),
        (["", "--system", "scalar"], 2, "NAME is '', and --system is 'scalar'; give one of them"),
        (["vector", "--system", "scalar"], 2, "NAME is 'vector', and --system is 'scalar'; give one of them"),
        (["--seed", "-1"], 2, "--seed"),
    ],
)
def test_an_impossible_request_is_a_one_line_error(arguments, code, message):
    result = run(app, ["derive", *arguments])
    assert result.exit_code == code
    assert result.stdout == ""
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_corrected_form_that_fails_is_an_error(monkeypatch):
    monkeypatch.setattr(Vector, "jacobian", lambda self, i: self.W @ self.ds_by_dz(i))
    result = run(app, ["derive", "vector", "--json"])
    assert result.exit_code == 1
    assert not json.loads(result.stdout)["passed"]
    assert " fail as corrected: vector: (58)-(61); (59), (60), i rising; (63); (57), (64), (65); " in result.stderr


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_walk_through_each_system(name):
    result = run(app, ["derive", name, "--explain", "--seed", "5"])
    assert result.exit_code == 0, result.stderr
    assert f"{name}: " in result.stdout
    printed = json.loads(run(app, ["derive", name, "--explain", "--seed", "5", "--json"]).stdout)
    assert printed["system"] == name


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_system_learns(name):
    printed = json.loads(run(app, ["derive", name, "--train", "-s", "updates=3", "--json"]).stdout)
    assert printed["system"] == name
    assert [each["name"] for each in printed["runs"]][:2] == ["unclipped", "clipped"]
    assert "Each update: " in run(app, ["derive", name, "--train", "-s", "updates=3"]).stdout


def test_a_walk_through_a_system_alone_in_its_document():
    assert run(app, ["derive", "d3", "--explain"]).stdout == run(app, ["derive", "update-rules", "--explain"]).stdout


def test_the_size_that_an_error_names_is_allowed():
    every = list(SYSTEMS.values())
    for name in ("T", "D", "M", "C", "B"):
        size = largest(every, Case(**{name: 10**9}), name)
        assert cost(every, Case(**{name: size}))[0] <= SECONDS < cost(every, Case(**{name: size + 1}))[0]


def test_the_size_that_an_error_names_needs_no_more_memory_than_is_allowed():
    one, case = [SYSTEMS["vanishing"]], Case(T=1)
    size = largest(one, replace(case, M=10**9), "M")
    seconds, too_much = cost(one, replace(case, M=size + 1))
    assert cost(one, replace(case, M=size))[1] <= BYTES < too_much
    assert seconds <= SECONDS


def test_systems_take_their_seconds_one_after_the_other_and_their_memory_one_at_a_time():
    every = list(SYSTEMS.values())
    seconds, needed = zip(*(cost([system], Case()) for system in every), strict=True)
    assert cost(every, Case()) == (sum(seconds), max(needed))


def test_the_table_shows_the_corrections():
    text = run(app, ["derive", "vector"]).stdout
    assert "W stays between the diagonals: matrices do not commute" in text
    assert "hold as printed; " in text
    assert "model.hidden_size=5 model.bias=false" in text
    assert "Yongqiang Huang" in text


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("vector",), None),
        (("vector", "-s", "M=1", "-s", "T=2"), None),
        (("vector", "-s", "T=1", "-s", "C=1"), "T = 1, C = 1: a wrong equation may hold at this size"),
        (("D2", "-s", "D=1"), "D = 1: a wrong equation may hold at this size"),
    ],
)
def test_a_size_of_1_is_noted_as_proving_nothing(arguments, line):
    lines = [each for each in run(app, ["derive", *arguments]).stdout.splitlines() if "a wrong equation" in each]
    assert [each.startswith(line) for each in lines] == ([True] if line else [])


@mostly_slow(
    "arguments",
    [
        ["mean-loss", "-s", "T=20", "-s", "D=1", "-s", "M=20"],
        ["vanishing", "-s", "M=5000", "-s", "D=2"],
        ["vanishing", "-s", "D=1", "-s", "initial=zero", "--seed", "22"],
        ["multiple", "-s", "M=1000", "-s", "D=2"],
        ["update-rules", "-s", "M=1000", "-s", "D=2"],
        ["mini-batch", "-s", "phi_h=relu", "-s", "M=1000", "-s", "D=2", "-s", "T=8"],
        ["mini-batch", "-s", "phi_h=identity", "-s", "T=20"],
        ["mean-loss", "-s", "phi_h=identity", "-s", "T=16"],
        ["mean-loss", "-s", "phi_h=relu", "-s", "phi_o=logistic", "-s", "ell=binary-cross-entropy", "-s", "T=6"],
        ["vector", "-s", "D=1", "-s", "C=5", "-s", "M=5", "-s", "T=3", "-s", "initial=zero", "--seed", "285"],
    ],
    one_in=10,
)
def test_saturated_units_and_large_numbers_do_not_fail_a_corrected_form(arguments):
    assert found(*arguments)["passed"]


@pytest.mark.slow
def test_an_overflow_is_reported_with_the_setting_to_lower():
    arguments = ["mini-batch", "-s", "phi_h=identity", "-s", "T=20"]
    open_ = [row for row in found(*arguments)["equations"] if row["printed"]["reason"] == "overflows here"]
    assert [row["number"] for row in open_] == ["L"]
    assert all(row["passed"] and not row["printed"]["holds"] for row in open_)
    text = run(app, ["derive", *arguments]).stdout
    assert "│ overflows here " in text
    assert "; 1 cannot be judged on this case; " in text
    assert "\nNumbers overflow in this case: lower T, or set phi_h=tanh.\n" in text
    assert "cannot be judged" not in run(app, ["derive", "mini-batch"]).stdout
    assert "overflow" not in run(app, ["derive", "mini-batch"]).stdout


@pytest.mark.slow
def test_numbers_that_overflow_do_not_hold_and_warn_of_nothing():
    with np.errstate(all="raise"):
        result = run(app, ["derive", "mini-batch", "-s", "phi_h=identity", "-s", "T=60", "-s", "D=1", "-s", "M=1"])
    assert result.exit_code in (0, 1)
    assert "Warning" not in result.stderr


@pytest.mark.parametrize("width", [40, 60])
def test_titles_are_broken_between_words_and_a_corrected_row_names_its_equation(monkeypatch, width):
    code, text = on_terminal.run(monkeypatch, width, "derive", "scalar")
    text = re.sub("\x1b\\[[\\d;]*m", "", text)
    assert code == 0
    lines = text.splitlines()
    assert all(width_of(line) <= width for line in lines)
    begin = lines.index(next(line for line in lines if line.startswith("scalar: ")))
    title = (
        "scalar: section 1: scalar form, a binary classifier D2, Yongqiang Huang, Back Propagation Through Time (2019)"
    )
    assert " ".join(lines[begin : begin + 4]).startswith(title)
    assert "(14), (15) →" in text


def test_the_network_is_said_to_be_measured_on_the_default_case():
    text = run(app, ["derive", "vector", "-s", "D=7"]).stdout
    assert "\ncharrnn's own network, measured on the default case, with model.cell=rnn model.hidden_size=5 " in text
