"""Break the code of a module outside its functions: constants, tables, defaults of dataclasses.

Other modules hold copies of these, so their whole package is imported again with the mutant.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

from expression_edits import edits_within
from module_functions import places_outside, tree_of
from mutants import fingerprint, is_caught, unique
from statement_edits import Edit


def module_mutants(module: ModuleType) -> Iterator[tuple[str, CodeType]]:
    """(name, code) of each mutant; the name describes the edit of an expression outside functions."""
    tree, path = tree_of(module), str(module.__file__)
    codes, names = {fingerprint(compile(tree, path, "exec"))}, set[str]()
    edits = [edit for place in places_outside(tree) for edit in edits_within(place) if not _is_of_a_type(edit)]
    for edit in edits:
        with edit.made():
            code = compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)
        if (mark := fingerprint(code)) not in codes:
            codes.add(mark)
            yield unique(f"{module.__name__.split('.')[-1]}: {edit.name()}", names), code


class _Mutant(MetaPathFinder, Loader):
    """An import hook that loads the mutant in the module's place."""

    def __init__(self, module: ModuleType, code: CodeType) -> None:
        self.module, self.code = module, code

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if fullname != self.module.__name__:
            return None
        folders = list(getattr(self.module, "__path__", [])) or None
        return spec_from_file_location(fullname, self.module.__file__, loader=self, submodule_search_locations=folders)

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)


@contextmanager
def mutant_imported(module: ModuleType, package: str, code: CodeType) -> Iterator[None]:
    """Inside, `package` is imported again, with `code` as the code of `module`, which is in the package or is the package."""
    holder, _, name = package.rpartition(".")
    kept, finder = _take_out(package), _Mutant(module, code)
    sys.meta_path.insert(0, finder)
    try:
        import_module(module.__name__)
        yield
    finally:
        sys.meta_path.remove(finder)
        _take_out(package)
        sys.modules.update(kept)
        if holder:
            setattr(sys.modules[holder], name, kept[package])


def module_survivors(module: ModuleType, package: str, caught: Callable[[], bool | None]) -> list[str]:
    """The names of the module's mutants that are not caught; as `mutants.survivors`, but `caught` must import what it uses.

    `package` is the package that is imported again. A mutant that cannot be imported is caught.
    """
    assert not caught(), f"{module.__name__} is caught while nothing is broken"
    return [
        name for name, code in module_mutants(module) if not is_caught(mutant_imported(module, package, code), caught)
    ]


def _take_out(package: str) -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name == package or name.startswith(f"{package}.")]
    return {name: sys.modules.pop(name) for name in names}


def _is_of_a_type(edit: Edit) -> bool:
    """Whether the edited index is a type's, as in dict[str, int]."""
    return edit.kind.startswith("index") and not any(isinstance(node, ast.Constant) for node in ast.walk(edit.shown))
