"""What a report of a fault needs to say about charrnn, its libraries and the machine."""

import os
import platform
import sys
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from charrnn.cli.output.console import result_console, write_json
from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.cli.output.tables import terminal_columns
from charrnn.package import FOLDER
from charrnn.system.cores import usable_cores
from charrnn.system.machine import (
    OPTIONAL,
    REQUIRED,
    blas_libraries,
    processor_name,
    python_build,
    system_name,
    versions_of,
    without_home,
)
from charrnn.system.memory import total_memory
from charrnn.system.vector_extensions import vector_extensions
from charrnn.text import cache
from charrnn.version import __version__
from charrnn.words import plural


def show(json: bool) -> None:
    """Print a line `name: value` for each fact, or JSON. Changes nothing."""
    found = facts()
    if json:
        write_json(found)
        return
    console = result_console()
    for name, value in lines(found):
        console.print(Text(f"{name}: ", "bold") + mark_unsafe_line(value), soft_wrap=True)


def facts() -> dict[str, Any]:
    """The object of `--json`; memory in bytes."""
    console = result_console()
    return {
        "charrnn": {"version": __version__, "folder": without_home(FOLDER)},
        "python": python_build(),
        "system": system_name(),
        "processor": {"name": processor_name(), "architecture": platform.machine()},
        "cores": {"usable": len(usable_cores()), "present": os.cpu_count()},
        "memory": total_memory(),
        "numpy": versions_of(["numpy"])["numpy"],
        "vector_extensions": vector_extensions(),
        "blas": [{"library": library, "threads": threads} for library, threads in blas_libraries()],
        "libraries": versions_of(REQUIRED),
        "optional_libraries": versions_of(OPTIONAL),
        "terminal": {
            "columns": terminal_columns(console),
            "colours": console.color_system,
            "encoding": sys.stdout.encoding,
        },
        "cache": without_home(cache.folder()),
    }


def lines(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each fact with its name, to be pasted into a form."""
    optional, terminal = found["optional_libraries"], found["terminal"]
    missing = ", ".join(name for name, version in optional.items() if version is None)
    note = f"; not here: {missing}" if missing else ""
    yield "charrnn", f"{found['charrnn']['version']}, in {found['charrnn']['folder']}"
    yield "Python", found["python"]
    yield "system", found["system"]
    yield "processor", f"{found['processor']['name']}, {found['processor']['architecture']}"
    yield "cores", f"{found['cores']['usable']} may be used of {found['cores']['present'] or 'an unknown number'}"
    yield "memory", "unknown" if found["memory"] is None else f"{found['memory'] / 1e9:.1f} GB"
    yield "NumPy", f"{found['numpy']}, vector extensions: {' '.join(found['vector_extensions']) or 'none found'}"
    blas = [f"{each['library']}, {plural(each['threads'], 'thread')}" for each in found["blas"]]
    yield "BLAS", ", ".join(blas) or "unknown"
    yield "libraries", _named(found["libraries"])
    yield "optional libraries", f"{_named(optional) or 'none'}{note}"
    shown = f"{terminal['columns']} columns, colours {terminal['colours'] or 'none'}"
    where = "none, a pipe or a file" if terminal["columns"] is None else shown
    yield "terminal", f"{where}; encoding {terminal['encoding']}"
    yield "cache of long texts", found["cache"]


def _named(versions: dict[str, str | None]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items() if version is not None)
