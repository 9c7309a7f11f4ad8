"""What counting alone predicts, at the end of a training."""

import json
import math

import pytest
from tiny import TINY, follow, start

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.ngram.order_selection import fit_best
from charrnn.runs import baseline
from charrnn.runs.storage.history import read_history
from charrnn.training.events import Counted, Finished, Saved


def logged(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]


def counted(events):
    return [event for event in events if isinstance(event, Counted)]


@pytest.mark.parametrize("settings", [[], ["data.unit=byte"], ["data.protocol=char-rnn", "data.slices=[2,10]"]])
def test_the_last_event_is_the_loss_of_the_ngram_on_what_the_validations_read(tmp_path, text_file, settings):
    run = start(tmp_path / "run", text_file, *settings)
    *_, finished, saved, found = run.events()
    corpus = run.plan.corpus
    ngram = fit_best(list(corpus.slices("train")), len(corpus.vocabulary))
    rows = [ngram.surprisals(ids, 1) for ids in run.plan.valid]
    assert isinstance(finished, Finished)
    assert isinstance(saved, Saved)
    assert (found.step, found.split, found.ngram_order) == (20, "valid", ngram.order)
    assert found.loss == pytest.approx(sum(row.sum() for row in rows) / (run.plan.valid.size - len(rows)))
    assert found.uniform == pytest.approx(math.log(len(corpus.vocabulary)))
    assert found.best_loss == finished.best_loss
    assert logged(tmp_path / "run")[-1] == {
        "event": "baseline",
        "step": 20,
        "split": "valid",
        "ngram_order": ngram.order,
        "loss": found.loss,
        "uniform": found.uniform,
        "best_loss": found.best_loss,
    }


def test_it_reads_as_many_characters_as_a_validation(tmp_path, text_file):
    whole = start(tmp_path / "whole", text_file)
    part = start(tmp_path / "part", text_file, "training.eval_characters=20")
    (all_of_it,), (some,) = counted(whole.events()), counted(part.events())
    assert part.plan.valid.size == 20
    assert some.loss != all_of_it.loss


def test_a_history_with_it_is_as_without(tmp_path, text_file):
    list(start(tmp_path / "run", text_file).events())
    with_it = read_history(tmp_path / "run")
    metrics = tmp_path / "run/metrics.jsonl"
    metrics.write_text("".join(line + "\n" for line in metrics.read_text("utf-8").splitlines()[:-1]), "utf-8")
    without = read_history(tmp_path / "run")
    assert (with_it.finished, with_it.skipped, with_it.best) == (without.finished, without.skipped, without.best)
    assert with_it.finished


def test_a_stopped_training_is_not_compared_and_the_resumed_one_is(tmp_path, text_file):
    assert not counted(follow(start(tmp_path / "run", text_file), 12))
    (found,) = counted(api.resume(tmp_path / "run").events())
    (whole,) = counted(start(tmp_path / "whole", text_file).events())
    assert found == whole
    assert (tmp_path / "run/last.safetensors").read_bytes() == (tmp_path / "whole/last.safetensors").read_bytes()


@pytest.mark.parametrize("settings", [["data.split=[1,0,0]"], ["training.batch_size=1", "training.steps=1"]])
def test_nothing_is_counted_without_validation_or_for_less_than_two_passes(tmp_path, text_file, settings, monkeypatch):
    monkeypatch.setattr(baseline, "SHORT", 100)
    assert not counted(start(tmp_path / "run", text_file, *settings).events())


def test_of_a_longer_text_two_passes_are_compared(tmp_path, text_file, monkeypatch):
    monkeypatch.setattr(baseline, "SHORT", 100)
    config = resolve(None, [*TINY, "training.epochs=2", "training.steps=null"]).config
    assert counted(api.start(api.plan([str(text_file)], config), tmp_path / "run").events())


def test_a_text_of_many_millions_is_not_counted(tmp_path, text_file, monkeypatch):
    monkeypatch.setattr(baseline, "MAX_COUNTED_CHARS", 1000)
    assert not counted(start(tmp_path / "run", text_file).events())


def test_a_stop_while_it_counts_does_not_wait_for_it(tmp_path, text_file, monkeypatch):
    from threading import Event as Flag

    end, began = Flag(), Flag()

    def endless(*_):
        began.set()
        end.wait(2)
        yield Counted(20, "valid", 5, 1.0, 3.0, 1.0)  # it would come if this were waited for

    monkeypatch.setattr(baseline, "_compare", endless)
    *_, saved = start(tmp_path / "run", text_file).events(began.is_set)
    end.set()
    assert isinstance(saved, Saved)
    assert read_history(tmp_path / "run").finished


def test_a_memory_that_is_too_small_ends_nothing(tmp_path, text_file, monkeypatch):
    def too_much(*_):
        raise MemoryError

    monkeypatch.setattr(baseline, "fit_best", too_much)
    assert not counted(start(tmp_path / "run", text_file).events())
    assert read_history(tmp_path / "run").finished


def test_a_stopped_training_counts_nothing_even_if_the_request_to_stop_is_withdrawn(tmp_path, text_file):
    run = start(tmp_path / "run", text_file)
    stopped = Finished(12, "stopped", 2.0, 1.0)
    assert list(baseline.with_baseline([stopped], run.plan, lambda: False)) == [stopped]


def test_a_finished_run_that_is_resumed_is_not_compared_again(tmp_path, text_file):
    run = start(tmp_path / "run", text_file)
    assert len(counted(run.events())) == 1
    assert counted(api.resume(run.path).events()) == []
    assert [event["event"] for event in logged(run.path)].count("baseline") == 1
