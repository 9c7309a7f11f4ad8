"""The report of a walkthrough: every number of one small case, in the order in which a reader computes them."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.text import Text

from charrnn.cli.derivations.walkthrough_words import JACOBIANS, description, truncation_words, vanishing_words
from charrnn.cli.output.console import supports_colour
from charrnn.cli.output.grids import EMPTY, Grid
from charrnn.cli.output.matrices import WIDTH, as_matrix, blocks_of, figure, size
from charrnn.cli.output.tables import terminal_columns
from charrnn.cli.output.wrapping import fold, width_of
from charrnn.derivations.complex_step import Array
from charrnn.derivations.documents import SYSTEMS
from charrnn.derivations.in_words import percent
from charrnn.derivations.systems.vanishing import largest_singular_value
from charrnn.derivations.walkthrough import DoubleSum, Products, Walkthrough, share

LIMITS = (0.01, 0.05, 0.2, 0.5)  # of the largest: the bounds between colours
STYLES = ("color(242)", "color(71)", "color(179)", "color(173)", "bold color(167)")
APART = re.compile(r" {3,}(?![ =(])")  # between two equations in a line; not before a number or an =
Key = TypeVar("Key")


def show_walkthrough(console: Console, walkthrough: Walkthrough) -> None:
    """Print it, from the given numbers to what truncation loses."""
    title, equations = description(walkthrough.system)
    _say(console, f"{walkthrough.system}: {title}", "bold")
    console.print()
    for equation in equations:
        for line in _split_equations(equation, terminal_columns(console)):
            _say(console, line, indent=2)
    console.print()
    _show_inputs(console, walkthrough)
    _show_forward(console, walkthrough)
    _show_jacobians(console, walkthrough)
    match walkthrough.backward:
        case DoubleSum() as found:
            _show_terms(console, walkthrough, found)
            _show_sum(console, walkthrough, found)
            _show_truncation(console, found)
        case Products() as found:
            _show_products(console, walkthrough, found)
            _show_bounds(console, found)


def walkthrough_json(walkthrough: Walkthrough) -> dict[str, Any]:
    """The same as JSON: matrices are lists of rows, in the document's orientation."""
    title, equations = description(walkthrough.system)
    found = walkthrough.backward
    return {
        "system": walkthrough.system,
        "document": SYSTEMS[walkthrough.system].document,
        "title": title,
        "equations": equations,
        "functions": dict(walkthrough.functions),
        "given": {name: value.tolist() for name, value in walkthrough.given.items()},
        "forward": {
            letter: [{"t": t, "value": np.asarray(value).tolist()} for t, value in values.items()]
            for letter, values in walkthrough.forward.items()
        },
        "jacobians": [
            {"t": t, "sequence": sequence, "value": jacobian.tolist(), "norm": _norm(jacobian)}
            for t, jacobians in walkthrough.jacobians.items()
            for sequence, jacobian in enumerate(jacobians, 1)
        ],
        **(_sum_json(found) if isinstance(found, DoubleSum) else _products_json(found)),
        "difference": found.difference,
    }


# ---------------------------------------------------------------- the sections


def _show_inputs(console: Console, walkthrough: Walkthrough) -> None:
    names = [f"{name} = {value}" for name, value in walkthrough.functions.items()]
    _say(console, "Given" + (f", with {', '.join(names)}" if names else ""), "bold")
    rows = walkthrough.system == "mini-batch"
    given = blocks_of({name: as_matrix(value, rows) for name, value in walkthrough.given.items()})
    grid = Grid(*given)
    grid.add_row("", *given.values())
    grid.show(console)


def _show_forward(console: Console, walkthrough: Walkthrough) -> None:
    letters = walkthrough.letters
    times = list(walkthrough.forward[letters.state])
    _say(console, f"1. Forward: from {_at(letters.state, times[0])}, which is given, to the last step", "bold")
    grid = Grid(*(f"t = {t}" for t in times))
    for letter, values in walkthrough.forward.items():
        blocks = blocks_of({t: as_matrix(value) for t, value in values.items()})
        grid.add_row(f"{letter}_t", *(blocks.get(t, EMPTY) for t in times))
    grid.show(console)
    if isinstance(walkthrough.backward, DoubleSum):
        N, total = walkthrough.backward.N, f"{letters.total} = {figure(float(walkthrough.backward.loss))}"
        divided = f", divided by {N}" if N > 1 else ""
        _say(console, f"The loss {total} is the sum over t of {letters.loss}_t{divided}.\n")


def _show_jacobians(console: Console, walkthrough: Walkthrough) -> None:
    s = walkthrough.letters.state.lower()
    _say(console, f"2. Jacobians ∂{s}_t/∂{s}_{{t-1}} = {JACOBIANS[walkthrough.system]}", "bold")
    times = list(walkthrough.jacobians)
    sequences = len(walkthrough.jacobians[times[0]])
    pairs = {(t, b): each for t, jacobians in walkthrough.jacobians.items() for b, each in enumerate(jacobians)}
    blocks = blocks_of(pairs)
    grid = Grid(*(f"t = {t}" for t in times))
    for b in range(sequences):
        grid.add_row(f"sequence {b + 1}" if sequences > 1 else "", *(blocks[t, b] for t in times))
        grid.add_row("norm", *(Text(size(_norm(pairs[t, b])).rjust(WIDTH)) for t in times))
    grid.show(console)
    _say(console, "The norm is the largest singular value: the most by which a step lengthens a change of the state.\n")


def _show_terms(console: Console, walkthrough: Walkthrough, found: DoubleSum) -> None:
    w, letters = found.parameter, walkthrough.letters
    s, L, total = letters.state.lower(), letters.loss, letters.total
    _say(console, f"3. Terms (t, k) of ∂{total}/∂{w}, row t and column k", "bold")
    divided = f" / {found.N}" if found.N > 1 else ""
    summed = ", summed over the sequences" if len(walkthrough.jacobians[max(walkthrough.jacobians)]) > 1 else ""
    _say(
        console,
        f"∂{L}_t/∂{s}_t ∂{s}_t/∂{s}_k ∂{s}_k/∂{w}{divided}, with ∂{s}_k/∂{w} at fixed {s}_{{k-1}}{summed}: from the loss at t back to "
        f"{w} as it was used at k. The diagonal is the step itself; each column further left has passed one more Jacobian. "
        "All numbers are rounded: a sum may differ from them in its last digit.",
    )
    times = list(found.row_sums)
    blocks = _colour_blocks(found.terms, console)
    sums = blocks_of({**found.row_sums, "all": found.gradient})
    grid = Grid(*(f"k = {k}" for k in times), f"∂{L}_t/∂{w}{divided}")
    for t in times:
        grid.add_row(f"t = {t}", *(blocks.get((t, k), EMPTY) for k in times), sums[t])
    grid.add_row("sum", *[EMPTY] * len(times), sums["all"])
    grid.show(console)
    _show_legend(console)


def _show_sum(console: Console, walkthrough: Walkthrough, found: DoubleSum) -> None:
    gradient = f"∂{walkthrough.letters.total}/∂{found.parameter}"
    _say(console, f"4. The sum of all terms is {gradient}: beside it the complex step", "bold")
    blocks = blocks_of({"sum of the terms": found.gradient, "complex step": found.complex_step})
    grid = Grid(*blocks)
    grid.add_row("", *blocks.values())
    grid.show(console)
    _say(console, f"The largest difference is {found.difference:.1e}.\n")


def _show_truncation(console: Console, found: DoubleSum) -> None:
    _say(console, "5. Truncation to n steps keeps the terms with t - k < n", "bold")
    shown = supports_colour(console)
    lost = {each.steps: found.gradient - each.kept for each in found.truncations}
    kept = blocks_of({each.steps: each.kept for each in found.truncations})
    left_out = blocks_of(lost, {n: _style(share(part, found.gradient)) for n, part in lost.items()} if shown else {})
    grid = Grid("kept", "lost", "‖lost‖ / ‖gradient‖")
    for each in found.truncations:
        grid.add_row(f"n = {each.steps}", kept[each.steps], left_out[each.steps], Text(percent(each.error)))
    grid.show(console)
    for sentence in ("‖·‖ is the root of the sum of squares.", *truncation_words(found)):
        _say(console, sentence)


def _show_products(console: Console, walkthrough: Walkthrough, found: Products) -> None:
    h = walkthrough.letters.state
    _say(console, f"3. Products ∂{h}_t/∂{h}_k of the Jacobians, the latest step first, row t and column k", "bold")
    blocks = _colour_blocks(found.products, console)
    _triangle(blocks).show(console)
    _show_legend(console)
    _say(console, f"The largest difference from the complex step is {found.difference:.1e}.\n")


def _show_bounds(console: Console, found: Products) -> None:
    _say(console, "4. Their norms, and below each its bound (γ σ)^{t-k}", "bold")
    _triangle({pair: Text(f"  {size(norm)}\n≤ {size(found.bounds[pair])}") for pair, norm in found.norms.items()}).show(
        console
    )
    eigenvalues = ", ".join(f"{value:.4g}" for value in found.eigenvalues)
    _say(
        console,
        f"W_hh: |λ| = {eigenvalues}; largest singular value σ = {found.σ:.4g}. φ' is at most γ = {found.γ:g}. "
        f"γ σ = {found.γ * found.σ:.4g}.",
    )
    for sentence in vanishing_words(found):
        _say(console, sentence)


# ---------------------------------------------------------------- numbers as blocks


def _triangle(cells: Mapping[tuple[int, int], Text]) -> Grid:
    rows, columns = sorted({t for t, _ in cells}), sorted({k for _, k in cells})
    grid = Grid(*(f"k = {k}" for k in columns))
    for t in rows:
        grid.add_row(f"t = {t}", *(cells.get((t, k), EMPTY) for k in columns))
    return grid


def _colour_blocks(values: Mapping[Key, Array], console: Console) -> dict[Key, Text]:
    """The values as blocks, coloured by their size relative to the largest if the terminal has colours."""
    largest = max(values.values(), key=lambda value: float(np.linalg.norm(value)))
    styles = {key: _style(share(value, largest)) for key, value in values.items()} if supports_colour(console) else {}
    return blocks_of(values, styles)


def _norm(matrix: Array) -> float:
    return largest_singular_value(np.atleast_2d(matrix))


def _style(part: float) -> str:
    return STYLES[bisect_right(LIMITS, part)]


def _at(letter: str, time: int) -> str:
    return f"{letter}_{time}" if time >= 0 else f"{letter}_{{{time}}}"


def _show_legend(console: Console) -> None:
    if supports_colour(console):
        line = Text("size relative to the largest: from ")
        for limit, style in zip(reversed(LIMITS), reversed(STYLES), strict=False):
            line.append(percent(limit), style).append(" · ")
        _say(console, line.append("less", STYLES[0]))
        console.print()


def _say(console: Console, words: str | Text, style: str = "", indent: int = 0) -> None:
    """Print words: on a terminal broken between words, lines after the first indented twice as far."""
    text, room = words if isinstance(words, Text) else Text(words, style), terminal_columns(console)
    for number, line in enumerate(fold(text, max(1, room - 2 * indent)) if room else [text]):
        console.print(Text(" " * indent * (2 if number else 1)) + line, soft_wrap=True)


def _split_equations(equation: str, room: int | None) -> Iterator[str]:
    """A line of several equations, as lines that fit where `_say` indents by 2; a number stays with its equation."""
    if room is None or width_of(equation) + 4 <= room:
        yield equation
        return
    line, *parts = (re.sub(r" +(?=\(\d)", " ", part) for part in APART.split(equation))
    for part in parts:
        if width_of(f"{line}   {part}") + 4 <= room:
            line += f"   {part}"
        else:
            yield line
            line = part
    yield line


# ---------------------------------------------------------------- JSON


def _sum_json(found: DoubleSum) -> dict[str, Any]:
    return {
        "parameter": found.parameter,
        "loss": float(found.loss),
        "divided_by": found.N,
        "terms": _pairs_json(found.terms),
        "row_sums": [{"t": t, "value": value.tolist()} for t, value in found.row_sums.items()],
        "gradient": found.gradient.tolist(),
        "complex_step": found.complex_step.tolist(),
        "truncation": [
            {"steps": each.steps, "kept": each.kept.tolist(), "error": each.error} for each in found.truncations
        ],
    }


def _products_json(found: Products) -> dict[str, Any]:
    return {
        "products": [
            {**entry, "norm": found.norms[entry["t"], entry["k"]], "bound": found.bounds[entry["t"], entry["k"]]}
            for entry in _pairs_json(found.products)
        ],
        "complex_step": _pairs_json(found.complex_step),
        "eigenvalue_magnitudes": found.eigenvalues.tolist(),
        "largest_singular_value": found.σ,
        "steepest": found.γ,
    }


def _pairs_json(values: Mapping[tuple[int, int], Array]) -> list[dict[str, Any]]:
    return [{"t": t, "k": k, "value": value.tolist()} for (t, k), value in values.items()]
