"""Edits of a function's expressions, including nested functions, comprehensions and defaults.

    operators    + for -, * for /, and so on, in `+=` too, which also becomes `=`; a @ b to b @ a; -a, not a and ~a to a; a
                 comparison to its negation and to its neighbour (< to >= and <=); `and` for `or`; a if c else b to a and to b
    transposes   a.T, a.transpose(), np.swapaxes(a, 0, 1), np.flip(a) and reversed(a) to a; np.outer(a, b) and other products
                 that do not commute to those of (b, a)
    indices      each index, bound of a slice, and bound of a range, to one more and one less
    constants    each number to one more and one less; True for False
    conditions   of `if`, `assert`, a comprehension or a case: negated
    names        min for max, np.tril for np.triu, np.zeros for np.ones, and so on

Annotations, decorators, strings and f-strings are not edited.
"""

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from statement_edits import Edit, replaced, statements

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {  # the negation, and the neighbour
    ast.Lt: [ast.GtE, ast.LtE], ast.LtE: [ast.Gt, ast.Lt], ast.Gt: [ast.LtE, ast.GtE], ast.GtE: [ast.Lt, ast.Gt],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.In: [ast.NotIn], ast.NotIn: [ast.In], ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
}  # fmt: skip
PAIRS = [
    ("max", "min"), ("maximum", "minimum"), ("argmax", "argmin"), ("any", "all"), ("tril", "triu"), ("zeros", "ones"),
    ("zeros_like", "ones_like"), ("np.add", "np.subtract"), ("np.multiply", "np.divide"),
]  # fmt: skip
NAMES = dict([*PAIRS, *(pair[::-1] for pair in PAIRS)])
UNDONE = {"transpose", "swapaxes", "moveaxis", "flip", "reversed"}
ORDERED = {"outer", "dot", "matmul", "tensordot", "kron", "cross"}
PARTS = (  # too small to be shown alone: the parent is shown
    ast.Tuple, ast.Slice, ast.keyword, ast.Starred, ast.UnaryOp, ast.comprehension, ast.withitem, ast.pattern,
)  # fmt: skip
UNTOUCHED = {"annotation", "returns", "decorator_list", "type_params", "bases"}


class Place(NamedTuple):
    """The position of an expression in the tree, and its role there."""

    node: ast.AST
    field: str
    number: int | None  # index in the field, if the field is a list
    role: str  # "index", "bound", "condition", or ""
    shown: ast.AST

    @property
    def expression(self) -> Any:
        held = getattr(self.node, self.field)
        return held if self.number is None else held[self.number]

    def edit(self, kind: str, new: ast.expr | None) -> Edit:
        """An edit that replaces the expression here."""
        held = getattr(self.node, self.field)
        value = new if self.number is None else [*held[: self.number], new, *held[self.number + 1 :]]
        return Edit(kind, self.node, self.field, value, self.shown, self.shown)


def expression_edits(function: ast.FunctionDef) -> Iterator[Edit]:
    """All edits of the function's body, of its augmented assignments, and of its defaults."""
    for number in range(len(function.body)):
        yield from edits_within(Place(function, "body", number, "", function.body[number]))
    yield from _assignments(function)
    for kind in ("defaults", "kw_defaults"):
        for number, default in enumerate(getattr(function.args, kind)):
            if default is not None:
                for edit in edits_within(Place(function.args, kind, number, "", function.args)):
                    yield replace(edit, default=(kind, number))


def edits_within(place: Place) -> Iterator[Edit]:
    """All edits of the expression or statement at a place and of its parts."""
    expression = place.expression
    if isinstance(expression, ast.JoinedStr):
        return
    if isinstance(expression, ast.expr):
        for kind, new in _replacements(expression, place.role):
            yield place.edit(kind, new)
    for within in _places(place):
        yield from edits_within(within)


def _places(place: Place) -> Iterator[Place]:
    """The parts of the expression or statement at a place."""
    node = place.expression
    shown = place.shown if isinstance(node, PARTS) else node
    for field, held in ast.iter_fields(node):
        if field in UNTOUCHED:
            continue
        for index, part in enumerate(held) if isinstance(held, list) else [(None, held)]:
            if isinstance(part, ast.AST) and not (place.role in ("index", "bound") and _is_last_term(node, part)):
                yield Place(node, field, index, _role(place, field), shown)


def _role(place: Place, field: str) -> str:
    match place.expression:
        case ast.Subscript() if field == "slice":
            return "index"
        case ast.Tuple() if place.role == "index":
            return "index"
        case ast.Slice():
            return "bound"
        case ast.Call(func=ast.Name("range")) if field == "args":
            return "bound"
    return "condition" if field in ("test", "ifs", "guard") else ""


def _replacements(expression: ast.expr, role: str) -> Iterator[tuple[str, ast.expr]]:
    """(kind of edit, new expression)"""
    if role in ("index", "bound") and _is_number(expression):
        yield f"{role} + 1", _shifted(expression, 1)
        yield f"{role} - 1", _shifted(expression, -1)
    if role == "condition" and not isinstance(expression, ast.Compare):
        yield "condition", ast.UnaryOp(ast.Not(), expression)
    match expression:
        case ast.Constant(bool(value)):
            yield "constant", ast.Constant(not value)
        case ast.Constant((int() | float() | complex()) as value):
            yield "constant + 1", ast.Constant(value + 1)
            yield "constant - 1", ast.Constant(value - 1)
        case ast.BinOp(left, ast.MatMult(), right):
            yield "order", ast.BinOp(right, ast.MatMult(), left)
        case ast.BinOp(left, op, right):
            yield "operator", ast.BinOp(left, OPERATORS[type(op)](), right)
        case ast.UnaryOp(ast.USub() | ast.Not() | ast.Invert(), operand):
            yield "operator", operand
        case ast.BoolOp(op, values):
            yield "operator", ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.Compare(left, ops, comparators):
            for number, comparison in enumerate(ops):
                for other in COMPARISONS[type(comparison)]:
                    yield "comparison", ast.Compare(left, [*ops[:number], other(), *ops[number + 1 :]], comparators)
        case ast.IfExp(_, body, orelse):
            yield "choice", body
            yield "choice", orelse
        case ast.Attribute(value, "T", ast.Load()):
            yield "transpose", value
        case ast.Call(func, args, keywords):
            yield from _calls(func, args, keywords)


def _calls(func: ast.expr, args: list[ast.expr], keywords: list[ast.keyword]) -> Iterator[tuple[str, ast.expr]]:
    """Replacements of a call, by the name of the called function."""
    match func:
        case ast.Name(name):
            owner = None
        case ast.Attribute(owner, name):
            pass
        case _:
            return
    of_numpy = isinstance(owner, ast.Name) and owner.id == "np"
    array = args[0] if args and (of_numpy or owner is None) else owner
    if name in UNDONE and array is not None and not isinstance(array, ast.Starred):
        yield "transpose", array
    if name in ORDERED and of_numpy and len(args) > 1:
        yield "order", ast.Call(func, [args[1], args[0], *args[2:]], keywords)
    elif name == "dot" and owner is not None and len(args) == 1:
        yield "order", ast.Call(ast.Attribute(args[0], "dot", ast.Load()), [owner], keywords)
    if other := NAMES.get(name) or (NAMES.get(f"np.{name}", "") if of_numpy else "").removeprefix("np."):
        new = ast.Name(other, ast.Load()) if owner is None else ast.Attribute(owner, other, ast.Load())
        yield "name", ast.Call(new, args, keywords)


def _assignments(function: ast.FunctionDef) -> Iterator[Edit]:
    """Edits of `a += b` to `a -= b` and to `a = b`."""
    for node, field, index in statements(function):
        statement = getattr(node, field)[index]
        if isinstance(statement, ast.AugAssign):
            target, op, value = statement.target, statement.op, statement.value
            others: list[ast.stmt] = [ast.Assign([target], value)]
            if not isinstance(op, ast.MatMult):
                others.append(ast.AugAssign(target, OPERATORS[type(op)](), value))
            for other in others:
                yield replace(replaced("assignment", node, field, index, [other]), shown_then=other)


def _is_number(expression: ast.expr) -> bool:
    """Whether an index may be a number: not None, `...`, a string, True, a tuple or a slice."""
    match expression:
        case ast.Constant(value):
            return type(value) in (int, float)
        case ast.Attribute(_, "newaxis"):
            return False
    return not isinstance(expression, ast.Tuple | ast.List | ast.Slice | ast.Starred | ast.JoinedStr)


def _is_last_term(node: ast.AST, part: ast.AST) -> bool:
    """Whether `part` is the 1 of t - 1, which is only shifted as a whole."""
    match node:
        case ast.BinOp(_, ast.Add() | ast.Sub(), ast.Constant(int())):
            return part is node.right
    return False


def _shifted(expression: ast.expr, by: int) -> ast.expr:
    """`expression + by`, simplified: t - 1 + 1 becomes t."""
    match expression:
        case ast.Constant(int() | float() as value):
            return ast.Constant(value + by)
        case ast.BinOp(left, ast.Add() | ast.Sub() as op, ast.Constant(int(value))):
            by += value if isinstance(op, ast.Add) else -value
            return _shifted(left, by) if by else left
        case ast.UnaryOp(ast.USub(), ast.Constant(int(value))):
            return ast.Constant(by - value)
    return ast.BinOp(expression, ast.Add() if by > 0 else ast.Sub(), ast.Constant(abs(by)))
