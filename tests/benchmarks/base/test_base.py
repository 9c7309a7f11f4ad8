"""What is measured of a base: losses, words, novelty, samples, kinds of text."""

import json
import lzma
from pathlib import Path

import pytest
from benchmarks.base import by_kind, measure, novelty, rows, samples, words
from benchmarks.base.rows import Row
from typer.testing import CliRunner

from charrnn.cli.app import app

LOSSES = {"scratch": 2.5, "base": 2.0}


def charrnn(calls, losses=LOSSES):
    """A charrnn that trains nothing, and writes its commands into `calls`."""

    def run(command, *options):
        calls.append((command, *options))
        if "--dry-run" in options:
            return json.dumps({"config": {"model": {"hidden_size": 64}, "runtime": {"threads": len(calls)}}})
        if command == "train":
            out = Path(options[options.index("-o") + 1])
            out.mkdir(parents=True)
            events = [{"event": "step", "step": 9}, {"event": "finished", "step": 10, "seconds": 1.5}]
            (out / "metrics.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events), "utf-8")
            return str(out)
        if command == "eval":
            method = "scratch" if "scratch" in options[0] else "base"
            ngram = {"ngram_order": 7, "baselines": {"ngram": 2.25}}
            return json.dumps({"loss": losses[method], "characters_read": 300, "interval": [1, 3], **ngram})
        curves = {"curve": {"5": 0.5}, "held_out_curve": {"5": 0.25, "10": 0.125}}
        found = {"text": "the cat zat", "novelty": {**curves, "longest": {"length": 6, "text": "he cat"}}}
        return json.dumps([found] * int(options[options.index("--count") + 1]))

    return run


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """The commands that would have run; there are two rows, `tiny` and `long`, and a base."""
    (tmp_path / "text.txt").write_text("the cat sat on the mat.\n" * 200, "utf-8")
    (tmp_path / "base.safetensors").write_bytes(b"base")
    given = (
        Row("tiny", tmp_path / "text.txt", 4, 3000, seeds=2),
        Row("long", tmp_path / "text.txt", methods=("base",), time="15m"),
        Row("missing", tmp_path / "none.txt"),
    )
    monkeypatch.setattr(rows, "ROWS", {row.name: row for row in given})
    monkeypatch.setattr(measure, "ROWS", rows.ROWS)
    made = []
    for module in (measure, words, novelty, samples):
        monkeypatch.setattr(module, "run_charrnn", charrnn(made))
    monkeypatch.chdir(tmp_path)
    return made


def measured(*options, machine="here"):
    measure.main([*options, "--base", "base.safetensors", "--out", "out"], machine)


def test_losses_from_scratch_and_from_a_base_stand_side_by_side(calls, capsys):
    measured("tiny", "long")
    assert capsys.readouterr().out.splitlines()[2:4] == [
        "| tiny | 300 | 2.2500 (7-gram) | 2 | 2.5000 ± 0.0000 | 2 | 2.0000 ± 0.0000 | 2 | +0.5000 | +0.2500 |",
        "| long | 300 | 2.2500 (7-gram) | 1 | - | - | 2.0000 | 2 | - | +0.2500 |",
    ]
    assert (Path("out/texts/tiny.txt").read_text("utf-8") + "x").startswith("cat sat")
    trainings = [call for call in calls if call[0] == "train" and "--dry-run" not in call]
    assert [call[2:4] for call in trainings] == [("-c", "default"), ("--from", "base.safetensors")] * 2 + [
        ("--from", "base.safetensors")
    ]
    assert all("data.protocol=nanogpt" in call and call[-3:] == ("--resume", "auto", "-q") for call in trainings)
    assert [call[call.index("--seed") + 1] for call in trainings] == ["0", "0", "1", "1", "0"]
    assert ["--time" in call for call in trainings] == [False] * 4 + [True]


def test_a_training_is_measured_once_for_each_text_base_and_configuration(calls, tmp_path):
    def trained():
        before = len(calls)
        measured("tiny", "--seeds", "1")
        return [call[2] for call in calls[before:] if call[0] == "train" and "--dry-run" not in call]

    assert trained() == ["-c", "--from"]
    assert trained() == []
    (tmp_path / "base.safetensors").write_bytes(b"another")
    assert trained() == ["--from"]
    (tmp_path / "text.txt").write_text("the dog sat on the mat.\n" * 200, "utf-8")
    assert trained() == ["-c", "--from"]


def test_the_newest_result_of_a_row_is_in_the_table():
    def made(loss, base):
        key = {"row": "story", "method": "base", "seed": 0, "base": base, "ngram": [7, 2.0], "characters": 9}
        return {**key, "loss": loss, "seconds": 60.4, "interrupted": True}

    assert measure.table([made(1.5, "one"), made(1.25, "two")]).splitlines()[2] == (
        "| story | 9 | 2.0000 (7-gram) | 1 | - | - | 1.2500 | > 60 | - | +0.7500 |"
    )


def test_one_method_can_be_measured_alone_and_needs_no_base(calls, tmp_path):
    (tmp_path / "base.safetensors").unlink()
    measured("tiny", "--method", "scratch", "--seeds", "1")
    assert {call[2] for call in calls if call[0] == "train"} == {"-c"}


def test_a_missing_text_is_named_and_the_other_rows_are_measured(calls, capsys):
    measured("missing", "tiny", "--seeds", "1")
    printed = capsys.readouterr().out
    assert "missing skipped: " in printed
    assert "none.txt: No such file or directory; set TINYSHAKESPEARE to" in printed
    assert "| tiny |" in printed


def test_an_unknown_row_and_a_missing_base_are_reported(calls, tmp_path):
    with pytest.raises(SystemExit, match="nothing: no row, and no file; the rows are tiny, long, missing"):
        measured("nothing")
    with pytest.raises(SystemExit, match="no checkpoint, and no run directory with one"):
        measure.main(["tiny", "--base", "none", "--out", "out"], "here")


def test_a_row_is_a_part_of_a_text_or_of_a_compressed_book_or_a_file_of_yours(tmp_path):
    file = tmp_path / "book.txt.xz"
    file.write_bytes(lzma.compress("a\r\nh\u00e4rbour".encode()))
    assert Row("part", file, 1, 4).read() == "\r\nh\u00e4"
    assert rows.find([str(file)])[0].read() == "a\r\nh\u00e4rbour"
    with pytest.raises(SystemExit, match="10 characters; part needs 12"):
        Row("part", file, 2, 10).read()


def test_a_base_is_a_file_or_a_run_directory(tmp_path, monkeypatch):
    (tmp_path / "runs" / "one").mkdir(parents=True)
    (tmp_path / "runs" / "one" / "best.safetensors").write_bytes(b"weights")
    monkeypatch.chdir(tmp_path)
    assert rows.base_digest("one") == rows.base_digest("runs/one") == rows.digest(b"weights")


def test_words_are_counted_without_the_half_word_at_the_end():
    assert words.words("“I don’t know—never!” 5 o'clock, Caf\u00e9") == [
        "i",
        "don't",
        "know",
        "never",
        "o'clock",
        "café",
    ]
    assert words.share("the cat zat on the ma", {"the", "cat", "on"}) == 4 / 5
    assert words.share("The cat.", {"the", "cat"}) == 1
    assert words.share("don'", {"don"}) == 0


def test_a_word_list_counts_whole_and_books_only_for_words_that_occur_often(tmp_path, monkeypatch):
    (tmp_path / "list").write_text("Apple\nbee\nbee's\n", "utf-8")
    assert words.word_list(tmp_path / "list") == ({"apple", "bee", "bee's"}, "list")
    (tmp_path / "book").write_text("The cat and the rat saw the zat.\nA cat is a cat, and a rat a rat.\n", "utf-8")
    assert words.word_list(tmp_path / "book") == ({"the", "cat", "a", "rat"}, "book")
    monkeypatch.setattr(words, "DICTIONARY", tmp_path / "none")
    assert words.word_list(None) == (frozenset(), "none")
    with pytest.raises(SystemExit, match="No such file"):
        words.word_list(tmp_path / "none")


def test_words_of_samples_are_looked_up_in_the_held_out_text_and_the_list(calls, capsys, tmp_path):
    measured("tiny", "--seeds", "1")
    (tmp_path / "list").write_text("cat\ndog\n", "utf-8")
    capsys.readouterr()
    words.main(["tiny", "--words", "list", "--out", "out"], "here")
    # "the cat", without "zat": the last word is left out
    assert "| tiny | list | 100.0% (100.0%) | 100.0% (100.0%) | 100.0% |" in capsys.readouterr().out


def test_words_need_a_measured_row(calls):
    with pytest.raises(SystemExit, match="tiny: not measured yet: python tests/benchmarks base tiny"):
        words.main(["tiny", "--words", "text.txt", "--out", "out"], "here")


def test_novelty_stands_beside_that_of_held_out_text(calls, capsys):
    measured("tiny", "--seeds", "1")
    capsys.readouterr()
    options = ["--base", "base.safetensors", "--books", "text.txt", "--out", "out"]
    novelty.main(["tiny", *options], "here")
    zeros = "| 0.0% " * 5
    expected = []
    for what in ("tiny, scratch", "tiny, base", "the base itself"):
        expected += [
            f"| {what} | samples | 50.0% | 0.0% {zeros}| 6 |",
            f"|  | held-out text | 25.0% | 12.5% {zeros}| - |",
        ]
    assert capsys.readouterr().out.splitlines()[2:8] == expected
    assert calls[-1][1] == "base.safetensors"
    assert calls[-1][-2:] == ("--text", "text.txt")


def test_samples_are_shown_seed_by_seed(calls, capsys):
    measured("tiny", "--seeds", "1")
    capsys.readouterr()
    samples.main(["tiny", "--out", "out"], "here")
    printed = capsys.readouterr().out
    assert printed.startswith(
        "### tiny\n\nSeed 1, from scratch:\n\n```text\nthe cat zat\n```\n\nSeed 1, with the base:"
    )
    assert printed.count("the cat zat") == 10


def test_a_sample_with_a_fence_gets_a_longer_one():
    assert "````text\na```b\n````" in samples.page("row", {"base": ["a```b"] * 5})


def test_each_book_is_of_one_kind():
    books = [book for names in by_kind.KINDS.values() for book in names.split()]
    assert len(books) == len(set(books)) == 87
    assert by_kind.kind("ulysses") == "novels of 1900 and later"
    assert by_kind.kind("my_diary") == "other"


def test_the_books_of_the_kinds_are_those_that_are_here():
    if not rows.BOOKS.is_dir():
        pytest.skip(f"needs {rows.BOOKS}, which is not here")
    here = {path.name.removesuffix(".txt.xz") for path in rows.BOOKS.glob("*.txt.xz")} - {"great_gatsby"}
    assert here == {book for names in by_kind.KINDS.values() for book in names.split()}


def test_losses_by_kind_are_means_over_characters(tmp_path, monkeypatch, capsys):
    held_out = tmp_path / "held-out"
    held_out.mkdir()
    losses = {"dubliners ulysses": (1.25, 400), "diary": (3.0, 100)}
    (held_out / "room_with_view.txt").write_text("\n\n", "utf-8")  # nothing was held out
    for name in ("dubliners", "ulysses", "diary"):
        (held_out / f"{name}.txt").write_text(name, "utf-8")
    (tmp_path / "base.safetensors").write_bytes(b"base")

    def run(command, base, *options):
        loss, characters = losses[" ".join(Path(book).stem for book in options[:-2])]
        return json.dumps({"loss": loss, "characters": characters})

    monkeypatch.setattr(by_kind, "run_charrnn", run)
    options = [str(tmp_path / "base.safetensors"), str(held_out), "--out", str(tmp_path / "out")]
    by_kind.main(options, "here")
    assert capsys.readouterr().out.splitlines()[2:5] == [
        "| novels of 1900 and later | 2 | 400 | 1.250 | 1.803 |",
        "| other | 1 | 100 | 3.000 | 4.328 |",
        "| all | 3 | 500 | 1.600 | 2.308 |",
    ]
    monkeypatch.setattr(by_kind, "run_charrnn", lambda *a: pytest.fail("measured again"))
    by_kind.main(options, "here")


def in_this_process(*words):
    """What a charrnn of its own would print; twenty of them would take twenty seconds."""
    found = CliRunner().invoke(app, words)
    assert found.exit_code == 0, found.output
    return found.stdout


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_tiny_base_is_measured_by_charrnn_itself(tmp_path, monkeypatch, capsys, tiny_run):
    for module in (measure, words, novelty, samples, by_kind):
        monkeypatch.setattr(module, "run_charrnn", in_this_process)
    (tmp_path / "text.txt").write_text("the cat sat on the mat. a dog ran.\nwhy?\n" * 60, "utf-8")
    monkeypatch.setattr(rows, "ROWS", {"tiny": Row("tiny", tmp_path / "text.txt", 0, 800)})
    monkeypatch.setattr(measure, "ROWS", rows.ROWS)
    out = ["--out", str(tmp_path / "out")]
    measure.main(["tiny", "--base", str(tiny_run), *out], "here")
    assert "| tiny | 80 | " in capsys.readouterr().out
    words.main(["tiny", *out], "here")
    novelty.main(["tiny", *out], "here")
    samples.main(["tiny", *out], "here")
    (tmp_path / "held-out").mkdir()
    (tmp_path / "held-out" / "ulysses.txt").write_text("the dog sat on the mat.\n" * 60, "utf-8")
    by_kind.main([str(tiny_run), str(tmp_path / "held-out"), *out], "here")
    printed = capsys.readouterr().out
    assert "| tiny, base | samples | " in printed
    assert "Seed 5, with the base:" in printed
    assert "| novels of 1900 and later | 1 | " in printed
