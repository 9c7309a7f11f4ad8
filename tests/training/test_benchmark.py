from dataclasses import asdict

import numpy as np
import pytest

from charrnn.network.architecture import Architecture
from charrnn.training.benchmark import matmul_flops, measure, random_trainer
from charrnn.training.parallel import data_parallel
from charrnn.training.parallel.data_parallel import fastest_threads

pytestmark = pytest.mark.usefixtures("small_peak")


@pytest.mark.parametrize("threads", [1, 2])
def test_every_figure_is_there_and_they_agree(threads):
    found = measure(random_trainer(Architecture(20, 16, "gru"), B=4, T=8, threads=threads), seconds=0.05)
    assert found.chars_per_second == pytest.approx(32 / found.seconds)
    assert found.gflops == pytest.approx(matmul_flops(Architecture(20, 16, "gru"), 8, 4) / found.seconds / 1e9)
    assert found.share_of_peak == pytest.approx(found.gflops / found.sgemm_peak_gflops)
    assert found.threads == threads
    assert all(value >= 0 for value in asdict(found).values() if isinstance(value, float))


def test_with_a_stride_and_shares_only_new_characters_count():
    trainer = random_trainer(Architecture(20, 16, "gru"), B=4, T=8, threads=1, stride=2, accumulate=2)
    found = measure(trainer, seconds=0.05)
    assert (found.stride, found.accumulate) == (2, 2)
    assert found.chars_per_second == pytest.approx(8 / found.seconds)
    flops = matmul_flops(Architecture(20, 16, "gru"), 8, 4, new=2)
    assert found.gflops == pytest.approx(flops / found.seconds / 1e9)


def test_operations_are_those_of_the_shapes():
    """One layer: h W_hh, da W_hhᵀ and hᵀ da; h W_hy, do W_hyᵀ and hᵀ do. Above it, W_xh as well."""
    assert matmul_flops(Architecture(5, 7), T=3, B=2) == 6 * 2 * (3 * 7 * 7 + 3 * 7 * 5)
    assert matmul_flops(Architecture(5, 7), T=3, B=2, new=1) == 6 * 2 * (3 * 7 * 7 + 1 * 7 * 5)
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
def test_cores_are_used_where_there_is_enough_to_do(cell, H, T, B, cores, threads, monkeypatch):
    monkeypatch.setattr(data_parallel, "available_cores", lambda: cores)
    assert fastest_threads(Architecture(65, H, cell), T, B) == threads


def test_its_text_has_every_character():
    trainer = random_trainer(Architecture(20, 16), B=4, T=8, threads=1)
    assert next(trainer.windows).inputs.shape == (8, 4)
    assert np.max(trainer.windows._inputs) < 20


def test_what_is_timed_holds_biases_as_a_training_does():
    for bias, held in ((True, 0), (False, 3)):  # b_xh, b_hh and b_y
        assert len(random_trainer(Architecture(20, 16, "gru", bias=bias), B=4, T=8, threads=1).frozen.places) == held
