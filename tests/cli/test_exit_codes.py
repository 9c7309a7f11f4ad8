"""Exit codes have names, in one file."""

import ast
import signal
from pathlib import Path

import charrnn
from charrnn.cli.exit_codes import INTERRUPTED
from charrnn.system.signals import exit_code


def test_ctrl_c_ends_as_its_signal_does():
    assert exit_code(signal.SIGINT) == INTERRUPTED


def test_no_exit_code_is_a_bare_number():
    found = [
        f"{path}:{node.lineno}"
        for path in (Path(charrnn.__file__).parent).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("sys.exit", "typer.Exit")
        if any(isinstance(part, ast.Constant) and part.value not in (0, None) for part in ast.walk(node))
    ]
    assert not found
