"""What a training that could begin says of itself."""

import tracemalloc

import pytest

from charrnn import api
from charrnn.learning import ranks
from charrnn.runs.configuration import resolve

SMALL = [
    "runtime.threads=1",
    "training.steps=4",
    "training.eval_every=2",
    "training.save_every=2",
    "training.sample_every=0",
]


@pytest.mark.parametrize(
    "settings",
    [
        ["training.batch_size=32", "model.hidden_size=128"],
        ["training.batch_size=4", "model.cell=lstm", "model.hidden_size=200", "training.ema_decay=0.9"],
        ["training.batch_size=32", "model.cell=gru", "model.hidden_size=64", "training.accumulate=5"],
        ["training.batch_size=8", "model.dropout=0.5", "model.num_layers=2", "training.eval_characters=5000"],
        ["training.batch_size=4", "data.protocol=char-rnn", "data.slices=[20, 32]"],
    ],
    ids=lambda settings: settings[1],
)
def test_the_memory_that_is_told_is_what_it_takes(settings, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("She waited at the quay, and nobody came. " * 5000)
    plan = api.plan([str(text)], resolve(None, [*SMALL, *settings]).config)
    tracemalloc.start()
    try:
        for _ in api.start(plan, tmp_path / "run").events():
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    without_the_text = plan.memory() - plan.corpus.ids.nbytes
    assert 0.9 < without_the_text / peak < 1.25


def test_cores_share_what_is_worked_through_at_once(tmp_path, monkeypatch):
    text = tmp_path / "text.txt"
    text.write_text("She waited at the quay, and nobody came. " * 5000)
    monkeypatch.setattr(ranks, "usable_cores", lambda: frozenset({0, 1}))
    threads = [
        api.plan([str(text)], resolve(None, ["training.batch_size=32", f"training.accumulate={n}"]).config).threads
        for n in (1, 32)
    ]
    assert threads == [2, 1]


@pytest.mark.parametrize(
    ("rare", "times", "settings", "told"),
    [
        (
            300,
            1,
            [],
            "300 of its 308 different characters occur fewer than 10 times, 300 times in all; -s data.min_count=10 lets",
        ),
        (
            300,
            2,
            ["data.min_count=2"],
            "300 of its 308 different characters occur fewer than 10 times, 600 times in all",
        ),
        (300, 1, ["data.min_count=10"], None),
        (300, 1, ["data.unit=byte"], None),
        (300, 9, [], None),  # 0.4 % of the text
        (150, 1, [], None),  # few symbols
    ],
)
def test_many_symbols_for_next_to_none_of_the_text_are_told(rare, times, settings, told, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("".join(map(chr, range(0x4E00, 0x4E00 + rare))) * times + "quay on." * 90_000, encoding="utf-8")
    notes = api.plan([str(text)], resolve(None, settings).config).notes
    found = [note for note in notes if "different characters" in note]
    assert [note[: len(told or "")] for note in found] == ([told] if told else [])
