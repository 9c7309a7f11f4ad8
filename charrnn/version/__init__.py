"""The version, and a refusal to run below another package's files.

On the package index, `charrnn` is a program of 2017 with the same folder and the same command; this one is
`charrnn-numpy` there. Who installs the other over this one gets its `__init__.py`, whose first import is `.version`.
A package is found before a module of the same name: this one, before the other's version.py. So it can say what
happened, where Python would only say that some module is missing.
"""

import sys
from pathlib import Path

__version__ = "0.1.0"
REPLACED = (
    "another package named charrnn replaced or removed files of this one; "
    "type pip uninstall -y charrnn charrnn-numpy, then install this one again"
)


def _stop_below_another_package() -> None:
    """Raise ImportError, or for the command SystemExit, if the package that imports this module is another one."""
    package = sys.modules[__name__.rpartition(".")[0]]
    if package.__file__ and not hasattr(package, "__author__"):  # which the other one sets first
        return
    if Path(sys.argv[0]).stem in ("charrnn", "charrnn-numpy", "-m"):
        raise SystemExit(f"error: {REPLACED}")
    raise ImportError(REPLACED)


_stop_below_another_package()
