"""A fine-tune starts from another run's weights, keeps all its characters, and reports new ones."""

import os
import re
from dataclasses import replace

import numpy as np
import pytest
from slow import mostly_slow
from tiny import TINY, follow

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.config.sizing import FINE_TUNE
from charrnn.errors import CheckpointError, ConfigError, NetworkError, RunError
from charrnn.package import shipped
from charrnn.runs.planning import memory_estimate
from charrnn.runs.planning.vocabulary_extension import AXES
from charrnn.runs.storage import directory
from charrnn.runs.storage.checkpoint import load, save
from charrnn.training.events import Evaluated, Stepped
from charrnn.training.trainer import Progress

QUICK = [*(setting for setting in TINY if not setting.startswith("model.")), "training.sample_every=0"]
OTHER = "THE cat sat: 12 mats. ein Übel?\n" * 30


@pytest.fixture
def other_text(tmp_path):
    """A text with characters that `text_file` lacks."""
    path = tmp_path / "other.txt"
    path.write_text(OTHER, "utf-8")
    return path


def train(path, text, *settings, base=None):
    """A run, its events and its directory."""
    found = api.load_base(base) if base else None
    resolved = resolve(
        None, [*(QUICK if base else [*TINY, "model.cell=gru"]), *settings], defaults=found.settings if found else None
    )
    run = api.start(api.plan([str(text)], resolved.config, base=found), path)
    return list(run.events())


@pytest.fixture
def base_run(tmp_path, text_file):
    train(tmp_path / "base", text_file)
    return tmp_path / "base"


def plan(text, base, *settings):
    found = api.load_base(base)
    return api.plan([str(text)], resolve(None, [*QUICK, *settings], defaults=found.settings).config, base=found)


def test_every_character_of_the_base_keeps_its_weights_under_its_new_id(tmp_path, base_run, other_text):
    """Checked in what a fine-tune writes before its first step, so that nothing on the way can shuffle them."""
    run = api.start(plan(other_text, base_run), tmp_path / "fine")
    next(run.events())
    before, after = load(base_run / "best.safetensors"), load(tmp_path / "fine/last.safetensors")
    assert after.progress.step == 0
    assert len(after.vocabulary) > len(before.vocabulary)
    assert after.vocabulary.symbols.index("t") != before.vocabulary.symbols.index("t")
    for index, symbol in enumerate(before.vocabulary.symbols):
        now = after.vocabulary.symbols.index(symbol)
        for name, axis in AXES.items():
            rows = [np.take(saved.network.parameters[name], at, axis) for saved, at in ((before, index), (after, now))]
            assert rows[0].tobytes() == rows[1].tobytes()
    assert before.network.parameters["W_hh"].tobytes() == after.network.parameters["W_hh"].tobytes()


def test_a_fine_tune_starts_afresh_except_for_the_weights(tmp_path, base_run, other_text):
    next(api.start(plan(other_text, base_run), tmp_path / "fine").events())
    begun = load(tmp_path / "fine/last.safetensors")
    assert (begun.updates, begun.position, begun.progress.step, begun.progress.best_loss) == (0, 0, 0, None)
    assert not begun.state.any()
    assert not any(moment.any() for moment in begun.moments.values())


@pytest.mark.slow
def test_a_fine_tune_begins_far_below_a_training_from_scratch(tmp_path):
    """From the small letters of one half of a book to the other half with its capitals, figures and signs."""
    book = (shipped("corpora") / "harbour.txt").read_text("utf-8")
    (tmp_path / "one.txt").write_text(re.sub(r"[^a-z ,.\n]", "", book[:60_000]), "utf-8")
    (tmp_path / "two.txt").write_text(book[-60_000:], "utf-8")
    size = ["training.batch_size=16", "training.sequence_length=32", "training.learning_rate=0.01"]
    train(tmp_path / "base", tmp_path / "one.txt", "model.hidden_size=32", "training.steps=300", *size)
    tuned = train(tmp_path / "tuned", tmp_path / "two.txt", *size, base=tmp_path / "base")
    scratch = train(tmp_path / "scratch", tmp_path / "two.txt", "model.hidden_size=32", *size)
    new = len(load(tmp_path / "tuned/last.safetensors").vocabulary) - len(
        load(tmp_path / "base/last.safetensors").vocabulary
    )
    assert new > 30
    for fact in (Stepped, Evaluated):  # the first of each: before any update, and after ten
        losses = [next(event.loss for event in events if isinstance(event, fact)) for events in (tuned, scratch)]
        assert losses[0] < losses[1] - 0.5


def test_the_base_is_validated_first_and_kept_if_nothing_is_better(tmp_path, base_run, text_file):
    """With such a rate, every update makes the network worse."""
    events = train(tmp_path / "fine", text_file, "training.learning_rate=1e3", "training.recoveries=0", base=base_run)
    evaluated = [event for event in events if isinstance(event, Evaluated)]
    assert [(event.step, event.best) for event in evaluated[:2]] == [(0, True), (10, False)]
    base, best = load(base_run / "best.safetensors"), load(tmp_path / "fine/best.safetensors")
    assert (best.progress.step, best.progress.best_loss) == (0, evaluated[0].loss)
    assert best.network.parameters.flat.tobytes() == base.network.parameters.flat.tobytes()


def test_a_training_from_scratch_is_not_validated_before_its_first_update(tmp_path, text_file):
    events = train(tmp_path / "scratch", text_file)
    assert next(event.step for event in events if isinstance(event, Evaluated)) > 0


def test_the_base_is_validated_once(tmp_path, base_run, other_text):
    follow(api.start(plan(other_text, base_run), tmp_path / "parts"), until=1)
    first, then = [
        [event.step for event in api.resume(tmp_path / "parts").events() if isinstance(event, Evaluated)],
        [event.step for event in train(tmp_path / "whole", other_text, base=base_run) if isinstance(event, Evaluated)],
    ]
    assert then == [0, *first]


def test_unused_and_new_symbols_are_noted(base_run, other_text):
    saved = load(base_run / "best.safetensors")
    first, second, *_ = plan(other_text, base_run).notes
    assert first == f"from {base_run / 'best.safetensors'}: step 20, validation loss {saved.progress.best_loss:.4f}"
    assert second == (
        "11 of its 18 characters occur in this text, 7 do not: 'd', 'g', 'h', 'o', 'r', 'w', 'y'; "
        "10 are new: '1', '2', ':', 'E', 'H', 'T', 'b', 'i', 'l', 'Ü'"
    )


def test_a_long_list_of_new_characters_is_cut_and_none_can_move_the_cursor(tmp_path, base_run):
    text = tmp_path / "many.txt"
    text.write_text("\x1b[2J" + "".join(map(chr, range(0x400, 0x430))) * 10, "utf-8")
    note = plan(text, base_run).notes[1]
    assert "52 are new: '\\x1b', '2', 'J', '[', 'Ѐ'" in note
    assert note.endswith("'Џ' and 32 more")
    assert note.isprintable()


def test_nothing_new_and_nothing_unused(base_run, text_file):
    assert plan(text_file, base_run).notes[1] == "18 of its 18 characters occur in this text; none is new"


def test_rare_characters_share_an_unknown_symbol_but_for_those_that_the_base_knows(tmp_path, base_run):
    text = tmp_path / "rare.txt"
    text.write_text("the cat sat on the mat.\n" * 40 + "why? ÄÖ", "utf-8")
    made = plan(text, base_run, "data.min_count=5")
    vocabulary = made.corpus.vocabulary
    assert vocabulary.symbols == (*load(base_run / "best.safetensors").vocabulary.symbols, "")
    assert vocabulary.decode(made.corpus.ids[-7:]) == "why? ��"
    assert made.notes[1].endswith("1 are new: the unknown symbol")


def test_an_unknown_symbol_of_the_base_stays_last(tmp_path, text_file, other_text):
    train(tmp_path / "base", text_file, "data.min_count=35")
    before = load(tmp_path / "base/best.safetensors").vocabulary
    assert before.symbols[-1] == ""
    made = plan(other_text, tmp_path / "base")
    assert made.corpus.vocabulary.symbols[-1] == ""
    assert made.corpus.vocabulary.unknown_id not in made.corpus.ids
    assert "the unknown symbol" in made.notes[1].partition("do not: ")[2]
    list(api.start(made, tmp_path / "fine").events())


def test_the_base_s_unknown_symbol_takes_rare_characters(tmp_path, text_file):
    train(tmp_path / "base", text_file, "data.min_count=35")
    text = tmp_path / "rare.txt"
    text.write_text("the cat sat on the mat.\n" * 40 + "ÄÖ", "utf-8")
    made = plan(text, tmp_path / "base", "data.min_count=5")
    assert made.corpus.ids[-1] == made.corpus.vocabulary.unknown_id
    assert "the unknown symbol" not in made.notes[1]


@pytest.mark.parametrize(
    ("setting", "there"),
    [
        ("model.hidden_size=8", "16"),
        ("model.cell=rnn", "gru"),
        ("model.num_layers=2", "1"),
        ("model.bias=false", "true"),
        ("data.unit=byte", "char"),
    ],
)
def test_another_network_is_refused_naming_both_values(base_run, other_text, setting, there):
    key, value = setting.split("=")
    advice = "a fine-tune keeps its base's network: leave that out, or train without `base`"
    with pytest.raises(
        ConfigError,
        match=f"^`base` {re.escape(str(base_run))}: {key} is {there} in the base, and {value} here; {advice}$",
    ):
        plan(other_text, base_run, setting)


def test_another_nonlinearity_is_refused(tmp_path, text_file):
    train(tmp_path / "base", text_file, "model.cell=rnn", "model.nonlinearity=relu")
    with pytest.raises(ConfigError, match=r"model\.nonlinearity is relu in the base, and tanh here"):
        plan(text_file, tmp_path / "base", "model.nonlinearity=tanh")


def test_dropout_and_precision_may_differ(tmp_path, base_run, other_text):
    train(tmp_path / "fine", other_text, "model.dropout=0.2", "training.precision=float64", base=base_run)
    assert load(tmp_path / "fine/last.safetensors").network.parameters.flat.dtype == np.float64


def test_a_base_that_another_precision_cannot_hold_is_refused(tmp_path, text_file):
    train(tmp_path / "base", text_file, "training.precision=float64")
    saved = load(tmp_path / "base/best.safetensors")
    saved.network.parameters["W_hh"][0, 0, 0] = 1e300
    save(saved, tmp_path / "large.safetensors")
    with pytest.raises(NetworkError, match=r"`base` .*large\.safetensors: its weights are too large for float32"):
        plan(text_file, tmp_path / "large.safetensors")


def test_bytes_stay_bytes(tmp_path, text_file, other_text):
    train(tmp_path / "base", text_file, "data.unit=byte")
    made = plan(other_text, tmp_path / "base")
    assert made.config.data.unit == "byte"
    assert made.notes[1] == "the vocabulary stays: the 256 bytes"
    assert made.weights.parameters.flat.tobytes() == api.load_base(tmp_path / "base").network.parameters.flat.tobytes()


def test_without_a_configuration_the_base_gives_its_network(base_run, other_text):
    made = api.plan([str(other_text)], base=api.load_base(base_run))
    assert (made.config.model.cell, made.config.model.hidden_size) == ("gru", 16)


@pytest.mark.parametrize("name", ["best.safetensors", "last.safetensors", "previous.safetensors"])
def test_a_base_can_be_a_checkpoint(base_run, name):
    assert api.load_base(base_run / name).lineage.path == str(base_run / name)


def test_a_base_without_a_best_gives_its_last(base_run):
    (base_run / "best.safetensors").unlink()
    base = api.load_base(base_run)
    assert base.lineage.path == str(base_run / "last.safetensors")


def test_a_damaged_best_is_noted_and_a_damaged_run_is_refused(base_run, other_text):
    (base_run / "best.safetensors").write_bytes(b"?")
    assert "best.safetensors: damaged" in plan(other_text, base_run).notes[1]
    for name in ("last", "previous"):
        (base_run / f"{name}.safetensors").write_bytes(b"?")
    with pytest.raises(CheckpointError, match=r"^`base` .*base.previous\.safetensors: damaged"):
        api.load_base(base_run)


def test_a_base_that_is_not_there(tmp_path, base_run):
    with pytest.raises(RunError, match=r"^`base` .*[/\\]nothing: no such run; .*; runs in .*: base$"):
        api.load_base(tmp_path / "nothing")


def test_a_base_that_is_being_trained_is_read_and_not_touched(base_run, other_text):
    run = api.resume(base_run, steps=30)
    events = run.events()
    next(events)
    before = {path.name: path.read_bytes() for path in base_run.iterdir()}
    assert plan(other_text, base_run).lineage.step == 20
    assert {path.name: path.read_bytes() for path in base_run.iterdir()} == before
    list(events)


def test_its_lineage_survives_saving_and_resuming(tmp_path, base_run, other_text):
    train(tmp_path / "fine", other_text, base=base_run)
    saved, base = load(tmp_path / "fine/last.safetensors"), load(base_run / "best.safetensors")
    assert saved.base.path == str(base_run / "best.safetensors")
    assert (saved.base.step, saved.base.text_sha256) == (base.progress.step, base.text.sha256)
    list(api.resume(tmp_path / "fine", steps=30).events())
    assert load(tmp_path / "fine/last.safetensors").base == saved.base


@pytest.mark.parametrize(
    "settings",
    [
        [],
        ["training.freeze=[layer1]", "training.optimizer=adamw", "training.weight_decay=0.1"],
        ["training.l2_sp=30", "training.ema_decay=0.9"],
    ],
)
@mostly_slow("at", [1, 10, 13], one_in=3)
def test_stopped_and_resumed_without_its_base_it_ends_with_the_same_bytes(tmp_path, base_run, other_text, at, settings):
    train(tmp_path / "whole", other_text, *settings, base=base_run)
    follow(api.start(plan(other_text, base_run, *settings), tmp_path / "parts"), until=at)
    base_run.rename(tmp_path / "gone")
    list(api.resume(tmp_path / "parts").events())
    for name in ("last.safetensors", "best.safetensors"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_one_plan_can_be_started_twice(tmp_path, base_run, other_text):
    """As --time does, which measures with a training that is thrown away."""
    made = plan(other_text, base_run)
    for name in ("a", "b"):
        list(api.start(made, tmp_path / name).events())
    assert (tmp_path / "a/last.safetensors").read_bytes() == (tmp_path / "b/last.safetensors").read_bytes()


def test_a_fine_tune_of_a_fine_tune(tmp_path, base_run, text_file, other_text):
    train(tmp_path / "second", other_text, base=base_run)
    train(tmp_path / "third", text_file, base=tmp_path / "second")
    third = load(tmp_path / "third/last.safetensors")
    assert third.vocabulary == load(tmp_path / "second/last.safetensors").vocabulary
    assert third.base.path == str(tmp_path / "second/best.safetensors")


def test_frozen_layers_stay_as_the_base_has_them_through_recovery_and_resume(tmp_path, base_run, other_text):
    made = plan(other_text, base_run, "training.freeze=[layer1]", "training.weight_decay=0.1")
    assert "layer1 is frozen: the new characters keep the weights there that they begin with" in made.notes
    assert any(note.startswith("frozen: layer1; 476 of ") for note in made.notes)
    run = api.start(made, tmp_path / "fine")
    spoilt = []
    for event in run.events():
        if isinstance(event, Stepped) and event.step == 15 and not spoilt:
            spoilt.append(run.trainer.state.fill(np.nan))
    resumed = api.resume(tmp_path / "fine", steps=40)
    assert any(note.startswith("frozen: layer1") for note in resumed.plan.notes)
    list(resumed.events())
    after = load(tmp_path / "fine/last.safetensors")
    assert after.progress.halvings == 1
    for name in after.network.architecture.parts()["layer1"]:
        assert after.network.parameters[name].tobytes() == made.weights.parameters[name].tobytes()
    assert after.network.parameters["W_hy"].tobytes() != made.weights.parameters["W_hy"].tobytes()


def test_a_frozen_readout_is_noted_only_if_something_is_new(base_run, text_file, other_text):
    said = "readout is frozen: the new characters keep the weights there that they begin with"
    assert said in plan(other_text, base_run, "training.freeze=[readout]").notes
    assert said not in plan(text_file, base_run, "training.freeze=[readout]").notes


def test_the_plans_own_weights_are_counted_in_its_memory(base_run, text_file):
    made = plan(text_file, base_run)
    assert (
        memory_estimate.estimate_memory(made) - memory_estimate.estimate_memory(replace(made, weights=None))
        == made.weights.parameters.flat.nbytes
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("training.freeze=[layer2]", "`settings`: training.freeze: names 'layer2'; this network has layer1, readout"),
        ("training.freeze=[layer1, readout]", "`settings`: training.freeze: names all parts, so that nothing learns"),
        ("training.freeze=layer1", "`settings`: training.freeze: must be a list, in brackets; found 'layer1'"),
    ],
)
def test_freezing_an_unknown_part_is_refused(setting, message):
    with pytest.raises(ConfigError) as caught:
        resolve(None, [setting])
    assert str(caught.value).startswith(message)


def test_layers_are_counted_in_the_bases_network(tmp_path, text_file):
    train(tmp_path / "base", text_file, "model.num_layers=2")
    assert plan(text_file, tmp_path / "base", "training.freeze=[layer2]").config.training.freeze == ("layer2",)


def test_a_size_that_a_file_leaves_to_the_text_is_the_base_s(tmp_path, base_run, text_file):
    recipe = tmp_path / "own.yaml"
    recipe.write_text(
        "model:\n  cell: gru\n  hidden_size: null\n  dropout: null\ntraining:\n  learning_rate: 1.0e-3\n", "utf-8"
    )
    base = api.load_base(base_run)
    resolved = resolve(str(recipe), defaults=base.settings)
    assert resolved.config.model.model_dump() == {**base.config.model.model_dump(), "dropout": None}
    assert resolved.origin("model.hidden_size") == "`base`"
    plan = api.plan([str(text_file)], resolved.config, base=base)
    assert plan.config.model.dropout == FINE_TUNE.presets["model.dropout"][0]


@pytest.mark.skipif(os.name != "posix", reason="a name of bytes")
def test_a_base_whose_name_no_run_could_remember_is_refused_before_anything_is_made(tmp_path, base_run):
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        base_run.rename(odd)
    except OSError:
        pytest.skip("this file system has UTF-8 names alone")
    with pytest.raises(RunError, match=r"caf.*: a file name that is not UTF-8; rename it to use it as `base`"):
        api.load_base(odd)


@pytest.mark.parametrize(
    ("progress", "note"),
    [
        (Progress(step=1200, best_step=1200, best_loss=1.25), "step 1,200, validation loss 1.2500"),
        (Progress(step=1200, best_step=800, best_loss=1.25), "step 1,200"),  # the loss of other weights
        (Progress(step=1200), "step 1,200"),
    ],
)
def test_the_note_of_a_base_has_the_loss_of_its_own_weights_only(tiny_run, monkeypatch, progress, note):
    path = tiny_run / "last.safetensors"
    loaded = directory.load(path)
    changed = replace(loaded, checkpoint=replace(loaded.checkpoint, progress=progress))
    monkeypatch.setattr(directory, "load", lambda run: changed)
    assert api.load_base(path).notes == (f"from {path}: {note}",)
