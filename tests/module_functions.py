"""What a module consists of: the functions that `mutants.py` can break, and what is left outside them."""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from expression_edits import Place, edits_within
from mutants import first_line, plain
from statement_edits import Edit, first_line_of

Definition = ast.FunctionDef | ast.AsyncFunctionDef


def functions_of(module: ModuleType) -> list[FunctionType]:
    """Each function, method and property that the module's text defines, in its order; those within others are part of them.

    Raises LookupError where one is not found under its name, ValueError where it is cached.
    """
    return [_found(module, path, definition) for path, definition in _definitions(_tree(module), ())]


def left_out(module: ModuleType) -> list[str]:
    """The expressions outside functions that could be edited: constants, defaults of dataclasses. No mutant has them."""
    tree = _WithoutFunctions().visit(_tree(module))
    places = [Place(tree, "body", number, "", statement) for number, statement in enumerate(tree.body)]
    edits = [edit for place in places for edit in edits_within(place) if not _is_of_a_type(edit)]
    return list(dict.fromkeys(first_line_of(edit.shown) for edit in edits))


class _WithoutFunctions(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        return ast.copy_location(ast.Pass(), node)


def _is_of_a_type(edit: Edit) -> bool:
    """dict[str, int]"""
    return edit.kind.startswith("index") and not any(isinstance(node, ast.Constant) for node in ast.walk(edit.shown))


def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(Path(str(module.__file__)).read_text("utf-8"))


def _definitions(node: ast.AST, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Definition]]:
    """(the names that lead to it, itself) for each function outside functions, in conditions too."""
    for part in ast.iter_child_nodes(node):
        if isinstance(part, Definition):
            yield (*path, part.name), part
        elif isinstance(part, ast.stmt | ast.excepthandler):
            yield from _definitions(part, (*path, part.name) if isinstance(part, ast.ClassDef) else path)


def _found(module: ModuleType, path: tuple[str, ...], definition: Definition) -> FunctionType:
    held: Any = module
    for name in path:
        held = vars(held).get(_mangled(name, held))
    for candidate in (held.fget, held.fset, held.fdel) if isinstance(held, property) else (held,):
        function = candidate and plain(candidate)
        if function and function.__code__.co_firstlineno == first_line(definition):
            return function
    raise LookupError(f"{module.__name__} has {'.'.join(path)} in line {definition.lineno}, but not under that name")


def _mangled(name: str, holder: Any) -> str:
    """What Python makes of a private name in a class."""
    private = isinstance(holder, type) and name.startswith("__") and not name.endswith("__")
    return f"_{holder.__name__.lstrip('_')}{name}" if private else name
