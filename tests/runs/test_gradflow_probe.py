"""Gradient-flow estimates change nothing in a training, and are logged in its directory."""

import json
from itertools import islice

import numpy as np
import pytest
from tiny import TINY, start, trained

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.errors import DivergedError
from charrnn.runs.gradflow_probe import _beginning
from charrnn.runs.storage.checkpoint import load
from charrnn.training.events import Flowed, Recovered, Stepped

EVERY_4 = "training.gradflow_every=4"


def flows(run):
    lines = map(json.loads, (run / "metrics.jsonl").read_text("utf-8").splitlines())
    return [line for line in lines if line["event"] == "gradflow"]


@pytest.mark.parametrize("settings", [(), ("model.cell=lstm", "model.num_layers=2", "model.dropout=0.2")])
def test_every_array_of_every_checkpoint_is_the_same_as_without(tmp_path, text_file, settings):
    looking = trained(tmp_path / "looking", text_file, EVERY_4, *settings)
    without = trained(tmp_path / "without", text_file, *settings)
    for name in ("last", "previous", "best"):
        one, other = (load(run / f"{name}.safetensors") for run in (looking, without))
        assert one.network.parameters.flat.tobytes() == other.network.parameters.flat.tobytes()
        assert one.state.tobytes() == other.state.tobytes()
        assert {key: moment.tobytes() for key, moment in one.moments.items()} == {
            key: moment.tobytes() for key, moment in other.moments.items()
        }
        assert (one.position, one.progress, one.updates) == (other.position, other.progress, other.updates)


def test_each_probe_is_logged_once_for_each_layer(tmp_path, text_file):
    run = trained(tmp_path / "run", text_file, EVERY_4, "model.num_layers=2")
    assert [(line["step"], line["layer"]) for line in flows(run)] == [
        (step, layer) for step in (4, 8, 12, 16, 20) for layer in (1, 2)
    ]
    assert set(flows(run)[0]) == {"event"} | set(Flowed.__dataclass_fields__)
    assert list(flows(run)[0])[:3] == ["event", "step", "layer"]
    assert flows(run)[0]["lags"] == 8


def test_a_probe_uses_the_weights_after_the_step(tmp_path, text_file):
    run = trained(tmp_path / "run", text_file, EVERY_4)
    W_hh = load(run / "last.safetensors").network.parameters["W_hh"]
    assert flows(run)[-1]["spectral_radius"] == pytest.approx(np.abs(np.linalg.eigvals(W_hh)).max(), rel=1e-5)
    assert flows(run)[-1] != {**flows(run)[0], "step": 20}


@pytest.mark.parametrize("stop", range(20, 40, 3))
def test_a_training_that_is_killed_and_resumed_logs_the_same(tmp_path, text_file, stop):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    settings = ("training.gradflow_every=5", "training.save_every=5", "training.eval_every=7")
    list(start(whole, text_file, *settings).events())
    events = start(broken, text_file, *settings).events()
    list(islice(events, stop))
    events.close()
    list(api.resume(broken).events())
    assert {line["step"]: line for line in flows(broken)} == {line["step"]: line for line in flows(whole)}


def test_an_estimate_at_the_step_of_a_save_is_logged_once_even_if_the_training_was_killed_there(tmp_path, text_file):
    events = start(tmp_path / "run", text_file, "training.gradflow_every=10").events()
    for event in events:
        if isinstance(event, Stepped) and event.step == 10:
            next(events)  # saved
            break
    events.close()
    list(api.resume(tmp_path / "run").events())
    assert [line["step"] for line in flows(tmp_path / "run")] == [10, 20]


def test_a_training_that_diverges_logs_numbers_or_nothing(tmp_path, text_file):
    settings = ("training.gradflow_every=1", "training.learning_rate=1000", "training.max_grad_norm=null")
    settings += ("model.nonlinearity=relu", "training.optimizer=sgd", "training.recoveries=2")
    events = []
    with pytest.raises(DivergedError):
        events.extend(start(tmp_path / "run", text_file, *settings).events())
    assert any(isinstance(event, Recovered) for event in events)
    metrics = (tmp_path / "run" / "metrics.jsonl").read_text("utf-8")
    assert "NaN" not in metrics
    assert "Infinity" not in metrics
    assert flows(tmp_path / "run")


SPLITS = [("[0.9, 0.05, 0.05]", "valid"), ("[1, 0, 0]", "train"), ("[0.9, 0.005, 0.095]", "train")]


@pytest.mark.parametrize(("split", "expected"), SPLITS)
def test_the_probe_reads_the_validation_split_or_if_too_short_the_training_split(tmp_path, text_file, split, expected):
    from charrnn.diagnostics.gradflow.quick_estimate import flow_estimates

    run = trained(tmp_path / "run", text_file, EVERY_4, f"data.split={split}")
    saved = load(run / "last.safetensors")
    corpus = api.plan([str(text_file)], saved.config).corpus
    text = corpus.split(expected)[: 4 * 17].astype(np.intp)
    [found] = flow_estimates(saved.network, text, 8)
    assert flows(run)[-1]["log10_norm_last"] == found.log10_norm_last


def test_a_probe_respects_document_ends(tmp_path, text_file):
    from charrnn.diagnostics.gradflow.quick_estimate import flow_estimates

    run = trained(tmp_path / "run", text_file, EVERY_4, r"data.boundary=\n")
    saved = load(run / "last.safetensors")
    corpus = api.plan([str(text_file)], saved.config).corpus
    text = corpus.split("valid")[: 4 * 17].astype(np.intp)
    heeding, not_heeding = (
        flow_estimates(saved.network, text, 8, end_id=end)[0] for end in (corpus.vocabulary.end_id, None)
    )
    assert flows(run)[-1]["log10_norm_1"] == heeding.log10_norm_1 != not_heeding.log10_norm_1


def test_without_the_key_nothing_is_logged(tiny_run):
    assert flows(tiny_run) == []


@pytest.mark.parametrize(("lags", "split"), [(9, "valid"), (10, "train"), (11, "train")])
def test_a_validation_split_that_is_too_short_for_the_lags_is_not_probed(text_file, lags, split):
    """Lags and one character more are needed; 10 of the first 100 characters validate."""
    short = text_file.with_name("short.txt")
    short.write_text(text_file.read_text("utf-8")[:100], "utf-8")
    corpus = api.plan([str(short)], resolve(None, [*TINY, "data.split=[0.9, 0.1, 0]"]).config).corpus
    assert len(corpus.split("valid")) == 10
    text = _beginning(corpus, lags)
    assert len(text) > lags
    assert text.tolist() == corpus.split(split)[: len(text)].tolist()
