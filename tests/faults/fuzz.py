"""Coverage-guided fuzzing of what reads files: nothing but a CharrnnError may come out, soon, and in little memory.

    pip install '.[fuzz]'
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
import bz2
import gzip
import hashlib
import importlib.util
import json
import lzma
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where the tests find each other

SECONDS, MEGABYTES = 2.0, 200.0  # of the processor and of memory, for one input
HARD_LIMIT = 60  # seconds by the clock, after which libFuzzer ends an execution
MOST_DOUBTS = 20  # inputs that were slow or large under the fuzzer and are measured again
MISSING = "atheris is not installed: pip install '.[fuzz]'"
ESCAPED, UNABLE = 1, 2
ENCODINGS = ("utf-8", "utf-16", "latin-1", "utf-7", "utf-8-sig", "utf-32", "cp1252", "shift_jis", "unicode_escape")
ENDINGS: dict[str, Callable[[bytes], bytes]] = {
    ".txt": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lambda data: lzma.compress(data, preset=0),
}
LONGEST = {"configuration": 1 << 14, "settings": 1 << 12, "checkpoint": 1 << 14, "sealed": 1 << 14, "text": 1 << 14}


class UnusableError(Exception):
    """What was read without complaint is not what it should be."""


@dataclass(frozen=True)
class Result:
    """What a time of fuzzing gave; `escapes` are the files of the inputs, one for each place something escaped from."""

    name: str
    executions: int
    seconds: float
    escapes: tuple[Path, ...]

    def __str__(self) -> str:
        return f"fuzz {self.name}: {self.executions:,} executions in {self.seconds:.0f} s, {len(self.escapes)} escapes"


# What is done with one input: each takes its bytes and a folder for files.


def read_configuration(data: bytes, folder: Path) -> None:
    """The bytes as a configuration file, which must survive being written and read again."""
    from charrnn.runs.configuration import resolve

    path = folder / "c.yaml"
    path.write_bytes(data)
    _require_round_trip(resolve(str(path)).config, folder)


def read_settings(data: bytes, folder: Path) -> None:
    """Each line as the value of a --set."""
    from charrnn.runs.configuration import resolve

    settings = data.decode("utf-8", "surrogateescape").split("\n")
    _require_round_trip(resolve(None, settings).config, folder)


def read_checkpoint(data: bytes, folder: Path) -> None:
    """The bytes as a checkpoint; what loads must be the same when saved and loaded again, and must write."""
    from charrnn.generation.generator import Generator
    from charrnn.generation.sampling import Options
    from charrnn.runs.checkpoint import load, save

    path, again = folder / "a.safetensors", folder / "b.safetensors"
    path.write_bytes(data)
    first = load(path)
    save(first, again)
    second = load(again)
    if second.network.parameters.flat.tobytes() != first.network.parameters.flat.tobytes():
        raise UnusableError("other parameters after saving and loading")
    if (second.config, second.vocabulary, second.progress) != (first.config, first.vocabulary, first.progress):
        raise UnusableError("another configuration, vocabulary or progress after saving and loading")
    "".join(Generator(first.network, first.vocabulary).generate("", 3, Options(), 0))


def read_text(data: bytes, folder: Path) -> None:
    """The bytes as a text, in one of many encodings and compressions, whole and in pieces of a few bytes."""
    from charrnn.errors import CharrnnError
    from charrnn.text import corpus, source

    if len(data) < 2:
        return
    how, ending, content = data[0], list(ENDINGS)[data[1] % len(ENDINGS)], data[2:]
    unit, encoding = ("byte" if how >= 0xC0 else "char"), ENCODINGS[how % len(ENCODINGS)]
    path = folder / f"text{ending}"
    if data[1] & 0x40:
        content = _damaged(ENDINGS[ending](content), content) if data[1] & 0x80 else ENDINGS[ending](content)
    path.write_bytes(content)

    def read(piece: int) -> Any:
        source.PIECE = piece
        try:
            return corpus.read_text([str(path)], unit, encoding)
        except CharrnnError as error:
            return error
        finally:
            source.PIECE = 1 << 20

    text, slowly = read(1 << 20), read(1 + data[1] // 4 % 16)
    if isinstance(text, Exception) != isinstance(slowly, Exception):
        raise UnusableError(f"read at once: {text}; read in small pieces: {slowly}")
    if isinstance(text, Exception):
        raise text
    if text.sha256 != slowly.sha256:
        raise UnusableError("another text when read in small pieces")
    vocabulary = text.vocabulary(1)
    built = corpus.build(text, vocabulary, (1.0, 0.0, 0.0))
    if unit == "char" and vocabulary.decode(built.ids.tolist()) != text.content:
        raise UnusableError("the ids are not those of the text")


def _damaged(packed: bytes, content: bytes) -> bytes:
    """A compressed file with one byte changed, where and how its content says: the fuzzer alone seldom gets past its first."""
    if not packed or not content:
        return packed
    place = content[0] % len(packed)
    return packed[:place] + bytes([packed[place] ^ (content[-1] | 1)]) + packed[place + 1 :]


TARGETS: dict[str, Callable[[bytes, Path], None]] = {
    "configuration": read_configuration,
    "settings": read_settings,
    "checkpoint": read_checkpoint,
    "sealed": read_checkpoint,
    "text": read_text,
}


def _require_round_trip(config: Any, folder: Path) -> None:
    from charrnn.runs.configuration import resolve, to_yaml

    path = folder / "again.yaml"
    path.write_text(to_yaml(config), "utf-8")
    if resolve(str(path)).config != config:
        raise UnusableError("to_yaml changed the configuration")


# What fuzzing starts from.


def write_seeds(target: str, folder: Path) -> None:
    """Inputs that are read without complaint, for the fuzzer to change."""
    for number, data in enumerate(_seeds(target, folder)):
        (folder / f"seed-{number}").write_bytes(data)


def _seeds(target: str, folder: Path) -> list[bytes]:
    if target == "configuration":
        from charrnn.runs.config import Config
        from charrnn.runs.configuration import to_yaml
        from charrnn.text.source import shipped

        shipped_files = [path.read_bytes() for path in sorted(shipped("configs").glob("*.yaml"))]
        tagged = b'training: {steps: !!int 5, epochs: !!float "3"}\nmodel: {cell: !!str rnn}\n'
        more = b"model: &a {hidden_size: &b 5, num_layers: *b}\n? data\n: {split: [1, 0, 0], min_count: !!int 2}\n"
        return [to_yaml(Config()).encode(), *shipped_files, b"model: {hidden_size: 5}\n", tagged, more]
    if target == "settings":
        return [
            b"model.hidden_size=5",
            b"model={cell: gru, num_layers: 2}\ntraining.steps=1e3",
            b"data.split=[1, 0, 0]",
        ]
    if target == "text":
        text = "Tom, née Zoë: 'why?'\r\nэто да.\n".encode()
        told = [bytes([how, how]) + text for how in (0, 1, 2, 3, 0x40, 0x41, 0x42, 0x43, 0xC0, 0xC1, 0xC2, 0xC3)]
        packed = [bytes([0, number]) + pack(text) for number, pack in enumerate(ENDINGS.values())]
        return [*told, *packed, b"\x01\x40h\0i\0\n\0"]
    return _checkpoints(folder)


def _checkpoints(folder: Path) -> list[bytes]:
    from faults.sealing import small_checkpoint

    path = folder.parent / "seed.safetensors"
    kinds: list[tuple[str, ...]] = [
        ("training.optimizer=sgd",),
        ("model.cell=lstm", "model.num_layers=2", "training.precision=float64"),
        ("model.cell=gru", "training.optimizer=momentum"),
        ("data.unit=byte", "model.hidden_size=1", "training.optimizer=sgd"),
    ]
    return [small_checkpoint(path, *kind).read_bytes() for kind in kinds]


def words(target: str) -> list[str]:
    """What the fuzzer may put into an input as one piece."""
    from charrnn.runs.configuration import known_keys

    keys = {part for key in known_keys() for part in key.split(".")}
    yaml = [
        "!!bool ",
        "!!null ",
        "!!binary ",
        "!!set ",
        "!!omap ",
        "!!timestamp ",
        "!!float ",
        "!!int ",
        "<<: ",
        "&a ",
        "*a",
        "? ",
        "- ",
        "--- ",
        "{",
        "}",
    ]
    json_words = [
        "__metadata__",
        "sha256",
        "charrnn",
        "dtype",
        "shape",
        "data_offsets",
        "F32",
        "F64",
        "I64",
        "parameters.",
        "state",
    ]
    odd = ["1e400", ".inf", ".nan", "null", "true", "-1", "9" * 30, "\ud800".encode("unicode_escape").decode()]
    return sorted({*keys, *odd, *(yaml if target in ("configuration", "settings") else json_words)})


# Structure-aware changes of checkpoints.

HOSTILE: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 1.5, 1e308, 2**31, 2**63, -(2**63), 10**18, 10**30, 10**400, "", "a", "\n", "\0", "\ud800", "a\u202e",
    "float64", "F64", "BF16", [], {}, [0], [[]], [0, 10**18], {"": 0}, ["a", "a"], {"a": "b"}, "x" * 5000, [0] * 2000,
)  # fmt: skip


def changed_checkpoint(data: bytes, mutate: Callable[[bytes, int], bytes], chance: random.Random) -> bytes:
    """The file with bytes or values of its header, record or tensors changed, and sealed again."""
    from faults.sealing import assembled, contents, described, parts, sealed

    header, tensors = parts(data)
    way = chance.randrange(6)
    if way == 0:
        return sealed(mutate(header, 1 << 13), tensors)
    if way == 1:
        return sealed(header, mutate(tensors, 1 << 13))
    try:
        content, record, tensors = contents(data)
        if way == 2:
            record = mutate(json.dumps(record).encode(), 1 << 13).decode("utf-8", "replace")
        elif way == 3:
            return sealed(described(_with_a_change(content, chance)), tensors)
        else:
            record = _with_a_change(record, chance)
        return assembled(content, record, tensors)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return sealed(mutate(header, 1 << 13), tensors)


def _with_a_change(value: Any, chance: random.Random) -> Any:
    """The same tree with one of its nodes replaced, left out, doubled or renamed."""
    if not isinstance(value, dict | list) or not value or chance.random() < 0.1:
        return chance.choice(HOSTILE)
    copy = dict(value) if isinstance(value, dict) else list(value)
    key = chance.choice([*copy]) if isinstance(copy, dict) else chance.randrange(len(copy))
    way = chance.random()
    if way < 0.1:
        del copy[key]
    elif way < 0.2 and isinstance(copy, dict):
        copy[chance.choice(["a\nb", "", "\ud800", "step", "state", "parameters.", "x" * 300])] = copy.pop(key)
    elif way < 0.2 and isinstance(copy, list):
        copy.insert(key, copy[key])
    else:
        copy[key] = _with_a_change(copy[key], chance)
    return copy


# The process that fuzzes, and the one that runs an input again.


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
    """Exception and place of what escapes from an execution; None where nothing does."""
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
    """The most memory that this process had, in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def replay(target: str, file: Path) -> str | None:
    """What is wrong with one input, measured in this process, which must be fresh; None where nothing is."""
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
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped))
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
    told = done.stderr.decode("utf-8", "replace")
    number = re.search(r"stat::number_of_executed_units:\s*(\d+)", told)
    escapes = _confirmed(target, place / "escapes")
    if number is None or (done.returncode != 0 and not escapes):
        raise RuntimeError(f"fuzz {target}: the process ended with {done.returncode}:\n{told[-2000:]}")
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
    """A folder in memory, where the system has one: each execution writes a file."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> int:
    """The exit code: 0 nothing escaped, 1 something did, 2 the fuzzer is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--folder", type=Path, help="keep corpus and escapes here; default: a new temporary folder")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run this one input and tell what comes of it")
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
