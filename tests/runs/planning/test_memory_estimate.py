"""The estimate of a training's memory."""

import re
import tracemalloc

import pytest
from slow import mostly_slow

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.errors import NetworkError
from charrnn.runs.planning import memory_estimate

SMALL = [
    "runtime.threads=1", "training.steps=4", "training.eval_every=2", "training.save_every=2", "training.sample_every=0",
]  # fmt: skip


@mostly_slow(
    "settings",
    [
        ["training.batch_size=32", "model.hidden_size=128"],
        ["training.batch_size=4", "model.cell=lstm", "model.hidden_size=200", "training.ema_decay=0.9"],
        ["training.batch_size=32", "model.cell=gru", "model.hidden_size=64", "training.accumulate=5"],
        ["training.batch_size=8", "model.dropout=0.5", "model.num_layers=2", "training.eval_characters=5000"],
        ["training.batch_size=4", "data.protocol=char-rnn", "data.slices=[20, 32]"],
    ],
    ids=lambda settings: settings[1],
    one_in=5,
)
def test_the_estimate_is_the_memory_that_a_training_takes(settings, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("She waited at the quay, and nobody came. " * 5000, "utf-8")
    plan = api.plan([str(text)], resolve(None, [*SMALL, *settings]).config)
    tracemalloc.start()
    try:
        for _ in api.start(plan, tmp_path / "run").events():
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    without_the_text = memory_estimate.estimate_memory(plan) - plan.corpus.ids.nbytes
    assert 0.9 < without_the_text / peak < 1.25


def test_an_average_of_the_weights_takes_two_vectors(tmp_path):
    """Itself, and the room in which the weights are scaled; 4 bytes a number."""
    text = tmp_path / "text.txt"
    text.write_text("She waited at the quay, and nobody came. " * 50, "utf-8")
    without, averaged = (
        api.plan([str(text)], resolve(None, [*SMALL, f"training.ema_decay={decay}"]).config) for decay in ("null", 0.9)
    )
    assert (
        memory_estimate.estimate_memory(averaged) - memory_estimate.estimate_memory(without)
        == 2 * 4 * without.parameters
    )


def test_a_training_that_needs_more_memory_than_there_is_is_refused_before_work(text_file, monkeypatch):
    monkeypatch.setattr(memory_estimate, "total_memory", lambda: 1_000_000)
    with pytest.raises(NetworkError) as refused:
        api.plan([str(text_file)], resolve(None, ["model.hidden_size=300", "training.batch_size=2"]).config, seconds=9)
    assert re.fullmatch(
        r"this training takes about \d+ MB of memory, and this machine has 1 MB; lower model\.hidden_size, "
        r"training\.batch_size or training\.sequence_length",
        str(refused.value),
    )
    monkeypatch.setattr(memory_estimate, "total_memory", lambda: None)  # the system does not say
    api.plan([str(text_file)], resolve(None, ["model.hidden_size=300", "training.batch_size=2"]).config)
