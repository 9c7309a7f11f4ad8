"""Run charrnn in a process of its own, as a user does."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def run_charrnn(*arguments: str) -> str:
    """Run charrnn and return its stdout. Raises CalledProcessError."""
    command = [sys.executable, "-m", "charrnn", *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout


def train(*arguments: str) -> dict[str, Any]:
    """Run `charrnn train` and return its event `finished`. Raises CalledProcessError."""
    events = map(json.loads, run_charrnn("train", *arguments, "--json", "-q").splitlines())
    return next(event for event in events if event["event"] == "finished")


@contextmanager
def skip_if_failed(measured: object) -> Iterator[None]:
    """Print what is measured. If its command fails, print that it is skipped, so that the next measurement can run."""
    print(measured, file=sys.stderr, flush=True)
    try:
        yield
    except subprocess.CalledProcessError as error:
        print(f"{measured} skipped: exit code {error.returncode}", file=sys.stderr)
