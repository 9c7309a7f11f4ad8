"""Every equation holds, as printed or as corrected, whatever the sizes and the numbers; and every number of a document is there."""

import re
from itertools import product

import numpy as np
import pytest
from derivations.figures import FIGURES
from derivations.rows import row, rows
from slow import mostly_slow

from charrnn.derivations.case import Case
from charrnn.derivations.documents import SYSTEMS
from charrnn.derivations.equation import judge

SIZES = [
    Case(),
    Case(T=1),
    Case(T=2, M=4, D=2, C=3, B=5),
    Case(T=3, M=1, D=1, C=1, B=1),
    Case(T=6, M=2, D=4, C=3, B=1),
    Case(T=2, M=4, D=4, C=4, B=4),
]
KINDS = [
    {"one_hot": one_hot, "averaged": averaged, "given": given}
    for one_hot, averaged, given in product((False, True), (False, True), (False, True))
]
FUNCTIONS = {
    "mean-loss": [
        *({"φ_h": φ_h} for φ_h in ("logistic", "identity", "relu")),
        {"φ_o": "softmax", "ell": "squared-error"},
        {"φ_o": "identity", "ell": "squared-error"},
        {"φ_o": "tanh", "ell": "squared-error"},
        {"φ_o": "logistic", "ell": "binary-cross-entropy"},
        {"φ_o": "logistic", "ell": "cross-entropy"},
        {"φ_h": "logistic", "φ_o": "logistic", "ell": "squared-error", "averaged": False, "one_hot": True},
    ],
    "mini-batch": [{"φ_h": "logistic"}, {"φ_h": "relu"}, {"φ_h": "identity", "averaged": True}],
    "vanishing": [{"φ_h": "logistic"}, {"φ_h": "identity"}, {"φ_h": "relu"}],
}


def holds(finding):
    return (finding.corrected or finding.printed).holds


def failing(name, case, seed=0):
    """The equations that hold in neither form, each with its errors."""
    return [finding for key, equation in rows(name, case, seed) if not holds(finding := judge(equation))]


@pytest.mark.parametrize("name", SYSTEMS)
@mostly_slow("case", SIZES, ids=str, one_in=2)
def test_each_equation_holds_in_one_form_at_any_size(name, case):
    for seed in range(3):
        assert failing(name, case, seed) == []


@pytest.mark.parametrize("name", SYSTEMS)
@mostly_slow("kind", KINDS, ids=str, one_in=3)
def test_it_holds_for_characters_and_vectors_sums_and_means_given_states_and_zeros(name, kind):
    assert failing(name, Case(**kind), seed=1) == []


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, kinds in FUNCTIONS.items() for kind in kinds])
def test_it_holds_for_other_functions(name, kind):
    assert failing(name, Case(**kind), seed=2) == []


def test_a_corrected_form_is_exact_to_rounding():
    for name in SYSTEMS:
        for key, equation in rows(name):
            finding = judge(equation)
            assert (finding.corrected or finding.printed).error < 1e-13, key


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_print_that_holds_has_no_correction(name):
    for key, equation in rows(name):
        finding = judge(equation)
        assert finding.printed.holds == (finding.corrected is None) == (not finding.right), key


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_equations_are_those_of_the_figures_with_a_line_each(name):
    found = dict(rows(name))
    assert list(found) == [key for key in FIGURES if key[0] == name]
    lines = [equation.says for equation in found.values()]
    assert all(lines)
    assert all("\n" not in text for equation in found.values() for text in (equation.says, equation.right))


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_true_values_have_not_changed(name):
    for key, equation in rows(name):
        shape, norm, _ = FIGURES[key]
        truth = np.asarray(equation.truth())
        assert truth.shape == shape, key
        assert np.linalg.norm(truth) == pytest.approx(norm, rel=1e-7), key


NUMBERS = {
    "D0": [f"{n}" for n in range(1, 11)],
    "D2": [f"{n}" for n in range(1, 74)],
    "D3": ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5"],
}


@pytest.mark.parametrize("document", NUMBERS)
def test_each_number_of_a_document_is_in_a_row(document):
    covered = set()
    for name in (name for name, system in SYSTEMS.items() if system.document == document):
        for (_, number, _), _ in rows(name):
            covered |= set(re.findall(r"\(([\d.]+)\)", number))
            for first, last in re.findall(r"\((\d+)\)-\((\d+)\)", number):
                covered |= {str(n) for n in range(int(first), int(last) + 1)}
    assert covered == set(NUMBERS[document])


UNNUMBERED = {  # what is displayed without a number, and the row that has it
    "mini-batch": [
        "columns, rows",
        "columns, ŷ_t",
        "note 1",
        "note 2, shapes",
        "shapes 5, 7, 8",
        "L",
        "∂L/∂W_yh, ∂L/∂b_y",
        *["∂L_t+1/∂W_hh"] * 6,
        *["∂L/∂W_hh"] * 2,
        *["∂L_t+1/∂W_xh"] * 6,
        *["∂L/∂W_xh"] * 2,
        "-",
    ],
    "vanishing": [
        "∂h_t/∂h_k",
        "∂h_t/∂h_k, j rising",
        "∂h_{j+1}/∂h_j",
        "Π ∂h_{j+1}/∂h_j",
        "λ_i, v_i",
        "λ_i, n steps",
        "max tanh'",
        "|λ_1| < 1",
        "|λ_1| > 1",
        "clipping",
    ],
    "update-rules": [
        "tanh",
        "softmax",
        *["L_t"] * 2,
        "V ←",
        "W ←",
        "U ←",
        "cases 1, 2",
        "∂z_i/∂V",
        "h_2 split",
        "∂h_3/∂h_1",
        "∂h_m/∂h_{m-1}",
        "Π, transposed",
        "∂L_i/∂h_i",
        "∂h_k⁺/∂W",
        "∂h_k⁺/∂U",
    ],
}


@pytest.mark.parametrize("name", UNNUMBERED)
def test_each_unnumbered_equation_is_in_a_row(name):
    found = [number for (_, number, _), _ in rows(name) if not re.search(r"\([\d.]+\)", number)]
    assert found == UNNUMBERED[name]


ERRATA = {  # each line of the errata, and the rows that have it
    "the same symbol for total and immediate": [
        ("mean-loss", "(10), total"),
        ("mean-loss", "boxed, total"),
        ("mini-batch", "∂L_t+1/∂W_hh"),
        ("mini-batch", "∂L_t+1/∂W_xh"),
        ("scalar", "(11), total"),
        ("vector", "(57), total"),
        ("vector", "(68), total"),
    ],
    "where a product begins": [("mean-loss", "boxed, j = i")],
    "a product's order": [
        ("mean-loss", "boxed, j rising"),
        ("vanishing", "∂h_t/∂h_k, j rising"),
        ("vector", "(59), (60), i rising"),
    ],
    "the first loss": [("mini-batch", "∂L/∂W_hh"), ("mini-batch", "∂L/∂W_xh")],
    "W_hh for its transpose": [("vanishing", "∂h_{j+1}/∂h_j"), ("vanishing", "Π ∂h_{j+1}/∂h_j")],
    "tanh' at most 0.25": [("vanishing", "max tanh'")],
    "shapes of the readout": [("mini-batch", "shapes 5, 7, 8")],
    "W_yh for W_hh": [("mini-batch", "note 1")],
    "one step for all": [("mini-batch", "∂L_t+1/∂W_hh"), ("mini-batch", "∂L_t+1/∂W_xh")],
    "the dominant eigenvalue": [("vanishing", "λ_i, n steps"), ("vanishing", "|λ_1| < 1"), ("vanishing", "|λ_1| > 1")],
    "no loss for the label 0": [("scalar", "(3)"), ("scalar", "(3), learned")],
    "no slopes in the scalar product": [("scalar", "(14), (15)"), ("scalar", "(16)"), ("scalar", "(18)")],
    "i = j under the sum": [("vector", "(34)")],
    "matrices that commute": [("vector", "(63)"), ("vector", "(66), (67)"), ("vector", "(69)")],
    "several sequences, a title only": [("multiple", "loss"), ("multiple", "∂L/∂W")],
    "V from U": [("update-rules", "V ←")],
    "y for ŷ": [("update-rules", "L_t")],
    "k for K": [("update-rules", "(1.3), up to k")],
    "a transposed Jacobian": [("update-rules", "∂h_m/∂h_{m-1}")],
    "no Vᵀ, no diagonal": [("update-rules", n) for n in ("∂L_i/∂h_i", "∂h_k⁺/∂W", "(2.4)", "(2.4), Vᵀ", "(2.5), Vᵀ")],
    "the error on the left": [("update-rules", "(2.4), V"), ("update-rules", "(2.5), V")],
    "sums from 1": [("update-rules", "(2.3), W"), ("update-rules", "(2.3), U")],
}


FAIR = [  # what a document prints ambiguously, under the reading that holds
    ("mean-loss", "(10), end", 0),
    ("mean-loss", "boxed", 0),
    *(("mini-batch", f"∂L_t+1/∂{name}", number) for name in ("W_hh", "W_xh") for number in (1, 4)),
    ("mini-batch", "∂L_t+1/∂W_xh", 3),
    ("mini-batch", "∂L/∂W_hh", 0),
    ("mini-batch", "∂L/∂W_xh", 0),
    ("vanishing", "∂h_t/∂h_k", 0),
    ("scalar", "(8)-(12)", 0),
    ("vector", "(58)-(61)", 0),
    ("vector", "(57), (64), (65)", 0),
    ("vector", "(68)", 0),
    ("update-rules", "L_t", 0),
    ("update-rules", "(1.3), summed", 0),
    ("update-rules", "(2.3), W, from 1", 0),
    ("update-rules", "(2.3), U, from 1", 0),
    ("update-rules", "Π, transposed", 0),
]


@pytest.mark.parametrize("key", FAIR, ids=str)
def test_a_fair_reading_of_an_ambiguous_print_holds(key):
    for case in SIZES[2:]:
        assert judge(row(key, case)).printed.holds


def test_only_the_step_before_is_wrong_in_every_reading():
    """D1's ∂h_{t+1}/∂h_t ∂h_t/∂W_hh alone: neither an immediate nor a total ∂h_t/∂W_hh makes it whole."""
    found = {number: judge(row(("mini-batch", "∂L_t+1/∂W_hh", number))).printed.holds for number in range(6)}
    assert found == {0: False, 1: True, 2: False, 3: False, 4: True, 5: False}


def test_the_sums_from_1_are_exact_for_W_where_the_state_before_is_0():
    for seed in range(3):
        zero = {name: judge(row(("update-rules", f"(2.3), {name}", 0), Case(given=False), seed)) for name in "WU"}
        assert zero["W"].printed.holds
        assert not zero["U"].printed.holds


@pytest.mark.parametrize("erratum", ERRATA)
def test_each_erratum_is_a_row_that_does_not_hold_as_printed(erratum):
    for name, number in ERRATA[erratum]:
        found = [judge(equation) for (_, other, _), equation in rows(name) if other == number]
        assert found, (name, number)
        assert not all(finding.printed.holds for finding in found)
        assert all(holds(finding) for finding in found)


def test_the_lines_before_1_3_are_equal():
    """D3: -y_i + y_i ŷ_i + Σ_{i≠k} y_i ŷ_k, with the first i meant as k; then the bracket, whose sum over all classes is 1."""
    rnn = SYSTEMS["update-rules"].make(Case(), np.random.default_rng(0))
    y, ŷ = rnn.y[1], rnn.ŷ(1)
    classes = range(len(y))
    for k in classes:
        others = [i for i in classes if i != k]
        lines = [
            -y[k] + y[k] * ŷ[k] + sum(y[i] * ŷ[k] for i in others),
            -y[k] + ŷ[k] * (y[k] + sum(y[i] for i in others)),
        ]
        np.testing.assert_allclose(lines, [rnn.dL_by_dz(1)[k]] * 2, rtol=1e-12, atol=1e-15)
