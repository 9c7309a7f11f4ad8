"""Fuzzing targets, their first inputs, and changes of checkpoints that keep the digest valid."""

import bz2
import gzip
import json
import lzma
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

ENCODINGS = ("utf-8", "utf-16", "latin-1", "utf-7", "utf-8-sig", "utf-32", "cp1252", "shift_jis", "gb18030")
ENDINGS: dict[str, Callable[[bytes], bytes]] = {
    ".txt": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lambda data: lzma.compress(data, preset=0),
}


class UnusableError(Exception):
    """A value that was read without an error is wrong."""


# What is done with one input: each takes its bytes and a folder for files.


def read_configuration(data: bytes, folder: Path) -> None:
    """The bytes as a configuration file, which must survive being written and read again."""
    from charrnn.config.resolve import resolve

    path = folder / "c.yaml"
    path.write_bytes(data)
    _require_round_trip(resolve(str(path)).config, folder)


def read_settings(data: bytes, folder: Path) -> None:
    """Each line as the value of a --set."""
    from charrnn.config.resolve import resolve

    settings = data.decode("utf-8", "surrogateescape").split("\n")
    _require_round_trip(resolve(None, settings).config, folder)


def read_checkpoint(data: bytes, folder: Path) -> None:
    """The bytes as a checkpoint; what loads must be the same when saved and loaded again, and must write."""
    from charrnn.generation.generator import Generator
    from charrnn.generation.predictors import NetworkPredictor
    from charrnn.generation.sample_request import SampleRequest
    from charrnn.runs.storage.checkpoint import load, save

    path, again = folder / "a.safetensors", folder / "b.safetensors"
    path.write_bytes(data)
    first = load(path)
    save(first, again)
    second = load(again)
    if second.network.parameters.flat.tobytes() != first.network.parameters.flat.tobytes():
        raise UnusableError("other parameters after saving and loading")
    if (second.config, second.vocabulary, second.progress) != (first.config, first.vocabulary, first.progress):
        raise UnusableError("another configuration, vocabulary or progress after saving and loading")
    "".join(Generator(NetworkPredictor(first.network), first.vocabulary).stream(SampleRequest("", 3), 0))


def read_text(data: bytes, folder: Path) -> None:
    """The bytes as a text, in one of many encodings and compressions, whole and in pieces of a few bytes."""
    from charrnn.errors import CharrnnError
    from charrnn.text import corpus, source_text
    from charrnn.text.reading import sources
    from charrnn.text.splits import Split

    if len(data) < 2:
        return
    how, ending, content = data[0], list(ENDINGS)[data[1] % len(ENDINGS)], data[2:]
    unit, encoding = ("byte" if how >= 0xC0 else "char"), ENCODINGS[how % len(ENCODINGS)]
    path = folder / f"text{ending}"
    if data[1] & 0x40:
        content = _damaged(ENDINGS[ending](content), content) if data[1] & 0x80 else ENDINGS[ending](content)
    path.write_bytes(content)

    def read(piece: int) -> Any:
        sources.PIECE = piece
        try:
            return source_text.read_text([str(path)], unit, encoding)
        except CharrnnError as error:
            return error
        finally:
            sources.PIECE = 1 << 20

    text, slowly = read(1 << 20), read(1 + data[1] // 4 % 16)
    if isinstance(text, Exception) != isinstance(slowly, Exception):
        raise UnusableError(f"read at once: {text}; read in small pieces: {slowly}")
    if isinstance(text, Exception):
        raise text
    if text.sha256 != slowly.sha256:
        raise UnusableError("another text when read in small pieces")
    vocabulary = text.vocabulary(1)
    built = corpus.build(text, vocabulary, Split((1.0, 0.0, 0.0)))
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
    from charrnn.config.resolve import resolve, to_yaml

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
        from charrnn.config.resolve import to_yaml
        from charrnn.config.schema import Config
        from charrnn.package import shipped

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
        plain = [bytes([how, how]) + text for how in (0, 1, 2, 3, 0x40, 0x41, 0x42, 0x43, 0xC0, 0xC1, 0xC2, 0xC3)]
        packed = [bytes([0, number]) + pack(text) for number, pack in enumerate(ENDINGS.values())]
        return [*plain, *packed, b"\x01\x40h\0i\0\n\0"]
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
    """Tokens that the fuzzer may insert."""
    from charrnn.config.resolve import known_keys

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
