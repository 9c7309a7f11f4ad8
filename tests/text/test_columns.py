"""One column of a table: each row is a document, at its place in the file."""

import bz2
import csv
import gzip
import io
import json
import lzma
import sys

import pytest

from charrnn.errors import TextError
from charrnn.text import source_text
from charrnn.text.columns import column_names
from charrnn.text.source_text import read_text

ROWS = [
    ("id", "title", "lyrics"),
    ("1", "sea", "a salt wind"),
    ("2", "rain", 'he said "no",\ntwice'),
    ("3", "fog", "é"),
]


@pytest.fixture
def table(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


def delimited(rows, separator=",", line_end="\r\n"):
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator=line_end).writerows(rows)
    return out.getvalue()


def documents(*sources, field="lyrics", **options):
    return list(read_text(sources, field=field, **options).documents)


LYRICS = [row[2] for row in ROWS[1:]]
JSON = "".join(json.dumps({"id": int(row[0]), "lyrics": row[2]}) + "\n" for row in ROWS[1:])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("s.csv", delimited(ROWS)),
        ("s.csv", delimited(ROWS, line_end="\n")),
        ("s.csv", delimited(ROWS, ";")),
        ("s.csv", delimited(ROWS, "\t")),
        ("s.csv", delimited(ROWS, "|")),
        ("s.CSV", "\ufeff" + delimited(ROWS)),
        ("s.tsv", delimited(ROWS, "\t")),
        ("s.jsonl", JSON),
        ("s.ndjson", JSON.replace("\n", "\r\n\n")),
        ("s.csv.gz", gzip.compress(delimited(ROWS).encode(), mtime=0)),
        ("s.tsv.bz2", bz2.compress(delimited(ROWS, "\t").encode())),
        ("s.jsonl.xz", lzma.compress(JSON.encode())),
        (
            "s.csv",
            "\ufeff".encode("utf-16-le") + delimited(ROWS, "\t").encode("utf-16-le"),
        ),  # as Excel's "Unicode text"
    ],
)
def test_each_row_is_a_document(table, name, content):
    assert documents(table(name, content)) == LYRICS


def test_a_table_in_another_encoding(table):
    path = table("s.csv", delimited(ROWS, ";").encode("cp1252"))
    assert documents(path, encoding="cp1252") == LYRICS
    with pytest.raises(TextError, match=r"byte 0xe9 at offset .* is not utf-8"):
        documents(path)


def test_the_separator_is_the_one_that_cuts_the_rows_alike(table):
    prose = [("id", "text"), ("1", "so, then, what"), ("2", "no"), ("3", "a, b")]
    assert documents(table("s.csv", delimited(prose, ";")), field="text") == ["so, then, what", "no", "a, b"]
    assert documents(table("s.csv", delimited(prose[1:], ";")), field="2") == ["so, then, what", "no", "a, b"]
    assert documents(table("s.csv", "text\none; two\nthree\n"), field="text") == ["one; two", "three"]


def test_a_number_takes_a_column_of_a_table_without_a_header(table):
    path = table("s.csv", delimited(ROWS[1:]))
    assert documents(path, field="2") == ["sea", "rain", "fog"]
    with pytest.raises(TextError, match=r"s.csv: no column has the name '4', and its columns have the numbers 1 to 3$"):
        documents(path, field="4")
    with pytest.raises(TextError, match=r"s.csv: no column has the name '0', and its columns have the numbers 1 to 3$"):
        documents(path, field="0")
    named = table("n.csv", "2,1\nx,y\n")
    assert documents(named, field="1") == ["y"]  # the name of a column counts before its number


def test_rows_without_a_text_are_left_out_with_a_note(table):
    text = read_text([table("s.csv", 'id,lyrics\n1,a\n2,\n\n3\n,,\n4,"  "\n5,b\n')], field="lyrics")
    assert text.documents == ("a", "b")
    (note,) = text.notes
    assert note.endswith("s.csv:3")
    assert note.startswith("3 of 5 rows left out, without a text in 'lyrics'; the first: ")
    text = read_text([table("s.jsonl", '{"t": "a"}\n{"t": null}\n{}\n{"t": ""}\n')], field="t")
    assert text.documents == ("a",)
    assert text.notes[0].startswith("3 of 4 rows left out, without a text in 't'; the first: ")
    with pytest.raises(TextError, match=r"^data.field='lyrics': no row has a text in this column$"):
        documents(table("e.csv", "id,lyrics\n1,\n"))


def test_a_row_with_more_cells_than_the_first_is_reported(table):
    text = read_text([table("s.csv", "id,lyrics\n1,so, then\n2,b\n")], field="lyrics")
    assert text.documents == ("so", "b")
    assert text.notes[0].endswith(
        "s.csv: 1 row has more cells than the first row (line 2); a cell with a separator needs quotes around it"
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("s.csv", "id,lyric\n1,a\n", r"s.csv: no column 'lyrics'; its columns are id, lyric; did you mean lyric\?$"),
        (
            "s.csv",
            "id,my text\n1,a\n",
            r"s.csv: no column 'lyrics'; its columns are id, 'my text'; if its first line has no names, write the number of a column: data.field=1$",
        ),
        ("s.csv", "lyrics,lyrics\n1,a\n", r"s.csv: 2 columns have the name 'lyrics'; rename all but one$"),
        ("s.csv", 'id,lyrics\n1,a\n2,"b\n3,c\n', r"s.csv:3: a quote in this row is not closed$"),
        ("s.csv", 'id,lyrics\n1,"a\nb"\n2,"b"c\n', r"s.csv:4: a quote within a quoted cell must be written twice$"),
        (
            "s.jsonl",
            '{"id": 1, "lyric": "a"}\n{"x": 1}\n',
            r"s.jsonl: no column 'lyrics'; its columns are id, lyric, x; ",
        ),
        ("s.jsonl", '{"lyrics": "a"}\n{"lyrics": "b"\n', r"s.jsonl:2:15: not JSON: Expecting ',' delimiter$"),
        ("s.jsonl", '{"lyrics": ["a"]}\n', r"s.jsonl:1: 'lyrics' is a list, not a text$"),
        ("s.jsonl", '\n{"lyrics": {"a": 1}}\n', r"s.jsonl:2: 'lyrics' is an object, not a text$"),
        ("s.jsonl", '{"lyrics": true}\n', r"s.jsonl:1: 'lyrics' is true or false, not a text$"),
        ("s.jsonl", '["a"]\n', r's.jsonl:1: a list, not an object such as \{"text": ...\}$'),
        ("s.jsonl", "null\n", r"s.jsonl:1: null, not an object"),
        ("s.jsonl", '"a"\n', r"s.jsonl:1: a text, not an object"),
        ("s.jsonl", '{"lyrics": "a\\u0000"}\n', r"s.jsonl:1: '\\x00' \(U\+0000\) in 'lyrics', which no text has$"),
        ("s.jsonl", '{"lyrics": "a\\ud800"}\n', r"s.jsonl:1: '\\ud800' \(U\+D800\) in 'lyrics', which no text has$"),
        ("s.jsonl", "[" * 100_000 + "\n", r"s.jsonl:1: not read: lists or objects nested too deep$"),
        ("s.csv", "id,lyrics\n1,a\0\n" + 9 * "2,words\n", r"s.csv: a NUL at byte 13 \(line 2\), which no text has"),
        ("s.csv", "\n \n", r"s.csv: holds no text: it is empty, or only blank$"),
        (
            "s.txt",
            "a\n",
            r"s.txt: data.field takes one column of .csv, .tsv and .jsonl files, also as .gz, .bz2 or .xz; ",
        ),
        (
            "s.json",
            '[{"lyrics": "a"}]',
            r"s.json: data.field takes JSON with each row on a line of its own; for a list: jq -c .\.\[\]. \S*s.json > s.jsonl$",
        ),
        (
            "s.parquet",
            b"PAR1" + bytes(50),
            r"s.parquet: is a Parquet table, not plain text; save it as .csv, and take one",
        ),
    ],
)
def test_what_is_no_table_or_no_text_is_refused(table, name, content, message):
    with pytest.raises(TextError, match=message):
        documents(table(name, content))


def test_numbers_are_taken_as_they_are_written(table):
    path = table("s.jsonl", '{"lyrics": 1.50}\n{"lyrics": 1e5}\n{"lyrics": NaN}\n')
    assert documents(path) == ["1.50", "1e5", "NaN"]


def test_a_tsv_whose_quotes_do_not_pair_has_none(table):
    assert documents(table("s.tsv", 'id\tlyrics\n1\t"so it is\n2\tb\n')) == ['"so it is', "b"]


def test_a_cell_may_be_longer_than_the_limit_of_the_csv_module(table):
    limit = csv.field_size_limit()
    long = "a" * (limit + 1)
    assert documents(table("s.csv", f"id,lyrics\n1,{long}\n")) == [long]
    assert csv.field_size_limit() == limit


def test_a_table_is_held_in_memory(table, monkeypatch):
    monkeypatch.setattr(source_text, "IN_MEMORY", 20)
    with pytest.raises(TextError, match=r"with data.field a text has at most 20 characters, .* data.field=null$"):
        documents(table("s.csv", delimited(ROWS)))


def test_of_folders_and_patterns_only_tables_are_read(table, tmp_path):
    table("f/a.csv", "lyrics\none\n")
    table("f/b.jsonl", '{"lyrics": "two"}\n')
    table("f/empty.csv", "")
    table("f/notes.txt", "not this\n")
    for source in (str(tmp_path / "f"), str(tmp_path / "f" / "*")):
        text = read_text([source], field="lyrics")
        assert text.documents == ("one", "two")
        assert "3 files read (2 .csv, 1 .jsonl); left out 1: a file that is no table (" in text.notes[0]
    table("g/notes.txt", "not this\n")
    with pytest.raises(
        TextError, match=r"g: holds no table for data.field, no .csv, .tsv or .jsonl file; left out 1: a "
    ):
        documents(str(tmp_path / "g"))


@pytest.mark.parametrize("content", [delimited(ROWS), JSON])
def test_a_table_on_standard_input(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode()), encoding="utf-8"))
    assert documents("-") == LYRICS


def test_where_plain_texts_are_read_too_each_is_a_document(table, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"id,lyrics\n"), encoding="utf-8"))
    sources = table("s.csv", "id,lyrics\n1,a\n"), table("t.txt", "one\n\ntwo\n"), "-"
    assert documents(*sources, with_plain=True) == ["a", "one\n\ntwo\n", "id,lyrics\n"]


def test_places_are_those_of_the_file(table):
    csv_file = table("s.csv", 'id,lyrics\n\n1,"ab\ncd"\n"x\ny",ef\n')
    json_file = table("s.jsonl", '{"lyrics": "ab\\ncd"}\n\n{"lyrics": "ef"}\n')
    text = read_text([csv_file, json_file], field="lyrics")
    flat = "\0" + "".join(f"{document}\0" for document in text.documents)
    places = {(flat[index], text.locate(index)[0]): text.locate(index)[1:] for index in range(1, len(flat))}
    assert [places[c, 0] for c in "abcdef"] == [(3, 1), (3, 2), (4, 1), (4, 2), (6, 1), (6, 2)]
    assert [places[c, 1] for c in "abcdef"] == [(1, 1), (1, 2), (1, 4), (1, 5), (3, 1), (3, 2)]


def test_names_of_columns_from_the_beginning_of_a_table():
    assert column_names("s.csv", "id;my title\n1;a\n") == ["id", "my title"]
    assert column_names("s.tsv.gz", "id\ttext") == ["id", "text"]
    assert column_names("s.jsonl", '{"id": 1, "text": "a"}\n{"id": ') == ["id", "text"]
    assert column_names("s.jsonl", "[1]") == column_names("s.txt", "a,b") == column_names("s.csv", "") == []
