"""metrics.jsonl as arrays: the later entry of a step wins, and damaged lines are counted."""

import json
import tracemalloc

import numpy as np
import pytest

from charrnn import api
from charrnn.errors import RunError
from charrnn.runs.storage.history import read_history
from charrnn.runs.storage.metrics_log import MAX_LINE_BYTES

STEP = {
    "event": "step",
    "epoch": 0.5,
    "grad_norm": 1.0,
    "clipped": False,
    "learning_rate": 0.1,
    "chars_per_second": 4.0,
}


def step(number, loss=1.0, **fields):
    return {**STEP, "step": number, "loss": loss, **fields}


def evaluation(number, loss):
    return {"event": "eval", "step": number, "split": "valid", "loss": loss, "bpc": loss / np.log(2), "best": False}


@pytest.fixture
def history(tmp_path):
    """The history of a file with these events, or lines of bytes."""

    def read(*events):
        lines = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]
        (tmp_path / "events.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
        return read_history(tmp_path / "events.jsonl")

    return read


def test_a_run_has_the_figures_that_were_logged(tiny_run):
    events = [json.loads(line) for line in (tiny_run / "metrics.jsonl").read_text("utf-8").splitlines()]
    steps = [event for event in events if event["event"] == "step"]
    evaluations = [event for event in events if event["event"] == "eval"]
    found = read_history(tiny_run)
    assert found.steps.tolist() == list(range(1, 21))
    for field, array in {
        "loss": found.losses,
        "epoch": found.epochs,
        "grad_norm": found.grad_norms,
        "learning_rate": found.learning_rates,
        "clipped": found.clipped,
    }.items():
        assert array.tolist() == [event[field] for event in steps], field
    assert found.evaluated_steps.tolist() == [10, 20]
    assert found.evaluated_losses.tolist() == [event["loss"] for event in evaluations]
    spent = np.cumsum([4 * 8 / event["chars_per_second"] for event in steps])
    np.testing.assert_allclose(found.seconds, spent, rtol=1e-12)
    assert (found.recoveries, found.skipped) == ((), 0)


RESUMED = {"event": "resumed", "step": 1}


@pytest.mark.parametrize(
    ("events", "losses", "evaluations"),
    [
        ([step(1), step(2, 5.0), step(3), evaluation(3, 9.0), RESUMED, step(2, 7.0)], [1.0, 7.0], []),
        ([step(1), step(2, 5.0), step(3), evaluation(3, 9.0), step(2, 7.0)], [1.0, 7.0], []),  # without a line for it
        ([step(1), step(2), evaluation(2, 9.0), step(2, 7.0)], [1.0, 7.0], []),  # of other weights than now
        ([step(1), evaluation(1, 2.0), step(2), RESUMED, step(2)], [1.0, 1.0], [2.0]),
        ([step(1), evaluation(1, 2.0), evaluation(1, 3.0)], [1.0], [3.0]),
    ],
)
def test_the_later_entry_of_a_step_wins(history, events, losses, evaluations):
    found = history(*events)
    assert (found.losses.tolist(), found.evaluated_losses.tolist()) == (losses, evaluations)


def test_the_time_of_a_repeated_step_counts_twice(tmp_path, tiny_run):
    (tiny_run / "metrics.jsonl").write_text("".join(json.dumps(step(n)) + "\n" for n in (1, 2, 1, 2)), "utf-8")
    assert read_history(tiny_run).seconds.tolist() == [3 * 32 / 4, 4 * 32 / 4]


def test_with_a_stride_a_step_has_as_many_characters_as_are_new(tiny_run):
    config = (tiny_run / "config.yaml").read_text("utf-8")
    (tiny_run / "config.yaml").write_text(config.replace("stride: null", "stride: 2"), "utf-8")
    (tiny_run / "metrics.jsonl").write_text(json.dumps(step(1)) + "\n", "utf-8")
    assert read_history(tiny_run).seconds.tolist() == [4 * 2 / 4]


def test_a_step_that_it_rolled_back_to_is_listed_once(history):
    back = {"event": "recovered", "step": 1, "reason": "", "diverged_step": 3, "learning_rate": 0.05, "tries": 1}
    found = history(
        step(1), step(2), back, back, step(2), step(3), {**back, "step": 3}, {"event": "resumed", "step": 2}
    )
    assert found.recoveries == (1,)
    assert found.steps.tolist() == [1, 2]
    assert history(step(1), step(2), back, {"event": "resumed", "step": 1}).recoveries == (1,)


def test_the_best_is_the_first_of_the_lowest(history):
    found = history(step(1), evaluation(1, 3.0), step(2), evaluation(2, 2.0), step(3), evaluation(3, 2.0))
    assert found.best == (2, 2.0)
    assert history(step(1)).best is None


WRONG = [
    {"step": 1.5}, {"step": True}, {"step": -1}, {"step": 1 << 63}, {"loss": float("nan")}, {"loss": None}, {"loss": -1},
    {"loss": True}, {"grad_norm": float("inf")}, {"grad_norm": 1e101}, {"chars_per_second": 0}, {"chars_per_second": 5e-324},
]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"\xff", b"{", b"[]", b"3", b"null", b"{}", b"[" * 100_000, b'{"event": "step"}'),
        *(b'{"event": "eval", "step": 2, "loss": %s}' % loss for loss in (b'"1"', b"1e999", b"9" * 400, b"9" * 5000)),
        *(json.dumps(step(2, **wrong)).encode() for wrong in WRONG),
    ],
    ids=lambda line: line[:60].decode("latin-1"),
)
def test_a_damaged_line_is_skipped_and_counted(history, line):
    found = history(step(1), line, step(3))
    assert found.steps.tolist() == [1, 3]
    assert found.evaluated_steps.size == 0
    assert found.skipped == 1
    assert np.isfinite(found.losses).all()


def test_half_a_line_at_the_end_is_skipped(tiny_run):
    with (tiny_run / "metrics.jsonl").open("ab") as file:
        file.write(json.dumps(step(21)).encode()[:-5])
    found = read_history(tiny_run)
    assert (found.steps[-1], found.skipped) == (20, 1)


def test_events_of_other_kinds_are_skipped(history):
    assert (
        history(
            step(1),
            {"event": "sample", "step": 1, "text": "x"},
            {"event": "gradflow", "step": 1},
            {"event": "of tomorrow"},
        ).skipped
        == 0
    )


def test_an_endless_line_takes_little_memory_and_counts_as_one(tmp_path):
    path = tmp_path / "events.jsonl"
    with path.open("wb") as file:
        file.write(json.dumps(step(1)).encode() + b"\n")
        for _ in range(20):
            file.write(b" " * MAX_LINE_BYTES)
        file.write(b"\n" + json.dumps(step(2)).encode() + b"\n")
    tracemalloc.start()
    found = read_history(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.steps.tolist(), found.skipped) == ([1, 2], 1)
    assert peak < 5 * MAX_LINE_BYTES


@pytest.mark.parametrize("damage", [None, "nonsense: [", "training: {batch_size: null}"])
def test_without_a_configuration_the_time_is_unknown(tiny_run, damage):
    (tiny_run / "config.yaml").unlink()
    if damage:
        (tiny_run / "config.yaml").write_text(damage, "utf-8")
    assert read_history(tiny_run).seconds is None


def test_the_output_of_train_json_can_be_read(charrnn, text_file, tmp_path):
    result = charrnn(
        "train", text_file, "-s", "model.hidden_size=8", "--steps", "3", "-s", "runtime.threads=1", "--json"
    )
    (tmp_path / "log").write_text(result.stdout, "utf-8")
    assert read_history(tmp_path / "log").steps.tolist() == [1, 2, 3]


def test_a_run_that_was_resumed_equals_one_that_was_not(tmp_path, text_file, tiny_config):
    plain = api.start(api.plan([str(text_file)], tiny_config), tmp_path / "plain")
    list(plain.events())
    stopped = api.start(api.plan([str(text_file)], tiny_config), tmp_path / "stopped")
    events = stopped.events()
    for _ in range(16):
        next(events)
    events.close()
    list(api.resume(tmp_path / "stopped").events())
    one, other = read_history(tmp_path / "plain"), read_history(tmp_path / "stopped")
    for field in ("steps", "epochs", "losses", "grad_norms", "learning_rates", "evaluated_steps", "evaluated_losses"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field), field)


def test_a_missing_history_is_explained(tmp_path, tiny_run):
    def message(path):
        with pytest.raises(RunError) as error:
            read_history(path)
        return str(error.value)

    assert "no such run" in message(tmp_path / "nothing")
    assert f"a checkpoint, which has no history; name its run directory, {tiny_run}" in message(
        tiny_run / "last.safetensors"
    )
    (tiny_run / "metrics.jsonl").write_text("", "utf-8")
    assert message(tiny_run).endswith("metrics.jsonl: has no step of a training")
    (tiny_run / "metrics.jsonl").write_text("{\n{\n", "utf-8")
    assert "2 of its lines cannot be read" in message(tiny_run)
    (tiny_run / "metrics.jsonl").unlink()
    assert "holds no metrics.jsonl; is it a run directory?" in message(tiny_run)
    (tiny_run / "metrics.jsonl").mkdir()
    assert "cannot be read" in message(tiny_run)


def test_of_a_long_one_about_as_many_steps_are_read_as_are_asked_for_and_every_evaluation(tmp_path):
    events = [step(number, 1 / number) for number in range(1, 2001)] + [evaluation(2000, 0.5)]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events), "utf-8")
    found = read_history(path, 100)
    assert 50 <= len(found.steps) <= 200
    assert len(set(np.diff(found.steps))) == 1
    np.testing.assert_allclose(found.losses, 1 / found.steps)
    assert found.best == (2000, 0.5)
    assert len(read_history(path, 2000).steps) == len(read_history(path).steps) == 2000


def test_what_is_after_a_step_can_be_left_out(history):
    found = history(*(step(number) for number in (1, 2, 3)), evaluation(2, 1.0), evaluation(3, 0.5)).until(2)
    assert found.steps.tolist() == [1, 2]
    assert (len(found.losses), len(found.epochs), len(found.clipped)) == (2, 2, 2)
    assert found.best == (2, 1.0)
