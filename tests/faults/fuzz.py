"""Coverage-guided fuzzing of what reads files: nothing but a CharrnnError may come out, soon, and in little memory.

    pip install --group fuzz
    python tests/faults/fuzz.py TARGET --seconds 60         fuzz; exit code 1 where something escaped
    python tests/faults/fuzz.py TARGET --replay FILE        run one input again, without the fuzzer

Targets: configuration (a file), settings (one --set a line), checkpoint (its raw bytes), sealed (the same with a digest
that is always right, so that the checks behind it are reached), text (two bytes say how it is read, the rest is it).

An escape is any exception but CharrnnError, more than 2 s of the processor's time, more than 200 MB, or a result that
cannot be used: a checkpoint that is not the same when saved and loaded again, a configuration that `to_yaml` changes,
a text that depends on how many bytes are read at once. Time and memory are measured again in a process of its own,
without the fuzzer's instruments, before they count.
"""

import argparse
import hashlib
import importlib.util
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where the tests find each other
from faults.fuzz_inputs import TARGETS, changed_checkpoint, words, write_seeds

SECONDS, MEGABYTES = 2.0, 200.0  # of the processor and of memory, for one input
HARD_LIMIT = 60  # seconds by the clock, after which libFuzzer ends an execution
MOST_DOUBTS = 20  # inputs that were slow or large under the fuzzer and are measured again
MISSING = "atheris is not installed: pip install --group fuzz"
ESCAPED, UNABLE = 1, 2
LONGEST = {"configuration": 1 << 14, "settings": 1 << 12, "checkpoint": 1 << 14, "sealed": 1 << 14, "text": 1 << 14}


@dataclass(frozen=True)
class Result:
    """The result of fuzzing; `escapes` are the files of the inputs, one for each place something escaped from."""

    name: str
    executions: int
    seconds: float
    escapes: tuple[Path, ...]

    def __str__(self) -> str:
        return f"fuzz {self.name}: {self.executions:,} executions in {self.seconds:.0f} s, {len(self.escapes)} escapes"


class Watch:
    """Runs inputs and keeps the first one of each kind that escapes."""

    def __init__(self, target: str, folder: Path) -> None:
        self._target, self._work, self._escapes = target, folder / "work", folder / "escapes"
        self._work.mkdir(exist_ok=True)
        self._escapes.mkdir(exist_ok=True)
        self._most, self._seen, self._doubts = peak() + MEGABYTES, set[str](), 0

    def __call__(self, data: bytes) -> None:
        """One execution. What escapes is written to a file named after its kind, and fuzzing goes on."""
        began = time.process_time()
        kind = escape_of(self._target, data, self._work)
        if kind is None and time.process_time() - began > SECONDS:
            kind = "slow"
        if kind is None and peak() > self._most:
            kind, self._most = "large", peak() + MEGABYTES / 4
        if kind in ("slow", "large"):
            self._doubts += 1
            kind = f"{kind}-{self._doubts}" if self._doubts <= MOST_DOUBTS else None
        if kind is not None and kind not in self._seen:
            self._seen.add(kind)
            name = f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', kind)}-{hashlib.sha256(data).hexdigest()[:8]}"
            (self._escapes / name).write_bytes(data)


def escape_of(target: str, data: bytes, folder: Path) -> str | None:
    """Exception and place of an error that escapes from an execution; None if none does."""
    from charrnn.errors import CharrnnError

    try:
        TARGETS[target](data, folder)
    except CharrnnError:
        return None
    except Exception as error:
        places = [
            frame for frame in traceback.extract_tb(error.__traceback__) if "charrnn" in Path(frame.filename).parts
        ]
        place = f"{Path(places[-1].filename).name}.{places[-1].lineno}" if places else "here"
        return f"{type(error).__name__}-{place}"
    return None


def peak() -> float:
    """The peak memory of this process in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def replay(target: str, file: Path) -> str | None:
    """The error of one input, measured in this process, which must be fresh; None if there is none."""
    with tempfile.TemporaryDirectory() as folder:
        escape_of(target, b"\0\0", Path(folder))  # everything is imported before it is measured
        before, began = peak(), time.process_time()
        try:
            TARGETS[target](file.read_bytes(), Path(folder))
        except Exception as error:
            from charrnn.errors import CharrnnError

            if not isinstance(error, CharrnnError):
                return "".join(traceback.format_exception(error))
            print(f"{type(error).__name__}: {error}"[:300])
        seconds, megabytes = time.process_time() - began, peak() - before
    print(f"{seconds:.2f} s, {megabytes:.0f} MB")
    if seconds > SECONDS or megabytes > MEGABYTES:
        return f"{seconds:.2f} s of at most {SECONDS:g}, {megabytes:.0f} MB of at most {MEGABYTES:g}"
    return None


def _fuzz_here(target: str, folder: Path, arguments: list[str]) -> None:
    """Never returns: libFuzzer ends the process."""
    import atheris

    with ExitStack() as stack:
        stack.enter_context(atheris.instrument_imports(include=["charrnn", "yaml", "gzip"]))
        import charrnn.api  # noqa: F401
    watch = Watch(target, folder)

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        changed = changed_checkpoint(data, lambda part, size: bytes(atheris.Mutate(part, size)), random.Random(seed))
        return changed[:most] if len(changed) > most else changed

    custom = {"custom_mutator": mutator} if target == "sealed" else {}
    atheris.Setup([sys.argv[0], *arguments], watch, **custom)
    atheris.Fuzz()


def _arguments(target: str, folder: Path, seconds: float) -> list[str]:
    dictionary = folder / "words"
    escaped = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in words(target))
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped), "utf-8")
    return [
        f"-max_total_time={max(1, round(seconds))}",
        f"-timeout={HARD_LIMIT}",
        "-rss_limit_mb=4096",
        f"-max_len={LONGEST[target]}",
        f"-dict={dictionary}",
        f"-artifact_prefix={folder}/escapes/",
        "-print_final_stats=1",
        "-verbosity=0",
        str(folder / "corpus"),
    ]


def fuzz(target: str, seconds: float, folder: Path | None = None) -> Result:
    """Fuzz one target for a while, in a process of its own; `folder` keeps corpus and escapes, and is taken up again.

    Raises RuntimeError where atheris is missing, or the process ends without a number of executions.
    """
    if importlib.util.find_spec("atheris") is None:
        raise RuntimeError(MISSING)
    place = (folder or Path(tempfile.mkdtemp(prefix="fuzz-", dir=_memory()))) / target
    for name in ("corpus", "escapes", "work"):
        (place / name).mkdir(parents=True, exist_ok=True)
    write_seeds(target, place / "corpus")
    command = [sys.executable, __file__, target, "--inside", str(place), *_arguments(target, place, seconds)]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, timeout=seconds + 10 * HARD_LIMIT, check=False)
    took = time.monotonic() - began
    output = done.stderr.decode("utf-8", "replace")
    number = re.search(r"stat::number_of_executed_units:\s*(\d+)", output)
    escapes = _confirmed(target, place / "escapes")
    if number is None or (done.returncode != 0 and not escapes):
        raise RuntimeError(f"fuzz {target}: the process ended with {done.returncode}:\n{output[-2000:]}")
    if folder is None and not escapes:
        shutil.rmtree(place.parent, ignore_errors=True)
    return Result(target, int(number[1]), took, escapes)


def _confirmed(target: str, folder: Path) -> tuple[Path, ...]:
    """The inputs that escape from a process without instruments too; the others, slow because of them, are removed."""
    found = []
    for path in sorted(folder.iterdir()):
        command = [sys.executable, __file__, target, "--replay", str(path)]
        try:
            code = subprocess.run(command, capture_output=True, timeout=2 * HARD_LIMIT, check=False).returncode
        except subprocess.TimeoutExpired:
            code = ESCAPED
        if code == 0:
            path.unlink()
        else:
            found.append(path)
    return tuple(found)


def _memory() -> str | None:
    """A folder in memory if the system has one, because each execution writes a file."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> int:
    """The exit code: 0 nothing escaped, 1 something did, 2 the fuzzer is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--folder", type=Path, help="keep corpus and escapes here; default: a new temporary folder")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run this one input and print the result")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    given, rest = parser.parse_known_args()
    if given.inside:
        _fuzz_here(given.target, given.inside, rest)
    if rest:
        parser.error(f"unknown: {' '.join(rest)}")
    if given.replay:
        problem = replay(given.target, given.replay)
        print(problem or "nothing escaped")
        return ESCAPED if problem else 0
    try:
        result = fuzz(given.target, given.seconds, given.folder)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return UNABLE
    for path in result.escapes:
        print(f"escaped: {path} (python {__file__} {given.target} --replay {path})")
    print(result)
    return ESCAPED if result.escapes else 0


if __name__ == "__main__":
    sys.exit(main())
