import numpy as np
import plain
import pytest

from charrnn.training.optim.optimizers import OPTIMIZERS, SGD, Adam, AdamW


def test_sgd_is_the_update_of_the_derivations():
    w, g = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    SGD(w).update(w, g, 0.1)
    np.testing.assert_allclose(w, [0.95, 2.1])


def test_adam_equals_its_papers_algorithm_for_twenty_updates():
    generator = np.random.default_rng(0)
    w = generator.normal(size=10)
    expected = plain.Adam({"w": w.copy()}, 0.01)
    adam = Adam(w)
    for _ in range(20):
        g = generator.normal(size=10)
        expected.update({"w": g.copy()})
        adam.update(w, g, 0.01)
        np.testing.assert_allclose(w, expected.w["w"], rtol=1e-12)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS.keys() - {"adamw"}))
def test_weight_decay_is_added_to_the_gradient(name):
    g = np.array([0.3, -0.2])
    decayed, by_hand = np.array([1.0, -2.0]), np.array([1.0, -2.0])
    with_decay, without = OPTIMIZERS[name](decayed, 0.1), OPTIMIZERS[name](by_hand)
    for _ in range(3):
        without.update(by_hand, g + 0.1 * by_hand, 0.01)
        with_decay.update(decayed, g.copy(), 0.01)
    np.testing.assert_allclose(decayed, by_hand, rtol=1e-12)


def test_adamw_takes_the_decay_off_the_weights():
    w = np.array([1.0, -2.0])
    AdamW(w, weight_decay=0.1).update(w, np.zeros(2), 0.5)
    np.testing.assert_allclose(w, [0.95, -1.9])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_change_of_the_learning_rate_leaves_the_moments_alone(name):
    """A rate of zero moves nothing, and remembers the gradient all the same."""
    w = np.array([1.0, -2.0])
    fast, still = OPTIMIZERS[name](w.copy()), OPTIMIZERS[name](w.copy())
    fast.update(w.copy(), np.array([0.3, 0.4]), 0.1)
    unmoved = w.copy()
    still.update(unmoved, np.array([0.3, 0.4]), 0.0)
    np.testing.assert_array_equal(unmoved, w)
    for moment in fast.moments:
        np.testing.assert_array_equal(fast.moments[moment], still.moments[moment])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_downhill(name):
    w = np.array([3.0, -4.0])
    optimizer = OPTIMIZERS[name](w)
    for _ in range(400):
        optimizer.update(w, 2 * w, 0.5 if name == "adagrad" else 0.05)
    assert np.abs(w).max() < 0.06
    assert optimizer.updates == 400


@pytest.mark.parametrize(
    ("name", "gradient", "expected"),
    [
        ("adagrad", 1e-10, 0.5),  # √v = 1e-10 = ε
        ("adagrad", 3e-10, 0.75),
        ("rmsprop", 1e-7, 5.0),  # √v = √0.01 g = 1e-8 = ε
        ("adam", 1e-8, 0.5),  # m̂ = √v̂ = g = 1e-8 = ε
        ("adamw", 3e-8, 0.75),
    ],
)
def test_the_first_step_on_a_gradient_as_small_as_epsilon(name, gradient, expected):
    """Worked out from the formulas, with PyTorch's ε: 1e-10 for adagrad, 1e-8 for the others."""
    w = np.array([0.0])
    OPTIMIZERS[name](w).update(w, np.array([gradient]), 1.0)
    assert w[0] == pytest.approx(-expected, rel=1e-6)


def test_momentum_and_rmsprop_by_hand():
    """Two updates with the gradient 1 and the rate 0.1."""
    w = {name: np.array([0.0]) for name in ("momentum", "rmsprop", "adagrad")}
    optimizers = {name: OPTIMIZERS[name](value) for name, value in w.items()}
    for _ in range(2):
        for name, optimizer in optimizers.items():
            optimizer.update(w[name], np.array([1.0]), 0.1)
    assert w["momentum"][0] == pytest.approx(-0.1 * (1 + 1.9))
    assert w["rmsprop"][0] == pytest.approx(-0.1 * (1 / np.sqrt(0.01) + 1 / np.sqrt(0.0199)), rel=1e-6)
    assert w["adagrad"][0] == pytest.approx(-0.1 * (1 + 1 / np.sqrt(2)), rel=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("numbers", [{"m": 3e38}, {"v": 3e38}, {"v": -3e38}, {"m": -3e38, "v": -1.0}])
@pytest.mark.filterwarnings("error")
def test_moments_that_no_training_has_make_no_warning(name, numbers):
    """An untrusted checkpoint may hold such moments; the trainer reports the consequences. A warning is an error here."""
    w = np.ones(3, np.float32)
    optimizer = OPTIMIZERS[name](w, 0.1)
    for moment, number in numbers.items():
        if moment in optimizer.moments:
            optimizer.moments[moment][:] = number
    optimizer.update(w, np.full(3, 3e38, np.float32), 1e3)
