"""The editor of `write`: keys in, text out; driven by a pipe, with counts in place of a network."""

import asyncio
import os
import signal
import sys
import time
from io import StringIO

import pytest
from foreground import heed_signals

pytest.importorskip("prompt_toolkit", reason="needs prompt_toolkit: pip install prompt_toolkit")
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.output.vt100 import Vt100_Output

from charrnn.cli.writing.editor import Editor
from charrnn.cli.writing.saved_text import SavedText
from charrnn.errors import OutputError
from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NGramPredictor
from charrnn.generation.sampling import SamplingOptions
from charrnn.generation.session import Session
from charrnn.ngram.kneser_ney import fit
from charrnn.runs.storage.checkpoint import load
from charrnn.text.vocabulary import Vocabulary

LINES = "the cat sat on the mat.\nthe cow ran.\n"
COLD = SamplingOptions(temperature=0)
RIGHT, LEFT, DOWN, ESCAPE, ENTER, TAB, BACKSPACE = "\x1b[C", "\x1b[D", "\x1b[B", "\x1b", "\r", "\t", "\x7f"
UNDO, REDO, TEMPERATURE, TOP_P, QUIT, INTERRUPT = "\x1a", "\x19", "\x14", "\x10", "\x11", "\x03"
WAIT = 10  # seconds until a screen that does not come is a failure


def counts(lines):
    text = lines * 20
    vocabulary = Vocabulary.from_text(text)
    return Generator(NGramPredictor(fit([vocabulary.encode(text)], len(vocabulary), 8)), vocabulary)


def play(*steps, text="", file=None, count=1, sampling=COLD, lines=LINES, output=None):
    """Type, and after each key or text wait until what is expected is true. Returns the editor and the exit code."""
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        session = Session(counts(lines), text)
        editor = Editor(session, file, 7, sampling, count, input=keys, output=output or DummyOutput())

        begun = []

        async def person():
            for typed, expected in steps:
                keys.send_text(typed)
                end = time.monotonic() + WAIT
                while not expected(editor):
                    assert time.monotonic() < end, (typed, editor.buffer.text, editor.proposals, editor.status())
                    await asyncio.sleep(0.005)
            keys.send_text(QUIT)

        def begin():
            begun.append(
                asyncio.ensure_future(person())
            )  # not as its background task: it would show what fails, and wait
            begun[0].add_done_callback(
                lambda done: done.exception() and editor.application.exit(exception=done.exception())
            )

        editor.application.pre_run_callables.append(begin)
        return editor, editor.run()


@pytest.fixture
def saved_at_once(monkeypatch):
    monkeypatch.setattr("charrnn.cli.writing.editor.SAVE_SECONDS", 0.01)


def shows(proposal):
    return lambda editor: editor.proposal == proposal


def has(text, proposal=None):
    return lambda editor: editor.buffer.text == text and proposal in (None, editor.proposal)


def test_a_word_a_line_undo_and_redo():
    editor, code = play(
        ("the c", shows("at sat on the mat.\n")),
        (RIGHT, has("the cat ", "sat on the mat.\n")),
        (TAB, has("the cat sat ", "on the mat.\n")),
        (ENTER, has("the cat sat on the mat.\n")),
        (UNDO, has("the cat sat ", "on the mat.\n")),
        (UNDO, has("the cat ", "sat on the mat.\n")),
        (REDO, has("the cat sat ", "on the mat.\n")),
    )
    assert (code, editor.session.text) == (0, "the cat sat ")


def test_typing_what_is_proposed_keeps_it_and_anything_else_asks_again(monkeypatch):
    asked, propose, shown = [], Session.propose, []

    def proposing(session, *arguments):
        asked.append(session.text)
        return propose(session, *arguments)

    def remember(editor):
        return shown.append([*asked]) or True

    monkeypatch.setattr(Session, "propose", proposing)
    play(
        ("the c", shows("at sat on the mat.\n")),
        ("", remember),
        ("at s", has("the cat s", "at on the mat.\n")),
        ("", remember),
        (BACKSPACE * 4 + "ow", shows(" ran.\n")),
    )
    assert shown[0] == shown[1]
    assert asked[-1] == "the cow"


def test_a_proposal_is_not_shown_at_another_text():
    play(
        ("t", shows("he cat sat on the mat.\n")),
        (BACKSPACE, lambda editor: editor.buffer.text == "" and not editor.proposal.startswith("he")),
    )


def test_esc_hides_the_proposal_and_enter_is_a_line_break_then():
    play(
        ("the c", shows("at sat on the mat.\n")),
        (ESCAPE, shows("")),
        (ENTER, has("the c\n")),
        ("the c", shows("at sat on the mat.\n")),
        (ESCAPE, shows("")),
        (TAB, shows("at sat on the mat.\n")),
        (ESCAPE, shows("")),
        (DOWN, shows("at sat on the mat.\n")),
    )


def test_a_proposal_stands_at_the_cursor_in_the_middle_of_a_text_too():
    play(
        (LEFT, has("the cXYZ")),
        (LEFT + LEFT, shows("")),
        (TAB, shows("at sat on the mat.\n")),
        (RIGHT, has("the cat XYZ", "sat on the mat.\n")),
        (LEFT, shows("")),
        (RIGHT, shows("sat on the mat.\n")),
        text="the cXYZ",
    )


def test_after_esc_down_shows_others_of_a_list_at_once():
    warm = SamplingOptions(temperature=3)
    play(
        ("the ", lambda editor: len(editor.proposals) > 1),
        (ESCAPE, shows("")),
        (DOWN, lambda editor: editor.proposal and editor.seed == 12),
        count=5,
        sampling=warm,
    )


def test_down_shows_another_with_the_next_seed_and_a_list_is_gone_through():
    warm = SamplingOptions(temperature=3)
    play(("the ", lambda editor: editor.proposals), (DOWN, lambda editor: editor.seed == 8), sampling=warm)
    first = []

    def listed(editor):
        first[:] = editor.proposals
        return len(first) > 1

    def is_second(editor):
        return editor.proposal == first[1] and editor.seed == 7

    def has_others(editor):
        return editor.seed == 12 and editor.proposals and editor.proposals != first

    play(
        ("the ", listed),
        (DOWN, is_second),
        (DOWN * 4, has_others),
        count=5,
        sampling=warm,
    )


def test_keys_change_temperature_and_top_p():
    play(
        (TEMPERATURE, lambda editor: editor.options.temperature == 1.0),
        (TEMPERATURE * 3, lambda editor: editor.options.temperature == 0.8),
        (TOP_P, lambda editor: editor.options.top_p == 0.95),
        (TOP_P * 3, lambda editor: editor.options.top_p is None),
        sampling=SamplingOptions(0.8),
    )


def test_the_status_names_what_the_model_does_not_know():
    play(("ß", lambda editor: "unknown to the model: 'ß'" in editor.status()))


def test_combining_marks_that_the_model_reads_are_not_unknown():
    play(
        ("e\u0301", lambda editor: "unknown" not in editor.status()),
        (" u\u0308", lambda editor: "unknown to the model: 'u\u0308'" in editor.status()),
        lines="é the cow ran.\n",
    )


def test_bytes_that_are_not_utf_8_do_not_make_a_file_that_cannot_be_opened(tmp_path):
    file = SavedText(tmp_path / "story.txt")
    editor, _ = play(
        ("the ", lambda editor: has("the ")(editor) and not editor.buffer.insert_text("\udce9")), file=file
    )
    assert editor.session.text == SavedText(file.path).text == "the \ufffd"


def test_a_trouble_with_the_file_stays_while_the_model_proposes(tmp_path, saved_at_once):
    path = tmp_path / "story.txt"
    file = SavedText(path)
    path.write_text("theirs", "utf-8")
    with pytest.raises(OutputError, match="another program has changed it"):
        play(
            ("the c", lambda editor: "another program" in editor.status()),
            ("o", lambda editor: editor.proposal and "another program" in editor.status()),
            file=file,
        )


@pytest.mark.parametrize(("rows", "below"), [(30, "^Z undo"), (9, "^T temperature"), (1, "")])
def test_a_small_terminal_shows_the_text_and_what_else_there_is_place_for(rows, below):
    pyte, written = pytest.importorskip("pyte"), StringIO()

    def draws(editor):
        screen = pyte.Screen(20, rows)
        pyte.Stream(screen).feed(written.getvalue())
        return screen.display[0].startswith("a   cow") and below in "".join(screen.display)

    output = Vt100_Output(written, lambda: Size(rows, 20), term="xterm", enable_cpr=False)
    play(("", draws), text="a\tcow", count=5, output=output)


def test_ctrl_c_ends_with_its_exit_code_and_the_text_is_there():
    editor, code = play(("the", has("the")), (INTERRUPT, lambda editor: editor.application.is_done))
    assert (code, editor.session.text) == (130, "the")


def test_the_text_is_saved_as_it_grows_and_at_the_end(tmp_path, saved_at_once):
    path = tmp_path / "story.txt"
    play(
        ("the", lambda editor: path.exists() and path.read_text("utf-8") == "the"),
        (" end", has("the end")),
        file=SavedText(path),
    )
    assert path.read_text("utf-8") == "the end"
    assert [*tmp_path.iterdir()] == [path]


def test_a_file_that_cannot_be_saved_is_named_on_the_screen_and_the_text_is_kept(tmp_path, saved_at_once):
    path = tmp_path / "gone" / "story.txt"
    path.parent.mkdir()
    file = SavedText(path)
    path.parent.rmdir()
    with pytest.raises(OutputError, match=r"story\.txt: cannot be written: No such file or directory"):
        play(("the", lambda editor: "cannot be written" in editor.status()), file=file)


pexpect = pytest.importorskip("pexpect", reason="a pseudo-terminal needs POSIX")
pyte = pytest.importorskip("pyte", reason="needs pyte")


class Terminal:
    """`charrnn write` in a real terminal."""

    def __init__(self, *words, size=(24, 80), **environment):
        self.child = pexpect.spawn(
            sys.executable, ["-m", "charrnn", "write", *map(str, words)], dimensions=size, timeout=60,
            env={**os.environ, "TERM": "xterm-256color", **environment}, preexec_fn=heed_signals,
        )  # fmt: skip
        self.screen = pyte.Screen(size[1], size[0])
        self._stream = pyte.ByteStream(self.screen)

    def until(self, words):
        end = time.monotonic() + 60
        while words not in "\n".join(self.screen.display):
            assert time.monotonic() < end, "\n".join(self.screen.display)
            try:
                self._stream.feed(self.child.read_nonblocking(65536, timeout=0.1))
            except pexpect.TIMEOUT:
                continue
        return self

    def end(self):
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal needs POSIX")
@pytest.mark.parametrize("size", [(20, 60), (40, 120)])
def test_in_a_real_terminal(tiny_run, tmp_path, size):
    out = tmp_path / "story.txt"
    terminal = Terminal(tiny_run, "-o", out, "--pick", "3", "--seed", "1", size=size)
    terminal.until("^Q quit").until("0 characters")
    terminal.child.send("the ß")
    terminal.until("the ß").until("5 characters").until("3 ")
    marked = terminal.screen.buffer[0][4]
    assert (marked.data, marked.fg, marked.underscore) == ("ß", "red", True)
    assert terminal.screen.buffer[0][6].italics
    assert all(len(line) <= size[1] for line in terminal.screen.display)
    terminal.child.send(QUIT)
    assert terminal.end() == 0
    assert out.read_text("utf-8") == "the ß"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal needs POSIX")
@pytest.mark.parametrize(("number", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_saves_the_text(tiny_run, tmp_path, number, code):
    out = tmp_path / "story.txt"
    terminal = Terminal(tiny_run, "-o", out).until("^Q quit")
    terminal.child.send("the cat")
    terminal.until("7 characters")
    terminal.child.kill(getattr(signal, number))
    assert terminal.end() == code
    assert out.read_text("utf-8") == "the cat"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal needs POSIX")
def test_a_signal_prints_a_text_that_has_no_file(tiny_run):
    terminal = Terminal(tiny_run).until("^Q quit")
    terminal.child.send("the cat")
    terminal.until("7 characters").child.kill(signal.SIGTERM)
    terminal.child.expect("the cat\r\n")
    assert terminal.end() == 143
    assert load(tiny_run / "best.safetensors")
