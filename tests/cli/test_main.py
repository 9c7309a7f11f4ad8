import signal

import pytest

from charrnn.cli import app, main


def wrap_interrupt():
    """What pydantic does if Ctrl-C comes while it builds a model."""
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt as error:
        raise ValueError("cannot build the model") from error


def fail():
    raise ValueError("a fault of charrnn")


@pytest.fixture
def run(monkeypatch):
    """Run `main` with another function in place of the command line."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def start(function):
        monkeypatch.setattr(app, "main", function)
        main.main()

    yield start
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("function", [wrap_interrupt, lambda: signal.raise_signal(signal.SIGINT)])
def test_ctrl_c_exits_130_even_if_a_library_wraps_it(run, function):
    with pytest.raises(SystemExit) as ended:
        run(function)
    assert ended.value.code == 130


def test_any_other_fault_is_shown(run):
    with pytest.raises(ValueError, match="a fault of charrnn"):
        run(fail)


def test_an_ignored_ctrl_c_stays_ignored(run):
    """As under nohup."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run(lambda: signal.raise_signal(signal.SIGINT))
