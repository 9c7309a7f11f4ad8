"""The mutants of functions and modules, and running them in place of the original."""

import importlib
import importlib.util
import sys
from functools import cache
from textwrap import dedent, indent

import pytest
import to_break
from module_functions import functions_of
from module_mutants import module_mutants, module_survivors, mutant_imported
from mutants import all_mutants, expression_mutants, mutants, planted, survivors
from to_break import Double, Shape, outer, power

FUNCTIONS = functions_of(to_break)

# A line of a function, and all edits of its expressions.
LINES = {
    "return a + b": ["return a - b"],
    "return a - b": ["return a + b"],
    "return a * b": ["return a / b"],
    "return a / b": ["return a * b"],
    "return a // b": ["return a * b"],
    "return a % b": ["return a // b"],
    "return a & b": ["return a | b"],
    "return a @ b": ["return b @ a"],
    "return a ** b": ["return a * b"],
    "return -a": ["return a"],
    "return not a": ["return a"],
    "return ~a": ["return a"],
    "return a < b": ["return a >= b", "return a <= b"],
    "return a <= b": ["return a > b", "return a < b"],
    "return a > b": ["return a <= b", "return a >= b"],
    "return a >= b": ["return a < b", "return a > b"],
    "return a == b": ["return a != b"],
    "return a != b": ["return a == b"],
    "return a is b": ["return a is not b"],
    "return a not in b": ["return a in b"],
    "return a < b == c": ["return a >= b == c", "return a <= b == c", "return a < b != c"],
    "return a and b": ["return a or b"],
    "return a or b": ["return a and b"],
    "return a if c else b": ["return a", "return b", "a if not c else b"],
    "a += b": ["a = b", "a -= b"],
    "a[b] *= c": ["a[b + 1]", "a[b - 1]", "a[b] = c", "a[b] /= c"],
    "a @= b": ["a = b"],
    "return a.T": ["return a"],
    "return a.transpose(1, 0)": ["return a", "a.transpose(2, 0)", "a.transpose(0, 0)", "a.transpose(1, 1)", "a.transpose(1, -1)"],
    "return np.transpose(a)": ["return a"],
    "return np.swapaxes(a, b, c)": ["return a"],
    "return reversed(a)": ["return a"],
    "return np.outer(a, b)": ["return np.outer(b, a)"],
    "return a.dot(b)": ["return b.dot(a)"],
    "return np.tensordot(a, b, axes=c)": ["return np.tensordot(b, a, axes=c)"],
    "return a[b]": ["a[b + 1]", "a[b - 1]"],
    "return a[b - 1]": ["a[b]", "a[b - 2]", "a[b + 1]"],
    "return a[1]": ["a[2]", "a[0]"],
    "return a[-1]": ["a[0]", "a[-2]", "a[1]"],
    "return a[:, b, None]": ["a[:, b + 1, None]", "a[:, b - 1, None]"],
    "return a[b:, ..., :c]": ["a[b + 1:, ..., :c]", "a[b - 1:, ..., :c]", "a[b:, ..., :c + 1]", "a[b:, ..., :c - 1]"],
    "return a['b']": [],
    "return [a, 2]": ["[a, 3]", "[a, 1]"],
    "return 0.5": ["return 1.5", "return -0.5"],
    "return 1e-30j": ["return (1+1e-30j)", "return (-1+1e-30j)"],
    "return True": ["return False"],
    "return range(a)": ["range(a + 1)", "range(a - 1)"],
    "return range(a(b), 3)": ["range(a(b) + 1, 3)", "range(a(b) - 1, 3)", "range(a(b), 4)", "range(a(b), 2)"],
    "return [x for x in a if x]": ["[x for x in a if not x]"],
    "return sum((x @ b for x in a))": ["(b @ x for x in a)"],
    "return max(a, b)": ["return min(a, b)"],
    "return a.min()": ["return a.max()"],
    "return np.add(a, b)": ["return np.subtract(a, b)"],
    "return a.add(b)": [],
    "return np.zeros(a)": ["return np.ones(a)"],
    "return lambda x, y=1: x": ["x, y=2", "x, y=0"],
    "if a: return b": ["if not a:"],
    "assert a": ["assert not a"],
    "return f'{a + 1}'": [],
    "return a[b, np.newaxis]": ["a[b + 1, np.newaxis]", "a[b - 1, np.newaxis]"],
    "match a:\n  case 1 if b: pass": ["case 2 if b:", "case 0 if b:", "case 1 if not b:"],
    "def g(x: a[1]) -> a[1]: pass": [],
    "'''1 + 1'''": [],
}  # fmt: skip


def module_of(tmp_path, text):
    path = tmp_path / "written.py"
    path.write_text(text, "utf-8")
    spec = importlib.util.spec_from_file_location("written", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def function_of(tmp_path, body):
    return module_of(tmp_path, "def f(a, b, c):\n" + indent(dedent(body), "    ")).f


def named(function, part, makes=all_mutants):
    """The mutant whose name has this part."""
    [body] = [body for name, body in makes(function) if part in name]
    return body


def what(function):
    return [name.split(": ", 2)[-1].split(" -> ")[-1] for name, _ in expression_mutants(function)]


@pytest.mark.parametrize("line", LINES)
def test_the_expression_edits_of_a_line(tmp_path, line):
    assert what(function_of(tmp_path, line)) == LINES[line]


def test_the_name_of_a_mutant_describes_its_function_and_its_edit(tmp_path):
    names = [name for name, _ in all_mutants(function_of(tmp_path, "s = a\nreturn s[b - 1]"))]
    assert names == [
        "written.f: deleted: s = a",
        "written.f: deleted: return s[b - 1]",
        "written.f: index + 1: s[b - 1] -> s[b]",
        "written.f: index - 1: s[b - 1] -> s[b - 2]",
        "written.f: operator: s[b - 1] -> s[b + 1]",
    ]


def test_each_statement_of_a_compound_one_is_deleted(tmp_path):
    body = "try:\n  a()\nexcept ValueError:\n  b()\nelse:\n  c()\nfinally:\n  a(b)\nmatch a:\n  case b:\n    c(a)\n"
    names = [name.removeprefix("written.f: deleted: ") for name, _ in mutants(function_of(tmp_path, body))]
    assert names == ["try:", "match a:", "a()", "c()", "a(b)", "b()", "c(a)"]


@pytest.mark.parametrize("zeros", ["np.zeros(a)", "np.zeros_like(a)", "np.empty(a)"])
def test_zeros_are_not_negated(tmp_path, zeros):
    names = [name for name, _ in mutants(function_of(tmp_path, f"c = {zeros}\nb = {zeros}.copy()"))]
    assert [name.split(": ", 1)[1] for name in names if "negated" in name] == [f"negated: b = {zeros}.copy()"]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__qualname__)
def test_the_names_are_unique_and_so_are_the_codes(function):
    found = list(all_mutants(function))
    assert found
    assert len({name for name, _ in found}) == len(found)
    codes = [(body.code.co_code, body.code.co_consts, body.defaults, str(body.keyword_defaults)) for _, body in found]
    assert all(a != b for i, a in enumerate(codes) for b in codes[:i])


def test_the_same_expression_twice_in_a_line_is_numbered(tmp_path):
    names = [name for name, _ in expression_mutants(function_of(tmp_path, "return a[b] * a[b]"))]
    assert "written.f: index + 1: a[b] -> a[b + 1]" in names
    assert "written.f: index + 1: a[b] -> a[b + 1] (2)" in names


def test_mutants_with_the_same_code_are_made_once(tmp_path):
    assert what(function_of(tmp_path, "return 0 * 1")) == ["return 0 / 1", "1 * 1", "-1 * 1"]
    assert [name for name, _ in mutants(function_of(tmp_path, "pass"))] == []


def test_all_mutants_has_no_duplicates():
    together = [name for name, _ in all_mutants(outer)]
    apart = [name for makes in (mutants, expression_mutants) for name, _ in makes(outer)]
    assert set(together) < set(apart)
    assert set(apart) - set(together) == {"to_break.outer: assignment: total += k -> total -= k"}  # swapped, too
    assert len(together) == 25


RUNS = {
    "to_break.power: operator: return n ** by": (power, lambda: power(), 9, 6),
    "to_break.power: operator: n: int=SIDES + 1": (power, lambda: power(), 9, 1),
    "to_break.power: constant + 1: SIDES + 1": (power, lambda: power(), 9, 16),
    "to_break.power: constant + 1: n: int=SIDES + 1, *, by: int=2": (power, lambda: power(), 9, 27),
    "to_break.steps: bound + 1": (to_break.steps, lambda: list(to_break.steps(1)), [0], [0, 1]),
    "to_break.steps: deleted": (to_break.steps, lambda: list(to_break.steps(1)), [0], []),
    "to_break.outer: constant + 1: k: int, more: int=1": (outer, lambda: outer(3), [1, 3, 3], [2, 4, 3]),
    "to_break.outer: operator: return k + more": (outer, lambda: outer(3), [1, 3, 3], [-1, 1, 3]),
    "to_break.outer: comparison:": (outer, lambda: outer(3), [1, 3, 3], [2, 3]),
    "to_break.outer: swapped: total += k": (outer, lambda: outer(3), [1, 3, 3], [1, 3, -3]),
    "to_break.Shape.area: operator": (Shape.area, lambda: Shape(6, 2).area(), 12, 3),
    "to_break.Shape.diagonal: negated": (Shape.diagonal, lambda: Shape(3, 4).diagonal, 5, -5),
    "to_break.Shape.twice: operator": (Shape.twice, lambda: Shape(4).twice, 8, 0.5),
    "to_break.Shape.half: operator": (Shape.half, lambda: Shape.half(3), 1.5, 6),
    "to_break.Shape.shown: operator": (Shape.shown, lambda: Shape(3).shown(), 3, 5),
    "to_break.Shape.__hidden: operator": (vars(Shape)["_Shape__hidden"], lambda: Shape(3).shown(), 3, 1),
    "to_break.Double.area: deleted": (Double.area, lambda: Double(2).area(), 4, None),
    "to_break.Double.area: operator": (Double.area, lambda: Double(2).area(), 4, 1),
    "to_break.Double.Inner.call: constant + 1": (Double.Inner.call, lambda: Double.Inner().call(abs), 1, 2),
    "to_break.conditional: constant": (to_break.conditional, to_break.conditional, True, False),
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_a_planted_mutant_runs_until_the_end_of_the_context(name):
    function, run, right, wrong = RUNS[name]
    assert run() == right
    with planted(function, named(function, name)):
        assert run() == wrong
    assert run() == right


def test_a_mutant_is_removed_after_an_error():
    with pytest.raises(ZeroDivisionError), planted(power, named(power, "operator: return n ** by")):
        raise ZeroDivisionError
    assert power() == 9


def test_a_class_method_and_a_context_manager_are_broken():
    with planted(Shape.square, named(Shape.square, "deleted")):
        assert Shape.square(2) is None
    values = [2.0]
    with (
        planted(to_break.halved, named(to_break.halved, "values[0] /= 2 -> values[0] *= 2")),
        to_break.halved(values),
    ):
        assert values == [4.0]
    with to_break.halved(values):
        assert values == [4.0]


def test_each_function_of_a_module_is_found():
    assert [function.__qualname__ for function in FUNCTIONS] == [
        "power", "steps", "halved", "outer", "Shape.__post_init__", "Shape.area", "Shape.diagonal", "Shape.twice",
        "Shape.square", "Shape.half", "Shape.__hidden", "Shape.shown", "Double.area", "Double.name",
        "Double.Inner.call", "conditional",
    ]  # fmt: skip


def test_both_sides_of_a_property_are_found(tmp_path):
    text = "class A:\n  @property\n  def x(self): return 1\n  @x.setter\n  def x(self, value): self.y = value + 1\n"
    getter, setter = functions_of(module_of(tmp_path, text))
    assert what(getter) == ["return 2", "return 0"]
    assert what(setter) == ["self.y = value - 1", "value + 2", "value + 0"]


def test_a_redefined_function_is_an_error(tmp_path):
    with pytest.raises(LookupError, match="written has f in line 1, but not under that name"):
        functions_of(module_of(tmp_path, "def f(): return 1\ndef f(): return 2\n"))


def test_functions_that_cannot_be_broken_raise(tmp_path):
    with pytest.raises(ValueError, match="is cached"):
        next(all_mutants(cache(power)))
    with pytest.raises(TypeError, match="not a function written in Python"):
        next(all_mutants(len))
    with pytest.raises(ValueError, match="break the function around it"):
        next(all_mutants(lambda: 1))
    with pytest.raises(ValueError, match="might never end"):
        next(all_mutants(function_of(tmp_path, "while a: a -= 1")))


def test_survivors_are_the_mutants_that_are_not_caught():
    assert survivors(power, lambda: power() != 9 or power(2, by=3) != 8) == []
    left = survivors(power, lambda: power(2) != 4)
    assert left == [f"to_break.power: {name}" for name in (
        "operator: return n ** by -> return n * by",
        "operator: n: int=SIDES + 1, *, by: int=2 -> n: int=SIDES - 1, *, by: int=2",
        "constant + 1: SIDES + 1 -> SIDES + 2",
        "constant - 1: SIDES + 1 -> SIDES + 0",
    )]  # fmt: skip
    assert power() == 9


def test_a_check_that_fails_on_the_original_is_an_error():
    with pytest.raises(AssertionError, match="power is caught while nothing is broken"):
        survivors(power, lambda: True)


def test_an_exception_catches_a_mutant():
    def check():
        assert power() == 9

    assert survivors(power, check) == []


def test_a_module_is_broken_outside_its_functions_too():
    assert [name for name, _ in module_mutants(to_break)] == [
        "to_break: constant + 1: SIDES = 2 -> SIDES = 3",
        "to_break: constant - 1: SIDES = 2 -> SIDES = 1",
        "to_break: constant + 1: height: float = 1.0 -> height: float = 2.0",
        "to_break: constant - 1: height: float = 1.0 -> height: float = 0.0",
        "to_break: comparison: if SIDES > 1: -> if SIDES <= 1:",
        "to_break: comparison: if SIDES > 1: -> if SIDES >= 1:",
        "to_break: constant + 1: SIDES > 1 -> SIDES > 2",
        "to_break: constant - 1: SIDES > 1 -> SIDES > 0",
    ]


def test_a_module_mutant_is_imported_and_the_original_is_restored():
    [code] = [code for name, code in module_mutants(to_break) if "SIDES = 3" in name]
    with mutant_imported(to_break, "to_break", code):
        assert importlib.import_module("to_break").power() == 16
        assert power() == 9
    assert importlib.import_module("to_break") is to_break


def test_the_other_modules_of_the_package_see_the_mutant_s_constants(tmp_path, monkeypatch):
    (tmp_path / "holds" / "within").mkdir(parents=True)
    (tmp_path / "holds" / "__init__.py").write_text("", "utf-8")
    (tmp_path / "holds" / "within" / "__init__.py").write_text("from holds.within.uses import copied\n", "utf-8")
    (tmp_path / "holds" / "within" / "has.py").write_text("N = 1\n", "utf-8")
    (tmp_path / "holds" / "within" / "uses.py").write_text("from holds.within.has import N as copied\n", "utf-8")
    (tmp_path / "holds" / "within" / "later.py").write_text("from holds.within.has import N as M\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    has, within = importlib.import_module("holds.within.has"), importlib.import_module("holds.within")

    def copied():
        return importlib.import_module("holds.within").copied

    assert module_survivors(has, "holds.within", lambda: copied() != 1) == []
    assert module_survivors(has, "holds.within", lambda: copied() < 1) == ["has: constant + 1: N = 1 -> N = 2"]
    assert copied() == 1
    [_, (_, code)] = module_mutants(has)
    finders = list(sys.meta_path)
    with mutant_imported(has, "holds.within", code):
        assert importlib.import_module("holds.within.later").M == 0
    assert sys.meta_path == finders
    assert "holds.within.later" not in sys.modules
    assert sys.modules["holds"].within is within
    assert sys.modules["holds.within.has"] is has


def test_module_mutants_with_the_same_code_are_made_once(tmp_path):
    module = module_of(tmp_path, "N = 0 * 1\n")
    assert [name.split(" -> ")[1] for name, _ in module_mutants(module)] == ["N = 0 / 1", "1 * 1", "-1 * 1"]


def test_a_mutant_that_cannot_be_imported_is_caught(tmp_path, monkeypatch):
    (tmp_path / "divides.py").write_text("N = 1 / 1\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    divides = importlib.import_module("divides")
    assert module_survivors(divides, "divides", lambda: False) == [
        f"divides: {name}"
        for name in (
            "operator: N = 1 / 1 -> N = 1 * 1",
            "constant + 1: 1 / 1 -> 2 / 1",
            "constant - 1: 1 / 1 -> 0 / 1",
            "constant + 1: 1 / 1 -> 1 / 2",
        )
    ]
    with pytest.raises(AssertionError, match="divides is caught while nothing is broken"):
        module_survivors(divides, "divides", lambda: True)
