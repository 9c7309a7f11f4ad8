"""Edits of a function's statements.

Each statement is deleted, also inside loops and conditions. The result of each operation that fills a buffer
(`np.f(..., out=x)`), each assigned value and each returned value is negated. Each NumPy sum becomes a difference, and the
reverse.
"""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

SWAPPED = {"add": "subtract", "subtract": "add"}
NO_SIGN = ("np.zeros", "np.empty")  # negating their result changes nothing
LISTS = ("body", "orelse", "finalbody")


@dataclass(frozen=True)
class Edit:
    """A new value for a field of a node; `shown` is the part of the program that the name of the edit shows."""

    kind: str
    node: ast.AST
    field: str
    value: Any
    shown: ast.AST
    shown_then: ast.AST | None = None  # the part of the edited tree to show, if any
    default: tuple[str, int] | None = None  # which of the function's defaults it is in: `defaults` or `kw_defaults`

    @contextmanager
    def made(self) -> Iterator[None]:
        """Inside, the tree is edited."""
        kept = getattr(self.node, self.field)
        setattr(self.node, self.field, self.value)
        try:
            yield
        finally:
            setattr(self.node, self.field, kept)

    def name(self) -> str:
        """The kind of edit, and the first line of `shown` before and after."""
        before = first_line_of(self.shown)
        if self.shown_then is None:
            return f"{self.kind}: {before}"
        with self.made():
            return f"{self.kind}: {before} -> {first_line_of(self.shown_then)}"


def first_line_of(node: ast.AST) -> str:
    """The first line of a node's source."""
    return ast.unparse(node).strip().split("\n")[0]


def statement_edits(function: ast.FunctionDef) -> Iterator[Edit]:
    """Each statement deleted, negated or swapped, as far as possible."""
    for node, field, index in statements(function):
        statement = getattr(node, field)[index]
        yield replaced("deleted", node, field, index, [ast.Pass()])
        if negated := _negated(statement):
            yield replaced("negated", node, field, index, negated)
        yield from _swapped(statement)


def statements(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, str, int]]:
    """The position of each statement except docstrings: node, name of its list, index."""
    for node in ast.walk(function):
        for field in LISTS:
            body = getattr(node, field, None)
            if isinstance(body, list):
                yield from ((node, field, i) for i, statement in enumerate(body) if not _is_docstring(statement))


def replaced(kind: str, node: ast.AST, field: str, index: int, new: list[ast.stmt]) -> Edit:
    """An edit that replaces a statement by others."""
    body = getattr(node, field)
    return Edit(kind, node, field, [*body[:index], *new, *body[index + 1 :]], body[index])


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _negated(statement: ast.stmt) -> list[ast.stmt]:
    out = _out(statement)
    value: Any = getattr(statement, "value", None)
    if out is not None and ast.unparse(statement).startswith("np."):
        return [statement, *ast.parse(f"np.negative({ast.unparse(out)}, out={ast.unparse(out)})").body]
    if out is not None or _has_no_sign(value):  # buffers that are filled later have no sign
        return []
    match statement:
        case ast.Assign(targets):
            return [ast.Assign(targets, ast.UnaryOp(ast.USub(), value))]
        case ast.AugAssign(target, op):
            return [ast.AugAssign(target, op, ast.UnaryOp(ast.USub(), value))]
        case ast.Return():
            return [ast.Return(ast.UnaryOp(ast.USub(), value))]
    return []


def _has_no_sign(value: Any) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).removesuffix("_like") in NO_SIGN
    return not isinstance(value, ast.BinOp)


def _swapped(statement: ast.stmt) -> Iterator[Edit]:
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add | ast.Sub):
        op = ast.Sub() if isinstance(statement.op, ast.Add) else ast.Add()
        yield Edit("swapped", statement, "op", op, statement)
    call = getattr(statement, "value", None)
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in SWAPPED:
        yield Edit("swapped", call.func, "attr", SWAPPED[call.func.attr], statement)


def _out(statement: ast.stmt) -> ast.expr | None:
    call = getattr(statement, "value", None)
    keywords = call.keywords if isinstance(call, ast.Call) else []
    return next((keyword.value for keyword in keywords if keyword.arg == "out"), None)
