"""What the Tab key offers: runs, recipes, keys with their values, and built-in texts and models.

Each is found without NumPy, whose import would take longer than a person waits: keys are read from the source of
the configuration.
"""

import ast
import os
from collections.abc import Callable, Iterator
from glob import escape, glob
from pathlib import Path

import charrnn
from charrnn.package import BUILTIN, shipped, shipped_models

RUNS, LAST = "runs", "last.safetensors"
SECTIONS = {"schema.py": ("Model", "Training", "Runtime"), "data.py": ("Data",)}
MAX_HELP = 60  # characters: Typer wraps longer ones at 80 columns
Items = list[tuple[str, str]]  # what is offered, with its help


def safely(find: Callable[[str], Items]) -> Callable[[str], Items]:
    """The same, with nothing to offer where it fails: a shell shows no traceback."""

    def offer(incomplete: str) -> Items:
        try:
            return find(incomplete)
        except Exception:  # a folder that cannot be read, a name that is not UTF-8
            return []

    return offer


def find_runs(incomplete: str) -> Items:
    """The runs in runs/, and the models that ship with the program."""
    return find_own_runs(incomplete) + [(name, "") for name in shipped_models() if name.startswith(incomplete)]


def find_own_runs(incomplete: str) -> Items:
    """The runs in runs/, by their names or, after `runs/`, their paths; the newest first."""
    found = [file for pattern in ("*", "*/*") for file in glob(os.path.join(RUNS, pattern, LAST))]
    paths = [Path(file).parent for file in sorted(found, key=os.path.getmtime, reverse=True)]
    names = [
        path.as_posix() if incomplete.startswith(f"{RUNS}/") else path.relative_to(RUNS).as_posix() for path in paths
    ]
    return [(name, "") for name in names if name.startswith(incomplete)]


def find_texts(incomplete: str) -> Items:
    """The built-in texts, beside the files whose names begin alike; nothing before the first letter: the shell offers
    its files.
    """
    names = sorted({path.stem for path in shipped("corpora").glob("*.txt")} | {"python"})
    builtin = [(f"{BUILTIN}{name}", "") for name in names if incomplete and f"{BUILTIN}{name}".startswith(incomplete)]
    files = [(path + "/" if os.path.isdir(path) else path, "") for path in sorted(glob(f"{escape(incomplete)}*"))]
    return builtin + files if builtin else []


def find_recipes(incomplete: str) -> Items:
    """The recipes, with the first comment of each."""
    paths = sorted(shipped("configs").glob("*.yaml"))
    return [(path.stem, _first_comment(path)) for path in paths if path.stem.startswith(incomplete)]


def find_settings(incomplete: str) -> Items:
    """The keys, and after `=` the values of one. A single key comes with values, so that no shell adds a blank."""
    key, equals, value = incomplete.partition("=")
    fields = {name: (values, help) for name, values, help in configuration_keys()}
    keys = [name for name in fields if name.startswith(key)]
    if equals or len(keys) == 1:
        name = key if equals else keys[0]
        values, help = fields.get(name, ((), ""))
        return [(f"{name}={each}", help) for each in values if each.startswith(value)]
    return [(f"{name}=", fields[name][1]) for name in keys]


def configuration_keys() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Each dotted key with the values to offer (its choices; or nothing, and its default) and its description."""
    for file, sections in SECTIONS.items():
        tree = ast.parse((Path(charrnn.__file__).parent / "config" / file).read_text("utf-8"))
        for section in (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name in sections):
            for field in section.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.value, ast.Call):
                    yield (
                        f"{section.name.lower()}.{ast.unparse(field.target)}",
                        _values(field),
                        _description(field.value),
                    )


def _values(field: ast.AnnAssign) -> tuple[str, ...]:
    """The choices of a field, or its default after nothing, so that there are two."""
    kind = field.annotation
    if isinstance(kind, ast.Attribute):  # splits.Protocol: the choices are in another file
        kind = _alias(kind.attr) or kind
    choices = [
        node for node in ast.walk(kind) if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal"
    ]
    if choices:
        return tuple(str(each.value) for each in ast.walk(choices[0].slice) if isinstance(each, ast.Constant))
    if ast.unparse(kind) == "bool":
        return ("true", "false")
    default = field.value.args[0] if isinstance(field.value, ast.Call) and field.value.args else ast.Constant("")
    return (
        ("", "null" if ast.unparse(default) == "None" else ast.unparse(default).strip("'"))
        if isinstance(default, ast.Constant)
        else ("",)
    )


def _alias(name: str) -> ast.expr | None:
    """What a name means in text/splits.py."""
    tree = ast.parse((Path(charrnn.__file__).parent / "text" / "splits.py").read_text("utf-8"))
    return next(
        (node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name),
        None,
    )


def _description(field: ast.Call) -> str:
    found = next((word.value for word in field.keywords if word.arg == "description"), None)
    return str(found.value)[:MAX_HELP] if isinstance(found, ast.Constant) else ""


def _first_comment(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline().lstrip("# ").strip()[:MAX_HELP]


runs, own_runs = map(safely, (find_runs, find_own_runs))
texts, recipes, settings = map(safely, (find_texts, find_recipes, find_settings))
