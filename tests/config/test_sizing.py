"""Sizes that follow the text."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import charrnn
from charrnn import api
from charrnn.config import sizing
from charrnn.config.resolve import override, resolve, to_yaml
from charrnn.config.schema import Config, SizedConfig
from charrnn.config.sizing import FINE_TUNE, FROM_SCRATCH, KEYS, describe_sizes, fill_sizes, missing_sizes
from charrnn.errors import ConfigError
from charrnn.package import shipped
from charrnn.sweeps.grid import parse_axes, trials
from charrnn.text import windows

LENGTHS = sorted({2, 100, *(int(10 ** (step / 20)) for step in range(40, 200)), *(
    int(most) + beside for table in (FROM_SCRATCH, FINE_TUNE) for most in table.most[:-1] for beside in (0, 1)
)})  # fmt: skip
SIXTEEN = "model.hidden_size=16"
QUICK = ["training.steps=2", "runtime.threads=1"]


def default(*settings):
    return resolve("default", settings).config


def sizes(characters, *settings):
    config = fill_sizes(default(*settings), characters)
    model, training = config.model, config.training
    regularisation = model.dropout, model.weight_dropout, training.label_smoothing
    return model.hidden_size, *regularisation, training.batch_size, training.epochs


@pytest.mark.parametrize(
    ("characters", "expected"),
    [
        (40_000, (192, 0.4, 0.3, 0.02, 16, 60.0)),
        (60_000, (192, 0.4, 0.3, 0.02, 16, 60.0)),
        (60_001, (256, 0.3, 0.3, 0.02, 16, 60.0)),  # in as many passes as bring it to what 60,000 are read for
        (175_000, (256, 0.3, 0.3, 0.02, 16, 20.6)),
        (175_001, (256, 0.15, 0.2, 0.01, 32, 20.6)),
        (268_164, (256, 0.15, 0.2, 0.01, 32, 13.4)),  # the built-in text
        (300_000, (256, 0.15, 0.2, 0.01, 32, 12.0)),
        (300_001, (256, 0.15, 0.2, 0.01, 32, 20.0)),
        (1_003_854, (384, 0.15, 0.15, 0.02, 32, 23.9)),
        (45_000_000, (384, 0.0, 0.0, 0.0, 32, 0.533)),
    ],
)
def test_a_text_of_each_length_gets_its_row(characters, expected):
    assert sizes(characters) == expected


def test_a_longer_text_is_read_for_no_less_and_by_no_smaller_network_and_with_no_more_passes_than_sixty():
    found = [(length, *sizes(length)) for length in LENGTHS]
    for (shorter, H, *_, B, epochs), (longer, larger_H, *_, larger_B, larger_epochs) in pairwise(found):
        assert larger_H >= H
        assert larger_B >= B
        assert larger_epochs * longer >= epochs * shorter * 0.99, (shorter, longer)  # epochs have three digits
        assert larger_epochs * longer <= FROM_SCRATCH.max_characters_read * 1.01
        assert larger_epochs <= 60


@given(st.integers(2, 200_000), st.integers(1, 2000))
def test_the_sizes_are_those_of_a_training_that_can_be_made(characters, T):
    config = fill_sizes(default(f"training.sequence_length={T}"), characters)
    B, fitted_T = windows.fit(characters, config.training.batch_size, T)
    assert B == config.training.batch_size  # never more streams than the text fills
    assert fitted_T == min(T, characters - 1)
    assert override(config, {}) == config  # every number within its range


@pytest.mark.parametrize("characters", [1_100, 5_000, 20_000])
def test_a_page_is_read_in_many_updates(characters):
    *_, B, _ = sizes(characters)
    assert (characters - 1) // B // 32 >= sizing.MIN_WINDOWS_PER_PASS - 1


def test_given_sizes_stay_and_only_the_others_are_described():
    asked = default(SIXTEEN, "training.epochs=3")
    assert missing_sizes(asked) == [
        key for key in KEYS if key not in ("model.hidden_size", "training.epochs", "training.l2_sp")
    ]
    found = fill_sizes(asked, 1_003_854)
    assert (found.model.hidden_size, found.training.epochs) == (16, 3.0)
    assert describe_sizes(asked, found, 1_003_854) == (
        "sized for 1,003,854 characters to train on: dropout 0.15, weight dropout 0.15, label smoothing 0.02, batch size 32; `settings` KEY=VALUE or `config` FILE choose otherwise",
    )
    assert describe_sizes(found, found, 1_003_854) == ()


def test_without_a_configuration_a_plan_is_sized_for_its_text(text_file):
    plan = api.plan([str(text_file)])
    model, training = plan.config.model, plan.config.training
    assert (model.cell, model.hidden_size, training.batch_size, model.dropout) == ("gru", 192, 2, 0.4)
    assert plan.steps == 60 * plan.windows_per_epoch
    assert plan.notes[0].startswith(
        "sized for 1,080 characters to train on: 192 units, dropout 0.4, weight dropout 0.3, label smoothing 0.02, batch size 2; `settings` "
    )


def test_a_program_that_names_no_configuration_trains_the_default_one(text_file, tmp_path):
    model = charrnn.train(text_file, settings={"model.hidden_size": 8, "training.steps": 2}, out=tmp_path / "run")
    assert (model.saved.config.model.cell, model.saved.config.model.dropout) == ("gru", 0.4)


def test_a_copy_of_the_default_file_does_as_it_does(text_file, tmp_path):
    copy = tmp_path / "mine.yaml"
    copy.write_text((shipped("configs") / "default.yaml").read_text("utf-8"), "utf-8")
    assert resolve(str(copy)).config == default()
    assert api.plan([str(text_file)], resolve(str(copy)).config).config == api.plan([str(text_file)]).config


def test_a_sized_configuration_has_the_defaults_of_any_other():
    assert to_yaml(SizedConfig()) == to_yaml(Config().with_values("data", shuffle=False))


@pytest.mark.parametrize("key", KEYS)
def test_a_sized_configuration_refuses_null_for_a_size(key):
    with pytest.raises(ConfigError, match=f"{key}: must be a (whole )?number; found null"):
        override(SizedConfig(), {key: ("here", None)})
    override(Config(), {key: ("here", None)})


@pytest.mark.parametrize("key", KEYS)
def test_a_sized_configuration_has_the_ranges_of_any_other(key):
    for kind in (Config, SizedConfig):
        with pytest.raises(ConfigError, match=f"{key}: must be greater than"):
            override(kind(), {key: ("here", -1)})


def test_a_file_that_does_not_ask_for_it_is_not_sized(text_file, tmp_path):
    (tmp_path / "c.yaml").write_text("model: {hidden_size: 8}\n", "utf-8")
    config = resolve(str(tmp_path / "c.yaml")).config
    assert missing_sizes(config) == []
    plan = api.plan([str(text_file)], config)
    assert (plan.config.model.cell, plan.config.model.dropout, plan.config.training.epochs) == ("rnn", 0.0, 30.0)
    assert not any(note.startswith("sized") for note in plan.notes)


def test_a_run_records_the_numbers_and_goes_on_with_them(text_file, tmp_path, monkeypatch):
    run = api.start(api.plan([str(text_file)], default("model.hidden_size=8", *QUICK)), tmp_path / "run")
    list(run.events())
    config = resolve(str(tmp_path / "run/config.yaml")).config
    assert missing_sizes(config) == []
    assert (config.model.dropout, config.training.batch_size, config.training.epochs) == (0.4, 2, 60.0)
    later = {key: values[::-1] for key, values in FROM_SCRATCH.presets.items()}  # as a later release may have them
    monkeypatch.setattr(sizing, "FROM_SCRATCH", replace(FROM_SCRATCH, presets=later))
    resumed = api.resume(tmp_path / "run", steps=4)
    list(resumed.events())
    assert to_yaml(resumed.plan.config.with_values("training", steps=2)) == to_yaml(config)


def test_a_fine_tune_keeps_the_network_and_has_its_passes_from_its_text(tiny_run, text_file):
    base = api.load_base(tiny_run)
    resolved = resolve("finetune", defaults=base.settings)
    assert (resolved.config.model.cell, resolved.origin("model.hidden_size")) == ("rnn", "`base`")
    plan = api.plan([str(text_file)], resolved.config, base=base)
    assert plan.config == api.plan([str(text_file)], base=base).config
    first = [FINE_TUNE.presets[key][0] for key in ("model.dropout", "training.epochs")]
    assert [plan.config.model.dropout, plan.config.training.epochs] == first
    assert plan.config.model.hidden_size == 16


@pytest.mark.parametrize("length", LENGTHS)
def test_a_fine_tune_is_sized_for_every_length(length):
    config = fill_sizes(resolve("finetune", ["model.hidden_size=16"]).config, length, FINE_TUNE)
    assert config.training.epochs * length <= FINE_TUNE.max_characters_read * 1.01
    assert config.training.batch_size in FINE_TUNE.presets["training.batch_size"] or length < 20_000


def test_each_training_of_a_sweep_is_sized_except_for_varied_keys(text_file, tmp_path):
    for trial in trials(parse_axes(["model.hidden_size=4,8"]), "default", [], {}, None, 0):
        (tmp_path / "trial.yaml").write_text(to_yaml(trial.config), "utf-8")
        plan = api.plan([str(text_file)], resolve(str(tmp_path / "trial.yaml")).config)
        assert plan.config.model.hidden_size == trial.values["model.hidden_size"]
        assert (plan.config.model.cell, plan.config.model.dropout, plan.config.training.epochs) == ("gru", 0.4, 60.0)


def test_a_gradient_check_and_a_measurement_of_speed_need_no_text(small_peak):
    few = ("model.hidden_size=8", "training.batch_size=2", "training.sequence_length=4", "runtime.threads=1")
    assert api.bench(default(*few), 0.1).cell == "gru"
    assert api.gradcheck(default(), entries=2).passed


def test_the_default_file_is_the_shipped_one_whatever_is_called_so_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "default").write_text("model: {cell: lstm}\n", "utf-8")
    assert default().model.cell == "gru"
    assert resolve("./default").config.model.cell == "lstm"
    assert re.search(r"default\.yaml:\d+$", resolve("default").origin("model.cell"))
