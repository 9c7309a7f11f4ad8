"""Malicious configurations: each is refused in one line, quickly and in little memory."""

import os

import pytest
from faults.hostile.judging import MARKS, cheap, listing, refused

pytestmark = MARKS


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)
CONFIGURATIONS = {
    "alias bomb": (BOMB.encode(), "alias"),
    "an alias of itself": (b"model: &a {hidden_size: *a}", "alias"),
    "a merge of itself": (b"model: &a {<<: *a}", "alias"),
    "10 MB": (b"model:\n  hidden_size: 5\n" * 400_000, "at most"),
    "100,000 letters in one value": (b"model: {cell: " + b"x" * 100_000 + b"}", "at most"),
    "lists nested 30,000 deep": (b"model: " + b"[" * 30_000 + b"]" * 30_000, "nested too deeply"),
    "mappings nested 10,000 deep": (b"{a: " * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
    "items nested 30,000 deep": (b"model:\n  " + b"- " * 30_000 + b"x", "nested too deeply"),
    "keys nested 20,000 deep": (b"? " * 20_000 + b"x", "not YAML"),
    "five sections deep": (b"model: {a: {b: {c: {d: 1}}}}", "nested too deeply"),
    "a function of Python": (b"model: !!python/object/apply:os.system [touch harmed]", ""),
    "a module of Python": (b"model: {cell: !!python/name:os.system }", "not YAML"),
    "a tag that does not suit": (b"model: {cell: !!timestamp foo, num_layers: !!bool foo}", "not YAML"),
    "binary": (b"model: {cell: !!binary aGVsbG8=}", "model.cell"),
    "NULs": (b"model:\0 {}\0", "not YAML"),
    "only NULs": (b"\0" * 10_000, "not YAML"),
    "not UTF-8": (b"model: {cell: caf\xe9}", "not UTF-8"),
    "half of a surrogate pair": (b"model: {cell: \xed\xa0\x80}", "not UTF-8"),
    "an escaped half of one": (b'model: {cell: "\\uD800"}', ""),
    "UTF-16": ("model: {cell: rnn}".encode("utf-16"), "not UTF-8"),
    "an integer of 20,000 digits": (b"training: {steps: " + b"9" * 20_000 + b"}", "c.yaml"),
    "an integer of 4,000 digits": (b"training: {steps: " + b"9" * 4_000 + b"}", "training.steps"),
    "a number of 20,000 zeros": (b"training: {epochs: 0." + b"0" * 20_000 + b"}", "training.epochs"),
    "1e400": (b"training: {learning_rate: 1e400}", "finite"),
    "not a number": (b"training: {learning_rate: .nan}", "finite"),
    "an exponent of 10,000 digits": (b"training: {learning_rate: 1e" + b"9" * 10_000 + b"}", "finite"),
    "10,000 unknown keys": (b"".join(b"%x:\n" % n for n in range(10_000)), "9,980 more"),
    "8,000 unknown keys of a section": (b"model: {" + b"".join(b"%x: ," % n for n in range(8_000)) + b"}", "more"),
    "a key 15,000 times": (b"a:\n" * 15_000, "more"),
    "a key of 1,000 letters": (b"x" * 1_000 + b": 1", "a key of 1,000 characters"),
    "a key that moves the cursor": (b'"a\\nb\\e[2J": 1', "no such key"),
    "a list as a key": (b"? [a, b]\n: 1", ""),
    "a value that moves the cursor": (b'model: {cell: "\\e[2J\\n"}', "model.cell"),
    "keys twice": (b"training: {seed: 1, seed: 2}", "written twice"),
    "sections twice": (b"model: {}\nmodel: {}\n", "written twice"),
    "two documents": (b"model: {}\n---\nmodel: {}\n", "not YAML"),
    "an encoding that is a path": (b"data: {encoding: ../../os}", "data.encoding"),
    "an encoding that is not a text encoding": (b"data: {encoding: bz2}", "data.encoding"),
    "an encoding with a NUL": (b'data: {encoding: "utf-8\\0"}', "data.encoding"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_configurations(charrnn, tmp_path, place, text_file, case):
    content, words = CONFIGURATIONS[case]
    (place / "c.yaml").write_bytes(content)
    before = listing(place, tmp_path)
    refused(charrnn("train", text_file, "-c", place / "c.yaml", "--dry-run"), "c.yaml", words)
    assert listing(place, tmp_path) == before


@pytest.mark.parametrize(
    "case",
    [
        "10 MB",
        "lists nested 30,000 deep",
        "keys nested 20,000 deep",
        "10,000 unknown keys",
        "a key 15,000 times",
        "NULs",
    ],
)
def test_configurations_that_are_after_memory_or_time(command, startup, case):
    path = command.folder / "c.yaml"
    path.write_bytes(CONFIGURATIONS[case][0])
    result = command("train", "-c", path, "--dry-run")
    refused(result, "c.yaml")
    cheap(result, startup)


def test_a_configuration_of_50_gb_that_takes_no_room(command, startup):
    path = command.folder / "c.yaml"
    path.write_bytes(b"")
    os.truncate(path, 50 << 30)
    result = command("train", "-c", path, "--dry-run")
    refused(result, "53,687,091,200 bytes")
    cheap(result, startup)
