"""Find the functions of a module, and the statements outside functions."""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from expression_edits import Place
from mutants import first_line, plain

Definition = ast.FunctionDef | ast.AsyncFunctionDef


def functions_of(module: ModuleType) -> list[FunctionType]:
    """Each function, method and property that the module defines, in source order; nested functions belong to their outer function.

    Raises LookupError if one is not found under its name, ValueError if one is cached.
    """
    return [_found(module, path, definition) for path, definition in _definitions(tree_of(module), ())]


def tree_of(module: ModuleType) -> ast.Module:
    """The syntax tree of the module."""
    return ast.parse(Path(str(module.__file__)).read_text("utf-8"))


def places_outside(node: ast.AST) -> Iterator[Place]:
    """Each statement outside functions, and the condition of each `if` among them."""
    for field, held in ast.iter_fields(node):
        for number, part in enumerate(held) if isinstance(held, list) else ():
            if isinstance(part, ast.ClassDef | ast.If | ast.Try | ast.ExceptHandler):
                yield from places_outside(part)
            elif isinstance(part, ast.stmt) and not isinstance(part, Definition):
                yield Place(node, field, number, "", part)
    if isinstance(node, ast.If):
        yield Place(node, "test", None, "condition", node)


def _definitions(node: ast.AST, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Definition]]:
    """(path of names, definition) for each function that is not nested in a function, also inside `if`."""
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
    """Apply Python's name mangling of private names in a class."""
    private = isinstance(holder, type) and name.startswith("__") and not name.endswith("__")
    return f"_{holder.__name__.lstrip('_')}{name}" if private else name
