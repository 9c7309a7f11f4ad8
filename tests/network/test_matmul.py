"""A product in blocks is the product."""

import numpy as np
import pytest
from slow import mostly_slow

from charrnn.network import matmul
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.matmul import blocked_matmul, matmul_by_row_blocks, plain_matmul, summed_matmul
from charrnn.network.network import Network


@pytest.fixture(autouse=True, params=[True, False], ids=["small kernel", "no small kernel"])
def with_kernel(request, monkeypatch):
    monkeypatch.setattr(matmul, "has_small_kernel", lambda: request.param)
    return request.param


@mostly_slow("dtype", [np.float32, np.float64, np.complex128], one_in=3)
@pytest.mark.parametrize(
    ("R", "K", "N"), [(1, 3, 5), (32, 256, 256), (32, 512, 512), (100, 512, 512), (64, 300, 90), (400, 512, 96)]
)
@pytest.mark.parametrize("gates", [(), (3,)])
def test_it_equals_one_matmul(R, K, N, gates, dtype):
    generator = np.random.default_rng(0)
    x, W = (generator.normal(size=(*gates, *size)).astype(dtype) for size in ((R, K), (K, N)))
    out = np.full((*gates, R, N), np.nan, dtype)
    blocked_matmul(W, out)(x)
    np.testing.assert_allclose(out, x @ W, rtol=1e-4 if dtype == np.float32 else 1e-10, atol=1e-4)
    blocked_matmul(W.copy().swapaxes(-1, -2), out=np.empty((*gates, R, K), dtype))(out)  # a transposed view is as good


@mostly_slow("dtype", [np.float32, np.float64, np.complex128], one_in=3)
@pytest.mark.parametrize(("G", "R", "K"), [(4, 1, 3), (4, 8, 64), (3, 25, 128), (4, 32, 256)])
def test_the_products_of_several_gates_are_added_up(G, R, K, dtype):
    generator = np.random.default_rng(0)
    x, W = (generator.normal(size=(G, *size)).astype(dtype) for size in ((R, K), (K, K)))
    out, buffer = np.full((R, K), np.nan, dtype), np.full((G, R, K), np.nan, dtype)
    summed_matmul(W.swapaxes(1, 2), out, buffer)(x)
    expected = sum(x[k] @ W[k].T for k in range(G))
    np.testing.assert_allclose(out, expected, rtol=1e-3 if dtype == np.float32 else 1e-10, atol=1e-4)


@pytest.mark.parametrize("R", [1, 4])
@pytest.mark.parametrize("gates", [(), (3,)])
def test_a_whole_product_equals_one_matmul(R, gates):
    generator = np.random.default_rng(0)
    x, W = generator.normal(size=(R, 5)), generator.normal(size=(*gates, 5, 7))
    out = np.full((*gates, R, 7), np.nan)
    plain_matmul(W, out)(x)
    np.testing.assert_allclose(out, x @ W, rtol=1e-12)


@pytest.mark.parametrize(
    ("R", "K", "N"), [(7, 3, 5), (1250, 128, 65), (2048, 512, 65), (1009, 128, 65), (640, 65, 512)]
)
def test_a_tall_product_equals_one_matmul(R, K, N):
    generator = np.random.default_rng(0)
    x, W, out = generator.normal(size=(R, K)), generator.normal(size=(N, K)).T, np.full((R, N), np.nan)
    matmul_by_row_blocks(x, W, out)
    np.testing.assert_allclose(out, x @ W, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("R", "K", "N", "height"),
    [(1250, 128, 65, 50), (2048, 256, 65, 32), (2048, 512, 65, 16), (1009, 128, 65, 1009), (2048, 512, 2842, 2048)],
)
def test_the_highest_block_that_is_still_small(R, K, N, height):
    assert matmul._height(R, K, N) == height


@pytest.mark.parametrize(
    ("rows", "K", "N", "with_small_kernel", "without"),
    [
        (25, 128, 128, (25, 64), (25, 128)),
        (7, 128, 128, (7, 128), (7, 128)),  # too few rows
        (32, 512, 512, (16, 64), (32, 64)),
        (64, 512, 512, (16, 64), (64, 512)),  # with 64 rows OpenBLAS is fast anyway
        (25, 640, 640, (25, 32), (25, 640)),  # a fifth of 25 rows are too few
        (32, 320, 320, (32, 64), (32, 320)),  # OpenBLAS is slow where K is 256 or 512
        (25, 256, 256, (25, 64), (25, 64)),
        (401, 512, 512, (401, 512), (401, 512)),  # a prime
        (64, 300, 300, (64, 300), (64, 300)),  # no width divides 300
    ],
)
def test_the_size_of_a_block(rows, K, N, with_small_kernel, without, with_kernel):
    assert matmul._block(rows, K, N) == (with_small_kernel if with_kernel else without)


@mostly_slow("cell", CELLS, one_in=3)
def test_networks_that_multiply_in_blocks_equal_those_that_do_not(cell, monkeypatch):
    """Large enough for these blocks, which the small networks of other tests never use."""
    network = Network.fresh(Architecture(11, 160, cell, num_layers=2), np.random.default_rng(0), np.float64)
    ids = np.random.default_rng(1).integers(0, 11, (4, 41))
    state = np.random.default_rng(2).normal(size=network.architecture.state_shape(41))
    results = []
    for in_blocks in (True, False):
        monkeypatch.setattr(matmul, "has_small_kernel", lambda in_blocks=in_blocks: in_blocks)
        assert (matmul._block(41, 160, 160) != (41, 160)) is in_blocks
        ws, gradient = network.workspace(3, 41), network.parameters.zeros_like()
        loss = network.forward(ids[:-1], ids[1:], state, ws)
        results.append((loss, network.backward(123, ws, gradient), gradient.flat))
    for in_blocks, whole in zip(*results, strict=True):
        np.testing.assert_allclose(in_blocks, whole, rtol=1e-9, atol=1e-14)


@mostly_slow("cell", CELLS, one_in=3)
def test_float32_is_within_1e_5_of_float64_on_one_window(cell):
    exact = Network.fresh(Architecture(65, 256, cell), np.random.default_rng(0), np.float64)
    ids = np.random.default_rng(1).integers(0, 65, (65, 32))
    results = []
    for network in (exact, exact.astype(np.float32)):
        ws, gradient = network.workspace(64, 32), network.parameters.zeros_like()
        loss = network.forward(ids[:-1], ids[1:], network.zero_state(32), ws) / ids[1:].size
        network.backward(ids[1:].size, ws, gradient)
        results.append((float(loss), ws.state, gradient.flat))
    (loss, state, gradient), (loss_32, state_32, gradient_32) = results
    assert loss_32 == pytest.approx(loss, rel=1e-5)
    np.testing.assert_allclose(state_32, state, atol=1e-5)
    assert np.linalg.norm(gradient_32 - gradient) < 1e-5 * np.linalg.norm(gradient)
