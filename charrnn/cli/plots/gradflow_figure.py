"""The figure of a gradient flow: singular values by lag, a panel for each layer."""

from collections.abc import Sequence
from pathlib import Path

from charrnn.cli.output.console import print_note
from charrnn.cli.plots.matplotlib_style import COLOURS, open_figure
from charrnn.diagnostics.gradflow.gradient_flow import LOG_ZERO, Curve, GradientFlow
from charrnn.text.characters.unit_names import unit_name


def draw(found: GradientFlow, path: Path, replace: bool = True) -> None:
    """Draw median, quartiles and largest singular value by lag, a panel for each layer. Raises OutputError."""
    layers = found.layers
    with open_figure(path, 8, 0.6 + 3.6 * len(layers), replace) as figure:
        for panel, layer in zip(figure.subplots(len(layers), 1, squeeze=False)[:, 0], layers, strict=True):
            lag = range(found.lags + 1)
            for curve, colour in zip(layer.curves, COLOURS, strict=False):
                name = f"∂{curve.state}ₜ/∂{curve.state}ₖ"
                panel.fill_between(lag, curve.lower, curve.upper, color=colour, alpha=0.25, linewidth=0)
                panel.plot(lag, curve.median, color=colour, label=f"{name}: rms, median and quartiles")
                panel.plot(lag, curve.largest, color=colour, linestyle=":", label=f"{name}: largest singular value")
            panel.axhline(-2, color="#555555", linewidth=0.8, linestyle="--")
            panel.set(xlabel=f"lag t - k, {unit_name(found.unit)}", ylabel="log₁₀ of what is left")
            panel.set_ylim(*_view(layer.curves))
            panel.set_title(f"layer {layer.layer}: {found.cell}, {found.hidden_size} units; dashed: 1 %", loc="left")
            panel.legend()
    print_note(f"drawn into {path}")


def _view(curves: Sequence[Curve]) -> tuple[float, float]:
    """The range of a panel, with a margin: all values above zero, and the dashed line."""
    values = [value for curve in curves for value in (*curve.lower, *curve.upper, *curve.largest) if value > LOG_ZERO]
    low, high = min(*values, -2.0), max(values)
    margin = 0.05 * (high - low)
    return low - margin, high + margin
