"""The names in the guided tour exist, and its figures are those that `charrnn derive` measures."""

import re
import shlex
from pathlib import Path

import pytest
from derivations.rows import row, rows
from derivations.unrolled import made
from slow import mostly_slow
from typer.testing import CliRunner

import charrnn.derivations
from charrnn.cli.app import app
from charrnn.derivations.case import Case
from charrnn.derivations.documents import DOCUMENTS, SYSTEMS
from charrnn.derivations.equation import ABSENT, judge
from charrnn.derivations.systems.vanishing import growth, one_unit_off

FOLDER = Path(charrnn.derivations.__file__).parent
TOUR = (FOLDER / "README.md").read_text("utf-8")
COMMANDS = [line.split("#")[0] for line in re.findall(r"^\$ charrnn (.*)$", TOUR, re.MULTILINE)]
FIGURES = {  # as the tour rounds them
    ("mean-loss", "(10), total", 0): "0.93",
    ("mean-loss", "boxed, total", 0): "1.07",
    ("mean-loss", "boxed, j = i", 0): "0.09",
    ("mean-loss", "boxed, j rising", 0): "0.11",
    ("mini-batch", "∂L_t+1/∂W_hh", 0): "0.42",
    ("mini-batch", "∂L_t+1/∂W_hh", 2): "0.68",
    ("mini-batch", "∂L_t+1/∂W_hh", 3): "0.71",
    ("mini-batch", "∂L_t+1/∂W_hh", 5): "0.75",
    ("mini-batch", "∂L_t+1/∂W_xh", 0): "1.00",
    ("mini-batch", "∂L_t+1/∂W_xh", 2): "0.43",
    ("mini-batch", "∂L/∂W_hh", 1): "0.70",
    ("mini-batch", "∂L/∂W_xh", 1): "0.15",
    ("vanishing", "∂h_t/∂h_k, j rising", 0): "0.74",
    ("vanishing", "∂h_{j+1}/∂h_j", 0): "1.4",
    ("scalar", "(11), total", 0): "0.20",
    ("scalar", "(18)", 0): "1.2",
    ("scalar", "(16)", 0): "3.9",
    ("vector", "(59), (60), i rising", 0): "0.39",
    ("vector", "(57), total", 0): "0.64",
    ("vector", "(68), total", 0): "0.60",
    ("vector", "(63)", 0): "2.2",
    ("vector", "(66), (67)", 0): "2.7",
    ("vector", "(69)", 0): "2.1",
    ("update-rules", "(2.3), W", 0): "0.40",
    ("update-rules", "(2.3), U", 0): "0.28",
    ("update-rules", "∂h_m/∂h_{m-1}", 0): "1.1",
    ("update-rules", "(1.3), up to k", 0): "0.63",
    ("update-rules", "(2.4), V", 0): "1.16",
    ("update-rules", "(2.5), V", 0): "0.58",
    ("update-rules", "(2.4), Vᵀ", 0): "1.57",
    ("update-rules", "(2.5), Vᵀ", 0): "0.97",
}


@mostly_slow("command", COMMANDS, one_in=5)
def test_its_commands_run(command):
    assert CliRunner().invoke(app, shlex.split(command)).exit_code == 0


@pytest.mark.parametrize("key", FIGURES, ids=str)
def test_its_figures_are_measured(key):
    figure = FIGURES[key]
    assert f"{judge(row(key)).printed.error:.{len(figure.partition('.')[2])}f}" == figure
    assert re.search(rf"(?<![\d.]){re.escape(figure)}(?!\d|\.\d)", TOUR)


def test_the_growth_that_it_quotes_is_measured():
    grown = growth(one_unit_off(made("vanishing", Case(T=20))))
    assert [f"{grown[n - 1]:.2g}" for n in (1, 5)] == ["2.1", "11"]
    assert f"{grown[19]:,.0f}" == "4,703"
    assert "2.1 times after one step, 11 after five, 4,703 after twenty" in " ".join(TOUR.split())


def test_its_number_of_rows_is_measured():
    every = [judge(equation) for name in SYSTEMS for _, equation in rows(name)]
    printed = [found for found in every if found.printed.reason != ABSENT]
    hold = sum(found.printed.holds for found in printed)
    assert f"{len(every)} rows: {hold} hold as printed, {len(printed) - hold} do not" in " ".join(TOUR.split())


def test_it_names_every_document_system_and_file():
    assert all(f"`{name}`" in TOUR for name in SYSTEMS)
    assert all(document.author in TOUR and document.title in TOUR for document in DOCUMENTS.values())
    links = set(re.findall(r"\]\(([\w./]+)\)", TOUR))
    assert all((FOLDER / link).exists() for link in links)
    files = {
        path.relative_to(FOLDER).as_posix()
        for folder in (FOLDER, FOLDER / "systems")
        for path in folder.glob("[a-z]*.py")
    }
    assert files <= links


def test_no_line_of_prose_is_wider_than_a_page():
    assert all(len(line) <= 120 for line in TOUR.splitlines() if not line.startswith("|"))
