import numpy as np
import pytest

from charrnn.errors import NetworkError, OptionError
from charrnn.models.inspection.units import HiddenUnit, correlate, parse, parse_held
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network

GENERATOR = np.random.default_rng(0)
X = {"one": GENERATOR.integers(0, 2, 500).astype(float), "two": GENERATOR.normal(size=500), "constant": np.ones(500)}
H = GENERATOR.normal(size=(500, 300))
H[:, 290] = -3 * X["one"] + 5
H[:, 7] = X["two"] + 0.1 * GENERATOR.normal(size=500)
H[:, 3] = 0.25
ACTIVATIONS = {"h": H.astype(np.float16), "z": GENERATOR.normal(size=(500, 5)).astype(np.float16)}
FOUND = correlate(X, ACTIVATIONS)


def test_the_correlations_are_those_of_numpy():
    values = np.concatenate([*ACTIVATIONS.values()], axis=1).astype(float)
    for row, name in zip(FOUND.r, FOUND.features, strict=True):
        for column in (0, 7, 255, 256, 290, 304):
            assert row[column] == pytest.approx(np.corrcoef(X[name], values[:, column])[0, 1], abs=1e-4)


def test_a_constant_is_not_a_feature_and_follows_none():
    assert FOUND.features == ["one", "two"]
    assert not FOUND.r[:, 3].any()


def test_the_best_may_follow_in_the_other_direction():
    unit, r = FOUND.strongest("one")
    assert (unit.name, r) == ("h:290", pytest.approx(-1, abs=1e-4))
    assert FOUND.strongest("two")[0] == HiddenUnit("h", 7)


def test_the_selected_units_are_the_requested_one_and_the_best_of_each_feature():
    chosen = FOUND.select(4, [HiddenUnit("z", 2)])
    assert chosen.units[:3] == [HiddenUnit("z", 2), HiddenUnit("h", 290), HiddenUnit("h", 7)]
    assert len(set(chosen.units)) == 4
    assert chosen.r[:, 1].tolist() == FOUND.r[:, 290].tolist()
    assert len(FOUND.select(1000).units) == 305


def test_a_text_of_one_character_follows_nothing():
    found = correlate({"one": np.ones(1)}, {"h": np.ones((1, 3), np.float16)})
    assert found.features == []
    assert found.r.shape == (0, 3)
    assert found.select(2).units == [HiddenUnit("h", 0), HiddenUnit("h", 1)]
    assert found.select(2, [HiddenUnit("h", 2)]).units == [HiddenUnit("h", 2), HiddenUnit("h", 0)]


def test_a_unit_is_named_by_its_array_and_its_number_and_alone_by_the_number_in_the_top_layer():
    two = {**ACTIVATIONS, "h_2": H, "z_2": H}
    assert parse("17", ACTIVATIONS) == HiddenUnit("h", 17)
    assert parse("17", two) == HiddenUnit("h_2", 17)
    assert parse("h:17", two) == HiddenUnit("h", 17)
    assert parse("z:4", two) == HiddenUnit("z", 4)


@pytest.mark.parametrize("name", ["300", "z:5", "q:1", "h_2:0", "-1", "h", "", "h:1:2", "1.5", "9" * 30])
def test_a_unit_that_does_not_exist_is_refused_with_those_that_do(name):
    with pytest.raises(
        NetworkError, match=r"`unit` .*no such unit; there are 0 to 299 of each of h, z: for example h:299"
    ):
        parse(name, ACTIVATIONS)


def test_units_to_hold_are_named_as_in_a_page():
    network = Network.fresh(Architecture(3, 18, "lstm", num_layers=2), np.random.default_rng(0))
    found = parse_held(network, {"17": 1, "h:3": 0.5, "c_2:4": -2})
    assert found == {(1, "h", 17): 1, (0, "h", 3): 0.5, (1, "c", 4): -2}
    for name in ("i:3", "18", "c_3:1", "x", ""):
        with pytest.raises(
            NetworkError, match="the network has no such unit; there are 0 to 17 of each of h, c, h_2, c_2"
        ):
            parse_held(network, {name: 1})
    with pytest.raises(OptionError, match=r"`force` 17=inf: must be a number from -1e.06 to 1e.06"):
        parse_held(network, {"17": np.inf})
