"""Control characters from a model, an untrusted checkpoint or a name: visible on a terminal, unchanged in a pipe."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import on_terminal
import pytest
from slow import mostly_slow
from tiny import trained
from typer.testing import CliRunner

from charrnn.cli.app import app
from charrnn.runs.storage.checkpoint import load, save
from charrnn.text.characters.printable import UNSAFE

ALPHABET = [*"\x1b[2J]0;\x07\x08\r\x7f\x9b\u202e\u2066\u2028\u241b\ufffd \t\nabc"]
ODD = "a[red]\x1b]0;title\x07\x9b2J\u202e[link=x]"
STYLE = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A run whose model writes control characters as often as others, with an odd name, and its text."""
    folder = tmp_path_factory.mktemp("controls")
    text = folder / f"{ODD}.txt"
    characters = np.random.default_rng(0).choice(ALPHABET, 3000).tolist()
    try:
        text.write_text("".join(characters), "utf-8", newline="")
    except OSError:
        pytest.skip("this system does not take such names")
    run = trained(folder / ODD, text)
    saved = load(run / "last.safetensors")
    save(replace(saved, text=replace(saved.text, sources=(ODD,))), folder / "moved.safetensors")
    return run, text


def shown(output):
    """Without the styles, which are ours."""
    return STYLE.sub("", output)


COMMANDS = {
    "sample": ["sample", "RUN", "--seed", "1", "-p", "a\x1b[2J\r\t\n"],
    "at once": ["sample", "RUN", "--seed", "1", "--no-stream"],
    "several": ["sample", "RUN", "--seed", "1", "--count", "2"],
    "surprisal": ["sample", "RUN", "--seed", "1", "--surprisal", "-p", "a\x1b[2J\r\t\n"],
    "surprisal of several": ["sample", "RUN", "--seed", "1", "--surprisal", "--count", "2"],
    "trace": ["sample", "RUN", "--seed", "1", "-n", "60", "--trace"],
    "novelty": ["sample", "RUN", "--seed", "1", "--novelty"],
    "sample as JSON": ["sample", "RUN", "--seed", "1", "--json", "--novelty", "--trace"],
    "score": ["score", "RUN", "TEXT"],
    "score --against": ["score", "RUN", "TEXT", "--against", "RUN"],
    "score as JSON": ["score", "RUN", "TEXT", "--json"],
    "eval": ["eval", "RUN", "--with", "RUN"],
    "gradflow": ["gradflow", "RUN", "--positions", "2", "--lags", "5"],
    "plot": ["plot", "RUN"],
    "resume": ["train", "--resume", "COPY", "--steps", "30"],
    "resume as JSON": ["train", "--resume", "COPY", "--steps", "30", "--json"],
    "dry run": ["train", "TEXT", "--dry-run", "-s", "data.boundary=(\u202e|a)"],
    "export": ["export", "RUN", "-o", "OUT.safetensors", "--to", "torch"],
    "view": ["view", "RUN", "-o", "OUT.html"],
    "no such run": ["sample", "NONE"],
    "no such source": ["eval", "MOVED"],
    "no such text": ["train", "NONE"],
    "no such key": ["train", "TEXT", "-s", f"{ODD}=1"],
    "no such value": ["train", "TEXT", "-s", f"model.cell={ODD}"],
    "no such option": ["train", f"--{ODD}"],
    "no such command": [ODD],
    "unknown characters": ["sample", "RUN", "-p", f"x\x1b{ODD}"],
}
FAIL = [name for name in COMMANDS if name.startswith(("no such", "unknown"))]


@mostly_slow("term", ["dumb", "xterm-256color"], one_in=2)
@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_but_styles_reaches_a_terminal(hostile, tmp_path, monkeypatch, name, term):
    run, text = hostile
    shutil.copytree(run, tmp_path / ODD)
    for module in ("follow", "stage_lines"):  # what moves the cursor
        monkeypatch.setattr(f"charrnn.cli.progress.{module}.can_draw_on", lambda console, json: False)
    places = {
        "RUN": run,
        "MOVED": run.parent / "moved.safetensors",
        "TEXT": text,
        "COPY": tmp_path / ODD,
        "OUT.html": tmp_path / f"{ODD}.html",
        "OUT.safetensors": tmp_path / f"{ODD}.safetensors",
        "NONE": tmp_path / f"-{ODD}",
    }
    code, output = on_terminal.run(monkeypatch, 100, *[places.get(each, each) for each in COMMANDS[name]], term=term)
    assert (code > 0) == (name in FAIL), output
    assert set(UNSAFE.findall(shown(output))) <= {"\n", "\t"}
    assert len(output) > 20


@pytest.mark.parametrize("name", FAIL)
def test_an_error_in_a_pipe_is_one_line_without_control_characters(hostile, tmp_path, name):
    run, text = hostile
    places = {"RUN": run, "MOVED": run.parent / "moved.safetensors", "TEXT": text, "NONE": tmp_path / f"-{ODD}\n{ODD}"}
    found = CliRunner().invoke(app, [str(places.get(each, each)) for each in COMMANDS[name]])
    assert found.stderr.startswith("error: ")
    assert UNSAFE.findall(found.stderr) == ["\n"]
    assert "\ufffd" not in found.stderr or name == "unknown characters", "there is a real one in the text"


@pytest.mark.parametrize("more", [[], ["--no-stream"], ["--surprisal"]])
def test_a_pipe_gets_the_text_as_it_is(hostile, more):
    run, _ = hostile
    given = ["sample", str(run), "--seed", "1", "-n", "300", "-p", "a\x1b[2J\r\t\n"]
    piped = CliRunner().invoke(app, [*given, *more])
    written = json.loads(CliRunner().invoke(app, [*given, "--json"]).stdout)[0]["text"]
    assert piped.stdout_bytes.decode() == f"a\x1b[2J\r\t\n{written}\n"
    assert {"\x1b", "\x9b", "\r", "\u202e", "\u2028"} <= set(written)


@pytest.mark.parametrize("more", [[], ["--no-stream"], ["--surprisal"], ["--surprisal", "--no-stream"]])
def test_a_terminal_shows_the_same_text_and_marks_what_it_replaces(hostile, monkeypatch, more):
    run, _ = hostile
    given = ["sample", run, "--seed", "1", "-n", "300", "-p", "a\x1b[2J\r\t\n"]
    text = CliRunner().invoke(app, [str(each) for each in given]).stdout_bytes.decode()
    _, output = on_terminal.run(monkeypatch, 100, *given, *more, term="xterm-256color")
    visible = UNSAFE.sub(lambda found: found[0] if found[0] in "\n\t" else PICTURES[found[0]], text)
    assert shown(output).endswith(visible)
    for picture in {PICTURES[character] for character in text if character in PICTURES}:
        marked = len(re.findall(rf"\x1b\[[\d;]*7[\d;]*m[^\x1b]*{re.escape(picture)}", output))
        assert marked, f"{picture} is in reverse video"
    assert "␛\x1b[0m" in output
    assert "�" in shown(output), "that of the text"
    assert not re.search(r"\x1b\[(\d+;)*7(;\d+)*m[^\x1b]*�", output), "a real one is not"


PICTURES = {
    "\x1b": "␛", "\x07": "␇", "\x08": "␈", "\r": "␍", "\x7f": "␡", "\x9b": "<U+009B>", "\u202e": "<U+202E>",
    "\u2066": "<U+2066>", "\u2028": "<U+2028>",
}  # fmt: skip


@pytest.mark.parametrize("more", [[], ["--surprisal"]])
def test_a_prompt_neither_erases_the_screen_nor_names_the_window(hostile, monkeypatch, more):
    pyte = pytest.importorskip("pyte", reason="a screen in memory needs pyte")
    run, _ = hostile
    prompt = "abc\x1b]0;abc\x07\x1b[2J\x9b2J\rbca\u202e"
    _, output = on_terminal.run(
        monkeypatch, 100, "sample", run, "--seed", "1", "-n", "1", "--no-stream", *more, "-p", prompt, term="xterm"
    )
    screen = pyte.Screen(100, 50)
    pyte.Stream(screen).feed(output.replace("\n", "\r\n"))
    assert screen.title == ""
    assert "abc␛]0;abc␇␛[2J<U+009B>2J␍bca<U+202E>" in "".join(screen.display)
