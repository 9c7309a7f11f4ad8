"""Break a function on purpose, one place at a time: mutants of its statements, of its expressions, or of both.

A mutant that compiles to what another does, or to the original, is dropped. What a mutant changes: `statement_edits.py` and
`expression_edits.py`. All functions of a module: `module_functions.py`.

A function is given plainly, or as its property, cached property, class method or static method, or decorated with `wraps`.
"""

import ast
import copy
import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import numpy as np
from expression_edits import expression_edits
from statement_edits import Edit, statement_edits


class Body(NamedTuple):
    """What a function does: its code, and the defaults of its arguments."""

    code: CodeType
    defaults: tuple[Any, ...] | None
    keyword_defaults: dict[str, Any] | None


def mutants(function: Any) -> Iterator[tuple[str, Body]]:
    """(what was done to which line, the mutant's body) for each way to break a statement of `function`."""
    return _mutants(function, statement_edits)


def expression_mutants(function: Any) -> Iterator[tuple[str, Body]]:
    """(what was done to which expression, the mutant's body) for each way to break an expression of `function`."""
    return _mutants(function, expression_edits)


def all_mutants(function: Any) -> Iterator[tuple[str, Body]]:
    """Those of its statements, then those of its expressions. Raises ValueError for a `while`: a mutant might not end."""
    return _mutants(function, lambda tree: [*_ending(tree), *statement_edits(tree), *expression_edits(tree)])


@contextmanager
def planted(function: Any, body: Body) -> Iterator[None]:
    """Within: the function does what the mutant does, wherever it is called from.

    What was computed before remains: a cached property of an object that exists, a default of a dataclass.
    """
    function = plain(function)
    kept = _body(function)
    _set(function, body)
    try:
        yield
    finally:
        _set(function, kept)


def survivors(function: Any, caught: Callable[[], bool | None]) -> list[str]:
    """The names of those of `all_mutants` that are not caught. A mutant is caught where `caught` returns True or raises.

    One test a function is collected in no time, where one a mutant takes a second. `caught` makes its objects and arrays itself,
    each time, because a mutant may spoil them; and it compares so that NaN is caught. Raises AssertionError where the
    function is caught while nothing is broken.
    """
    assert not caught(), f"{plain(function).__qualname__} is caught while nothing is broken"
    return [name for name, body in all_mutants(function) if not is_caught(planted(function, body), caught)]


def plain(function: Any) -> FunctionType:
    """The function itself, of a property, a method, or what is decorated with `wraps`.

    Raises TypeError where it is not written in Python, ValueError where `functools.cache` keeps what it returned.
    """
    if isinstance(function, property):
        return plain(function.fget)
    if isinstance(function, cached_property):
        return plain(function.func)
    if isinstance(function, classmethod | staticmethod) or inspect.ismethod(function):
        return plain(function.__func__)
    if hasattr(function, "cache_info"):
        raise ValueError(f"{function.__qualname__} is cached, so a mutant might not run: break what it calls")
    function = inspect.unwrap(function)
    if not isinstance(function, FunctionType):
        raise TypeError(f"{function!r} is no function written in Python")
    return function


def is_caught(broken: AbstractContextManager[None], caught: Callable[[], bool | None]) -> bool:
    """Whether `caught` returns True, or anything raises, within what is broken. Warnings are no error."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with broken:
                return bool(caught())
        except Exception:
            return True


def _ending(tree: ast.FunctionDef) -> Iterator[Edit]:
    """No edits: only sees to it that every loop ends."""
    if any(isinstance(node, ast.While) for node in ast.walk(tree)):
        raise ValueError(f"{tree.name} has a `while`, so a mutant might never end: write it as a `for`")
    yield from ()


def _mutants(function: Any, edits: Callable[[ast.FunctionDef], Iterable[Edit]]) -> Iterator[tuple[str, Body]]:
    function = plain(function)
    tree = _definition(function)
    before = _body(function)._replace(code=_compile(tree, function))
    bodies: set[Any] = {_mark(before)}
    names: set[str] = set()
    for edit in list(edits(tree)):
        try:
            with edit.made():
                body = Body(_compile(tree, function), *_defaults(tree, function, edit))
        except SyntaxError:  # `nonlocal x` without its x: no program, and no mutant
            continue
        if (mark := _mark(body)) not in bodies:
            bodies.add(mark)
            yield unique(f"{function.__module__.split('.')[-1]}.{function.__qualname__}: {edit.name()}", names), body


def _mark(body: Body) -> Any:
    return fingerprint(body.code), repr(body.defaults), repr(body.keyword_defaults)


def unique(name: str, names: set[str]) -> str:
    """The name, with a number where it is among the names already; it is added to them."""
    candidates = (f"{name} ({number})" if number > 1 else name for number in count(1))
    new = next(candidate for candidate in candidates if candidate not in names)
    names.add(new)
    return new


def _body(function: FunctionType) -> Body:
    return Body(function.__code__, function.__defaults__, function.__kwdefaults__)


def _set(function: FunctionType, body: Body) -> None:
    function.__code__, function.__defaults__, function.__kwdefaults__ = body


def _definition(function: FunctionType) -> ast.FunctionDef:
    """Where the function is defined. Raises ValueError where it is part of another."""
    code = function.__code__
    if "<l" in function.__qualname__:  # <locals>, <lambda>
        raise ValueError(f"{function.__qualname__} has no name of its own in a module: break the function around it")
    for node in ast.walk(ast.parse(Path(code.co_filename).read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and first_line(node) == code.co_firstlineno:
            return node
    raise LookupError(f"{function.__qualname__} is not in line {code.co_firstlineno} of {code.co_filename}")


def first_line(tree: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Where Python says that a function begins: at its first decorator."""
    return min([tree.lineno, *(decorator.lineno for decorator in tree.decorator_list)])


def _compile(tree: ast.FunctionDef, function: FunctionType) -> CodeType:
    """The code of a definition, within classes of the same names: for `super()`, `__class__` and private names."""
    classes = function.__qualname__.split(".")[:-1]
    module = ast.parse("")
    holder: Any = module
    for name in classes:
        holder.body = ast.parse(f"class {name}: ...").body
        [holder] = holder.body
    alone = copy.copy(tree)
    alone.decorator_list, alone.returns, alone.body = [], None, [*tree.body, *_kept(function.__code__)]
    holder.body = [alone]
    ast.fix_missing_locations(module)
    code = compile(module, function.__code__.co_filename, "exec", dont_inherit=True)
    for name in [*classes, tree.name]:
        code = next(part for part in code.co_consts if isinstance(part, CodeType) and part.co_name == name)
    return code


def _kept(code: CodeType) -> list[ast.stmt]:
    """What is never reached, but keeps a mutant a generator, and its `__class__`, so that it fits its function."""
    uses = [name for name in code.co_freevars if name == "__class__"]
    if code.co_flags & inspect.CO_GENERATOR:
        uses.append("(yield)")
    return ast.parse("".join(f"if False: {use}\n" for use in uses)).body


def _defaults(
    tree: ast.FunctionDef, function: FunctionType, edit: Edit
) -> tuple[tuple[Any, ...] | None, dict[str, Any] | None]:
    """The function's defaults, but for one that was edited."""
    if edit.default is None:
        return function.__defaults__, function.__kwdefaults__
    kind, index = edit.default
    expression = getattr(tree.args, kind)[index]
    source = ast.fix_missing_locations(ast.Expression(expression))
    value = eval(compile(source, "default", "eval"), function.__globals__)
    if kind == "defaults":
        defaults = list(function.__defaults__ or ())
        defaults[index] = value
        return tuple(defaults), function.__kwdefaults__
    return function.__defaults__, {**(function.__kwdefaults__ or {}), tree.args.kwonlyargs[index].arg: value}


def fingerprint(code: CodeType) -> Any:
    """All of a code but its line numbers: equal where two do the same."""
    constants = tuple(fingerprint(part) if isinstance(part, CodeType) else repr(part) for part in code.co_consts)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return code.co_code, constants, names, code.co_exceptiontable
