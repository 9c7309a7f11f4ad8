"""The trials of a sweep."""

import numpy as np
import pytest
from cell_names import ONE_OF_THE_CELLS

from charrnn.config.resolve import resolve
from charrnn.errors import ConfigError
from charrnn.sweeps.grid import Choice, Range, draw, parse_axes, trials

RATE, SIZE, CELL = "training.learning_rate", "model.hidden_size", "model.cell"


def made(*grids, settings=(), options=None, random=None, seed=0):
    return trials(parse_axes(grids), None, settings, options or {}, random, seed)


def values(*grids, **more):
    return [tuple(trial.values.values()) for trial in made(*grids, **more)]


def test_a_grid_is_every_combination_the_last_key_fastest():
    found = values(f"{RATE}=1e-3,3e-3", f"{CELL}=gru,lstm")
    assert found == [(0.001, "gru"), (0.001, "lstm"), (0.003, "gru"), (0.003, "lstm")]


def test_a_point_has_the_whole_configuration_of_such_a_training():
    (trial,) = made(f"{SIZE}=32", settings=["model.cell=gru", "runtime.threads=2"], options={RATE: ("--x", 0.5)})
    expected = [f"{SIZE}=32", "model.cell=gru", f"{RATE}=0.5", "runtime.threads=2"]
    assert trial.config == resolve(None, expected).config


def test_a_network_that_is_too_large_stops_its_own_training_and_not_the_sweep():
    assert values(f"{SIZE}=8,65536", settings=["model.num_layers=64"]) == [(8,), (65536,)]


def test_a_varied_key_cannot_also_be_set():
    with pytest.raises(
        ConfigError, match=r"`grids` model.hidden_size and `settings` model.hidden_size=3 set the same; leave out"
    ):
        made(f"{SIZE}=8,9", settings=[f"{SIZE}=3"])
    with pytest.raises(ConfigError, match=r"`grids` training.seed and --seed set the same"):
        made("training.seed=1,2", options={"training.seed": ("--seed", 3)})
    for varying, still in (("training.steps", "training.epochs"), ("training.epochs", "training.steps")):
        with pytest.raises(ConfigError, match=f"`grids` {varying} and `settings` {still}=3 set the same"):
            made(f"{varying}=1,2", settings=[f"{still}=3"])


def test_each_training_has_one_core_unless_something_else_is_said():
    assert [trial.config.runtime.threads for trial in made(f"{SIZE}=8")] == [1]
    assert [trial.config.runtime.threads for trial in made(f"{SIZE}=8", settings=["runtime.threads=3"])] == [3]
    assert [trial.config.runtime.threads for trial in made("runtime.threads=2,3")] == [2, 3]


def test_varied_epochs_override_the_steps_of_a_file(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("training:\n  steps: 7\n", "utf-8")
    found = trials(parse_axes(["training.epochs=2,3"]), str(recipe), (), {}, None, 0)
    assert [(trial.config.training.steps, trial.config.training.epochs) for trial in found] == [(None, 2), (None, 3)]


def test_the_same_value_written_twice_is_one_point():
    assert values(f"{RATE}=0.003,3e-3,0.0030,1e-3") == [(0.003,), (0.001,)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2", (1, 2)),
        (" 1e-3 , null ", (1e-3, None)),
        ("'a,b',\"c\"", ("a,b", "c")),
        ("[0.9,0.1,0],[0.8,0.2,0]", ([0.9, 0.1, 0], [0.8, 0.2, 0])),
        ("a..b", ("a..b",)),
        ("1..2,3", ("1..2", 3)),
    ],
)
def test_values_are_read_as_in_a_configuration(text, expected):
    assert parse_axes([f"data.split={text}"]) == [Choice("data.split", expected)]


@pytest.mark.parametrize(
    ("text", "low", "high"), [("1e-4..1e-2", 1e-4, 1e-2), ("32..512", 32, 512), ("-1..1.5", -1, 1.5)]
)
def test_a_range_has_two_ends(text, low, high):
    assert parse_axes([f"{RATE}={text}"]) == [Range(RATE, low, high)]


def test_random_points_lie_in_their_ranges_and_whole_numbers_stay_whole():
    found = made(f"{RATE}=1e-4..1e-1", f"{SIZE}=8..12", f"{CELL}=gru,lstm", "model.dropout=0..0.5", random=200)
    for trial in found:
        rate, size, cell, dropout = trial.values.values()
        assert 1e-4 <= rate <= 1e-1
        assert rate == float(f"{rate:.3g}")
        assert type(size) is int
        assert cell in ("gru", "lstm")
        assert 0 <= dropout <= 0.5
    assert {trial.values[SIZE] for trial in found} == {8, 9, 10, 11, 12}
    assert {trial.values[CELL] for trial in found} == {"gru", "lstm"}


def test_the_ends_of_a_range_of_whole_numbers_are_as_likely_as_the_rest():
    layers = [layers for layers, _ in values("model.num_layers=1..3", "training.seed=0..1000000000", random=1000)]
    assert all(abs(layers.count(number) / len(layers) - 1 / 3) < 0.07 for number in (1, 2, 3))


def test_the_seed_decides_the_draws():
    first, second, other = (values(f"{RATE}=1e-4..1e-1", random=5, seed=seed) for seed in (1, 1, 2))
    assert first == second != other


def test_pointsdraw_twice_are_one():
    assert sorted(values(f"{SIZE}=8,9", random=50)) == [(8,), (9,)]


@pytest.mark.parametrize(
    ("grids", "random", "words"),
    [
        (["model.hiden_size=1,2"], None, "`grids`: model.hiden_size: no such key; did you mean model.hidden_size?"),
        (["hidden_size=1,2"], None, "did you mean model.hidden_size?"),
        (["model.hidden_size=8,0"], None, "`grids`: model.hidden_size: must be greater than or equal to 1; found 0"),
        (["model.cell=gru,lstmm"], None, "did you mean lstm?"),
        (["model.hidden_size"], None, "must be KEY=A,B,C"),
        (["=3"], None, "must be KEY=A,B,C"),
        (["model.hidden_size="], None, "no value"),
        (["model.hidden_size=8,,9"], None, "not values separated by commas"),
        (["model.hidden_size=8]"], None, "not values separated by commas"),
        (["model.hidden_size=8", "model.hidden_size=9"], None, "model.hidden_size is given twice"),
        (["model={cell: gru}"], None, "a section, not a key"),
        (["model.hidden_size=8..16"], None, "draw from it with `random` N"),
        (["model.hidden_size=16..8"], 3, "from a lower number to a higher one"),
        (["model.hidden_size=8..1e9"], 3, "must be less than or equal to"),
        (["model.hidden_size=8..65537"], 1, "found 65537"),  # though 65,536 is what one draw would hardly pass
        (["model.hidden_size=8.5..9.5"], 3, "must be a whole number"),
        (["model.cell=1..2"], 3, f"must be {ONE_OF_THE_CELLS}"),
        (["model.hidden_size=8"], 20_000, "20,000 trainings; a sweep has at most 10,000"),
        ([f"{key}={','.join(map(str, range(1, 500)))}" for key in (SIZE, "training.seed")], None, "249,001 trainings"),
    ],
)
def test_invalid_sweeps_are_refused_in_one_line(grids, random, words):
    with pytest.raises(ConfigError) as refusal:
        made(*grids, random=random)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("low", "high", "whole"),
    [(0.10049, 0.10051, False), (0.0010049, 0.0100451, False), (10, 15, True), (17, 1000, True)],
)
def test_no_draw_leaves_its_range_by_being_rounded(low, high, whole):
    generator = np.random.default_rng(0)
    drawn = [draw(Range("key", low, high), whole, generator) for _ in range(2000)]
    assert low <= min(drawn) <= max(drawn) <= high
    assert {type(value) for value in drawn} == ({int} if whole else {float})


@pytest.mark.parametrize(
    ("low", "high", "middle", "whole"),
    [(0.01, 0.1, 0.1**1.5, False), (0.01, 1.0, 0.1, False), (1e3, 1e9, 1e6, True), (0.01, 0.099, 0.0545, False)],
)
def test_a_range_that_spans_a_decade_isdraw_from_by_its_logarithm(low, high, middle, whole):
    """Half of the draws are below the geometric mean; of a shorter range below the arithmetic one."""
    generator = np.random.default_rng(0)
    drawn = [draw(Range("key", low, high), whole, generator) for _ in range(4000)]
    assert 0.47 < np.mean(np.array(drawn) < middle) < 0.53
