"""Mutation testing: break a function on purpose, one statement or expression at a time.

A mutant that compiles to the same code as another, or as the original, is dropped. `statement_edits.py` and `expression_edits.py`
list the edits. `module_functions.py` finds all functions of a module.

Pass a function itself, its property, cached property, class method or static method, or a function decorated with `wraps`.
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
    """A function's code, and the defaults of its arguments."""

    code: CodeType
    defaults: tuple[Any, ...] | None
    keyword_defaults: dict[str, Any] | None


def mutants(function: Any) -> Iterator[tuple[str, Body]]:
    """(name, body) of each mutant with an edited statement; the name describes the edit."""
    return _mutants(function, statement_edits)


def expression_mutants(function: Any) -> Iterator[tuple[str, Body]]:
    """(name, body) of each mutant with an edited expression; the name describes the edit."""
    return _mutants(function, expression_edits)


def all_mutants(function: Any) -> Iterator[tuple[str, Body]]:
    """Mutants of statements, then mutants of expressions. Raises ValueError for a `while`, whose mutant might never end."""
    return _mutants(function, lambda tree: [*_ending(tree), *statement_edits(tree), *expression_edits(tree)])


@contextmanager
def planted(function: Any, body: Body) -> Iterator[None]:
    """Inside, every call of the function runs the mutant.

    Values that were computed before stay: a cached property of an existing object, a default of a dataclass.
    """
    function = plain(function)
    kept = _body(function)
    _set(function, body)
    try:
        yield
    finally:
        _set(function, kept)


def survivors(function: Any, caught: Callable[[], bool | None]) -> list[str]:
    """The names of the mutants that are not caught. A mutant is caught if `caught` returns True or raises.

    One test per function is collected at once; one test per mutant would take a second each. `caught` must create its objects
    and arrays itself at each call, because a mutant may corrupt them, and must catch NaN. Raises AssertionError if the unbroken
    function is caught.
    """
    assert not caught(), f"{plain(function).__qualname__} is caught while nothing is broken"
    return [name for name, body in all_mutants(function) if not is_caught(planted(function, body), caught)]


def plain(function: Any) -> FunctionType:
    """The function behind a property, a method, or a decorator that uses `wraps`.

    Raises TypeError if it is not written in Python, ValueError if `functools.cache` caches its results.
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
        raise TypeError(f"{function!r} is not a function written in Python")
    return function


def is_caught(broken: AbstractContextManager[None], caught: Callable[[], bool | None]) -> bool:
    """Whether `caught`, called inside `broken`, returns True or raises. Warnings are ignored."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with broken:
                return bool(caught())
        except Exception:
            return True


def _ending(tree: ast.FunctionDef) -> Iterator[Edit]:
    """Yield no edits; raise ValueError for a loop that might never end."""
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
        except SyntaxError:  # for example `nonlocal x` after `x = ...` was deleted
            continue
        if (mark := _mark(body)) not in bodies:
            bodies.add(mark)
            yield unique(f"{function.__module__.split('.')[-1]}.{function.__qualname__}: {edit.name()}", names), body


def _mark(body: Body) -> Any:
    return fingerprint(body.code), repr(body.defaults), repr(body.keyword_defaults)


def unique(name: str, names: set[str]) -> str:
    """Add the name to `names`, with a number if it is taken; return it."""
    candidates = (f"{name} ({number})" if number > 1 else name for number in count(1))
    new = next(candidate for candidate in candidates if candidate not in names)
    names.add(new)
    return new


def _body(function: FunctionType) -> Body:
    return Body(function.__code__, function.__defaults__, function.__kwdefaults__)


def _set(function: FunctionType, body: Body) -> None:
    function.__code__, function.__defaults__, function.__kwdefaults__ = body


def _definition(function: FunctionType) -> ast.FunctionDef:
    """The definition in the syntax tree. Raises ValueError for a nested function."""
    code = function.__code__
    if "<l" in function.__qualname__:  # <locals>, <lambda>
        raise ValueError(f"{function.__qualname__} has no name of its own in a module: break the function around it")
    for node in ast.walk(ast.parse(Path(code.co_filename).read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and first_line(node) == code.co_firstlineno:
            return node
    raise LookupError(f"{function.__qualname__} is not in line {code.co_firstlineno} of {code.co_filename}")


def first_line(tree: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The line of the first decorator, which Python counts as the function's first line."""
    return min([tree.lineno, *(decorator.lineno for decorator in tree.decorator_list)])


def _compile(tree: ast.FunctionDef, function: FunctionType) -> CodeType:
    """Compile a definition inside classes of the same names, so that `super()`, `__class__` and private names work."""
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
    """Unreachable statements that keep a mutant a generator, or keep its `__class__` cell, so that its code fits the function."""
    uses = [name for name in code.co_freevars if name == "__class__"]
    if code.co_flags & inspect.CO_GENERATOR:
        uses.append("(yield)")
    return ast.parse("".join(f"if False: {use}\n" for use in uses)).body


def _defaults(
    tree: ast.FunctionDef, function: FunctionType, edit: Edit
) -> tuple[tuple[Any, ...] | None, dict[str, Any] | None]:
    """The function's defaults, with the edited one replaced."""
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
    """All of a code object except line numbers: equal for codes that do the same."""
    constants = tuple(fingerprint(part) if isinstance(part, CodeType) else repr(part) for part in code.co_consts)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return code.co_code, constants, names, code.co_exceptiontable
