"""Break a function on purpose, one statement at a time.

For each statement of a function (those inside loops and conditions too) there is a mutant without it; for each
operation that fills a buffer (`np.f(..., out=x)`) one with the result negated; for each assignment and each returned value
one with its value negated; for each NumPy sum or difference one with the other of the two.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType

SWAPPED = {"add": "subtract", "subtract": "add"}


def mutants(function: Callable) -> Iterator[tuple[str, CodeType]]:
    """(what was done to which line, the mutant's code) for each way to break `function`."""
    source = textwrap.dedent(inspect.getsource(function))
    statements = len(list(_places(ast.parse(source).body[0])))
    for number in range(statements):
        for kind, change in (("deleted", _delete), ("negated", _negate), ("swapped", _swap)):
            tree = ast.parse(source)
            holder, index = list(_places(tree.body[0]))[number]
            line = ast.unparse(holder[index]).splitlines()[0]
            if change(holder, index):
                ast.fix_missing_locations(tree)
                yield f"{function.__qualname__}: {kind}: {line}", _compile(tree, function)


@contextmanager
def planted(function: Callable, code: CodeType) -> Iterator[None]:
    """Within: the function runs the mutant's code, wherever it is called from."""
    kept = function.__code__
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = kept


def _places(function: ast.FunctionDef) -> Iterator[tuple[list[ast.stmt], int]]:
    """Where each statement stands: a list and an index in it; docstrings left out."""
    for node in ast.walk(function):
        for field in ("body", "orelse"):
            statements = getattr(node, field, None)
            if isinstance(statements, list):
                yield from ((statements, i) for i, s in enumerate(statements) if not _is_docstring(s))


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _delete(holder: list[ast.stmt], index: int) -> bool:
    holder[index] = ast.Pass()
    return True


def _negate(holder: list[ast.stmt], index: int) -> bool:
    statement = holder[index]
    out = _out(statement)
    if out is not None and ast.unparse(statement).startswith("np."):
        holder.insert(index + 1, ast.parse(f"np.negative({ast.unparse(out)}, out={ast.unparse(out)})").body[0])
        return True
    value = getattr(statement, "value", None)
    if out is not None:  # prepares to fill a buffer, and is no number
        return False
    if isinstance(statement, ast.Assign | ast.AugAssign | ast.Return) and isinstance(value, ast.Call | ast.BinOp):
        statement.value = ast.UnaryOp(ast.USub(), value)
        return True
    return False


def _swap(holder: list[ast.stmt], index: int) -> bool:
    statement = holder[index]
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add | ast.Sub):
        statement.op = ast.Sub() if isinstance(statement.op, ast.Add) else ast.Add()
        return True
    call = getattr(statement, "value", None)
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in SWAPPED:
        call.func.attr = SWAPPED[call.func.attr]
        return True
    return False


def _out(statement: ast.stmt) -> ast.expr | None:
    call = getattr(statement, "value", None)
    keywords = call.keywords if isinstance(call, ast.Call) else []
    return next((keyword.value for keyword in keywords if keyword.arg == "out"), None)


def _compile(tree: ast.Module, function: Callable) -> CodeType:
    tree.body[0].decorator_list = []
    scope = dict(function.__globals__)
    exec(compile(tree, inspect.getfile(function), "exec"), scope)
    return scope[function.__name__].__code__
