"""The positions that `score` prints are those in the given files."""

import json
from pathlib import Path

import pytest
from slow import mostly_slow
from tiny import trained

from charrnn.text.reading import sources
from charrnn.text.vocabulary import END

TIDE = "The boat goes out,\nthe tide comes in.\n\n\n\n\nAn oar is lost,\na QQQ is torn.\n"


def rows(shown):
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.splitlines() if line.startswith("│")]


@pytest.fixture
def scored(charrnn, tmp_path):
    """`score` of a run with some settings: its standard output."""

    def scored(settings, *arguments, stdin=None):
        run = tmp_path / "run"
        if not run.exists():
            path = tmp_path / "many.txt"
            path.write_text("The boat goes out,\nthe tide is in.\n\nAn oar is lost;\n# é\na net---\n\n" * 20, "utf-8")
            trained(run, path, *settings)
        result = charrnn("score", run, *arguments, stdin=stdin)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    return scored


def test_a_blank_line_that_was_cut_counts(scored, tmp_path):
    (tmp_path / "tide.txt").write_text(TIDE, "utf-8")
    found = rows(scored(["data.boundary=blank-line"], tmp_path / "tide.txt", "--top", "3"))
    assert [row[:2] for row in found] == [["8", "5"], ["8", "4"], ["8", "3"]]


@mostly_slow(
    ("boundary", "text", "ends"),
    [
        ("blank-line", TIDE, [(2, 19), (8, 15)]),
        (r"\n", "Ann\n\n\nBo\n\nCid", [(1, 4), (4, 3), (6, 4)]),
        (r"---\n", "a\n---\n\nb\n---\nc\n", [(2, 1), (5, 1), (7, 1)]),
        ("(?m)^# .*\\n", "# A\n\nboat\n# B\nout\n", [(4, 1), (6, 1)]),
        ("(?=#)", "boat#net\n#oar", [(1, 5), (2, 1), (2, 5)]),
    ],
    one_in=4,
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_reported_positions_in_documents_are_correct(scored, tmp_path, boundary, text, ends, newline):
    (tmp_path / "t").write_text(text, "utf-8", newline=newline)
    found = [json.loads(line) for line in scored([f"data.boundary={boundary}"], tmp_path / "t", "--json").splitlines()]
    lines = text.split("\n")
    assert [(each["line"], each["column"]) for each in found if each["character"] == END] == ends
    for index, each in enumerate(found):
        assert each["index"] == index
        assert "file" not in each
        if each["character"] != END:
            assert (lines[each["line"] - 1] + "\n")[each["column"] - 1] == each["character"]


@pytest.mark.parametrize("unit", ["char", "byte"])
def test_several_files_are_named(scored, unit):
    for name, text in (("a.txt", "The boat"), ("b.txt", "An é oar\nis Q out\n")):
        Path(name).write_text(text, "utf-8")
    given = [f"data.unit={unit}"], "a.txt", "b.txt"
    found = [json.loads(line) for line in scored(*given, "--json").splitlines()]
    places = {(each["character"], each["file"], each["line"], each["column"]) for each in found}
    assert {("t", "a.txt", 1, 8), ("\n", "a.txt", 1, 9), ("é", "b.txt", 1, 4), ("Q", "b.txt", 2, 4)} <= places
    assert {"a.txt:1:9", "b.txt:1:4", "b.txt:2:4"} <= {row[0] for row in rows(scored(*given, "--top", "30"))}


@mostly_slow("setting", ["data.unit=char", "data.unit=byte", "data.boundary=blank-line"], one_in=3)
def test_how_a_text_comes_changes_nothing(scored, monkeypatch, setting):
    """Neither the places nor what is shown on both sides of them."""
    Path("a").write_bytes(("é 漢\r\n" + TIDE).encode())

    def shown():
        """Every place, with its surroundings; the last digits of a surprisal may differ."""
        return sorted((place, where) for place, _, where in rows(scored([setting], "a", "a", "--top", "1000")))

    whole = shown()
    assert len(whole) > 100
    for size in (1, 2, 3, 50):
        monkeypatch.setattr(sources, "PIECE", size)
        assert shown() == whole


def test_standard_input_has_places_too(scored):
    found = [json.loads(line) for line in scored([], "--json", stdin="\ufeffa\r\nb".encode()).splitlines()]
    assert [(each["character"], each["line"], each["column"]) for each in found] == [
        ("a", 1, 1),
        ("\n", 1, 2),
        ("b", 2, 1),
    ]


def test_the_text_in_colours_shows_where_a_document_ends(scored, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    shown = scored(["data.boundary=blank-line"], "--top", "0", stdin=TIDE.encode())
    assert shown.count("\N{DOUBLE VERTICAL LINE}") == 2
