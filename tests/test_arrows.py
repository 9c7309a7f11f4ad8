"""The packages import each other in one direction only."""

import ast
import re
from pathlib import Path

import pytest
import sources

import charrnn

ROOT = Path(charrnn.__file__).parent
LEVELS = [
    {"errors", "package", "stages", "version", "words"},
    {"durations"},
    {"system", "derivations"},
    {"network"},
    {"text"},
    {"ngram", "diagnostics"},
    {"config", "training", "generation"},
    {"runs"},
    {"models", "sweeps"},
    {"server"},
    {"api"},
    {"cli", "python"},
]
INNER_LEVELS = {  # of rooms that have rooms or long files inside
    "text": [
        {"characters"},
        {"vocabulary", "splits", "bounded_matching", "shuffling"},
        {"cache"},
        {"reading"},
        {"positions"},
        {"documents", "unicode_form"},
        {"columns"},
        {"source_text"},
        {"corpus", "windows"},
    ],
    "training": [
        {"events", "optim", "moving_average"},
        {"parallel"},
        {"surprisal", "divergence", "health"},
        {"trainer"},
        {"benchmark"},
    ],
    "runs": [
        {"storage"},
        {"recorded_text", "catalogue"},
        {"finding"},
        {"planning"},
        {"trainer_state", "run_info"},
        {"recovery", "gradflow_probe", "random_training", "baseline"},
        {"run"},
        {"time_budget"},
        {"resume", "begin_or_resume"},
    ],
    "models": [
        {"encoded_text", "export_names", "mixture", "html"},
        {"scoring", "card", "writer_page", "onnx_graph"},
        {"evaluation", "inspection"},
        {"training_text"},
        {"model"},
        {"loading", "comparison"},
        {"export", "gradcheck_case", "gradflow_input"},
    ],
    "cli": [
        {"exit_codes", "help", "option_names"},
        {"output"},
        {"plots", "page"},
        {"reports", "derivations"},
        {"progress", "writing"},
        {"distributed"},
        {"sweep"},
        {"options"},
        {"resumption"},
        {"commands", "option_errors", "unknown_command", "bash_words"},
        {"app"},
        {"main"},
        {"supervised"},
    ],
}
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
MODULES = sources.MODULES


def room(module: str) -> str:
    """charrnn.text.reading.sources -> text; the package itself, which holds only the version, is below everything."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports(path: Path) -> set[str]:
    """Every charrnn module that a file imports, inside functions too."""
    nodes = sources.nodes(path)
    found = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute"
            known = {
                name.name
                for name in node.names
                if (ROOT.parent / node.module.replace(".", "/") / f"{name.name}.py").exists()
            }
            known |= {
                name.name for name in node.names if (ROOT.parent / node.module.replace(".", "/") / name.name).is_dir()
            }
            found |= {f"{node.module}.{name}" for name in known} or {node.module}
    return {name for name in found if name.split(".")[0] == "charrnn"}


def names(path: Path) -> set[str]:
    """Every charrnn module whose name a file has as a text, for example to start it as a process."""
    texts = {node.value for node in sources.nodes(path) if isinstance(node, ast.Constant)}
    known = {text for text in texts if isinstance(text, str) and re.fullmatch(r"charrnn(\.\w+)+", text)}
    return {name for name in known if (ROOT.parent / name.replace(".", "/")).with_suffix(".py").exists()}


def test_no_arrow_points_back():
    back = []
    for path in MODULES:
        here = path.relative_to(ROOT).with_suffix("").parts[0]
        if here not in ("__init__", "__main__"):
            for target in imports(path) | names(path):
                if room(target) not in ("", here) and not LEVEL[room(target)] < LEVEL[here]:
                    back.append(f"{path.relative_to(ROOT)} imports or names {target}")
    assert not back


def test_modules_that_are_named_are_found():
    assert names(ROOT / "cli" / "sweep" / "run_sweep.py") == {"charrnn.cli.supervised"}


@pytest.mark.parametrize("outer", INNER_LEVELS)
def test_no_arrow_points_back_inside_a_room(outer):
    level = {name: number for number, names in enumerate(INNER_LEVELS[outer]) for name in names}
    back = []
    for path in sorted((ROOT / outer).rglob("*.py")):
        here = path.relative_to(ROOT / outer).with_suffix("").parts[0]
        for target in imports(path):
            parts = target.split(".")
            if here == "__init__" or len(parts) < 3 or parts[1] != outer or parts[2] == here:
                continue
            if not level[parts[2]] < level[here]:
                back.append(f"{path.relative_to(ROOT)} imports {target}")
    assert not back


def test_every_room_has_a_level():
    rooms = {path.relative_to(ROOT).with_suffix("").parts[0] for path in MODULES} - {"__init__", "__main__"}
    assert rooms == set(LEVEL)


def test_the_mathematics_prints_nothing_and_opens_nothing():
    for path in (ROOT / "network").rglob("*.py"):
        names = {node.id for node in sources.nodes(path) if isinstance(node, ast.Name)}
        assert not names & {"print", "open"}, path


def test_every_module_has_a_docstring():
    docstrings = {path: ast.get_docstring(sources.tree(path)) or "" for path in MODULES}
    assert not [str(path.relative_to(ROOT)) for path, said in docstrings.items() if len(said.split()) < 2]
