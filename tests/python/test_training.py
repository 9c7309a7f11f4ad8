"""Progress, Ctrl-C and errors of a training that Python started."""

import _thread
import io
import threading

import pytest
from rich.console import Console
from tiny import trained

import charrnn
from charrnn.python import progress
from charrnn.python.progress import NoDisplay, NotebookDisplay, TerminalBar, progress_display
from charrnn.training.events import Evaluated, Finished, Recovered, Saved, Stepped

SETTINGS = {"model.hidden_size": 8, "training.steps": 20, "training.batch_size": 4, "training.sequence_length": 8}
SETTINGS |= {"runtime.threads": 1, "training.eval_every": 5}


def stepped(step, loss=1.5):
    return Stepped(step, 0.1, loss, 1.0, False, 1e-3, 1000.0)


def test_nothing_is_shown_where_nothing_can_be_drawn(tmp_path, text_file, capfd):
    charrnn.train(text_file, settings=SETTINGS, out=tmp_path / "run")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("wanted", "terminal", "term", "kind"),
    [
        (True, True, "xterm", TerminalBar),
        (False, True, "xterm", NoDisplay),
        (True, False, "xterm", NoDisplay),
        (True, True, "dumb", NoDisplay),
    ],
)
def test_a_bar_is_for_a_terminal_that_can_draw_it(wanted, terminal, term, kind):
    console = Console(file=io.StringIO(), force_terminal=terminal, _environ={"TERM": term})
    with progress_display(wanted, console) as display:
        assert type(display) is kind


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_shows_one_bar_in_one_line(width):
    pyte = pytest.importorskip("pyte")
    made = {"width": width, "height": 24, "legacy_windows": False, "_environ": {"TERM": "xterm"}}
    console = Console(file=io.StringIO(), force_terminal=True, **made)
    with progress_display(True, console) as display:
        display.stage("reading [red]a.txt[/red]\x1b", 3.0)
        display.begin(200, 0)
        for step in range(1, 121):
            display(stepped(step))
        display(Evaluated(120, "valid", 1.75, 2.5, True))
        display(Saved(120, "x", True))
        display(Finished(120, "stopped", 1.75, 3.0))
    assert "reading [red]a.txt[/red]␛" in console.file.getvalue()
    screen = pyte.Screen(width, 24)
    pyte.Stream(screen).feed(console.file.getvalue().replace("\n", "\r\n"))
    lines = [line.rstrip() for line in screen.display if line.strip()]
    assert len(lines) == 1
    assert lines[0].startswith("step 120/200 ━")
    assert "loss 1.5000 · valid 1.7500 · stopped" in lines[0]


def test_what_was_rolled_back_leaves_the_picture():
    losses = progress.Losses()
    for event in (stepped(1), stepped(2), Evaluated(2, "valid", 9.0, 9.0, True), stepped(3, 8.0)):
        losses.read(event)
    losses.read(Recovered(1, "loss spike", 3, 1e-3, 1))
    assert (losses.done, str(losses)) == (1, "loss 1.5000")


class Handle:
    """What IPython gives for an output that can change."""

    def __init__(self):
        self.shown = []

    def update(self, html):
        self.shown.append(html)


def test_a_notebook_draws_at_most_twice_a_second(monkeypatch):
    handle, now = Handle(), [0.0]

    class IPython:
        HTML = staticmethod(str)

        @staticmethod
        def display(html, display_id):
            assert (html, display_id) == ("reading the text", True)
            return handle

    monkeypatch.setattr(progress, "import_module", lambda name: IPython)
    with NotebookDisplay(clock=lambda: now[0]) as display:
        display.stage("measuring <this>", 15.0)
        display.begin(100, 0)
        for step in range(1, 101):
            now[0] += 1 / 16
            display(stepped(step))
    assert handle.shown.pop(0) == "measuring &lt;this&gt; (15 s)"
    assert len(handle.shown) == 14  # at the beginning, twelve in 6.25 seconds, at the end
    assert 'value="100" max="100"' in handle.shown[-1]
    assert handle.shown[-1].count("<svg") == 1


CELLS = (
    """
import charrnn
model = charrnn.train({text!r}, settings={settings!r}, out={out!r})
""",
    "model",
    "model.score('the <b>cat')",
    "charrnn.train({text!r}, settings={settings!r}, out={out!r} + '2', progress=False);",
)


@pytest.mark.slow
def test_a_notebook_has_one_output_that_changes_and_models_show_themselves(tmp_path, text_file):
    nbformat = pytest.importorskip("nbformat", reason="needs nbclient and ipykernel")
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient and ipykernel")
    pytest.importorskip("ipykernel", reason="needs nbclient and ipykernel")
    given = {"text": str(text_file), "settings": SETTINGS, "out": str(tmp_path / "run")}
    cells = [nbformat.v4.new_code_cell(cell.format(**given)) for cell in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    training, model, score, silent = (cell.outputs for cell in notebook.cells)
    assert [output.output_type for output in training] == ["display_data"]
    assert "step 20/20 · loss " in training[0].data["text/html"]
    assert "<svg" in model[0].data["text/html"]
    assert "&lt;" in score[0].data["text/html"]
    assert silent == []


def test_ctrl_c_saves_before_it_ends_and_resume_goes_on(tmp_path, text_file):
    def press(event):
        if isinstance(event, Stepped) and event.step == 7:
            _thread.interrupt_main()

    with pytest.raises(KeyboardInterrupt, match=r"^saved after step 7; to go on: charrnn\.resume\('.*run'\)$"):
        charrnn.train(text_file, settings=SETTINGS, out=tmp_path / "run", on_event=press)
    assert charrnn.load(tmp_path / "run", which="last").saved.progress.step == 7
    charrnn.resume(tmp_path / "run")
    charrnn.train(text_file, settings=SETTINGS, out=tmp_path / "whole")
    files = [(tmp_path / run / "last.safetensors").read_bytes() for run in ("run", "whole")]
    assert files[0] == files[1]


def test_an_error_of_the_programs_own_does_not_leave_the_run_locked(tmp_path, text_file):
    def fail(event):
        if isinstance(event, Saved):
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as caught:
        charrnn.train(text_file, settings=SETTINGS, out=tmp_path / "run", on_event=fail)
    assert charrnn.resume(tmp_path / "run", steps=25).saved.progress.step > 0
    assert caught


def test_another_thread_may_train(tmp_path, text_file):
    made = []
    thread = threading.Thread(
        target=lambda: made.append(charrnn.train(text_file, settings=SETTINGS, out=tmp_path / "run"))
    )
    thread.start()
    thread.join(60)
    assert made[0].saved.progress.step > 0


def test_events_are_passed_on(tmp_path, text_file):
    events = []
    charrnn.resume(trained(tmp_path / "run", text_file), steps=22, on_event=events.append)
    assert [event.step for event in events if isinstance(event, Stepped)] == [21, 22]
    assert any(isinstance(event, Finished) for event in events)
