"""Runs on shuffled documents and on a column of a table: recorded, resumed, and read again in the same order."""

import csv
import json

import pytest
from tiny import TINY, follow, start, trained

import charrnn
from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.errors import ConfigError, RunError
from charrnn.runs.begin_or_resume import require_agreement
from charrnn.runs.storage.checkpoint import load
from charrnn.runs.storage.checkpoint_record import RECORD, parse_record, to_metadata
from charrnn.runs.storage.safetensors_file import SafetensorsReader
from charrnn.system.files.folder_handle import Folder
from charrnn.text.shuffling import permutation
from charrnn.text.vocabulary import END

NAMES = [f"{first}{second}{third}" for first in "ABCDEFGHIJ" for second in "aeiou" for third in "lnr"]
LINES = r"data.boundary=\n"


@pytest.fixture
def names(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("\n".join(NAMES) + "\n", "utf-8")
    return path


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "songs.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerows([("id", "lyrics"), *((number, f"{name},\n{name}") for number, name in enumerate(NAMES))])
    return path


def record(path):
    with Folder.at(path.parent).read(path.name) as file:
        return json.loads(SafetensorsReader(file).metadata[RECORD])


def test_the_order_is_on_for_documents_and_recorded(names, table, tmp_path):
    run = trained(tmp_path / "run", names, LINES)
    assert record(run / "last.safetensors")["config"]["data"]["shuffle"] is True
    assert "\n  shuffle: true\n" in (run / "config.yaml").read_text("utf-8")
    assert load(run / "last.safetensors").config.shuffle_seed == 0
    data = record(trained(tmp_path / "table", table, "data.field=lyrics") / "last.safetensors")["config"]["data"]
    assert (data["field"], data["shuffle"]) == ("lyrics", True)


@pytest.mark.parametrize("settings", [[], [LINES, "data.shuffle=false"]])
def test_a_record_without_it_is_that_of_an_earlier_version(names, tmp_path, settings):
    run = trained(tmp_path / "run", names, *settings)
    assert record(run / "last.safetensors")["config"]["data"].keys().isdisjoint({"shuffle", "field"})
    saved = load(run / "last.safetensors")
    assert (saved.config.data.shuffle, saved.config.data.field) == (False, None)
    assert "\n  shuffle: false\n" in (run / "config.yaml").read_text("utf-8")


def test_a_run_of_an_earlier_version_goes_on_in_its_own_order(names, tmp_path):
    whole = trained(tmp_path / "whole", names, LINES, "data.shuffle=false")
    run = start(tmp_path / "run", names, LINES, "data.shuffle=false")
    follow(run, until=10)
    config = tmp_path / "run" / "config.yaml"  # as such a version wrote it
    config.write_text(
        config.read_text("utf-8").replace("  shuffle: false\n", "").replace("  field: null\n", ""), "utf-8"
    )
    assert "shuffle" not in config.read_text("utf-8")
    list(api.resume(tmp_path / "run").events())
    for name in ("last.safetensors", "best.safetensors", "config.yaml"):
        assert (tmp_path / "run" / name).read_bytes() == (whole / name).read_bytes()


def test_an_edit_of_the_order_in_a_run_is_refused(names, tmp_path):
    follow(start(tmp_path / "run", names, LINES), until=10)
    config = tmp_path / "run" / "config.yaml"
    config.write_text(config.read_text("utf-8").replace("shuffle: true", "shuffle: null"), "utf-8")
    with pytest.raises(RunError, match=r"data.shuffle is None, and was True"):
        api.resume(tmp_path / "run")


@pytest.mark.parametrize("settings", [[LINES], [LINES, "data.protocol=nanogpt"], ["data.field=lyrics"]])
def test_a_shuffled_run_is_resumed_and_evaluated_in_its_order(names, table, tmp_path, settings):
    text = table if "data.field=lyrics" in settings else names
    whole = trained(tmp_path / "whole", text, *settings, "training.seed=3")
    follow(start(tmp_path / "run", text, *settings, "training.seed=3"), until=10)
    list(api.resume(tmp_path / "run").events())
    assert (tmp_path / "run" / "last.safetensors").read_bytes() == (whole / "last.safetensors").read_bytes()
    model = api.load(whole)
    assert model.evaluate(split="valid").loss == pytest.approx(model.saved.progress.best_loss, rel=1e-6)
    documents = model.training_text.text.documents
    given = NAMES if text == names else [f"{name},\n{name}" for name in NAMES]
    assert list(documents) == [given[number] for number in permutation(len(NAMES), 3)]


def test_another_text_is_read_in_its_own_order(names, tmp_path):
    model = api.load(trained(tmp_path / "run", names, LINES))
    (block,) = model.read([str(names)]).blocks()
    assert list(block.characters) == [character for name in NAMES for character in (*name, END)]


def test_a_model_of_a_column_reads_other_tables_and_plain_texts(table, names, tmp_path):
    model = api.load(trained(tmp_path / "run", table, "data.field=lyrics"))
    (tmp_path / "other.jsonl").write_text('{"lyrics": "Abe"}\n{"lyrics": "Ben"}\n', "utf-8")
    (tmp_path / "other.txt").write_text("Abe\n\nBen", "utf-8")
    documents = [model.read([str(tmp_path / f"other.{ending}")]).content() for ending in ("jsonl", "txt")]
    assert documents == [b"\nAbe\nBen\n", b"\nAbe\n\nBen\n"]
    assert model.evaluate("Abe", counted=False).characters == 4
    (tmp_path / "names.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(charrnn.CharrnnError, match=r"names.csv: no column 'lyrics'"):
        model.read([str(tmp_path / "names.csv")])


def test_models_of_different_orders_may_know_what_is_held_out(names, tmp_path):
    runs = [
        trained(tmp_path / "a", names, LINES),
        trained(tmp_path / "b", names, LINES, "training.seed=1"),
        trained(tmp_path / "c", names, LINES, "training.learning_rate=0.01"),
    ]
    note = f"{tmp_path / 'b' / 'best.safetensors'} was trained on another part of the text, which may contain this held-out part"
    assert any(each.endswith(note) for each in api.load(runs[0], runs[1], weights=[1, 1]).notes)
    assert not any("another part" in each for each in api.load(runs[0], runs[2], weights=[1, 1]).notes)


def test_resume_auto_compares_the_order_if_it_is_asked_for(names, tmp_path):
    run = trained(tmp_path / "run", names, LINES, "data.shuffle=false")
    require_agreement(run, resolve(None, [*TINY, LINES]))
    with pytest.raises(RunError, match=r"data.shuffle is False there, and True here"):
        require_agreement(run, resolve(None, [*TINY, LINES, "data.shuffle=true"]))


def test_a_fine_tune_keeps_the_documents_of_its_base(table, names, tmp_path):
    base = api.load_base(trained(tmp_path / "base", table, "data.field=lyrics"))
    defaults = resolve(None, defaults=base.settings)
    assert defaults.config.data.field == "lyrics"
    assert api.plan([str(table)], defaults.config, base=base).corpus.vocabulary.end_id is not None
    with pytest.raises(ConfigError, match=r"data.field is set in the base, and null here"):
        base.require_compatible(resolve(None, ["data.field=null"], defaults=base.settings).config)
    lines = resolve(None, ["data.field=null", LINES, "data.split=[0.8,0.2,0]"], defaults=base.settings).config
    assert len(api.plan([str(names)], lines, base=base).corpus.ids) == len("".join(NAMES)) + len(NAMES) + 1


def test_a_field_is_not_for_bytes_nor_beside_a_boundary():
    both = r"boundary and field: with field each row is a document; set one of them to null"
    with pytest.raises(ConfigError, match=both):
        resolve(None, ["data.field=a", "data.boundary=file"])
    with pytest.raises(ConfigError, match=r"field is for unit char: bytes are one long text; set unit to char, or "):
        resolve(None, ["data.field=a", "data.unit=byte"])
    assert resolve(None, options={"data.field": ("settings", 2)}).config.data.field == "2"
    with pytest.raises(ConfigError, match=r"data.column: no such key; did you mean data.field=lyrics\?"):
        resolve(None, ["data.column=lyrics"])
    with pytest.raises(ConfigError, match=r"data.random_order: no such key; did you mean data.shuffle\?"):
        resolve(None, ["data.random_order=true"])


def test_python_takes_a_column(table, tmp_path):
    settings = {"data.field": "lyrics", "model.hidden_size": 8, "training.steps": 2, "runtime.threads": 1}
    model = charrnn.train(table, settings=settings, out=tmp_path / "run", progress=False)
    assert model.saved.config.data.shuffle is True
    assert model.saved.text.characters == sum(2 * len(name) + 3 for name in NAMES) + 1


def test_a_table_read_as_a_text_is_noted(table, names):
    def notes(*sources, settings=()):
        plan = api.plan([*map(str, sources)], resolve(None, [*TINY, *settings]).config)
        return [note for note in plan.notes if "read as a text" in note]

    hint = "read as a text, with all columns; `settings` data.field=NAME takes one: id, lyrics"
    assert notes(table) == notes(table, settings=[LINES]) == [f"{table}: {hint}"]
    assert notes(names, table, table) == [f"{table} and 1 other table: {hint}"]
    assert (
        notes(names) == notes(table, settings=["data.field=lyrics"]) == notes(table, settings=["data.unit=byte"]) == []
    )


def test_score_names_the_line_of_the_file(charrnn, table, tmp_path):
    run = trained(tmp_path / "run", table, "data.field=lyrics")
    lines = [json.loads(line) for line in charrnn("score", run, table, "--json").stdout.splitlines()]
    found = {line["character"]: (line["line"], line["column"]) for line in reversed(lines)}
    assert (found["A"], found["\n"]) == ((2, 1), (2, 5))


def test_a_record_that_says_null_for_the_order_is_refused(names, tmp_path):
    saved = load(trained(tmp_path / "run", names, LINES) / "last.safetensors")
    made = to_metadata(parse_record(record_text(tmp_path / "run" / "last.safetensors")), saved.vocabulary.symbols)
    with pytest.raises(charrnn.CharrnnError, match=r"its record is not valid: config.data.shuffle: "):
        parse_record({RECORD: made[RECORD].replace('"shuffle":true', '"shuffle":null')})


def record_text(path):
    with Folder.at(path.parent).read(path.name) as file:
        return dict(SafetensorsReader(file).metadata)
