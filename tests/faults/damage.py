"""Damaged checkpoints: cut off anywhere, any bit flipped, sectors zeroed or swapped, bytes added.

Each is refused with CheckpointError, or loads with everything as it was.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from faults.common import OFTEN, Result, Tally, differences, finish, run_command, start, write_text

from charrnn import api
from charrnn.errors import CheckpointError
from charrnn.runs.storage.checkpoint import load, save
from charrnn.runs.storage.directory import BEST, LAST, PREVIOUS

TINY = ("model.hidden_size=8", "training.batch_size=2", "training.steps=12", *OFTEN)
SECTOR = 512  # bytes that a disk writes at once


class Victim:
    """A checkpoint that is damaged."""

    def __init__(self, folder: Path) -> None:
        self.path, self._again = folder / "victim.safetensors", folder / "again.safetensors"
        finish(start(write_text(folder), folder / "run", *TINY))
        self.whole = (folder / "run" / LAST).read_bytes()

    def wrong(self, damaged: bytes) -> list[str]:
        """Errors in how a damaged file is read."""
        self.path.write_bytes(damaged)
        try:
            loaded = load(self.path)
        except CheckpointError as error:
            return [] if str(error).startswith(f"{self.path}: ") and "\n" not in str(error) else [f"says {error}"]
        except BaseException as error:
            return [f"raised {type(error).__name__}: {error}"]
        save(loaded, self._again)
        return [] if self._again.read_bytes() == self.whole else ["was read as another checkpoint"]


def truncations(folder: Path, every: int = 1) -> Result:
    """Cut off at each length from 0 to one byte less than the whole."""
    victim, tally = Victim(folder), Tally("truncations")
    for size in range(0, len(victim.whole), every):
        tally.record(f"{size} bytes", victim.wrong(victim.whole[:size]))
    tally.record("the whole", victim.wrong(victim.whole))
    return tally.result(f"a checkpoint of {len(victim.whole):,} bytes")


def flips(folder: Path, count: int = 10_000, seed: int = 0) -> Result:
    """One bit, anywhere, is flipped."""
    victim, tally, chance = Victim(folder), Tally("flipped bits", seed), random.Random(seed)
    for _ in range(count):
        bit = chance.randrange(8 * len(victim.whole))
        damaged = bytearray(victim.whole)
        damaged[bit // 8] ^= 1 << bit % 8
        tally.record(f"bit {bit}", victim.wrong(bytes(damaged)))
    return tally.result(f"a checkpoint of {len(victim.whole):,} bytes")


def blocks(folder: Path, count: int = 1_000, seed: int = 0) -> Result:
    """Sectors zeroed (each of them), swapped, repeated or of another checkpoint; bytes added, removed or shifted."""
    victim, tally, chance = Victim(folder), Tally("damaged blocks", seed), random.Random(seed)
    for start_of in range(0, len(victim.whole), SECTOR):
        tally.record(f"sector at {start_of} zeroed", victim.wrong(_with(victim.whole, start_of, bytes(SECTOR))))
    kinds: list[Callable[[bytes, random.Random], bytes]] = [_swapped, _repeated, _longer, _without, _shifted, _noise]
    for number in range(count):
        damage = kinds[number % len(kinds)]
        tally.record(f"damage {number}, {damage.__name__}", victim.wrong(damage(victim.whole, chance)))
    return tally.result()


def _with(whole: bytes, place: int, block: bytes) -> bytes:
    return (whole[:place] + block[: len(whole) - place] + whole[place + len(block) :])[: len(whole)]


def _two_sectors(whole: bytes, chance: random.Random) -> tuple[int, int]:
    return tuple(sorted(chance.sample(range(0, len(whole) - SECTOR, SECTOR), 2)))  # type: ignore[return-value]


def _swapped(whole: bytes, chance: random.Random) -> bytes:
    first, second = _two_sectors(whole, chance)
    one, other = whole[first : first + SECTOR], whole[second : second + SECTOR]
    return _with(_with(whole, first, other), second, one)


def _repeated(whole: bytes, chance: random.Random) -> bytes:
    first, second = _two_sectors(whole, chance)
    return _with(whole, second, whole[first : first + SECTOR])


def _longer(whole: bytes, chance: random.Random) -> bytes:
    return whole + chance.choice([chance.randbytes(1 + chance.randrange(SECTOR)), bytes(SECTOR), whole])


def _without(whole: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(whole))
    return whole[:place] + whole[place + 1 + chance.randrange(SECTOR) :]


def _shifted(whole: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(whole))
    return (whole[:place] + chance.randbytes(1) + whole[place:])[: len(whole)]


def _noise(whole: bytes, chance: random.Random) -> bytes:
    return _with(whole, chance.randrange(len(whole)), chance.randbytes(1 + chance.randrange(16)))


def in_a_run(folder: Path) -> Result:
    """The last checkpoint of a run is damaged: resume and sample use the previous one, and report it."""
    tally, text, whole = Tally("damaged last checkpoint of a run"), write_text(folder), folder / "whole"
    finish(start(text, whole, *TINY))
    for name, damage in _damages():
        run = folder / name
        finish(start(text, run, *TINY))
        (run / BEST).unlink()
        damage(run / LAST)
        code, error = run_command(["sample", str(run), "-n", "5"])
        tally.record(f"sample, {name}", _said(code, error))
        resumed = api.resume(run)
        wrong = [] if any(PREVIOUS in note for note in resumed.plan.notes) else ["resume did not say so"]
        finish(resumed)
        tally.record(f"resume, {name}", wrong + [d for d in differences(run, whole) if not d.startswith(BEST)])
        for checkpoint in (LAST, PREVIOUS):
            (run / checkpoint).write_bytes(b"neither")
        code, error = run_command(["train", "--resume", str(run)])
        tally.record(f"both, {name}", [] if code == 1 and _is_one_error(error) else [f"code {code}: {error}"])
    return tally.result()


def _damages() -> Iterator[tuple[str, Callable[[Path], object]]]:
    yield "cut-off", lambda path: path.write_bytes(path.read_bytes()[:-1])
    yield "flipped", lambda path: path.write_bytes(path.read_bytes()[:-1] + bytes([path.read_bytes()[-1] ^ 1]))
    yield "empty", lambda path: path.write_bytes(b"")
    yield "gone", lambda path: path.unlink()


def _said(code: int, error: str) -> list[str]:
    return [] if code == 0 and PREVIOUS in error and "Traceback" not in error else [f"code {code}: {error}"]


def _is_one_error(error: str) -> bool:
    return error.startswith("error:") and "Traceback" not in error
