"""The command as a user runs it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def charrnn(*arguments: str) -> str:
    """What it tells on stdout. Raises CalledProcessError."""
    command = [sys.executable, "-m", "charrnn", *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def trained(*arguments: str) -> dict[str, Any]:
    """How a training ended: its event `finished`. Raises CalledProcessError."""
    events = map(json.loads, charrnn("train", *arguments, "--json", "-q").splitlines())
    return next(event for event in events if event["event"] == "finished")


@contextmanager
def left_out_if_failed(measured: object) -> Iterator[None]:
    """Tell what is measured; where its command fails that is told too, and the others go on."""
    print(measured, file=sys.stderr, flush=True)
    try:
        yield
    except subprocess.CalledProcessError as error:
        print(f"{measured} is left out: exit code {error.returncode}", file=sys.stderr)
