"""The report of a gradient flow: tables, a plot and sentences on stdout, or JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from math import exp

from rich.text import Text

from charrnn.cli.output.console import print_note, result_console, supports_colour, write_json
from charrnn.cli.output.tables import Name, Table
from charrnn.cli.plots.lag_plot import lag_plot
from charrnn.diagnostics.gradflow.gradient_flow import LOG_ZERO, Curve, GradientFlow, LayerFlow
from charrnn.diagnostics.gradflow.spectrum import Conditions
from charrnn.text.characters.unit_names import Unit, amount, unit_name
from charrnn.training.events import Flowed
from charrnn.words import plural

TABLE_LAGS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)  # lags in the table
STATES = {"h": "from h to h", "c": "from c to c, the cell state"}
STEADY = 1e-3  # nats per step: a smaller exponent counts as 0


def show(found: GradientFlow, json: bool) -> None:
    """Print the whole report, or JSON."""
    if json:
        write_json(asdict(found))
        return
    console = result_console()
    console.print(Text(_headline(found)), soft_wrap=True)
    for layer in found.layers:
        _norms(found, layer).show(console)
        for line in lag_plot(layer.curves, console.width, found.unit, supports_colour(console)):
            console.print(line, soft_wrap=True)
        for sentence in describe_layer(layer, found.lags, found.unit):
            console.print(Text(sentence), soft_wrap=True)
        _spectra(layer).show(console)
    _truncation(found).show(console)
    console.print(Text(_cost(found)), soft_wrap=True)


def print_text_notes(found: GradientFlow, positions: int) -> None:
    """Print what the text means for the figures; `positions` were asked for."""
    print_note(*found.notes)
    if found.unknown:
        print_note(f"{plural(found.unknown, 'character')} unknown to the model and replaced")
    if found.positions < positions:
        print_note(f"the text only fits {found.positions:,} of {plural(positions, 'position')}")
    if found.positions_cut_off:
        print_note(
            f"at {found.positions_cut_off} of {plural(found.positions, 'position')} a document begins within "
            f"{amount(found.lags, found.unit)}: no gradient goes back beyond it"
        )


def describe_layer(layer: LayerFlow, lags: int, unit: Unit = "char") -> Iterator[str]:
    """The figures of a layer in sentences."""
    for curve in layer.curves:
        yield f"{STATES[curve.state]}: {_reach(curve, lags, unit)}"
    yield _exponent(layer.lyapunov, unit)
    shares = ", ".join(f"{name} {share:.1%}" for name, share in layer.saturated.items())
    yield f"saturated, where a nonlinearity is flat: {shares}"
    if layer.conditions:
        yield _conditions(layer.conditions)


def describe_probe(event: Flowed, unit: Unit = "char") -> str:
    """A probe during a training, one layer in one line."""
    parts = [f"step {event.step:,}, layer {event.layer}: {_remainder(event, unit)}"]
    if event.saturated is not None:
        parts.append(f"{event.saturated:.0%} of the units saturated")
    if event.spectral_radius is not None:
        parts.append(f"spectral radius {event.spectral_radius:.3g}")
    return "; ".join(parts)


def _headline(found: GradientFlow) -> str:
    kind = f"{found.cell} ({found.nonlinearity})" if found.cell == "rnn" else found.cell
    back, places = amount(found.lags, found.unit), plural(found.positions, "place")
    return f"{kind}, {plural(found.hidden_size, 'unit')}: gradients followed {back} back from {places}"


def _norms(found: GradientFlow, layer: LayerFlow) -> Table:
    """For some lags, what is left of a gradient in a random direction, and in the best direction."""
    title = (
        f"layer {layer.layer}: what is left of a gradient" if len(found.layers) > 1 else "what is left of a gradient"
    )
    figures = ("median", "quartiles", "best direction")
    states = [f", {curve.state}" if len(layer.curves) > 1 else "" for curve in layer.curves]
    table = Table("lag", *(name + state for state in states for name in figures), title=title)
    for lag in (lag for lag in TABLE_LAGS if lag <= found.lags):
        cells = []
        for curve in layer.curves:
            quartiles = f"{as_number(curve.lower[lag])} to {as_number(curve.upper[lag])}"
            cells += [as_number(curve.median[lag]), quartiles, as_number(curve.largest[lag])]
        table.add_row(f"{lag:,}", *cells)
    return table


def as_number(log10: float) -> str:
    """10 to the power `log10`, which may be outside the range of floats."""
    if -4 <= log10 <= 4:
        return f"{10**log10:.3g}"
    if log10 <= LOG_ZERO:
        return "0"
    whole = int(log10 // 1)
    mantissa = round(10 ** (log10 - whole), 1)
    return f"{mantissa:.1f}e{whole:+03d}" if mantissa < 10 else f"1.0e{whole + 1:+03d}"


def _reach(curve: Curve, lags: int, unit: Unit) -> str:
    if curve.half_life is None:
        return f"more than half of the gradient is left after {amount(lags, unit)}"
    half = f"half of the gradient is gone after {amount(curve.half_life, unit)}"
    if curve.horizon is None:
        return f"{half}; 1 % is still left after {lags:,}"
    return f"{half}, 99 % after {amount(curve.horizon, unit)}: what lies further back is hardly learned from"


def _remainder(event: Flowed, unit: Unit) -> str:
    if event.log10_norm_last is None and event.horizon is None:
        return "the gradients are not finite"
    if event.half_life is None:
        return f"more than half of a gradient is left after all {amount(event.lags, unit)}"
    half = f"half of a gradient is left after {amount(event.half_life, unit)}"
    return f"{half}, 1 % after {f'{event.horizon:,}' if event.horizon is not None else f'more than {event.lags:,}'}"


def _exponent(λ: float | None, unit: Unit) -> str:
    if λ is None:
        return "at the last of these lags no gradient is left"
    exponent = f"largest Lyapunov exponent {λ:+.4f} nats per {unit_name(unit, 1)}: "
    if abs(λ) < STEADY:
        return exponent + "in the long run gradients neither vanish nor explode"
    if λ < 0:
        return (
            exponent
            + f"in the long run each {unit_name(unit, 1)} shrinks a gradient to {exp(λ):.3g} of its size: it vanishes"
        )
    return (
        exponent
        + f"in the long run each {unit_name(unit, 1)} makes a gradient {exp(λ):.3g} times as large: it explodes"
    )


def _conditions(found: Conditions) -> str:
    σ, γ, bound = found.largest_singular_value, found.steepest, found.threshold
    size = f"largest singular value of W_hh {σ:.4g}, with φ' at most γ = {γ:g}: "
    if found.must_vanish:
        return size + f"below 1/γ = {bound:g}, which is sufficient: gradients must vanish (Pascanu et al. 2013)"
    if found.may_explode:
        return (
            size
            + f"above 1/γ = {bound:g}, which is necessary, not sufficient: gradients may explode (Pascanu et al. 2013)"
        )
    return size + f"1/γ = {bound:g} exactly: gradients cannot explode, and need not vanish (Pascanu et al. 2013)"


def _spectra(layer: LayerFlow) -> Table:
    table = Table(Name("recurrent matrix"), "spectral radius", "singular values: largest", "median", "smallest")
    for found in layer.spectra:
        values = found.singular_values
        name = found.gate if found.gate == "W_hh" else f"W_hh, gate {found.gate}"
        shown = (found.spectral_radius, values[0], values[len(values) // 2], values[-1])
        table.add_row(name, *(f"{value:.4g}" for value in shown))
    return table


def _truncation(found: GradientFlow) -> Table:
    title = f"truncation: the gradient through fewer steps, compared with that through {found.lags:,}"
    table = Table("steps", "cosine", "norm", "W_hh alone: cosine", "norm", title=title)
    for cut in found.truncation:
        shown = (cut.cosine, cut.norm_ratio, cut.recurrent_cosine, cut.recurrent_norm_ratio)
        table.add_row(f"{cut.window:,}", *(f"{value:.4f}" for value in shown))
    return table


def _cost(found: GradientFlow) -> str:
    """The shortest window that keeps the direction of the gradient, as do all longer ones."""
    enough = found.truncation[-1].window
    for cut in reversed(found.truncation):
        if cut.cosine < 0.99:
            break
        enough = cut.window
    gradient = f"the gradient of a {unit_name(found.unit, 1)}'s loss"
    return f"a window of {amount(enough, found.unit)} keeps the direction of {gradient} (cosine 0.99)"
