"""Saved results: a JSON line for each, so that an interrupted benchmark can continue and a table can be printed without measuring."""

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

Result = dict[str, Any]


def base_parser(
    name: str, description: str | None, seeds: int | None = None, folder: str | None = None
) -> argparse.ArgumentParser:
    """A parser with the options of every `python tests/benchmarks NAME`: --out (in `folder`, where it is not `name`), --table, and
    --seeds if `seeds` is given.
    """
    parser = argparse.ArgumentParser(
        f"python tests/benchmarks {name}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    out = Path("measured", folder or name)
    parser.add_argument(
        "--out", type=Path, default=out, help=f"folder of the results, to save and to continue; default {out}"
    )
    parser.add_argument("--table", action="store_true", help="print the saved results without measuring")
    if seeds is not None:
        parser.add_argument(
            "--seeds", type=int, default=seeds, metavar="N", help=f"use the seeds 0 to N - 1; default {seeds}"
        )
    return parser


class ResultsFile:
    """Results in a JSON Lines file. Each line has its key (what was measured), the machine, and the result."""

    def __init__(self, path: Path, machine: str) -> None:
        self.path, self._machine = path, machine
        self.results: list[Result] = (
            list(map(json.loads, path.read_text("utf-8").splitlines())) if path.exists() else []
        )

    def matching(self, **key: Any) -> list[Result]:
        """All results that have these values."""
        return [result for result in self.results if key.items() <= result.items()]

    def get_or_measure(self, key: Result, measure: Callable[[], Result]) -> Result:
        """The saved result of this key; without one, call `measure` and save its result."""
        if saved := self.matching(**key):
            return saved[-1]
        result = {**key, "machine": self._machine, **measure()}
        self.results.append(result)
        self._write()
        return result

    def measured_on(self) -> str:
        """A sentence that names the machines of the results."""
        machines = sorted({result["machine"] for result in self.results})
        return f"Measured on {'; '.join(machines)}." if machines else f"{self.path}: nothing is measured yet."

    def _write(self) -> None:
        """Replace the whole file at once, so that an interruption leaves no half-written line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text("".join(json.dumps(result) + "\n" for result in self.results), "utf-8")
        os.replace(new, self.path)
