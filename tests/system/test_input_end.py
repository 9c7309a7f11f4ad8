"""A thread waits for the end of standard input."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from charrnn.system import input_end

WAIT = """
import threading
from charrnn.system.input_end import wait_for_input_end
waiting = threading.Thread(target=wait_for_input_end)
waiting.start()
import numpy
print(waiting.is_alive(), flush=True)
waiting.join()
print("ended")
"""


@pytest.mark.slow
def test_another_thread_loads_libraries_until_it_ends():
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
    with subprocess.Popen([sys.executable, "-c", WAIT], **options) as process:
        try:
            assert process.stdout.readline() == "True\n"
            process.stdin.write("what comes before is lost")
            process.stdin.close()
            assert process.stdout.read() == "ended\n"
        finally:
            process.kill()


def test_on_windows_nothing_reads(monkeypatch):
    """The pipe is asked instead, with PeekNamedPipe."""
    answers = [True, True, False]
    monkeypatch.setattr(input_end, "IS_WINDOWS", True)
    monkeypatch.setattr(input_end, "os", SimpleNamespace(read=lambda *_: pytest.fail("it would block")))
    monkeypatch.setattr(input_end, "time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setattr(input_end, "_pipe_is_open", lambda: answers.pop(0))
    input_end.wait_for_input_end()
    assert not answers


@pytest.mark.skipif(os.path.__name__ != "ntpath", reason="pipes of Windows itself")
def test_a_pipe_of_windows_ends():
    code = "from charrnn.system.input_end import _pipe_is_open; print(_pipe_is_open())"
    for given, found in ((subprocess.PIPE, "True"), (subprocess.DEVNULL, "False")):
        with subprocess.Popen(
            [sys.executable, "-c", code], stdin=given, stdout=subprocess.PIPE, encoding="utf-8"
        ) as process:
            assert process.stdout.read().strip() == found
