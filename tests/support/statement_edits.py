"""Edits of a function's statements.

For each statement (those inside loops and conditions too) there is one that deletes it; for each operation that fills a buffer
(`np.f(..., out=x)`) one that negates the result; for each assignment and each returned value one that negates it; for each
NumPy sum or difference one that makes it the other.
"""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

SWAPPED = {"add": "subtract", "subtract": "add"}
NO_SIGN = ("np.zeros", "np.empty")  # what these make is the same when negated
LISTS = ("body", "orelse", "finalbody")


@dataclass(frozen=True)
class Edit:
    """A field of a node that is to hold another value; `shown` is the part of the program that names it."""

    kind: str
    node: ast.AST
    field: str
    value: Any
    shown: ast.AST
    shown_then: ast.AST | None = None  # what is shown of the edited tree; None: nothing
    default: tuple[str, int] | None = None  # which of the function's defaults it is in: `defaults` or `kw_defaults`

    @contextmanager
    def made(self) -> Iterator[None]:
        """Within: the tree is edited."""
        kept = getattr(self.node, self.field)
        setattr(self.node, self.field, self.value)
        try:
            yield
        finally:
            setattr(self.node, self.field, kept)

    def name(self) -> str:
        """The kind, and the first line of what is shown, as it was and as it is."""
        before = first_line_of(self.shown)
        if self.shown_then is None:
            return f"{self.kind}: {before}"
        with self.made():
            return f"{self.kind}: {before} -> {first_line_of(self.shown_then)}"


def first_line_of(node: ast.AST) -> str:
    """How a node reads, to the end of its first line."""
    return ast.unparse(node).strip().split("\n")[0]


def statement_edits(function: ast.FunctionDef) -> Iterator[Edit]:
    """Each statement deleted, negated, swapped: what is possible."""
    for node, field, index in statements(function):
        statement = getattr(node, field)[index]
        yield replaced("deleted", node, field, index, [ast.Pass()])
        if negated := _negated(statement):
            yield replaced("negated", node, field, index, negated)
        yield from _swapped(statement)


def statements(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, str, int]]:
    """Where each statement is: a node, its list, and an index in that; docstrings left out."""
    for node in ast.walk(function):
        for field in LISTS:
            body = getattr(node, field, None)
            if isinstance(body, list):
                yield from ((node, field, i) for i, statement in enumerate(body) if not _is_docstring(statement))


def replaced(kind: str, node: ast.AST, field: str, index: int, new: list[ast.stmt]) -> Edit:
    """An edit that puts other statements in a statement's place."""
    body = getattr(node, field)
    return Edit(kind, node, field, [*body[:index], *new, *body[index + 1 :]], body[index])


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _negated(statement: ast.stmt) -> list[ast.stmt]:
    out = _out(statement)
    value: Any = getattr(statement, "value", None)
    if out is not None and ast.unparse(statement).startswith("np."):
        return [statement, *ast.parse(f"np.negative({ast.unparse(out)}, out={ast.unparse(out)})").body]
    if out is not None or _has_no_sign(value):  # what prepares to fill a buffer is no number
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
