"""The learning curve of a training as a small SVG."""

from collections.abc import Sequence

import numpy as np

from charrnn.network.arrays import Array
from charrnn.training.events import digits

WIDTH, HEIGHT = 360, 130  # pixels
LEFT, RIGHT, TOP, BOTTOM = 48, 8, 20, 18  # around the curve, for its labels
POINTS = 200  # at most; each is a mean of several steps
BEGINNING = 0.05  # the share of the curve whose fall would make the rest flat
TRAINING, VALIDATION = "#4a90d9", "#e07b39"

Points = Sequence[tuple[int, float]]
"""Steps, rising, each with a loss in nats."""


def learning_curve(training: Points, validation: Points) -> str:
    """An SVG of the training loss as a line and the validation losses as dots, by step; nothing without three losses.

    Losses that are not finite are left out.

    >>> learning_curve([(1, 4.0), (2, 3.0), (3, 2.5)], [(3, 2.6)]).count("<circle")
    1
    """
    line, dots = _downsample(_finite(training)), _finite(validation)
    shown = line if len(line) >= 3 else dots
    if len(shown) < 3:
        return ""
    values = np.concatenate([line[int(BEGINNING * len(line)) :, 1], dots[:, 1]])
    low, high, first = values.min(), values.max(), shown[0, 0]
    last = np.concatenate([shown[-1:, 0], dots[-1:, 0]]).max()

    def place(points: Array) -> list[tuple[float, float]]:
        x = LEFT + (points[:, 0] - first) / max(1, last - first) * (WIDTH - LEFT - RIGHT)
        down = (high - np.clip(points[:, 1], low, high)) / max(1e-12, high - low)
        return list(zip(x.tolist(), (TOP + down * (HEIGHT - TOP - BOTTOM)).tolist(), strict=True))

    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in place(line))
    circles = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{VALIDATION}"/>' for x, y in place(dots))
    name = f"losses by step, from {digits(high)} to {digits(low)} nats"
    return (
        f'<svg role="img" aria-label="{name}" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-size="11" fill="currentColor"><title>{name}</title>'
        f'<text x="{LEFT}" y="12"><tspan fill="{TRAINING}">— training</tspan> '
        f'<tspan fill="{VALIDATION}">● validation</tspan> loss, nats</text>'
        f"{_label(LEFT - 6, TOP + 4, digits(high))}{_label(LEFT - 6, HEIGHT - BOTTOM, digits(low))}"
        f'<text x="{LEFT}" y="{HEIGHT - 4}">step {first:,.0f}</text>{_label(WIDTH - RIGHT, HEIGHT - 4, f"{last:,.0f}")}'
        f'<polyline fill="none" stroke="{TRAINING}" stroke-width="1.5" points="{path}"/>{circles}</svg>'
    )


def _finite(points: Points) -> Array:
    """(n, 2), without what is not finite."""
    found = np.array(points, float).reshape(-1, 2)
    finite: Array = found[np.isfinite(found).all(axis=1)]
    return finite


def _downsample(points: Array) -> Array:
    """Means of parts of equal length, at most POINTS."""
    parts = np.array_split(points, min(POINTS, len(points))) if len(points) else []
    return np.array([part.mean(axis=0) for part in parts]).reshape(-1, 2)


def _label(x: float, y: float, text: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="end">{text}</text>'
