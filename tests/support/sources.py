"""The modules of the package as syntax trees, each parsed once. Do not change what these functions give."""

import ast
from functools import cache
from pathlib import Path

import charrnn

ROOT = Path(charrnn.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text("utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of that tree."""
    return tuple(ast.walk(tree(path)))
