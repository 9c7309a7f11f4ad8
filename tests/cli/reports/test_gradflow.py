"""`charrnn gradflow` on the command line."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from refusals import refused
from tiny import trained

from charrnn.cli.plots.gradflow_figure import _view
from charrnn.cli.reports.gradflow import _cost, as_number, describe_layer, describe_probe
from charrnn.diagnostics.gradflow.gradient_flow import LOG_ZERO, Curve, GradientFlow, LayerFlow
from charrnn.diagnostics.gradflow.spectrum import Conditions
from charrnn.diagnostics.gradflow.truncation import Truncation
from charrnn.network.architecture import CELLS, Architecture
from charrnn.system.shell import shell_word
from charrnn.training.events import Flowed

SMALL = ("-s", "model.hidden_size=8", "-s", "runtime.threads=1", "--lags", "20")


def straight(slope, lags=40):
    """A curve that falls by `slope` powers of ten each lag, without a spread."""
    line = [slope * lag for lag in range(lags + 1)]
    return Curve("h", line, line, line, line, None, None)


def sentences(lyapunov=-0.1, conditions=None, half_life=3, horizon=20):
    curve = Curve("h", [0.0], [0.0], [0.0], [0.0], half_life, horizon)
    return "\n".join(describe_layer(LayerFlow(1, [curve], [], conditions, {"h": 0.25}, lyapunov), 50))


@pytest.mark.parametrize("cell", CELLS)
def test_the_json_holds_every_figure_of_a_fresh_network(charrnn, cell):
    found = json.loads(
        charrnn("gradflow", *SMALL, "-s", f"model.cell={cell}", "-s", "model.num_layers=2", "--json").stdout
    )
    assert (found["cell"], found["hidden_size"], found["lags"], found["positions"]) == (cell, 8, 20, 8)
    assert [layer["layer"] for layer in found["layers"]] == [1, 2]
    equations = Architecture(1, 1, cell).make_cell()
    for layer in found["layers"]:
        assert [curve["state"] for curve in layer["curves"]] == ["h", "c"][: equations.number_of_states]
        assert all(
            len(curve[key]) == 21 for curve in layer["curves"] for key in ("median", "lower", "upper", "largest")
        )
        assert len(layer["spectra"]) == equations.gates
        assert (layer["conditions"] is not None) == (cell == "rnn")
    assert [cut["window"] for cut in found["truncation"]] == [1, 2, 4, 8, 16, 20]


def test_gradflow_of_a_run_and_a_text_prints_its_words_on_stdout(charrnn, tiny_run, text_file):
    result = charrnn("gradflow", tiny_run, text_file, "--lags", 20)
    assert result.exit_code == 0
    assert result.stdout.startswith("rnn (tanh), 16 units: gradients followed 20 characters back from 8 places\n")
    assert "half of the gradient is gone after" in result.stdout
    assert "largest Lyapunov exponent -" in result.stdout
    assert "keeps the direction of the gradient of a character's loss (cosine 0.99)" in result.stdout


def test_without_a_text_a_run_is_read_on_its_validation_split_which_may_be_too_short(charrnn, tiny_run):
    assert charrnn("gradflow", tiny_run, "--lags", 20).exit_code == 0
    result = charrnn("gradflow", tiny_run)
    assert result.exit_code == 1
    assert "200 lags need a text of 201 characters; found 60; ask for fewer with --lags" in result.stderr


def test_another_text_gives_other_figures_and_the_same_text_the_same(charrnn, tiny_run, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("why? a cat. " * 30, "utf-8")
    first, again = (charrnn("gradflow", tiny_run, other, "--lags", 20, "--json").stdout for _ in range(2))
    assert first == again != charrnn("gradflow", tiny_run, "--lags", 20, "--json").stdout


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_a_figure_is_drawn(charrnn, tmp_path, ending):
    pytest.importorskip("matplotlib")
    path = tmp_path / f"flow.{ending}"
    assert charrnn("gradflow", *SMALL, "-s", "model.cell=lstm", "-o", path).exit_code == 0
    assert path.stat().st_size > 5000


def test_a_run_brings_its_own_configuration(charrnn, tiny_run):
    result = charrnn("gradflow", tiny_run, "-s", "model.cell=gru")
    assert result.exit_code == 2
    assert "RUN has its own configuration" in result.stderr


def test_characters_that_the_model_does_not_know_are_reported(charrnn, tiny_run):
    result = charrnn("gradflow", tiny_run, "-", "--lags", 5, "--json", stdin="the cat \N{SNOWMAN} sat \N{SNOWMAN}Z\n")
    assert "3 characters unknown to the model and replaced\n" in result.stderr
    assert json.loads(result.stdout)["unknown"] == 3
    assert "unknown" not in charrnn("gradflow", tiny_run, "--lags", 5).stderr


@pytest.mark.parametrize("name", ["text.txt", "builtin:shakespeare", "-", "a/*.txt"])
def test_a_text_in_place_of_a_run_is_an_error_with_the_right_option(charrnn, text_file, name):
    shutil.copy(text_file, "text.txt")
    result = charrnn("gradflow", name)
    refused(
        result,
        1,
        f"if it is a text, read it with a fresh network: charrnn gradflow --text {shell_word(os.path.normpath(name))}",
    )


def test_a_damaged_checkpoint_is_taken_for_no_text(charrnn):
    Path("last.safetensors").write_bytes(b"cut off")
    result = charrnn("gradflow", "last.safetensors")
    refused(result, 1, "damaged")
    assert "if it is a text" not in result.stderr


def test_a_fresh_network_reads_the_text_that_is_named(charrnn, text_file):
    found = [
        charrnn("gradflow", *SMALL, *more, "--json") for more in ((), ("--text", text_file), ("--text", text_file))
    ]
    assert found[0].stdout != found[1].stdout == found[2].stdout
    assert "the text has room" not in found[1].stderr


def test_the_text_of_a_run_may_have_been_moved(charrnn, tiny_run, text_file, tmp_path):
    before = charrnn("gradflow", tiny_run, "--lags", 5, "--json").stdout
    moved = text_file.rename(tmp_path / "moved.txt")
    refused(charrnn("gradflow", tiny_run, "--lags", 5), 1, "--text TEXT")
    assert charrnn("gradflow", tiny_run, "--lags", 5, "--json", "--text", moved).stdout == before


def test_a_run_of_documents_resets_at_each_and_says_so(charrnn, text_file, tmp_path):
    run = trained(tmp_path / "documents", text_file, r"data.boundary=\n")
    result = charrnn("gradflow", run, text_file, "--lags", 50, "--json")
    assert (
        "at 8 of 8 positions a document begins within 50 characters: no gradient goes back beyond it" in result.stderr
    )
    found = json.loads(result.stdout)
    assert (found["positions_cut_off"], found["layers"][0]["lyapunov"]) == (8, None)
    assert found["layers"][0]["curves"][0]["median"][-1] == LOG_ZERO
    drawn = charrnn("gradflow", run, text_file, "--lags", 50).stdout
    assert "no gradient is left" in drawn
    assert "1e-16" not in drawn


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_text_is_refused(charrnn, tiny_run, text):
    Path("empty.txt").write_text(text, "utf-8")
    refused(charrnn("gradflow", tiny_run, "empty.txt", "--lags", 1), 1, "empty.txt: holds no text")
    refused(charrnn("gradflow", "--text", "empty.txt", "--lags", 1), 1, "empty.txt: holds no text")


def test_one_lag_and_more_positions_than_there_are_can_be_asked_for(charrnn, tiny_run):
    result = charrnn("gradflow", tiny_run, "-", "--lags", 1, "--positions", 99, stdin="the")
    assert result.exit_code == 0
    assert "the text only fits 1 of 99 positions" in result.stderr
    assert "gradients followed 1 character back from 1 place\n" in result.stdout
    assert re.search(r"\n +0 +characters back +1\n", result.stdout)
    refused(charrnn("gradflow", tiny_run, "-", "--lags", 1, stdin="t"), 1, "need a text of 2 characters; found 1")


def test_a_fresh_network_of_documents_resets_too(charrnn, text_file):
    result = charrnn("gradflow", *SMALL, "-s", r"data.boundary=\n", "--text", text_file, "--lags", 12)
    assert re.search(r"at \d of 8 positions a document begins within 12 characters", result.stderr)


def test_the_words_say_whether_gradients_vanish_or_explode():
    assert "each character shrinks a gradient to 0.905 of its size: it vanishes" in sentences(lyapunov=-0.1)
    assert "each character makes a gradient 1.11 times as large: it explodes" in sentences(lyapunov=0.1)
    assert "neither vanish nor explode" in sentences(lyapunov=1e-5)
    assert "no gradient is left" in sentences(lyapunov=None)


def test_the_words_say_how_far_the_gradient_reaches():
    assert "half of the gradient is gone after 3 characters, 99 % after 20 characters" in sentences()
    assert "half of the gradient is gone after 1 character; 1 % is still left after 50" in sentences(
        half_life=1, horizon=None
    )
    assert "more than half of the gradient is left after 50 characters" in sentences(half_life=None, horizon=None)


@pytest.mark.parametrize(
    ("σ", "said"),
    [(3.9, "gradients must vanish"), (4.1, "gradients may explode"), (4.0, "cannot explode, and need not vanish")],
)
def test_the_words_give_the_conditions_with_the_numbers_of_the_network(σ, said):
    line = sentences(conditions=Conditions(0.25, 4, σ, σ < 4, σ > 4)).splitlines()[-1]
    assert line.startswith(f"largest singular value of W_hh {σ:g}, with φ' at most γ = 0.25: ")
    assert said in line


@pytest.mark.parametrize(
    ("cosines", "window"), [([0.95, 0.992, 1, 1], 2), ([0.995, 0.98, 1, 1], 4), ([0.1, 0.2, 0.3, 1], 8)]
)
def test_the_direction_is_kept_by_the_shortest_window_from_which_on_all_keep_it(cosines, window):
    cut = [Truncation(2**k, cosine, 1, cosine, 1) for k, cosine in enumerate(cosines)]
    line = _cost(GradientFlow("rnn", "tanh", 8, 8, 1, 0, [], cut))
    assert line.startswith(f"a window of {window} characters keeps the direction")


def test_the_figure_shows_all_that_is_something_and_the_dashed_line():
    low, high = _view([straight(-0.01, 3), Curve("c", [], [0.0, LOG_ZERO], [0.0, 2.0], [0.5, LOG_ZERO], None, None)])
    assert (low, high) == pytest.approx((-2.2, 2.2))
    assert _view([straight(-1, 3)])[0] == pytest.approx(-3.15)


def test_a_power_of_ten_is_printed_as_a_number_however_small_or_near_the_next():
    numbers = [as_number(log10) for log10 in (0, -1.699, -4.5, -8.0001, -47.03, 5.9999, -1e4)]
    assert numbers == ["1", "0.02", "3.2e-05", "1.0e-08", "9.3e-48", "1.0e+06", "0"]


def look(**figures):
    known = {
        "step": 500,
        "layer": 1,
        "lags": 64,
        "half_life": 3,
        "horizon": 31,
        "log10_norm_1": -0.1,
        "log10_norm_last": -4.0,
    }
    return Flowed(**{**known, "lyapunov": -0.1, "spectral_radius": 1.0234, "saturated": 0.123, **figures})


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        (
            {},
            "half of a gradient is left after 3 characters, 1 % after 31; 12% of the units saturated; spectral radius 1.02",
        ),
        ({"horizon": None}, "half of a gradient is left after 3 characters, 1 % after more than 64; 12%"),
        ({"half_life": None, "horizon": None}, "more than half of a gradient is left after all 64 characters; 12%"),
        (
            {"half_life": 1, "horizon": 1, "log10_norm_last": None},
            "half of a gradient is left after 1 character, 1 % after 1; 12%",
        ),
        (
            dict.fromkeys(("half_life", "horizon", "log10_norm_1", "log10_norm_last", "spectral_radius", "saturated")),
            "the gradients are not finite",
        ),
    ],
)
def test_a_training_prints_a_probe_in_a_line(figures, said):
    assert describe_probe(look(**figures)).startswith(f"step 500, layer 1: {said}")


def test_a_training_that_probes_prints_it_and_logs_it_as_json(charrnn, text_file):
    arguments = ("train", text_file, *SMALL[:4], "-s", "model.num_layers=1", "--steps", "4")
    arguments += ("-s", "training.gradflow_every=2")
    plain = charrnn(*arguments)
    assert "step 2, layer 1: half of a gradient is left after" in plain.stderr
    found = charrnn(*arguments, "--json", "-q")
    looks = [event for event in map(json.loads, found.stdout.splitlines()) if event["event"] == "gradflow"]
    assert [event["step"] for event in looks] == [2, 4]
    assert looks[0]["half_life"] >= 1


def test_the_key_is_in_the_schema_and_in_what_a_dry_run_shows(charrnn, text_file):
    schema = json.loads(charrnn("schema").stdout)
    assert "gradflow_every" in json.dumps(schema)
    shown = json.loads(charrnn("train", text_file, "--dry-run", "--json", "-s", "training.gradflow_every=500").stdout)
    assert (shown["config"]["training"]["gradflow_every"], shown["origins"]["training.gradflow_every"]) == (
        500,
        "--set",
    )
