"""Following a training whose output is closed."""

import errno
from types import SimpleNamespace

import pytest
from rich.text import Text

from charrnn.cli.progress import follow
from charrnn.training.events import Finished, Stepped

STEPS = 100
GONE = [BrokenPipeError(), OSError(errno.EIO, "Input/output error")]
FULL = OSError(errno.ENOSPC, "No space left on device")


def training():
    """A run that stops after the step at which it is asked to stop."""

    def events(should_stop):
        for number in range(1, STEPS + 1):
            if should_stop():
                yield Finished(number - 1, "stopped", None, 1.0)
                return
            yield Stepped(number, 0.5, 2.0, 0.5, False, 1e-3, 1e5)
        yield Finished(STEPS, "steps", None, 1.0)

    plan = SimpleNamespace(
        config=SimpleNamespace(training=SimpleNamespace(max_grad_norm=1.0), data=SimpleNamespace(unit="char")),
        steps=STEPS,
    )
    return SimpleNamespace(events=events, plan=plan)


def failing(error):
    """A view that fails at the third step."""

    def view(event):
        if event.step == 3:
            raise error

    return view


def followed(*views):
    return follow.follow(training(), lambda: False, json=False, quiet=True, more=views)


@pytest.mark.parametrize("error", GONE, ids=str)
def test_a_training_whose_reader_went_away_is_stopped_quietly_and_no_sink_is_called_again(error):
    seen = []
    assert followed(seen.append, failing(error)).step == 3
    assert [event.step for event in seen] == [1, 2, 3]


def test_a_training_whose_output_fails_is_stopped_with_an_error():
    with pytest.raises(OSError, match="No space left"):
        followed(failing(FULL))


def test_a_training_whose_reader_went_away_before_it_began_is_stopped_at_once(monkeypatch):
    class Unread:
        def __init__(self, **_):
            pass

        def print(self, *_, **__):
            raise BrokenPipeError

    monkeypatch.setattr(follow, "introduction", lambda run: [Text("text: a text")])
    monkeypatch.setattr(follow, "message_console", Unread)
    assert follow.follow(training(), lambda: False, json=False, quiet=False) == Finished(0, "stopped", None, 1.0)
