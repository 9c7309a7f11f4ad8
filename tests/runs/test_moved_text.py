"""A folder that holds a text and its run is renamed or copied as a whole, and everything still works there."""

import os
import shutil
from dataclasses import replace
from pathlib import Path, PureWindowsPath

import pytest
from links import needs_links
from tiny import TINY, follow, start, trained

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.errors import RunError, TextError
from charrnn.models import gradflow_input
from charrnn.runs import recorded_text
from charrnn.runs.recorded_text import find_text
from charrnn.runs.storage.checkpoint import load, save
from charrnn.runs.storage.safetensors_file import SafetensorsReader
from charrnn.runs.storage.text_place import RUN_PARENT, moved_sources, parent_from_text
from charrnn.system.platform_features import IS_WINDOWS

LAYOUTS = {  # where the text is, and where its run is
    "beside": ("text.txt", "run"),
    "above": ("text.txt", "project/runs/play"),
    "below": ("project/texts/deep/text.txt", "run"),
    "a folder": ("texts", "runs/play"),
    "a pattern": ("texts/*.txt", "runs/play"),
    "a folder with brackets": ("my [best]/text.txt", "runs/play [1]"),
    "patterns in brackets": ("my [best]/*/a?.txt", "runs/play"),
}
TEXT = "the cat sat on the mat; the rat sat on the hat\n" * 26


def train(root, layout):
    """Train in `root`, with one of LAYOUTS; return where the run is below it."""
    source, run = LAYOUTS[layout]
    files = (
        [source]
        if source.endswith("text.txt")
        else [f"{source.split('/*')[0]}/{name}" for name in ("a1.txt", "a2.txt")]
    )
    if "*/" in source:
        files = [file.replace("/a", "/x/a") for file in files]
    for number, file in enumerate(files):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(TEXT + f"{number}\n", "utf-8")
    trained(root / run, root / source)
    return run


def read(run):
    """The sources that the text of a run is read from, below the folder of the test."""
    found, text = find_text(load(run / "last.safetensors"))
    assert text.sha256 == load(run / "last.safetensors").text.sha256
    return found


@pytest.fixture(scope="session")
def projects(tmp_path_factory):
    """A training in each layout."""
    made = {layout: tmp_path_factory.mktemp("project") for layout in LAYOUTS}
    return {layout: (root, train(root, layout)) for layout, root in made.items()}


@pytest.fixture
def project(projects, tmp_path):
    """Make a project of a layout in a folder of its own, whose run has the absolute names of there."""

    def make(layout="above"):
        old, run = projects[layout]
        root = tmp_path / "old"
        shutil.copytree(old, root)
        for file in (root / run).glob("*.safetensors"):
            saved = load(file)
            sources = tuple(source.replace(str(old), str(root)) for source in saved.text.sources)
            save(with_sources(saved, sources), file)
        return root, root / run

    return make


def with_sources(saved, sources):
    return replace(saved, text=replace(saved.text, sources=sources))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_folder_is_renamed(project, tmp_path, layout):
    root, run = project(layout)
    before = read(run)
    root.rename(tmp_path / "new")
    after = read(tmp_path / "new" / run.relative_to(root))
    assert after == tuple(source.replace(str(root), str(tmp_path / "new")) for source in before)


@pytest.mark.parametrize("depth", ["new", "a/much/deeper/place", "[1]/new +"])
def test_a_folder_is_copied_and_the_original_is_deleted(project, tmp_path, depth):
    root, run = project()
    shutil.copytree(root, tmp_path / depth)
    shutil.rmtree(root)
    assert read(tmp_path / depth / run.relative_to(root)) == (str(tmp_path / depth / "text.txt"),)


@pytest.mark.parametrize("change", ["differs", "is longer by far", "is a folder"])
def test_a_folder_is_copied_and_the_original_is_changed(project, tmp_path, change):
    root, run = project()
    shutil.copytree(root, tmp_path / "new")
    text = root / "text.txt"
    if change == "is a folder":
        text.unlink()
        text.mkdir()
    else:
        text.write_text("another text\n" * (100 if change == "differs" else 10_000_000 // 13), "utf-8")
    assert read(tmp_path / "new" / run.relative_to(root)) == (str(tmp_path / "new" / "text.txt"),)


def test_a_copy_whose_text_is_changed_reads_the_original(project, tmp_path):
    root, run = project()
    shutil.copytree(root, tmp_path / "new")
    (tmp_path / "new" / "text.txt").write_text("another text\n" * 100, "utf-8")
    assert read(tmp_path / "new" / run.relative_to(root)) == (str(root / "text.txt"),)
    (root / "text.txt").unlink()
    with pytest.raises(RunError, match=r"text differs from .* trained on: .*new.text.txt has 1,300 characters"):
        read(tmp_path / "new" / run.relative_to(root))


def test_a_run_that_moves_alone_reads_its_text_where_it_was(project, tmp_path):
    root, run = project()
    run.rename(tmp_path / "alone")
    (tmp_path.parent / "text.txt").write_text("a text of the same name\n" * 50, "utf-8")
    assert read(tmp_path / "alone") == (str(root / "text.txt"),)
    (tmp_path.parent / "text.txt").unlink()
    assert read(tmp_path / "alone") == (str(root / "text.txt"),)


def test_a_text_at_another_place_stays_there(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "text.txt").write_text(TEXT, "utf-8")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "near.txt").write_text(TEXT, "utf-8")
    sources = [str(tmp_path / "project" / "near.txt"), str(tmp_path / "far" / "text.txt")]
    list(api.start(api.plan(sources, resolve(None, TINY).config), tmp_path / "project" / "run").events())
    (tmp_path / "deeper").mkdir()
    (tmp_path / "project").rename(tmp_path / "new")
    assert read(tmp_path / "new" / "run") == (str(tmp_path / "new" / "near.txt"), sources[1])


@needs_links
def test_a_link_to_the_run_and_a_link_to_its_folder_lead_to_the_text(project, tmp_path):
    root, run = project()
    root.rename(tmp_path / "new")
    (tmp_path / "latest").symlink_to(tmp_path / "new" / run.relative_to(root))
    (tmp_path / "projects").symlink_to(tmp_path)
    assert read(tmp_path / "latest") == (str(tmp_path / "new" / "text.txt"),)
    linked = tmp_path / "projects" / "new"
    assert read(linked / run.relative_to(root)) == (str(linked / "text.txt"),)


@needs_links
def test_links_inside_the_folder_are_kept_as_they_are_named(tmp_path):
    for folder in ("project", "disk/texts", "disk/runs"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "disk" / "texts" / "text.txt").write_text(TEXT, "utf-8")
    for name in ("texts", "runs"):
        (tmp_path / "project" / name).symlink_to(tmp_path / "disk" / name)
    trained(tmp_path / "project" / "runs" / "play", tmp_path / "project" / "texts" / "text.txt")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "project").rename(tmp_path / "deeper" / "new")
    new = tmp_path / "deeper" / "new"
    assert read(new / "runs" / "play") == (str(new / "texts" / "text.txt"),)


def test_a_relative_run_is_found_from_the_folder_in_which_one_works(project, tmp_path, monkeypatch):
    root, _ = project()
    root.rename(tmp_path / "new")
    monkeypatch.chdir(tmp_path / "new" / "project")
    assert read(Path("runs/play")) == (str(tmp_path / "new" / "text.txt"),)


def test_every_use_finds_the_text(project, tmp_path):
    root, run = project()
    root.rename(tmp_path / "new")
    run = tmp_path / "new" / run.relative_to(root)
    model = api.load(run)
    assert model.evaluate(split="valid").loss > 0
    assert len(api.load(run, ngram=True).components) == 2
    assert len(api.load(run / "best.safetensors", run).components) == 2  # its weights are fitted on the text
    assert gradflow_input.from_run(run, [], None).ids.size
    assert api.resume(run, steps=30).plan.sources == (str(tmp_path / "new" / "text.txt"),)


def test_a_run_that_is_resumed_records_where_it_is_then(project, tmp_path):
    root, run = project()
    shutil.copytree(root, tmp_path / "a" / "copy")
    copy = tmp_path / "a" / "copy" / "play"
    shutil.move(tmp_path / "a" / "copy" / run.relative_to(root), copy)
    follow(api.resume(copy, [str(tmp_path / "a" / "copy" / "text.txt")], steps=30))
    saved = load(copy / "last.safetensors")
    assert (saved.text.sources, saved.run_parent) == ((str(tmp_path / "a" / "copy" / "text.txt"),), ".")
    shutil.rmtree(root)
    (tmp_path / "a").rename(tmp_path / "b")
    assert read(tmp_path / "b" / "copy" / "play") == (str(tmp_path / "b" / "copy" / "text.txt"),)


def test_the_same_training_writes_the_same_bytes(tmp_path, text_file):
    for name in ("first", "second"):
        trained(tmp_path / name, text_file)
    for name in ("last", "best", "previous"):
        first, second = (tmp_path / run / f"{name}.safetensors" for run in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()


def test_a_stopped_and_resumed_training_writes_the_same_bytes(tmp_path, text_file):
    trained(tmp_path / "whole", text_file)
    follow(start(tmp_path / "stopped", text_file), until=7)
    follow(api.resume(tmp_path / "stopped"))
    assert (tmp_path / "whole" / "last.safetensors").read_bytes() == (
        tmp_path / "stopped" / "last.safetensors"
    ).read_bytes()


def test_a_checkpoint_without_the_entry_is_read_and_finds_its_text(project, tmp_path):
    root, run = project()
    old = run / "last.safetensors"
    save(replace(load(old), run_parent=None), old)
    with old.open("rb") as file:
        assert set(SafetensorsReader(file).metadata) == {"sha256", "charrnn", "vocabulary"}
    assert read(run) == (str(root / "text.txt"),)
    root.rename(tmp_path / "new")
    with pytest.raises(RunError, match=r"the training text cannot be read again: .*old.text.txt: no such file"):
        read(tmp_path / "new" / run.relative_to(root))


def test_the_entry_is_outside_the_record_which_older_versions_read_strictly(project):
    _, run = project()
    with (run / "last.safetensors").open("rb") as file:
        metadata = SafetensorsReader(file).metadata
    assert metadata[RUN_PARENT] == "project/runs"
    assert RUN_PARENT not in metadata["charrnn"]


@pytest.mark.parametrize("parent", ["../a/b/c", "a\0b", "../" * 9000])
def test_a_strangers_checkpoint_makes_nobody_read_something_huge(project, tmp_path, monkeypatch, parent):
    _, run = project()
    (tmp_path / "huge").mkdir()
    with (tmp_path / "huge" / "text.txt").open("wb") as file:
        file.truncate(20_000_000)
    read_sources = []

    def fail_to_read(sources, *_):
        read_sources.append(sources)
        raise TextError("not there")

    monkeypatch.setattr(recorded_text, "read_training_text", fail_to_read)
    last = run / "last.safetensors"
    save(replace(with_sources(load(last), ("/nowhere/huge/text.txt",)), run_parent=parent), last)
    loaded = load(last)
    places = recorded_text.recorded_places(loaded.text.sources, loaded.run_parent, loaded.folder)
    assert (places[0] == (str(tmp_path / "huge" / "text.txt"),)) == (parent == "../a/b/c")
    with pytest.raises(RunError, match="cannot be read again: not there"):
        find_text(load(last))
    assert set(read_sources) == {("/nowhere/huge/text.txt",)}


def test_no_way_leads_to_what_is_not_a_file_or_is_on_another_drive(monkeypatch):
    run = Path("/home/june/runs/play")
    assert parent_from_text(["-"], run) is parent_from_text(["builtin:harbour"], run) is None
    assert parent_from_text(["builtin:names", "/home/june/play.txt"], run) == "runs"
    assert parent_from_text(["/home/june/a/*/b.txt", "/home/june/play.txt"], run) == "runs"

    def other_drive(*_):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", other_drive)
    assert parent_from_text(["/home/june/play.txt"], run) is None
    monkeypatch.setattr(os.path, "commonpath", other_drive)
    assert parent_from_text(["/home/june/play.txt"], run) is None
    assert list(moved_sources(["/home/june/play.txt"], "runs", run)) == []


@needs_links
def test_a_text_that_did_not_move_keeps_its_recorded_name(project, tmp_path):
    root, run = project()
    (tmp_path / "alias").symlink_to(root)
    for place in (run, tmp_path / "alias" / run.relative_to(root)):
        assert read(place) == (str(root / "text.txt"),)


@pytest.mark.parametrize("source", ["C:\\texts\\play.txt", "C:\\texts\\*.txt", "\\\\shelf\\texts\\a\\play.txt"])
@pytest.mark.parametrize("parent", ["runs", "../runs"])
def test_a_text_that_moved_with_its_run_from_windows_is_found_elsewhere(tmp_path, source, parent):
    name = PureWindowsPath(source).parent.name
    runs, folder = tmp_path / "runs", tmp_path / ("" if parent == "runs" else name)
    (runs / "play").mkdir(parents=True)
    folder.mkdir(exist_ok=True)
    (folder / "play.txt").write_text("to be")
    assert [*moved_sources([source], parent, runs / "play")] == [(str(folder / PureWindowsPath(source).name),)]


@pytest.mark.skipif(IS_WINDOWS, reason="a path of this system")
def test_a_text_of_windows_that_is_gone_is_said_to_be_one_of_windows(project):
    _, run = project()
    last = run / "last.safetensors"
    save(with_sources(load(last), ("C:\\texts\\play.txt",)), last)
    message = (
        r"cannot be read again: C:\\texts\\play.txt: no such file or folder \(a path of Windows\); if it moved, name"
    )
    with pytest.raises(RunError, match=message):
        read(run)
