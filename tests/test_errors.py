"""The tree of errors, as errors.py draws it."""

import ast
import re
from pathlib import Path

import sources

from charrnn import errors

ROOT = Path(__file__).resolve().parents[1]


def drawn():
    """Each error of the drawing and the one that it hangs below."""
    above = []
    for line in errors.__doc__.splitlines():
        found = re.match(r"    ([│ ├└─]*)(\w+Error)\b", line)
        if found:
            depth = len(found[1]) // 4
            above[depth:] = [found[2]]
            yield found[2], above[depth - 1] if depth else "Exception"


def real():
    """Each class of the package that derives from CharrnnError, and the class that it derives from."""
    classes = [
        (node.name, ast.unparse(node.bases[0]))
        for path in sources.MODULES
        for node in sources.nodes(path)
        if isinstance(node, ast.ClassDef) and node.bases
    ]
    tree = {"CharrnnError": "Exception"}
    while more := {name: base for name, base in classes if base in tree and name not in tree}:
        tree |= more
    return tree.items()


def test_the_tree_in_the_docstring_is_the_real_one():
    assert sorted(drawn()) == sorted(real())


def test_no_message_installs_a_name_that_the_package_index_does_not_have():
    """charrnn is installed from its folder; on the package index its name leads nowhere, or to another project."""
    sources = [*(ROOT / "charrnn").rglob("*.py"), *(ROOT / "charrnn").rglob("*.md")]
    assert [file.name for file in sources if re.search(r"pip install '?charrnn", file.read_text("utf-8"))] == []
