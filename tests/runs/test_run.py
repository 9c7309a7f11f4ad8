"""What a run tells besides the facts of its training."""

import json

import pytest

from charrnn import api
from charrnn.generation.generator import Generator
from charrnn.generation.predictor import NetworkPredictor
from charrnn.generation.sampling import Options
from charrnn.learning.events import Evaluated, Sampled, Saved, Stepped
from charrnn.runs.configuration import resolve

TINY = [
    "model.hidden_size=16", "training.batch_size=4", "training.sequence_length=8", "training.steps=20",
    "training.eval_every=5", "training.save_every=5", "runtime.threads=1", "training.seed=3",
]  # fmt: skip


@pytest.fixture
def run(tmp_path, text_file):
    def run(*settings):
        return api.start(api.plan([str(text_file)], resolve(None, [*TINY, *settings]).config), tmp_path / "run")

    return run


def test_each_sample_is_drawn_with_random_numbers_of_its_own(run):
    """Those of the run's seed and the step: with weights that stand still, samples differ, and can be made again."""
    made = run("training.learning_rate=1e-30")
    found = [event for event in made.events() if isinstance(event, Sampled)]
    assert [event.step for event in found] == [5, 10, 15, 20]
    assert len({event.text for event in found}) == 4
    writer = Generator(NetworkPredictor(made.trainer.network), made.plan.corpus.vocabulary)
    for event in found:
        assert event.text == "".join(writer.generate("", 200, Options(temperature=0.8), (3, event.step)))
        assert len(event.surprisals) == len(event.text) == 200


@pytest.mark.parametrize("sample_every", [5, 10, "null"])
def test_a_sample_is_told_once_whenever_the_run_was_stopped(run, sample_every):
    """Killed right after its step was saved: what was told of the step before the save is not told again."""
    begun = run(f"training.sample_every={sample_every}")
    for event in begun.events():
        if isinstance(event, Saved) and event.step == 10 and event.path.endswith("last.safetensors"):
            break
    list(api.resume(begun.path).events())
    told = [json.loads(line) for line in (begun.path / "metrics.jsonl").read_text().splitlines()]
    samples = [event["step"] for event in told if event["event"] == "sample"]
    assert samples == ([10, 20] if sample_every == 10 else [5, 10, 15, 20])


def test_a_sample_after_an_evaluation_is_by_the_weights_that_were_evaluated(run):
    events = [event for event in run().events() if isinstance(event, Evaluated | Sampled | Stepped)]
    at = [number for number, event in enumerate(events) if isinstance(event, Sampled)]
    assert len(at) == 4
    assert all(isinstance(events[number - 1], Evaluated) for number in at)
    assert [events[number].step for number in at] == [events[number - 1].step for number in at]
