"""A stream that is read beside others is, to the bit, what it is alone.

Nothing here knows the BLAS: it is asked for rows of every number, and each must be what it is alone.
"""

import numpy as np
import pytest
from slow import mostly_slow

from charrnn.network import matmul
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.matmul import rowwise_matmul
from charrnn.network.network import Network
from charrnn.network.readout import log_softmax
from charrnn.network.stepper import Stepper

COUNTS = [1, 2, 3, 5, 8, 17, 40]


@mostly_slow("dtype", [np.float32, np.float64, np.complex128], one_in=3)
@pytest.mark.parametrize("gates", [(), (3,)])
@pytest.mark.parametrize(("K", "N"), [(1, 1), (5, 1), (1, 5), (33, 7), (100, 65), (128, 128), (200, 301)])
def test_a_row_of_a_product_equals_the_row_alone(K, N, gates, dtype, monkeypatch):
    monkeypatch.setattr(matmul, "CACHE", 1 << 17)  # so that there are blocks
    random = np.random.default_rng(0)
    W = random.normal(size=(*gates, K, N)).astype(dtype)
    x = random.normal(size=(max(COUNTS), K)).astype(dtype)
    one, alone = np.empty((*gates, 1, N), dtype), []
    times_W = rowwise_matmul(W)(one)
    for row in x:
        times_W(row[np.newaxis])
        alone.append(one.copy())
    expected = np.concatenate(alone, axis=-2)
    np.testing.assert_allclose(expected, x @ W, rtol=1e-3 if dtype == np.float32 else 1e-9, atol=1e-3)
    for count in COUNTS:
        for order in (np.arange(count), random.permutation(max(COUNTS))[:count]):
            out = np.full((*gates, count, N), np.nan, dtype)
            rowwise_matmul(W)(out)(x[order])
            np.testing.assert_array_equal(out, expected[..., order, :])


def test_columns_are_cut_into_blocks_that_fit_the_cache():
    assert matmul._cuts(np.empty((512, 512), np.float32)) == [slice(0, 256), slice(256, 512)]
    assert matmul._cuts(np.empty((128, 384), np.float32)) == [slice(0, 384)]
    cuts = matmul._cuts(np.empty((1000, 1031), np.float32))
    assert np.concatenate([np.arange(1031)[cut] for cut in cuts]).tolist() == [*range(1031)]
    assert {cut.stop - cut.start for cut in cuts} == {128, 129}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("H", "num_layers", "readout", "dtype"), [
    (8, 1, "linear", np.float64), (50, 3, "deep", np.float32), (160, 2, "linear", np.float32),
])  # fmt: skip
def test_streams_side_by_side_have_the_bits_that_each_has_alone(cell, H, num_layers, readout, dtype):
    architecture = Architecture(11, H, cell, num_layers=num_layers, readout=readout)
    network = Network.fresh(architecture, np.random.default_rng(0), dtype)
    ids = np.random.default_rng(1).integers(0, 11, (6, max(COUNTS)))
    state = np.random.default_rng(2).uniform(-1, 1, network.architecture.state_shape(max(COUNTS))).astype(dtype)
    alone = [read(network, state[:, b : b + 1], ids[:, b : b + 1]) for b in range(max(COUNTS))]
    for count in COUNTS:
        logits, after = read(network, state[:, :count], ids[:, :count])
        np.testing.assert_array_equal(logits, np.concatenate([logits for logits, _ in alone[:count]], axis=1))
        np.testing.assert_array_equal(after, np.concatenate([after for _, after in alone[:count]], axis=1))


def read(network, state, ids):
    """The logits of each step, (T, B, V), and the state after the last."""
    step = Stepper(network, state)
    return np.stack([step(row).copy() for row in ids]), step.state


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("B", [1, 5])
def test_streams_that_are_rounded_together_are_equal_but_for_rounding(cell, B):
    network = Network.fresh(Architecture(11, 50, cell, num_layers=2, readout="deep"), np.random.default_rng(0))
    exact, together = (Stepper(network, network.zero_state(B), exact) for exact in (True, False))
    for ids in np.random.default_rng(1).integers(0, 11, (6, B)):
        np.testing.assert_allclose(together(ids), exact(ids), rtol=1e-4, atol=1e-6)
    assert B > 1 or together(ids).tobytes() == exact(ids).tobytes()


@pytest.mark.parametrize("V", [2, 7, 65, 129, 300])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_of_log_probabilities_is_the_row_alone(V, dtype):
    logits = np.random.default_rng(V).normal(0, 5, (max(COUNTS), V)).astype(dtype)
    alone = np.concatenate([log_softmax(row[np.newaxis]) for row in logits])
    for count in COUNTS:
        np.testing.assert_array_equal(log_softmax(logits[:count]), alone[:count])
