"""The rows of the table: texts, and for each the ways to train on it and how many seeds."""

import hashlib
import lzma
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from published.by_length import BUILT_IN
from published.results_file import Result
from published.text import TEXT

BOOKS = Path(os.environ.get("ENGLISH_BOOKS", str(Path(TEXT).parent / "english")))
GATSBY = BOOKS / "great_gatsby.txt.xz"
SCRATCH, BASE = "scratch", "base"
BOTH = (SCRATCH, BASE)
VALID = 0.1  # the last tenth, by nanoGPT's protocol


@dataclass(frozen=True)
class Row:
    """A part of a file in characters (`length` None: to its end), the methods to train on it, for how long (None: by the recipe),
    and with how many seeds.
    """

    name: str
    file: Path
    begin: int = 0
    length: int | None = None
    methods: tuple[str, ...] = BOTH
    time: str | None = None
    seeds: int = 1

    def read(self) -> str:
        """Its characters, with the ends of lines as they are in the file.

        Raises SystemExit if the file is not there, cannot be read or decoded, or is too short.
        """
        try:
            data = self.file.read_bytes()
            text = (lzma.decompress(data) if self.file.suffix == ".xz" else data).decode("utf-8")
        except OSError as error:
            raise SystemExit(f"{self.file}: {error.strerror}; {WHERE}") from None
        except (lzma.LZMAError, UnicodeDecodeError) as error:
            raise SystemExit(f"{self.file}: {error}") from None
        end = len(text) if self.length is None else self.begin + self.length
        if end > len(text):
            raise SystemExit(f"{self.file}: {len(text):,} characters; {self.name} needs {end:,}")
        return text[self.begin : end]


WHERE = "set TINYSHAKESPEARE to the path of that text, ENGLISH_BOOKS to the folder of the books"
STORY, SHAKESPEARE = BUILT_IN, Path(TEXT)
ROWS = {
    row.name: row
    for row in (
        Row("story-60k", STORY, 0, 60_000, seeds=3),
        Row("shakespeare-60k", SHAKESPEARE, 300_000, 60_000, seeds=3),
        Row("gatsby-60k", GATSBY, 0, 60_000, seeds=3),
        Row("story", STORY),
        Row("story-10k", STORY, 0, 10_000),
        Row("gatsby-10k", GATSBY, 0, 10_000),
        Row("story-5k", STORY, 0, 5_000),
        Row("gatsby-5k", GATSBY, 0, 5_000),
        Row("shakespeare", SHAKESPEARE, methods=(BASE,), time="15m"),
    )
}


def find(names: Iterable[str]) -> list[Row]:
    """The rows of these names; the path of a file is a row of its own. Raises SystemExit for anything else."""
    found = []
    for name in names:
        if name not in ROWS and not Path(name).is_file():
            raise SystemExit(f"{name}: no row, and no file; the rows are {', '.join(ROWS)}")
        found.append(ROWS.get(name) or Row(Path(name).name, Path(name)))
    return found


def split(text: str) -> tuple[str, str]:
    """The text to train on and the validation split, by nanoGPT's protocol."""
    cut = int((1 - VALID) * len(text))
    return text[:cut], text[cut:]


def newest(results: Iterable[Result]) -> dict[tuple[str, str, int], Result]:
    """The newest result of each (row, method, seed): those of an earlier base or recipe stay in the file, but not in a table."""
    return {(result["row"], result["method"], result["seed"]): result for result in results}


def trainings(results: Iterable[Result], names: Iterable[str]) -> Iterator[Result]:
    """The measured trainings with seed 0 of the rows of these names. Raises SystemExit for a row without one."""
    found = newest(results)
    for name in names:
        methods = [method for method in BOTH if (name, method, 0) in found]
        if not methods:
            raise SystemExit(f"{name}: not measured yet: python tests/benchmarks base {name}")
        yield from (found[name, method, 0] for method in methods)


def digest(data: bytes) -> str:
    """The beginning of the SHA-256 of these bytes."""
    return hashlib.sha256(data).hexdigest()[:12]


def base_digest(run: str) -> str:
    """The digest of the checkpoint that `run` names: a file, a run directory (its best), or a base that is shipped.

    Raises SystemExit if there is none.
    """
    from charrnn.package import shipped

    path = (
        shipped("corpora") / f"{run.removeprefix('builtin:')}.safetensors" if run.startswith("builtin:") else Path(run)
    )
    for file in (path, path / "best.safetensors", Path("runs") / path / "best.safetensors"):
        if file.is_file():
            return digest(file.read_bytes())
    raise SystemExit(f"{run}: no checkpoint, and no run directory with one")
