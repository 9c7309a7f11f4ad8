"""The hint for a text that does not exist."""

from pathlib import Path

import pytest
from shells import QUOTE

from charrnn.errors import TextError
from charrnn.system.shell import shell_word
from charrnn.text.reading.sources import find_sources


@pytest.fixture
def texts(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("My Stories.txt", "play.txt", "play.gz", "e.txt", "Notes.md", "Our", "Our Tales.txt"):
        Path(name).write_text("text", "utf-8")
    Path("two words").mkdir()


@pytest.mark.parametrize(
    ("sources", "hint"),
    [
        (
            ["My", "Stories"],
            f"My: no such file or folder; for one text whose name has blanks, quote it: {shell_word('My Stories.txt')}",
        ),
        (["play.txt", "My", "Stories.txt"], f"quote it: {shell_word('My Stories.txt')}"),
        (
            ["Our", "Tales"],
            f"Tales: no such file or folder; for one text whose name has blanks, quote it: {shell_word('Our Tales.txt')}",
        ),
        (["two", "words"], f"quote it: {shell_word('two words')}"),
        (["My Stories"], f"My Stories: no such file or folder; did you mean {shell_word('My Stories.txt')}?"),
        (["play"], "play: no such file or folder; did you mean play.txt?"),
        (["notes"], "did you mean Notes.md?"),
        (["plai.txt"], "did you mean play.txt?"),
        (["plai.gz"], "did you mean play.gz?"),
        (["giraffe.txt"], "exists)"),
        (["harbour"], "harbour: no such file or folder; did you mean builtin:harbour?"),
        (["https://a.b/c?d=1&e"], f"a web address: download it first: curl -LO {shell_word('https://a.b/c?d=1&e')}"),
        (["www.a.b/c.txt"], "a web address: download it first: curl -LO www.a.b/c.txt"),
        (["file:///tmp/none.txt"], "name its path: /tmp/none.txt"),
        (["no/where.txt"], "(there is no folder no)"),
    ],
)
def test_what_was_probably_meant(texts, sources, hint):
    with pytest.raises(TextError) as error:
        find_sources(sources)
    assert hint.replace("'", QUOTE) in str(error.value)
