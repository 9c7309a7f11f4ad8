"""Figures as SVG or PNG files: one style for all, and the same bytes for the same figure.

    require_drawable(path, "charrnn plot -o")    # before anything is computed
    replace = confirm_overwrite(path, force)
    ...
    with open_figure(path, 8, 5, replace) as figure:
        axes = figure.subplots()
        ...

matplotlib is an extra. It is imported only when a figure is drawn. Its pyplot is not used: it keeps every figure in a
global.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charrnn.cli.output.files import open_output
from charrnn.errors import FigureError
from charrnn.system.optional_libraries import missing_library

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = {".svg": "svg", ".png": "png"}
COLOURS = (  # M. Okabe and K. Ito (2008): colour-blind eyes can distinguish them; their yellow is too light on white
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
)
GREY, LIGHT = "#555555", "#dddddd"
RC_PARAMS: dict[Any, Any] = {
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


def require_drawable(path: Path, asked: str) -> None:
    """Import matplotlib, which takes a second. `asked` is what the user typed, for example "charrnn plot -o".

    Raises FigureError for a suffix that is not in FORMATS, and MissingLibraryError without matplotlib.
    """
    if path.suffix.lower() not in FORMATS:
        raise FigureError(
            f"{path}: a figure's name must end in {' or '.join(FORMATS)}; found {path.suffix or 'no ending'}"
        )
    try:
        import matplotlib.figure  # noqa: F401 (it is here)
    except ImportError:
        raise missing_library(asked, "matplotlib", "plot") from None


@contextmanager
def open_figure(path: Path, width: float, height: float, replace: bool = True) -> Iterator["Figure"]:
    """Yield an empty figure of `width` x `height` inches; write it to its file at the end, in the format of its suffix.

    In the `with` block, matplotlib has the style of charrnn, whatever matplotlibrc says. Raises OutputError if the file
    cannot be written, or may not be replaced.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC_PARAMS)
        figure = Figure(figsize=(width, height))
        yield figure
        kind = FORMATS[path.suffix.lower()]
        with open_output(path, replace) as file, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph")  # in a script that no font here has: it is drawn as boxes
            figure.savefig(file, format=kind, metadata={"Date": None} if kind == "svg" else None)
