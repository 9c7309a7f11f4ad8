"""Figures as files: one look for all of them, SVG or PNG, and the same bytes for the same figure.

    with drawing(path, force, "charrnn plot -o", width=8, height=5) as figure:
        axes = figure.subplots()
        ...

matplotlib is an extra, and is imported here and where a figure is drawn, never before one is asked for. Its pyplot, which
keeps every figure in a global, is not used.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charrnn.errors import FigureError
from charrnn.runs.writing import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = {".svg": "svg", ".png": "png"}
COLOURS = (  # of M. Okabe and K. Ito (2008), told apart by colour-blind eyes; their yellow is too light for a line on white
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
)
GREY, LIGHT = "#555555", "#dddddd"
LOOK: dict[Any, Any] = {
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "savefig.dpi": 150,
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 10,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": LIGHT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "svg.fonttype": "none",  # text stays text: it can be searched, read aloud and edited
    "svg.hashsalt": "charrnn",  # names of parts come from the figure alone
}


@contextmanager
def drawing(path: Path, force: bool, asked: str, width: float, height: float) -> Iterator["Figure"]:
    """An empty figure of so many inches to draw into; at the end it is in its file.

    `asked` is what needs it, for example "charrnn plot -o". Raises FigureError before anything is drawn where matplotlib is
    missing or the file is refused, and after where it cannot be written.
    """
    require_writable(path, force)
    with look(asked):
        figure = new_figure(width, height)
        yield figure
        save(figure, path, force)


@contextmanager
def look(asked: str) -> Iterator[None]:
    """Within, what is drawn looks like all figures of charrnn, whatever matplotlibrc says. Raises FigureError without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        raise FigureError(f"{asked} needs matplotlib: pip install 'charrnn-numpy[plot]'") from None
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(LOOK)
        yield


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure of so many inches; within `look`."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def save(figure: "Figure", path: Path, force: bool) -> None:
    """Write a figure as the ending of its name says, whole or not at all; within `look`.

    Raises FigureError for another ending, for a file that exists unless `force`, and where it cannot be written.
    """
    require_writable(path, force)
    kind = FORMATS[path.suffix.lower()]
    try:
        with whole_file(path) as file, warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", "Glyph"
            )  # of a name in a script that no font here has: it is drawn as boxes
            figure.savefig(file, format=kind, metadata={"Date": None} if kind == "svg" else None)
    except OSError as error:
        raise FigureError(f"{path}: cannot be written: {error.strerror or error}") from None


def require_writable(path: Path, force: bool) -> None:
    """Raises FigureError for an ending that is none of FORMATS, and for what exists, unless it is a file and `force`."""
    if path.suffix.lower() not in FORMATS:
        raise FigureError(
            f"{path}: a figure's name must end in {' or '.join(FORMATS)}; found {path.suffix or 'no ending'}"
        )
    if path.is_dir():
        raise FigureError(f"{path}: a folder; name the file to write")
    if not force and (path.exists() or path.is_symlink()):
        raise FigureError(f"{path}: exists already; choose another name, or replace it with --force")
