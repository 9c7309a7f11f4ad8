"""`charrnn info` without a run: what a report of a fault needs."""

import json
import platform
import re
import tomllib
from pathlib import Path

import numpy as np
import on_terminal
import pytest

from charrnn import __version__
from charrnn.cli.reports import machine as report
from charrnn.system import machine

PYPROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]
USERS = ("onnx", "plot", "write", "serve", "tensorboard", "mpi")  # the extras that are not for developers
NAMES = [
    "charrnn", "Python", "system", "processor", "cores", "memory", "NumPy", "BLAS", "libraries", "optional libraries",
    "terminal", "cache of long texts",
]  # fmt: skip


def named(requirements):
    return {re.match(r"[\w-]+", requirement)[0] for requirement in requirements}


def test_each_fact_is_a_line_that_can_be_pasted(charrnn, monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("CHARRNN_CACHE_DIR", str(tmp_path / "kept"))
    result = charrnn("info")
    assert (result.exit_code, result.stderr) == (0, "")
    found = dict(line.split(": ", 1) for line in result.stdout.splitlines())
    assert list(found) == NAMES
    assert all(found.values())
    assert found["charrnn"].startswith(f"{__version__}, in ")
    assert platform.python_version() in found["Python"]
    assert np.__version__ in found["NumPy"]
    assert found["terminal"].startswith("none, a pipe or a file; encoding ")
    assert found["cache of long texts"].startswith(str(Path("~/kept/charrnn-texts")))
    assert str(tmp_path) not in result.stdout


def test_json_has_the_same(charrnn):
    found = json.loads(charrnn("info", "--json").stdout)
    assert found["charrnn"]["version"] == __version__
    assert found["numpy"] == np.__version__
    assert 1 <= found["cores"]["usable"] <= found["cores"]["present"]
    assert found["blas"][0]["threads"] >= 1
    assert found["terminal"]["columns"] is None
    assert len(found) == len(NAMES) + 1  # NumPy and its vector extensions are one line


def test_the_libraries_are_those_of_the_package():
    assert {*machine.REQUIRED, "numpy"} == named(PYPROJECT["dependencies"])
    extras = PYPROJECT["optional-dependencies"]
    assert set(machine.OPTIONAL) == named(each for extra in USERS for each in extras[extra])


def test_what_the_machine_does_not_say_is_unknown():
    found = {**report.facts(), "memory": None, "blas": [], "vector_extensions": []}
    found["cores"]["present"] = None
    found["optional_libraries"] = dict.fromkeys(machine.OPTIONAL)
    shown = dict(report.lines(found))
    assert (shown["memory"], shown["BLAS"]) == ("unknown", "unknown")
    assert shown["NumPy"].endswith("vector extensions: none found")
    assert shown["cores"].endswith(" may be used of an unknown number")
    assert shown["optional libraries"] == f"none; not here: {', '.join(machine.OPTIONAL)}"


def test_memory_is_in_gigabytes(charrnn, monkeypatch):
    monkeypatch.setattr(report, "total_memory", lambda: 16_400_000_000)
    assert "\nmemory: 16.4 GB\n" in charrnn("info").stdout


@pytest.mark.parametrize("width", [60, 120])
def test_a_terminal_is_described(monkeypatch, tiny_run, width):
    code, shown = on_terminal.run(monkeypatch, width, "info")
    assert code == 0
    assert f"terminal: {width} columns, colours " in shown
    assert all(len(line) <= width or " " not in line for line in shown.splitlines())  # a long path stays whole
