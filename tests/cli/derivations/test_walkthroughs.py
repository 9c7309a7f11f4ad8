"""The output of a walk through a system: complete at any width, coloured only if wanted, and complete as JSON."""

import io
import json
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from rich.text import Text
from slow import mostly_slow

from charrnn.cli.derivations.walkthrough_words import JACOBIANS, description, truncation_words, vanishing_words
from charrnn.cli.derivations.walkthroughs import LIMITS, STYLES, _style, show_walkthrough, walkthrough_json
from charrnn.cli.output.console import Terminal
from charrnn.cli.output.grids import Grid
from charrnn.cli.output.matrices import blocks_of, figure
from charrnn.cli.output.wrapping import width_of
from charrnn.derivations import walkthrough
from charrnn.derivations.case import Case
from charrnn.derivations.documents import SYSTEMS
from charrnn.derivations.systems.scalar import Scalar
from charrnn.derivations.systems.vanishing import Recurrence
from charrnn.derivations.walkthrough import EXPLAINED, walk_through
from charrnn.text.characters.printable import json_text

FIGURE = re.compile(r"[+-]?\d+\.\d{4}|[+-]\de[+-]\d\d|\d+(?:\.\d+)?%")
ESCAPE = re.compile(r"\x1b\[[\d;]*m")
LARGEST = Case(**walkthrough.LIMITS)


SCALAR = """\
Given
   U         W         V
         1   +0.5000         2

1. Forward: from s_0, which is given, to the last step
      t = 0     t = 1     t = 2
x_t             +0.5000        -1
s_t   +0.2500   +0.5546   -0.6186
ŷ_t             +0.7520   +0.2249
y_t                   1         0
E_t             +0.2850   +0.2548

The loss E = +0.2699 is the sum over t of E_t, divided by 2.

2. Jacobians ∂s_t/∂s_{t-1} = W (1 - s_t²)
       t = 1     t = 2
       +0.3462   +0.3087
norm    0.3462    0.3087

The norm is the largest singular value: the most by which a step lengthens a change of the state.

3. Terms (t, k) of ∂E/∂W, row t and column k
∂E_t/∂s_t ∂s_t/∂s_k ∂s_k/∂W / 2, with ∂s_k/∂W at fixed s_{k-1}: from the loss at t back to W as it was used at k. The diagonal is the step itself; each column further left has passed one more Jacobian. All numbers are rounded: a sum may differ from them in its last digit.
        k = 1     k = 2     ∂E_t/∂W / 2
t = 1   -0.0429             -0.0429
t = 2   +0.0120   +0.0770   +0.0890
sum                         +0.0461

4. The sum of all terms is ∂E/∂W: beside it the complex step
   sum of the terms   complex step
   +0.0461            +0.0461

The largest difference is TINY.

5. Truncation to n steps keeps the terms with t - k < n
        kept      lost      ‖lost‖ / ‖gradient‖
n = 1   +0.0341   +0.0120   26%
n = 2   +0.0461         0   0%

‖·‖ is the root of the sum of squares.
The terms with t - k = 1 are 26% of the gradient: truncation to 1 step loses them.
"""
VANISHING = """\
Given, with φ_h = tanh
   W_xh              W_hh              b_h
   +1.0000 -0.5000   +0.5000 -0.2500   +0.1000
                           0 +0.7500   +0.2000

1. Forward: from h_0, which is given, to the last step
      t = 0     t = 1     t = 2
X_t             +0.5000        -1

h_t   +0.2500   +0.6200   -0.5299
      -0.5000   -0.4522   +0.2030

2. Jacobians ∂h_t/∂h_{t-1} = diag(φ'_h) W_hhᵀ
       t = 1             t = 2
       +0.3078       0   +0.3596       0
       -0.1989 +0.5966   -0.2397 +0.7191

norm    0.6383            0.7686

The norm is the largest singular value: the most by which a step lengthens a change of the state.

3. Products ∂h_t/∂h_k of the Jacobians, the latest step first, row t and column k
        k = 0             k = 1
t = 1   +0.3078       0
        -0.1989 +0.5966

t = 2   +0.1107       0   +0.3596       0
        -0.2168 +0.4290   -0.2397 +0.7191

The largest difference from the complex step is TINY.

4. Their norms, and below each its bound (γ σ)^{t-k}
        k = 0      k = 1
t = 1     0.6383
        ≤ 0.8142

t = 2     0.4834     0.7686
        ≤ 0.6628   ≤ 0.8142

W_hh: |λ| = 0.75, 0.5; largest singular value σ = 0.8142. φ' is at most γ = 1. γ σ = 0.8142.
From h_0 to h_2 a change shrinks to 0.4834 of itself at most (the bound allows 0.6628).
γ σ < 1 is enough: products must vanish as steps are added.
"""


class Screen(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def walked(name, case=None, seed=0):
    return walk_through(name, SYSTEMS[name].make(case or Case(**EXPLAINED), np.random.default_rng(seed)))


def shown(found, width=None, **options):
    """On a terminal of this width, or in a pipe."""
    file = Screen() if width else io.StringIO()
    terminal = {"width": width, "color_system": "256"} if width else {}
    show_walkthrough(Terminal(file=file, highlight=False, markup=False, emoji=False, **terminal, **options), found)
    return file.getvalue()


def plain(output):
    return ESCAPE.sub("", output)


def paragraphs(output):
    """Its words, wherever lines were broken."""
    return " ".join(output.split())


@mostly_slow("case", [Case(**EXPLAINED), LARGEST], ids=["default", "largest"], one_in=2)
@pytest.mark.parametrize("name", SYSTEMS)
def test_no_figure_is_cut_at_any_width(name, case, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")  # without the legend, whose figures a pipe has not
    found = walked(name, case)
    piped = shown(found)
    for width in (48, 60, 80, 200):
        output = plain(shown(found, width))
        assert max(map(width_of, output.splitlines())) <= width
        assert Counter(FIGURE.findall(output)) == Counter(FIGURE.findall(piped))
        assert "…" not in output


def from_given(output):
    """What is below the equations; a difference that is rounding alone is TINY."""
    return re.sub(r"is (?:0\.0e\+00|\d\.\de-1[5-9])\.", "is TINY.", output[output.index("Given") :])


def test_the_scalar_system_with_an_averaged_loss():
    x, y, s_0 = np.array([0.5, -1.0]), np.array([1, 0]), np.array(0.25)
    U, W, V = np.array(1.0), np.array(0.5), np.array(2.0)
    assert from_given(shown(walk_through("scalar", Scalar(x, y, U, W, V, s_0, averaged=True)))) == SCALAR


def test_the_products_of_jacobians():
    rnn = Recurrence(
        X=np.array([[0.5], [-1.0]]),
        W_xh=np.array([[1.0, -0.5]]),
        W_hh=np.array([[0.5, -0.25], [0.0, 0.75]]),
        b_h=np.array([0.1, 0.2]),
        h_0=np.array([0.25, -0.5]),
    )
    assert from_given(shown(walk_through("vanishing", rnn))) == VANISHING


def test_complex_step_and_difference_are_those_found():
    """Not the sum twice."""
    found = walked("scalar")
    off = replace(found.backward, complex_step=found.backward.gradient + 0.25)
    output = shown(replace(found, backward=off))
    assert "The largest difference is 2.5e-01." in output
    assert re.search(
        rf"complex step\n +{re.escape(figure(off.gradient))} +{re.escape(figure(off.complex_step))}\n", output
    )


def test_a_row_of_biases_is_a_row_and_a_column_a_column():
    rows = shown(walked("mini-batch"))
    given = walked("mini-batch").given
    assert " ".join(map(figure, given["b_h"])) in rows
    columns = shown(walked("mean-loss"))
    assert " ".join(map(figure, walked("mean-loss").given["b_h"])) not in columns


def test_each_sequence_has_its_jacobians_and_the_sum_over_them_is_named():
    output = shown(walked("multiple", Case(T=3, M=1, D=2, C=2, B=3)))
    assert re.findall("sequence [0-9]", output) == ["sequence 1", "sequence 2", "sequence 3"]
    assert "∂s_k/∂W at fixed s_{k-1}, summed over the sequences: from the loss" in output
    alone = shown(walked("multiple", Case(T=3, M=1, D=2, C=2, B=1)))
    assert "sequence" not in alone[alone.index("2. Jacobians") :]


def test_times_that_begin_at_0_are_shown_from_the_state_before():
    output = shown(walked("update-rules"))
    assert "1. Forward: from h_{-1}, which is given" in output
    assert re.search("t = -1 +t = 0 +t = 1 +t = 2 +t = 3\n", output)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_number_of_the_case_is_there(name):
    found = walked(name)
    there = Counter(FIGURE.findall(shown(found)))
    arrays = [*found.given.values(), *(a for values in found.forward.values() for a in values.values())]
    arrays += [jacobian for jacobians in found.jacobians.values() for jacobian in jacobians]
    if hasattr(found.backward, "terms"):
        sums = found.backward
        arrays += [*sums.terms.values(), *sums.row_sums.values(), sums.gradient, sums.gradient, sums.complex_step]
    else:
        arrays += list(found.backward.products.values())
    numbers = Counter(figure(x) for a in arrays if (a != np.round(a)).any() for x in np.ravel(a))
    assert numbers <= there


def test_at_80_columns_the_default_triangle_is_whole():
    lines = plain(shown(walked("vector"), 80)).splitlines()
    heading = next(line for line in lines if "k = 1" in line)
    assert heading.split() == ["k", "=", "1", "k", "=", "2", "k", "=", "3", "∂L_t/∂W"]
    row = lines[lines.index(heading) + 1 :][6:8]  # two rows of two lines each, and an empty line after both
    sums = walked("vector").backward
    for line, i in zip(row, (0, 1), strict=True):
        expected = [figure(x) for a in [*[sums.terms[3, k] for k in (1, 2, 3)], sums.row_sums[3]] for x in a[i]]
        assert re.findall(r"[+-][\d.]+", line) == expected


@pytest.mark.parametrize("name", SYSTEMS)
def test_colours_are_those_of_a_terminal_and_change_no_word(name, monkeypatch):
    found = walked(name)
    coloured = shown(found, 80)
    assert "\x1b[38;5;242m" in coloured
    assert "size relative to the largest: from 50% · 20% · 5% · 1% · less" in plain(coloured)
    monkeypatch.setenv("NO_COLOR", "1")
    without = shown(found, 80)
    assert "38;5" not in without
    assert "size relative" not in without
    assert not re.search(r"\x1b\[1m *[+-]", without)  # no figure is bold either
    legend = re.compile(r"size relative .*\n\n")
    assert legend.sub("", plain(coloured)) == plain(without)
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b" not in shown(found)
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in shown(found, None)


def test_a_term_has_the_colour_of_its_size():
    assert [_style(limit) for limit in LIMITS] == list(STYLES[1:])
    assert [_style(limit - 1e-9) for limit in LIMITS] == list(STYLES[:-1])
    found = walked("scalar")
    sizes = {pair: abs(float(term)) for pair, term in found.backward.terms.items()}
    output = shown(found, 80)
    assert f"\x1b[1;38;5;167m{figure(found.backward.terms[2, 2])}" in output
    assert max(sizes, key=sizes.get) == (2, 2)
    assert sizes[3, 1] < 0.01 * sizes[2, 2]
    assert f"\x1b[38;5;242m{figure(found.backward.terms[3, 1])}" in output


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_text_goes_from_the_equations_to_the_lost_gradient(name):
    output = plain(shown(walked(name), 80))
    title, equations = description(name)
    assert output.startswith(f"{name}: {SYSTEMS[name].document}")
    assert paragraphs(title) in paragraphs(output)
    assert equations
    assert paragraphs(" ".join(equations)) in paragraphs(output)
    sections = ["Given", "1. Forward", "2. Jacobians", *{"vanishing": ["3. Products", "4. Their norms"]}.get(
        name, ["3. Terms", "4. The sum of all terms", "5. Truncation"]
    )]  # fmt: skip
    places = [output.index(f"\n{section}") for section in sections]
    assert places == sorted(places)
    assert f"= {JACOBIANS[name]}" in output


def test_the_formula_of_each_jacobian_is_the_systems():
    found = walked("vector")
    for t, (jacobian,) in found.jacobians.items():  # diag(1 - s_t²) W
        s, W = found.forward["s"][t], found.given["W"]
        np.testing.assert_allclose(jacobian, np.diag(1 - s**2) @ W)
    found = walked("mini-batch")
    for t, jacobians in found.jacobians.items():  # diag(φ'_h) W_hhᵀ
        for h, jacobian in zip(found.forward["h"][t], jacobians, strict=True):
            np.testing.assert_allclose(jacobian, np.diag(1 - h**2) @ found.given["W_hh"].T)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (40, ["  z_t = U x_t + W s_{t-1} (19)", "  U: D × M (27)", "  s_t = tanh(z_t) (20)   W: D × D (28)"]),
        (48, ["  z_t = U x_t + W s_{t-1} (19)   U: D × M (27)", "  s_t = tanh(z_t) (20)   W: D × D (28)"]),
        (47, ["  z_t = U x_t + W s_{t-1} (19)", "  U: D × M (27)", "  s_t = tanh(z_t) (20)   W: D × D (28)"]),
        (80, ["  z_t = U x_t + W s_{t-1}         (19)        U: D × M    (27)"]),
    ],
)
def test_a_number_stays_with_its_equation(width, lines):
    assert "\n".join(["", "", *lines, ""]) in plain(shown(walked("vector"), width))


def test_an_equation_is_broken_between_its_parts_and_not_before_its_sign():
    text = plain(shown(walked("mini-batch"), 60))
    assert "\n  L   = Σ_t L_t = -Σ_t y_t log ŷ_t, summed over the\n    instances\n" in text
    assert "\n  o_t = h_t W_yh + b_y,   ŷ_t = softmax(o_t)\n" in text


@pytest.mark.parametrize("case", [Case(**EXPLAINED), LARGEST], ids=["default", "largest"])
@pytest.mark.parametrize("name", SYSTEMS)
def test_json_has_everything(name, case):
    found = walked(name, case)
    written = json.loads(json_text(walkthrough_json(found)))
    assert (written["system"], written["document"]) == (name, SYSTEMS[name].document)
    assert (written["title"], written["equations"]) == description(name)
    assert written["functions"] == found.functions
    for parameter, value in found.given.items():
        np.testing.assert_array_equal(written["given"][parameter], value)
    for letter, values in found.forward.items():
        assert [entry["t"] for entry in written["forward"][letter]] == list(values)
        np.testing.assert_array_equal([e["value"] for e in written["forward"][letter]], list(values.values()))
    assert {(e["t"], e["sequence"]): e["value"] for e in written["jacobians"]} == {
        (t, b): jacobian.tolist() for t, each in found.jacobians.items() for b, jacobian in enumerate(each, 1)
    }
    for entry in written["jacobians"]:
        assert entry["norm"] == pytest.approx(np.linalg.svd(np.atleast_2d(entry["value"]))[1][0])
    backward = found.backward
    assert written["difference"] == backward.difference
    if name == "vanishing":
        assert by_pair(written["products"], "norm") == backward.norms
        assert by_pair(written["products"], "bound") == backward.bounds
        assert by_pair(written["products"], "value") == {p: a.tolist() for p, a in backward.products.items()}
        assert by_pair(written["complex_step"], "value") == {p: a.tolist() for p, a in backward.complex_step.items()}
        assert written["eigenvalue_magnitudes"] == backward.eigenvalues.tolist()
        assert (written["largest_singular_value"], written["steepest"]) == (backward.σ, backward.γ)
        return
    assert (written["parameter"], written["divided_by"]) == (backward.parameter, backward.N)
    assert written["loss"] == backward.loss
    assert by_pair(written["terms"], "value") == {pair: term.tolist() for pair, term in backward.terms.items()}
    assert {e["t"]: e["value"] for e in written["row_sums"]} == {t: a.tolist() for t, a in backward.row_sums.items()}
    assert written["gradient"] == backward.gradient.tolist()
    assert written["complex_step"] == backward.complex_step.tolist()
    assert [(e["steps"], e["kept"], e["error"]) for e in written["truncation"]] == [
        (each.steps, each.kept.tolist(), each.error) for each in backward.truncations
    ]


def by_pair(entries, key):
    return {(entry["t"], entry["k"]): entry[key] for entry in entries}


def with_errors(*errors):
    """A double sum that loses these by truncation to 1, 2, ... steps."""
    sums = walked("scalar").backward
    return replace(
        sums, truncations=tuple(replace(sums.truncations[0], steps=n, error=e) for n, e in enumerate(errors, 1))
    )


def with_kept(sums, part):
    """With that part of the gradient kept by truncation to 2 steps."""
    first, second, *more = sums.truncations
    return replace(sums, truncations=(first, replace(second, kept=part * sums.gradient), *more))


def test_the_loss_by_truncation_is_described():
    assert list(truncation_words(with_errors(0.5, 0.03, 0))) == [
        "The terms with t - k >= 1 are 50% of the gradient: truncation to 1 step loses them.",
        "The terms with t - k = 2 are 3% of the gradient: truncation to 2 steps loses them.",
    ]
    assert list(truncation_words(with_errors(0.5, 0.002, 0.001, 0)))[1:] == [
        "The terms with t - k = 3 are 0.1% of the gradient: truncation to 3 steps loses them.",
        "From n = 2 on less than 1% is lost.",
    ]
    assert list(truncation_words(with_errors(0.2, 0))) == [
        "The terms with t - k = 1 are 20% of the gradient: truncation to 1 step loses them."
    ]
    assert list(truncation_words(with_errors(0))) == ["With one step there is nothing to truncate."]
    nearer = ["More steps are not always closer to the whole: terms of different t - k may cancel."]
    assert list(truncation_words(with_errors(0.2, 1.5, 0)))[2:] == nearer
    assert list(truncation_words(with_kept(with_errors(0.2, 2.9, 0), 1.9)))[2:] == nearer
    assert list(truncation_words(with_kept(with_errors(0.2, 1.9, 0), -0.9)))[2:] == nearer
    cancelling = list(truncation_words(with_kept(with_errors(0.2, 1.1, 0), 2.1)))
    assert cancelling[2:] == [
        "What is lost is larger than the gradient: it cancels most of what is kept.",
        "More steps are not always closer to the whole: terms of different t - k may cancel.",
    ]
    nothing = walked("vector", Case(T=3, M=1, D=2, C=1)).backward
    assert list(truncation_words(nothing)) == ["The gradient is 0: there is nothing to lose."]


def test_vanishing_is_described():
    rnn = SYSTEMS["vanishing"].make(Case(T=4, M=1, D=2), np.random.default_rng(0))
    scaled = {σ: replace(rnn, W_hh=rnn.W_hh * σ / np.linalg.norm(rnn.W_hh, 2)) for σ in (0.5, 1.5)}
    must = list(vanishing_words(walk_through("vanishing", scaled[0.5]).backward))
    assert must[0].startswith("From h_0 to h_4 a change shrinks to ")
    assert must[0].endswith("of itself at most (the bound allows 0.0625).")
    assert must[1] == "γ σ < 1 is enough: products must vanish as steps are added."
    shrinks = list(vanishing_words(walk_through("vanishing", scaled[1.5]).backward))
    assert "(the bound allows 5.0625)" in shrinks[0]
    assert shrinks[1].startswith("γ σ is not below 1, yet these products shrink")
    linear = SYSTEMS["vanishing"].make(Case(T=4, M=1, D=2, φ_h="identity"), np.random.default_rng(0))
    grown = list(vanishing_words(walk_through("vanishing", replace(linear, W_hh=2 * np.eye(2))).backward))
    assert grown == [
        "From h_0 to h_4 a change grows to 16.0000 of itself at most (the bound allows 16.0000).",
        "γ σ > 1 is necessary for products to explode, not sufficient.",
    ]


def test_figures_add_up_and_small_ones_are_not_0():
    assert str(blocks_of({1: np.array([[-0.0, 1.0]])})[1]) == "      0       1"
    numbers = [0.12345, -0.5, 12.0, 5e-5, 4.9e-5, -1.234e-17, 0.0, -0.0, 123456.7]
    expected = ["+0.1235", "-0.5000", "+12.0000", "+0.0001", "+5e-05", "-1e-17", "0", "0", "+1.235e+05"]
    assert [figure(number) for number in numbers] == expected


def test_a_grid_wraps_cells_that_do_not_fit():
    grid = Grid("a", "b", "c")
    grid.add_row("one", Text("1234\n5678"), Text("12"))
    grid.add_row("2", Text(""), Text(""), Text("3456"))
    file = Screen()
    grid.show(Terminal(file=file, width=17, color_system=None))
    assert file.getvalue() == "      a      b\none   1234   12\n      5678\n\n      c\n2     3456\n\n"
    file = io.StringIO()
    grid.show(Terminal(file=file, width=17))
    assert file.getvalue() == "      a      b    c\none   1234   12\n      5678\n\n2                 3456\n\n"
    with pytest.raises(ValueError, match="4 cells, but 3 columns"):
        grid.add_row("3", *[Text("")] * 4)
