"""Plans of trainings."""

import pytest

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.errors import NetworkError, OptionError
from charrnn.training.parallel import communicator

RARE = "300 of its 308 different characters occur fewer than 10 times,"


def test_the_cores_divide_a_window(tmp_path, monkeypatch):
    text = tmp_path / "text.txt"
    text.write_text("She waited at the quay, and nobody came. " * 5000, "utf-8")
    monkeypatch.setattr(communicator, "usable_cores", lambda: frozenset({0, 1}))
    threads = [
        api.plan([str(text)], resolve(None, ["training.batch_size=32", f"training.accumulate={n}"]).config).threads
        for n in (1, 32)
    ]
    assert threads == [2, 1]


@pytest.mark.parametrize(
    ("rare", "times", "settings", "note_start"),
    [
        (300, 1, [], f"{RARE} 300 times in all; `settings` data.min_count=10 lets"),
        (300, 2, ["data.min_count=2"], f"{RARE} 600 times in all"),
        (300, 1, ["data.min_count=10"], None),
        (300, 1, ["data.unit=byte"], None),
        (300, 9, [], None),  # 0.4 % of the text
        (150, 1, [], None),  # few symbols
    ],
)
def test_many_rare_symbols_are_noted(rare, times, settings, note_start, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("".join(map(chr, range(0x4E00, 0x4E00 + rare))) * times + "quay on." * 90_000, encoding="utf-8")
    notes = api.plan([str(text)], resolve(None, settings).config).notes
    found = [note for note in notes if "different characters" in note]
    assert [note[: len(note_start or "")] for note in found] == ([note_start] if note_start else [])


@pytest.mark.parametrize(("most", "of_each"), [(100, 25), (103, 25), (4, 2), (10_000_000, 100), (None, 100)])
def test_the_characters_of_a_validation_are_those_of_all_slices_together(tmp_path, most, of_each):
    """4 slices of 20 windows of 100 characters: one window of each validates."""
    text = tmp_path / "text.txt"
    text.write_text("The tide comes in. " * 422, "utf-8")
    settings = [
        "data.protocol=char-rnn",
        "data.slices=[4, 100]",
        f"training.eval_characters={'null' if most is None else most}",
    ]
    assert api.plan([str(text)], resolve(None, settings).config).valid.shape == (4, of_each)


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        (["training.epochs=1"], 28),
        (["training.epochs=0.3"], 9),  # 8.4: the pass is not cut short
        (["training.epochs=2.5"], 70),
        (["training.epochs=0.001"], 1),
        (["training.epochs=1", "training.stride=4"], 55),
        (["training.epochs=0.3", "training.stride=4"], 17),  # 16.5
        (["training.epochs=2.5", "training.steps=6"], 6),
    ],
)
def test_steps_are_computed_from_epochs(tmp_path, settings, steps):
    """900 characters to train on: 4 streams of 224, in 28 windows of 8, or in 55 windows with 4 new characters each."""
    text = tmp_path / "text.txt"
    text.write_text("The tide. " * 100, "utf-8")
    size = ["training.batch_size=4", "training.sequence_length=8", "model.hidden_size=8"]
    assert api.plan([str(text)], resolve(None, [*size, *settings]).config).steps == steps


def test_a_stride_is_at_most_the_window_of_a_short_text(tmp_path):
    """90 characters to train on leave windows of 89."""
    text = tmp_path / "text.txt"
    text.write_text("The tide. " * 10, "utf-8")
    settings = ["training.batch_size=4", "training.sequence_length=200", "training.stride=150"]
    plan = api.plan([str(text)], resolve(None, [*settings, "data.split=[0.9, 0.05, 0.05]"]).config)
    training = plan.config.training
    assert (training.batch_size, training.sequence_length, training.stride) == (1, 89, 89)
    assert plan.windows_per_epoch == 1


def test_documents_are_counted_and_the_longest_is_measured_without_its_end(tmp_path):
    text = tmp_path / "names.txt"
    text.write_text("Ann\nBobby\nCid\n" * 10, "utf-8")
    config = resolve(None, ["training.batch_size=2", "training.sequence_length=8"], {"data.boundary": ("here", "\\n")})
    assert api.plan([str(text)], config.config).notes[0] == "30 documents, the longest 5 characters"


@pytest.mark.parametrize(("steps", "epochs"), [(19, None), (20, None), (None, 0.001)])
def test_a_new_end_must_be_later_than_the_current_step(tiny_run, steps, epochs):
    with pytest.raises(OptionError, match=f"`{'steps' if steps else 'epochs'}`: already at step 20; the new end"):
        api.resume(tiny_run, steps=steps, epochs=epochs)
    assert api.resume(tiny_run, steps=21).plan.steps == 21


def test_a_network_is_too_large_with_the_characters_of_its_text(text_file):
    config = resolve(None, ["model.hidden_size=65536", "model.num_layers=64"]).config
    with pytest.raises(NetworkError, match=r"^[1-9]\d characters x 64 layers of 65,536 units is too large a network"):
        api.plan([str(text_file)], config)


@pytest.mark.parametrize(
    ("settings", "hinted"),
    [
        (["training.steps=20"], True),  # 10 validations of 720 characters, 20 steps of 32
        (["training.steps=2000"], False),
        (["training.steps=20", "training.eval_every=2"], False),  # somebody chose that
    ],
)
def test_validations_that_would_take_longer_than_the_training_are_said(text_file, settings, hinted):
    small = ["model.hidden_size=4", "training.batch_size=4", "training.sequence_length=8", "data.split=[0.4,0.6,0]"]
    plan = api.plan([str(text_file)], resolve(None, [*small, "runtime.threads=1", *settings]).config)
    notes = [note for note in plan.notes if "take longer than the training" in note]
    assert len(notes) == hinted
    assert not hinted or notes[0].startswith("10 validations of 720 characters each")


def test_a_hundredth_of_a_text_may_be_hidden(tmp_path):
    text = tmp_path / "text.txt"
    for times, noted in ((990, False), (980, True)):  # 10 of 1,000 characters, and of 990
        text.write_text("abcdefghij" + "q" * times, encoding="utf-8")
        notes = api.plan([str(text)], resolve(None, ["data.min_count=2"]).config).notes
        assert any("share one symbol: 1.0% of the text" in note for note in notes) == noted


def test_the_note_about_hidden_characters_names_a_count_that_keeps_them(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("".join(map(chr, range(0x4E00, 0x4E00 + 300))) * 20 + "quay on." * 500, encoding="utf-8")
    note = (
        "300 of its 308 different characters occur fewer than 100 times and share one symbol: 60.0% of the text; "
        "`settings` data.min_count=20 keeps them apart"
    )
    assert note in api.plan([str(text)], resolve(None, ["data.min_count=100"]).config).notes
    assert api.plan([str(text)], resolve(None, ["data.min_count=20"]).config).notes == ()
    assert note not in api.plan([str(text)], resolve(None, ["data.min_count=100", "data.unit=byte"]).config).notes
