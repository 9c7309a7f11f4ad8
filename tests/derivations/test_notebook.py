"""The notebook runs, and its outputs are those that are stored in it."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

import charrnn

PATH = Path(charrnn.__file__).with_name("derivations") / "tour.ipynb"
CELLS = json.loads(PATH.read_text("utf-8"))["cells"]
CODE = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"]
WORDS = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "markdown"]


def outputs(cells):
    """What each code cell prints; nothing but text on stdout is allowed."""
    found = [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]
    assert {each.get("name") for cell in found for each in cell} == {"stdout"}
    return ["".join("".join(each["text"]) for each in cell) for cell in found]


def test_its_code_prints_what_is_stored():
    namespace, printed = {}, []
    for code in CODE:
        with contextlib.redirect_stdout(io.StringIO()) as stdout:
            exec(compile(code, PATH.name, "exec"), namespace)
        printed.append(stdout.getvalue())
    assert printed == outputs(CELLS)


@pytest.mark.slow
def test_a_kernel_gives_what_is_stored():
    nbformat = pytest.importorskip("nbformat", reason="needs nbformat, nbclient and ipykernel")
    nbclient = pytest.importorskip("nbclient", reason="needs nbformat, nbclient and ipykernel")
    pytest.importorskip("ipykernel", reason="needs nbformat, nbclient and ipykernel")
    notebook = nbformat.read(PATH, as_version=4)
    nbformat.validate(notebook)
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    assert outputs(notebook.cells) == outputs(CELLS)


def test_it_proves_what_it_says():
    """Each comparison that it prints came out true."""
    printed = "".join(outputs(CELLS))
    assert len(re.findall(r": True\b", printed)) == 5
    assert "False" not in printed


def test_it_uses_numpy_and_what_charrnn_offers_to_everybody():
    code = "\n".join(CODE)
    assert set(re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE)) == {"tempfile", "numpy", "charrnn"}
    assert set(re.findall(r"\bcharrnn\.(\w+)", code)) == {"train", "gradcheck", "gradflow"}
    assert set(re.findall(r"\bmodel\.(\w+)", code)) >= {"parameters", "states", "gradients"}
    assert "saved" not in code


def test_its_cells_are_short_and_its_steps_are_explained():
    assert all(len(code.splitlines()) <= 28 for code in CODE)
    assert [line for text in WORDS for line in re.findall(r"^## (.*)", text, re.MULTILINE)] == [
        "1. Characters become numbers",
        "2. A small network",
        "3. Forward",
        "4. Backward",
        "5. Is it right?",
        "6. Gradients vanish",
        "7. Gradients explode",
        "Where to go on",
    ]


def test_its_links_lead_somewhere():
    links = [link for text in WORDS for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    assert len(links) >= 3
    assert all((PATH.parent / link).exists() for link in links)
