"""What was measured, kept: a line of JSON for each result, so that a measurement goes on where it was stopped.

What is there is not measured again, and a table can be told from it without measuring anything.
"""

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

Result = dict[str, Any]


def command_line(name: str, told: str | None, seeds: int | None = None) -> argparse.ArgumentParser:
    """What every `python tests/benchmarks NAME` is asked by: --out, --table, and --seeds where several are the rule."""
    parser = argparse.ArgumentParser(
        f"python tests/benchmarks {name}", description=told, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    out = Path("measured", name)
    parser.add_argument("--out", type=Path, default=out, help=f"where results are kept, and go on; default {out}")
    parser.add_argument("--table", action="store_true", help="measure nothing: tell what is kept")
    if seeds is not None:
        parser.add_argument("--seeds", type=int, default=seeds, metavar="N", help=f"0 to N - 1; default {seeds}")
    return parser


class Kept:
    """The results in one file. Each line holds its key (what was measured), the machine, and what was found."""

    def __init__(self, path: Path, machine: str) -> None:
        self.path, self._machine = path, machine
        self.results: list[Result] = list(map(json.loads, path.read_text().splitlines())) if path.exists() else []

    def found(self, **key: Any) -> list[Result]:
        """All results whose lines have these values."""
        return [result for result in self.results if key.items() <= result.items()]

    def or_measured(self, key: Result, measure: Callable[[], Result]) -> Result:
        """The result of this key; measured now, and kept, where there is none."""
        if there := self.found(**key):
            return there[-1]
        result = {**key, "machine": self._machine, **measure()}
        self.results.append(result)
        self._write()
        return result

    def where(self) -> str:
        """On which machines the results were measured, in a sentence."""
        machines = sorted({result["machine"] for result in self.results})
        return f"Measured on {'; '.join(machines)}." if machines else f"{self.path}: nothing is measured yet."

    def _write(self) -> None:
        """The whole file anew and in one go: whenever it is stopped, no line is half a line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text("".join(json.dumps(result) + "\n" for result in self.results))
        os.replace(new, self.path)
