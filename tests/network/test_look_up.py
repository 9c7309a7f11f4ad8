"""Both ways to the gradient of the look-up are the sum of its equation."""

import numpy as np
import pytest

from charrnn.network import look_up


@pytest.mark.parametrize("fill", [look_up.by_product, look_up.by_character])
@pytest.mark.parametrize(("N", "V"), [(1, 1), (12, 5), (9, 40), (300, 7)])
@pytest.mark.parametrize("gates", [(), (3,)])
def test_each_row_is_the_sum_over_its_places(fill, N, V, gates):
    generator = np.random.default_rng(0)
    da, ids = generator.normal(size=(*gates, N, 6)), generator.integers(0, V, N)
    dW = np.full((*gates, V, 6), np.nan)
    fill(da, ids, dW)
    for c in range(V):
        np.testing.assert_allclose(dW[..., c, :], da[..., ids == c, :].sum(axis=-2), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("N", "expected"), [(25, "by_product"), (5000, "by_character")])
def test_a_large_window_adds_rows(N, expected, monkeypatch):
    called = []
    for name in ("by_product", "by_character"):
        monkeypatch.setattr(look_up, name, lambda da, ids, dW, name=name: called.append(name))
    look_up.look_up_backward(np.zeros((N, 100)), np.zeros(N, np.intp), np.zeros((65, 100)))
    assert called == [expected]
