"""The guided tour names what there is, and its figures are those that `charrnn derive` measures."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import charrnn.derivations
from charrnn.cli.app import app
from charrnn.derivations.case import Case
from charrnn.derivations.equation import judge
from charrnn.derivations.systems import DOCUMENTS, SYSTEMS

FOLDER = Path(charrnn.derivations.__file__).parent
TOUR = (FOLDER / "README.md").read_text("utf-8")
COMMANDS = [line.split("#")[0] for line in re.findall(r"^\$ charrnn (.*)$", TOUR, re.MULTILINE)]
FIGURES = {  # as the tour rounds them
    ("mean-loss", "(10), end"): "0.93",
    ("mean-loss", "boxed"): "0.09",
    ("mini-batch", "∂L_t+1/∂W_hh"): "0.42",
    ("vanishing", "∂h_{j+1}/∂h_j"): "1.4",
    ("scalar", "(18)"): "1.2",
    ("scalar", "(16)"): "3.9",
    ("vector", "(63)"): "2.2",
    ("vector", "(66), (67)"): "2.7",
    ("vector", "(69)"): "2.1",
    ("update-rules", "(2.3), W"): "0.4",
    ("update-rules", "(2.3), U"): "0.3",
    ("update-rules", "(2.4), Vᵀ"): "1.6",
    ("update-rules", "(2.5), Vᵀ"): "1.0",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_run(command):
    assert CliRunner().invoke(app, shlex.split(command)).exit_code == 0


@pytest.mark.parametrize(("name", "number"), FIGURES)
def test_its_figures_are_measured(name, number):
    system = SYSTEMS[name]
    equations = system.equations(system.make(Case(), np.random.default_rng(0)))
    found = next(judge(each) for each in equations if each.number == number)
    figure = FIGURES[name, number]
    assert f"{found.printed.error:.{len(figure.partition('.')[2])}f}" == figure
    assert figure in TOUR


def test_it_names_every_document_system_and_file():
    assert all(f"`{name}`" in TOUR for name in SYSTEMS)
    assert all(document.author in TOUR and document.title in TOUR for document in DOCUMENTS.values())
    links = set(re.findall(r"\]\(([\w./]+)\)", TOUR))
    assert all((FOLDER / link).exists() for link in links)
    assert {path.name for path in FOLDER.glob("*.py")} - {"__init__.py"} <= links


def test_no_line_of_prose_is_wider_than_a_page():
    assert all(len(line) <= 140 for line in TOUR.splitlines() if not line.startswith("|"))
