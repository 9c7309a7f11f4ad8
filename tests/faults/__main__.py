"""Inject faults into trainings, their files, their disks and their processes; print a line for each kind.

    python tests/faults                     all of it: an hour and a half on two cores
    python tests/faults kills writes        only these sections; see --help
    python tests/faults --quick             all of it in small, about two minutes
    python tests/faults soak --minutes 5    another length

Exit code 1 if anything was lost. Needs Linux for all of it; fuzz needs pip install --group fuzz.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from faults import damage, matrix, race, serving, signals, soak, writes
from faults import kills as kill
from faults.common import Result, skipped

TARGETS = ("configuration", "settings", "checkpoint", "sealed", "text")


@dataclass(frozen=True)
class Size:
    """The amount of work; None: the section's default."""

    quick: bool
    seed: int
    count: int | None
    minutes: float | None

    def number(self, long: int, quick: int) -> int:
        """The number of repetitions."""
        return self.count or (quick if self.quick else long)

    def seconds(self, long: float, quick: float) -> float:
        """The duration."""
        return self.minutes * 60 if self.minutes else (quick if self.quick else long)

    def every(self, quick: int) -> int:
        """Every place, or in the quick form every n-th."""
        return quick if self.quick else 1


def run_kills(size: Size) -> Iterator[Result]:
    """Trainings killed at random instants and at each file operation, or stopped by signals, and resumed."""
    with fresh() as folder:
        yield kill.kills(size.number(100, 4), folder, size.seed)
    with fresh() as folder:
        yield kill.at_each_call(folder, size.every(12))
    with fresh() as folder:
        yield kill.while_workers_start(size.number(20, 2), folder)
    with fresh() as folder:
        yield signals.signals(size.number(60, 6), folder, size.seed)
    for section in (kill.before_the_first_checkpoint, kill.resumed_twice):
        with fresh() as folder:
            yield section(folder)


def run_writes(size: Size) -> Iterator[Result]:
    """Writes that fail at each byte and at each file operation; a full disk."""
    for section, quick in ((writes.limits, 101), (writes.full_after, 101), (writes.trainings, 12)):
        with fresh() as folder:
            yield section(folder, size.every(quick))
    for section in (writes.calls, writes.power_cut, writes.full_disk):
        with fresh() as folder:
            yield section(folder)


def run_truncations(size: Size) -> Iterator[Result]:
    """A checkpoint cut off at each length."""
    with fresh() as folder:
        yield damage.truncations(folder, size.every(20))


def run_flips(size: Size) -> Iterator[Result]:
    """A checkpoint with flipped bits, and with whole sectors damaged; runs whose last checkpoint is damaged."""
    with fresh() as folder:
        yield damage.flips(folder, size.number(10_000, 500), size.seed)
    with fresh() as folder:
        yield damage.blocks(folder, size.number(2_000, 60), size.seed)
    with fresh() as folder:
        yield damage.in_a_run(folder)


def run_matrix(size: Size) -> Iterator[Result]:
    """The same bytes after being stopped twice, for a covering design of the settings."""
    with fresh() as folder:
        yield matrix.matrix(size.number(300, 12), folder, size.seed)


def run_race(size: Size) -> Iterator[Result]:
    """Two trainings in one directory at once."""
    for section in (race.resumes, race.starts):
        with fresh() as folder:
            yield section(size.number(50, 3), folder)


def run_soak(size: Size) -> Iterator[Result]:
    """Memory, files and threads of a long training."""
    with fresh() as folder:
        yield soak.soak(size.seconds(1800, 20), folder)


def run_serve(size: Size) -> Iterator[Result]:
    """A server under mixed load: clients that leave, that are slow, that send nonsense."""
    with fresh() as folder:
        yield serving.serving(size.seconds(600, 10), folder, size.seed)


def run_fuzz(size: Size) -> Iterator[Result]:
    """Readers of configurations, checkpoints and texts fed with what a fuzzer finds, two at a time."""
    from faults.fuzz import fuzz

    def one(target: str) -> Result:
        try:
            found = fuzz(target, size.seconds(720, 5))
        except RuntimeError as error:
            missing = "not installed" in str(error)
            return skipped(f"fuzz {target}", str(error)) if missing else Result(f"fuzz {target}", 1, 0, str(error))
        return Result(
            f"fuzz {target}",
            found.executions,
            found.executions - len(found.escapes),
            ", ".join(map(str, found.escapes)),
        )

    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(one, TARGETS)


SECTIONS: dict[str, Callable[[Size], Iterator[Result]]] = {
    "kills": run_kills,
    "writes": run_writes,
    "truncations": run_truncations,
    "flips": run_flips,
    "matrix": run_matrix,
    "race": run_race,
    "soak": run_soak,
    "serve": run_serve,
    "fuzz": run_fuzz,
}


@contextmanager
def fresh() -> Iterator[Path]:
    """A temporary folder."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        yield Path(folder)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python tests/faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="few of each")
    parser.add_argument("--count", type=int, help="kills, signals, flips, damages, combinations or races to try")
    parser.add_argument("--minutes", type=float, help="how long to soak, to serve, and to fuzz each target")
    parser.add_argument("--seed", type=int, default=0, help="of everything random")
    arguments = parser.parse_args()
    if unknown := set(arguments.sections) - set(SECTIONS):
        parser.error(f"no section {unknown.pop()}; there are {', '.join(SECTIONS)}")
    size = Size(arguments.quick, arguments.seed, arguments.count, arguments.minutes)
    lost = 0
    for name in arguments.sections or SECTIONS:
        print(f"\n{name}: {SECTIONS[name].__doc__}", flush=True)
        began = time.monotonic()
        for result in SECTIONS[name](size):
            lost += result.lost
            print(f"  {result} [{time.monotonic() - began:.0f} s]", flush=True)
            began = time.monotonic()
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
