"""Exit codes have names, in one file."""

import ast
import signal

import sources

from charrnn.cli.exit_codes import INTERRUPTED
from charrnn.system.signals import exit_code


def test_ctrl_c_ends_as_its_signal_does():
    assert exit_code(signal.SIGINT) == INTERRUPTED


def test_no_exit_code_is_a_bare_number():
    found = [
        f"{path}:{node.lineno}"
        for path in sources.MODULES
        for node in sources.nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("exit", "Exit")
        if ast.unparse(node.func) in ("sys.exit", "typer.Exit")
        if any(isinstance(part, ast.Constant) and part.value not in (0, None) for part in ast.walk(node))
    ]
    assert not found
