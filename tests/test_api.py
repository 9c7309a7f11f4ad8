import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from slow import mostly_slow
from tiny import follow

import charrnn
from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.errors import CheckpointError, OptionError, RunError
from charrnn.generation.sample_request import SampleRequest
from charrnn.network.architecture import CELLS
from charrnn.network.network import Network
from charrnn.runs import random_training
from charrnn.runs.planning import memory_estimate
from charrnn.runs.storage.checkpoint import load
from charrnn.training.events import Evaluated, Finished, Stepped

TINY = [
    "model.hidden_size=16", "training.batch_size=4", "training.sequence_length=8", "training.steps=20",
    "training.eval_every=6", "training.save_every=4", "runtime.threads=1",
]  # fmt: skip


def start(text_file, path, *settings):
    return api.start(api.plan([str(text_file)], resolve(None, [*TINY, *settings]).config), path)


@mostly_slow("at", [12, 1, 4, 6, 19], one_in=5, slow_in=4)
@mostly_slow(
    "settings",
    [
        [],
        ["training.optimizer=sgd", "training.schedule=constant"],
        ["data.unit=byte", "runtime.threads=2"],
        ["model.cell=lstm", "model.num_layers=2", "model.dropout=0.3", "training.optimizer=adamw", "training.stride=3"],
        ["model.cell=gru", "training.optimizer=rmsprop", "training.schedule=plateau", "training.learning_rate=1"],
        ["model.dropout=0.5", "training.optimizer=momentum", "training.schedule=exponential", "runtime.threads=3"],
        ["training.optimizer=adagrad", "training.schedule=linear", "training.precision=float64", "training.seed=9"],
    ],
    one_in=3,
)
def test_a_resumed_training_ends_with_the_same_bytes(tmp_path, text_file, at, settings):
    whole = start(text_file, tmp_path / "whole", *settings)
    list(whole.events())
    follow(start(text_file, tmp_path / "parts", *settings), at)
    resumed = api.resume(tmp_path / "parts")
    events = list(resumed.events())
    assert isinstance(events[-3], Finished)
    for name in ("last.safetensors", "best.safetensors"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    kept = ("step", "loss", "text", "event", "grad_norm")
    logs = []
    for run in ("whole", "parts"):
        lines = [json.loads(line) for line in (tmp_path / run / "metrics.jsonl").read_text("utf-8").splitlines()]
        logs.append([{k: line.get(k) for k in kept} for line in lines if line["event"] in ("step", "eval", "sample")])
    assert logs[0] == logs[1]


def test_unsaved_steps_are_trained_again_to_the_same_end(tmp_path, text_file):
    """As a killed process: nothing after the save at step 8 is on disk."""
    list(start(text_file, tmp_path / "whole").events())
    for event in start(text_file, tmp_path / "killed").events():
        if isinstance(event, Stepped) and event.step == 11:
            break
    assert load(tmp_path / "killed" / "last.safetensors").progress.step == 8
    list(api.resume(tmp_path / "killed").events())
    assert (tmp_path / "killed" / "last.safetensors").read_bytes() == (
        tmp_path / "whole" / "last.safetensors"
    ).read_bytes()


def test_a_resume_with_another_text_is_refused(tmp_path, text_file):
    list(start(text_file, tmp_path / "run").events())
    text_file.write_text(text_file.read_text("utf-8") + "one more line\n", "utf-8")
    with pytest.raises(RunError, match=r"the text differs .* 1,214 characters, SHA-256 .* the run's had 1,200"):
        api.resume(tmp_path / "run")


def test_more_steps_move_the_end_and_say_so(tmp_path, text_file):
    list(start(text_file, tmp_path / "run").events())
    run = api.resume(tmp_path / "run", steps=30)
    assert run.plan.notes == ("the end moves from step 20 to 30; the cosine schedule now runs over 30 steps",)
    assert list(run.events())[-2].step == 30
    assert "steps: 30" in (tmp_path / "run" / "config.yaml").read_text("utf-8")


def test_nothing_to_resume(tmp_path):
    with pytest.raises(RunError, match="no such run directory"):
        api.resume(tmp_path / "nowhere")
    with pytest.raises(RunError, match="nothing to resume"):
        api.resume(tmp_path)


def test_moments_of_another_optimizer_are_refused(tmp_path, text_file):
    from dataclasses import replace

    from charrnn.runs.storage.checkpoint import save

    list(start(text_file, tmp_path / "run").events())
    path = tmp_path / "run" / "last.safetensors"
    save(replace(load(path), moments={}), path)
    with pytest.raises(CheckpointError, match=r"lacks the tensor optimizer\.m"):
        load(path)


def test_the_plan_counts_steps_parameters_and_characters(text_file):
    plan = api.plan([str(text_file)], resolve(None, [*TINY, "training.steps=null", "training.epochs=2.5"]).config)
    V, H = len(plan.corpus.vocabulary), 16
    assert plan.parameters == V * H + H * H + H + H * V + V
    assert plan.windows_per_epoch == (1080 - 1) // 4 // 8 == 33
    assert plan.steps == 83
    assert 10_000 < memory_estimate.estimate_memory(plan) < 1_000_000


def test_a_short_text_shrinks_batch_and_window_and_says_so(tmp_path):
    (tmp_path / "short.txt").write_text("hello world, this is a short text.\n" * 2, "utf-8")
    plan = api.plan([str(tmp_path / "short.txt")], resolve("default", ["training.sequence_length=64"]).config)
    training = plan.config.training
    assert (training.batch_size, training.sequence_length) == (1, 62)
    assert plan.notes[1:] == (
        "the training split has 63 characters, too few for 1 stream x 64 characters: reading 1 stream x 62 characters",
    )


def test_runs_are_named_after_their_text(tmp_path, monkeypatch, text_file):
    monkeypatch.chdir(tmp_path)
    plan = api.plan([str(text_file)], resolve(None, TINY).config)
    assert [str(api.start(plan).path) for _ in range(2)] == [str(Path("runs", name)) for name in ("text", "text-2")]


def test_a_loaded_generator_writes_the_same_text(tiny_run):
    model = api.load(tiny_run, which="last")
    assert model.notes == (str(tiny_run / "last.safetensors"),)
    generator = model.generator()
    assert "".join(generator.stream(SampleRequest("the", 30), 5)) == "".join(
        generator.stream(SampleRequest("the", 30), 5)
    )


def test_the_gradients_of_a_trained_run_pass(tiny_run):
    report = api.gradcheck(run=tiny_run, entries=10)
    assert report.passed
    assert {check.shape for check in report.checks} >= {(16, 16)}


def test_training_learns(tmp_path, text_file):
    events = list(start(text_file, tmp_path / "run", "training.steps=300", "training.learning_rate=0.01").events())
    losses = [event.loss for event in events if isinstance(event, Evaluated)]
    assert losses[-1] < 1.0 < losses[0]
    assert np.isfinite(losses).all()


def test_a_window_that_spans_the_text_is_full_bptt(tmp_path, text_file):
    plan = api.plan(
        [str(text_file)], resolve(None, ["training.batch_size=1", "training.sequence_length=100000"]).config
    )
    training = plan.config.training
    assert (training.batch_size, training.sequence_length) == (1, 1079)
    assert plan.windows_per_epoch == 1


@pytest.mark.filterwarnings("ignore:the base does not know this language")  # after ten steps it knows none
def test_a_program_trains_loads_samples_scores_and_evaluates(tmp_path, monkeypatch, text_file):
    monkeypatch.chdir(tmp_path)
    events = []
    settings = {"model.hidden_size": 16, "training.steps": 10, "runtime.threads": 1}
    model = charrnn.train(text_file, settings=settings, on_event=events.append)
    assert isinstance(model, charrnn.Model)
    assert [event.step for event in events if isinstance(event, Stepped)] == list(range(1, 11))
    again = charrnn.load("runs/text")
    assert again.sample("the ", length=20, seed=3) == model.sample("the ", length=20, seed=3)
    assert len(again.sample("the ", length=20, seed=3)) == 20
    assert set(again.sample(length=50, only="letters")) <= set("acdeghimnorstwy")
    assert again.score("the cat").loss == pytest.approx(model.score("the cat").surprisals.mean())
    assert again.evaluate().characters == 59
    tuned = charrnn.train(text_file, base="runs/text", settings={"training.steps": 2}, out=tmp_path / "tuned")
    assert tuned.saved.base.path.endswith("best.safetensors")


def test_a_mistake_in_a_setting_is_a_charrnn_error_that_names_it(text_file):
    with pytest.raises(
        charrnn.CharrnnError, match=r"settings\['model.hiden_size'\]: .* did you mean model.hidden_size"
    ):
        charrnn.train(text_file, settings={"model.hiden_size": 16})


def test_a_name_that_is_none_of_the_packages_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'trane'"):
        charrnn.trane  # noqa: B018


def test_type_checkers_find_that_the_package_is_typed():
    assert Path(charrnn.__file__).with_name("py.typed").exists()


def test_a_taken_directory_is_refused_before_a_text_is_read(tiny_run):
    with pytest.raises(charrnn.CharrnnError, match="already holds a run"):
        charrnn.train("nothing.txt", out=tiny_run)


@pytest.mark.parametrize(
    ("setting", "ignored"),
    [
        ("training.stride=16", {"loss_steps": None}),
        ("data.boundary=blank-line", {"reset_mask": None}),
        ("training.label_smoothing=0.1", {"smoothing": 0.0}),
    ],
)
@pytest.mark.parametrize("cell", CELLS)
def test_gradcheck_fails_for_a_backward_that_ignores_the_configuration(monkeypatch, cell, setting, ignored):
    """The loss on the last steps alone, documents that begin within a window, smoothed labels: each is checked as it is trained."""
    right = Network.backward

    def wrong(self, count, ws, gradient, options, *rest):
        return right(self, count, ws, gradient, replace(options, **ignored), *rest)

    config = resolve(None, [f"model.cell={cell}", setting]).config
    assert api.gradcheck(config, oracles=["complex-step"], entries=20).passed
    monkeypatch.setattr(Network, "backward", wrong)
    report = api.gradcheck(config, oracles=["complex-step"], entries=20)
    assert any(not check.passed for check in report.checks)


@pytest.mark.parametrize(("accumulate", "at_once"), [(1, 32), (4, 8), (32, 1), (40, 1)])
def test_a_benchmark_divides_a_window_among_the_cores(monkeypatch, accumulate, at_once):
    asked = []
    monkeypatch.setattr(random_training, "fastest_threads", lambda architecture, T, B: asked.append((T, B)) or 1)
    monkeypatch.setattr(api, "measure", lambda trainer, *_: trainer)
    settings = ["training.batch_size=32", "training.sequence_length=8", "model.hidden_size=8"]
    trainer = api.bench(resolve(None, [*settings, f"training.accumulate={accumulate}"]).config)
    assert (asked, trainer.accumulate) == ([(8, at_once)], accumulate)


@pytest.mark.parametrize(
    ("verb", "arguments", "words"),
    [
        (api.gradflow, {"lags": 0}, "`lags` must be at least 1; found 0"),
        (api.gradflow, {"positions": 0}, "`positions` must be at least 1; found 0"),
        (api.gradcheck, {"entries": 0}, "`entries` must be at least 1; found 0"),
        (api.gradcheck, {"seed": -1}, "`seed` must be at least 0; found -1"),
        (api.gradcheck, {"tolerance": math.nan}, "`tolerance` must be above 0; found nan"),
        (
            api.export,
            {"run": "run", "out": "x", "to": "jax"},
            "`to` must be plain, torch, charrnn, onnx or html; found jax",
        ),
    ],
)
def test_invalid_arguments_of_the_api_are_refused(verb, arguments, words):
    with pytest.raises(OptionError, match=words):
        verb(**arguments)
