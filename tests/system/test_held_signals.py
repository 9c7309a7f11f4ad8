"""A signal that comes while C calls Python back is not lost."""

import signal
import threading

import pytest

from charrnn.system import blas_threads
from charrnn.system.signals import held_signals


def interrupt():
    signal.raise_signal(signal.SIGINT)


def test_it_comes_at_the_end():
    done = []

    def block():
        with held_signals():
            interrupt()
            done.append("all of it")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert done == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_was_ignored_stays_ignored(monkeypatch):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_signals():
            assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_holds_nothing():
    found = []

    def run():
        with held_signals():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]


def test_ctrl_c_while_the_blas_is_looked_for_is_not_lost(monkeypatch):
    real = blas_threads.ThreadpoolController

    def controller():
        interrupt()
        return real()

    monkeypatch.setattr(blas_threads, "ThreadpoolController", controller)
    with pytest.raises(KeyboardInterrupt):
        blas_threads.loaded_blas.__wrapped__()
