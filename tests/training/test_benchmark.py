from dataclasses import asdict
from types import SimpleNamespace

import pytest

from charrnn.config.resolve import resolve
from charrnn.network.architecture import Architecture
from charrnn.runs.random_training import random_trainer
from charrnn.training import benchmark
from charrnn.training.benchmark import matmul_flops, measure
from charrnn.training.parallel import data_parallel
from charrnn.training.parallel.data_parallel import fastest_threads
from charrnn.training.parallel.replica import Replica


def small_trainer(*settings):
    small = ("model.cell=gru", "model.hidden_size=16", "training.batch_size=4", "training.sequence_length=8")
    return random_trainer(resolve(None, [*small, *settings]).config)


pytestmark = pytest.mark.usefixtures("small_peak")


@pytest.mark.parametrize("threads", [1, 2])
def test_every_figure_is_there_and_they_agree(threads):
    found = measure(small_trainer(f"runtime.threads={threads}"), seconds=0.05)
    assert found.chars_per_second == pytest.approx(32 / found.seconds)
    assert found.gflops == pytest.approx(matmul_flops(Architecture(65, 16, "gru"), 8, 4) / found.seconds / 1e9)
    assert found.share_of_peak == pytest.approx(found.gflops / found.sgemm_peak_gflops)
    assert found.threads == threads
    assert all(value >= 0 for value in asdict(found).values() if isinstance(value, float))


def test_with_a_stride_and_shares_only_new_characters_count():
    found = measure(small_trainer("training.stride=2", "training.accumulate=2"), seconds=0.05)
    assert (found.stride, found.accumulate) == (2, 2)
    assert found.chars_per_second == pytest.approx(8 / found.seconds)
    flops = matmul_flops(Architecture(65, 16, "gru"), 8, 4, loss_steps=2)
    assert found.gflops == pytest.approx(flops / found.seconds / 1e9)


def test_operations_are_those_of_the_shapes():
    """One layer: h W_hh, da W_hhᵀ and hᵀ da; h W_hy, do W_hyᵀ and hᵀ do. Above it, W_xh as well."""
    assert matmul_flops(Architecture(5, 7), T=3, B=2) == 6 * 2 * (3 * 7 * 7 + 3 * 7 * 5)
    assert matmul_flops(Architecture(5, 7), T=3, B=2, loss_steps=1) == 6 * 2 * (3 * 7 * 7 + 1 * 7 * 5)
    lstm = Architecture(5, 7, "lstm", num_layers=2)
    assert matmul_flops(lstm, T=3, B=2) == 6 * 2 * (3 * 3 * 4 * 7 * 7 + 3 * 7 * 5)


@pytest.mark.parametrize(
    ("cell", "H", "T", "B", "cores", "threads"),
    [
        ("rnn", 100, 25, 1, 8, 1),  # one stream cannot be shared
        ("rnn", 32, 64, 8, 8, 1),  # too little to do
        ("rnn", 256, 64, 32, 2, 2),
        ("lstm", 512, 64, 64, 8, 8),
        ("lstm", 1024, 64, 3, 8, 3),  # no core without a stream
        ("lstm", 1024, 64, 64, 1, 1),
    ],
)
def test_several_cores_are_used_for_large_networks(cell, H, T, B, cores, threads, monkeypatch):
    monkeypatch.setattr(data_parallel, "usable_cores", lambda: range(cores))
    assert fastest_threads(Architecture(65, H, cell), T, B) == threads


def test_the_timed_parts_have_the_options_of_a_training_step(monkeypatch):
    timed, right = [], Replica.run
    monkeypatch.setattr(Replica, "run", lambda self, shard, *rest: timed.append(shard) or right(self, shard, *rest))
    measure(small_trainer("training.stride=2", "training.label_smoothing=0.1", "model.dropout=0.25"), seconds=0.01)
    options = timed[-1].options
    assert (options.loss_steps, options.smoothing, options.dropout.rate) == (2, 0.1, 0.25)
    assert (timed[-1].count, timed[-1].carry_steps) == (8, 2)


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds; each call that is timed takes `each` of it."""
    clock, times = SimpleNamespace(now=100.0, each=0.05, calls=0), benchmark._times

    def passing(call):
        call()
        clock.now += clock.each
        clock.calls += 1

    monkeypatch.setattr(benchmark, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    monkeypatch.setattr(benchmark, "_times", lambda call, seconds: times(lambda: passing(call), seconds))
    return clock


@pytest.mark.parametrize("before", [0.0, 1.0])
def test_all_that_is_timed_fits_into_the_seconds_and_each_stage_says_its_share(clock, before):
    stages = []
    began = clock.now - before  # what came before is a part of the seconds
    measure(small_trainer(), 3.0, began=began, on_stage=lambda *stage: stages.append(stage))
    assert 2.4 < clock.now - began <= 3.0
    left = 3.0 - before
    assert stages == [
        ("timing updates", pytest.approx(0.5 * left)),
        ("timing the parts of an update", pytest.approx(0.3 * left)),
        ("timing the fastest matrix product", pytest.approx(0.1 * left)),
    ]


def test_an_update_longer_than_the_seconds_is_made_once(clock):
    clock.each = 10.0
    found = measure(small_trainer(), 3.0)
    assert clock.calls == 5
    assert found.seconds == 10.0
