"""A sweep's directory."""

import json
from pathlib import Path

import pytest
from links import needs_links
from tiny import TINY

from charrnn.errors import RunError, TextError
from charrnn.runs.storage import directory
from charrnn.sweeps.grid import parse_axes, trials
from charrnn.sweeps.sweep import RECORD, make, open_directory
from charrnn.system.files.lock import LOCK

GRID = "training.learning_rate=1e-3,1e-2"


def swept(*sources, grid=GRID, settings=(), seconds=None):
    return make(trials(parse_axes([grid]), None, [*TINY, *settings], {}, None, 0), list(map(str, sources)), seconds)


def opened(sweep, out):
    lock = open_directory(sweep, out)
    lock.release()
    return lock.folder.path


def test_a_sweep_knows_its_text_and_names_its_runs(text_file):
    sweep = swept(text_file)
    assert sweep.sources == (str(text_file),)
    assert sweep.names == ["learning_rate=0.001", "learning_rate=0.01"]
    assert sweep.title == "text-sweep"


def test_without_a_name_each_sweep_has_a_directory_of_its_own(text_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [opened(swept(text_file), None) for _ in range(2)] == [Path("runs/text-sweep"), Path("runs/text-sweep-2")]


def test_the_same_sweep_goes_on_in_its_directory(text_file, tmp_path):
    out = tmp_path / "s"
    opened(swept(text_file), out)
    record = (out / RECORD).read_bytes()
    assert json.loads(record)["runs"][1] == {"name": "learning_rate=0.01", "values": {"training.learning_rate": 0.01}}
    opened(swept(text_file), out)
    assert (out / RECORD).read_bytes() == record


def test_a_sweep_of_before_a_key_goes_on_with_its_default(text_file, tmp_path):
    out = tmp_path / "s"
    opened(swept(text_file), out)
    record = json.loads((out / RECORD).read_text("utf-8"))
    assert record["config"].pop("model.bias") is True
    (out / RECORD).write_text(json.dumps(record), "utf-8")
    opened(swept(text_file), out)
    with pytest.raises(RunError, match=r"model\.bias is true there, and false here"):
        open_directory(swept(text_file, settings=["model.bias=false"]), out)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"grid": "training.learning_rate=1e-3,2e-2"}, "its values are different"),
        ({"grid": "training.learning_rate=2e-3,1e-2"}, "training.learning_rate is 0.001 there, and 0.002 here"),
        ({"settings": ["model.hidden_size=9"]}, "model.hidden_size is 16 there, and 9 here"),
        ({"seconds": 5.0}, "its time is different"),
    ],
)
def test_another_sweep_is_refused_and_nothing_is_changed(text_file, tmp_path, other, words):
    opened(swept(text_file), tmp_path / "s")
    before = (tmp_path / "s" / RECORD).read_bytes()
    with pytest.raises(RunError, match="holds another sweep") as refusal:
        opened(swept(text_file, **other), tmp_path / "s")
    assert words in str(refusal.value)
    assert (tmp_path / "s" / RECORD).read_bytes() == before
    opened(swept(text_file), tmp_path / "s")  # and it is not locked any more


def test_another_text_is_refused_also_under_the_same_name(text_file, tmp_path):
    opened(swept(text_file), tmp_path / "s")
    other = tmp_path / "other.txt"
    other.write_bytes(text_file.read_bytes())
    with pytest.raises(RunError, match=r"its text is \['.*text.txt'\]"):
        opened(swept(other), tmp_path / "s")
    text_file.write_text("something else. " * 100, "utf-8")
    with pytest.raises(RunError, match="its text has changed since"):
        opened(swept(text_file), tmp_path / "s")


def test_two_of_the_same_sweep_at_once_are_refused(text_file, tmp_path):
    lock = open_directory(swept(text_file), tmp_path / "s")
    with pytest.raises(RunError, match="another training is writing there"):
        open_directory(swept(text_file), tmp_path / "s")
    lock.release()


def test_a_sweep_that_was_killed_while_it_wrote_its_record_starts_again(text_file, tmp_path):
    out = tmp_path / "s"
    out.mkdir()
    (out / LOCK).touch()
    (out / f"{RECORD}.tmp").write_text('{"te', "utf-8")
    opened(swept(text_file), out)
    assert (out / RECORD).is_file()


@pytest.mark.parametrize("lock", [None, "mine"])
def test_files_that_only_share_a_sweep_file_s_name_are_kept(text_file, tmp_path, lock):
    mine = tmp_path / f"{RECORD}.tmp"
    mine.write_text("precious", "utf-8")
    if lock:
        (tmp_path / LOCK).write_text(lock, "utf-8")
    with pytest.raises(RunError, match=r"not empty \(it holds|lock: not a lock of charrnn"):
        open_directory(swept(text_file), tmp_path)
    assert mine.read_text("utf-8") == "precious"


def test_files_of_another_running_sweep_are_left_alone(text_file, tmp_path):
    lock = directory.create(tmp_path / "s", leftover=f"{RECORD}.tmp")
    (tmp_path / "s" / f"{RECORD}.tmp").write_text('{"te', "utf-8")
    with pytest.raises(RunError, match="another training is writing there"):
        open_directory(swept(text_file), tmp_path / "s")
    assert (tmp_path / "s" / f"{RECORD}.tmp").exists()
    lock.release()


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 100_000])
def test_a_damaged_record_is_refused(text_file, tmp_path, content):
    out = tmp_path / "s"
    opened(swept(text_file), out)
    (out / RECORD).write_text(content, "utf-8")
    with pytest.raises(RunError, match=r"sweep\.json: damaged"):
        opened(swept(text_file), out)


@needs_links
@pytest.mark.parametrize("name", ["configs", "logs"])
def test_a_link_in_place_of_a_folder_is_refused(text_file, tmp_path, name):
    out, elsewhere = tmp_path / "s", tmp_path / "elsewhere"
    elsewhere.mkdir()
    opened(swept(text_file), out)
    (out / name).rmdir()
    (out / name).symlink_to(elsewhere)
    with pytest.raises(
        RunError, match=f"s/{name}: cannot be written: {name} is a link, and links are not followed here"
    ):
        opened(swept(text_file), out)
    assert list(elsewhere.iterdir()) == []


def test_a_directory_that_holds_something_else_is_refused(text_file, tmp_path, tiny_run):
    for out in (tmp_path, tiny_run):
        before = sorted(out.iterdir())
        with pytest.raises(RunError, match="choose another directory with `out`"):
            opened(swept(text_file), out)
        assert sorted(out.iterdir()) == before


def test_standard_input_can_be_read_but_once(text_file):
    with pytest.raises(TextError, match="save it to a file first"):
        swept(text_file, "-")


def test_a_text_that_one_of_the_points_can_read_is_enough(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("café au lait\n" * 100, "latin-1")
    swept(text, grid="data.encoding=utf-8,latin-1")
    with pytest.raises(TextError, match="is not utf-8"):
        swept(text)
