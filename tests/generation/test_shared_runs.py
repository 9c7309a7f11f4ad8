"""Runs that two texts share, compared with brute force; never in quadratic time."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charrnn.generation.novelty import karp_miller_rosenberg
from charrnn.generation.novelty.shared_runs import Match, Run, match

words = st.text("ab", max_size=40) | st.text("abcd", max_size=40)
lengths = st.lists(st.integers(2, 12), unique=True, max_size=4)


def ids(text, dtype=np.uint8):
    return np.frombuffer(text.encode("latin-1"), np.uint8).astype(dtype)


def by_trying(training, text, lengths):
    """Brute force: each position, each length, each character."""
    reach = [0] * len(text)
    for i in range(len(text)):
        while i + reach[i] < len(text) and text[i : i + reach[i] + 1] in training:
            reach[i] += 1
    longest = max(reach, default=0)
    position = reach.index(longest) if longest else 0
    inside = {
        n: [any(reach[i] >= n for i in range(max(0, k - n + 1), k + 1)) for k in range(len(text))] for n in lengths
    }
    shares = {n: sum(covered) / len(covered) if covered else 0.0 for n, covered in inside.items()}
    return Match(Run(longest, position, training.index(text[position : position + longest])), shares)


@given(words, st.lists(words, max_size=4), lengths)
@example("", ["", "a"], [2])
@example("ab", ["b", "a"], [])  # "ba" is in neither of the two texts
@example("abab" * 9, ["ba" * 16, "abba" * 5], [2, 3, 5])
def test_it_agrees_with_brute_force(training, texts, lengths):
    found = match(ids(training), [*map(ids, texts)], lengths)
    assert found == [by_trying(training, text, lengths) for text in texts]


@given(words, st.data())
def test_copied_passages_are_found(training, data):
    start = data.draw(st.integers(0, len(training)))
    text = data.draw(words) + training[start:]
    (found,) = match(ids(training), [ids(text)], [])
    assert found == by_trying(training, text, [])
    assert found.longest.length >= len(training) - start


@pytest.mark.parametrize("piece", [1, 7, 1 << 16])
def test_the_training_text_is_read_in_pieces_of_any_size(monkeypatch, piece):
    monkeypatch.setattr(karp_miller_rosenberg, "PIECE", piece)
    random = np.random.default_rng(0)
    training, text = ("".join(random.choice([*"abc"], size)) for size in (300, 60))
    assert match(ids(training), [ids(text)], [3, 5]) == [by_trying(training, text, [3, 5])]


@pytest.mark.parametrize("size", [1, 2, 3, 31, 32, 33, 1000])
def test_a_planted_copy_is_found_at_its_place(size):
    training = np.random.default_rng(0).integers(0, 50, 20_000).astype(np.uint16)
    text = np.full(2_000, 60, np.uint16)
    text[700 : 700 + size] = training[12_345 : 12_345 + size]
    (found,) = match(training, [text], [20])
    run = found.longest
    assert (run.length, run.position) == (size, 700)
    assert training[run.found_at :][:size].tolist() == text[700:][:size].tolist()
    assert run.found_at == 12_345 or size < 4  # short ones stand elsewhere, too
    assert found.shares[20] == (size / 2_000 if size >= 20 else 0)


def test_no_run_goes_from_one_text_into_the_next():
    training = ids("abcdefgh")
    halves = match(training, [ids("abcd"), ids("efgh"), ids("xab"), ids("cdy")], [])
    assert [found.longest.length for found in halves] == [4, 4, 2, 2]


def test_the_unknown_symbol_equals_nothing_not_even_itself():
    (found,) = match(ids("ab?cd?e"), [ids("b?cd?")], [2, 3], unknown=ord("?"))
    assert found == Match(Run(2, 2, 3), {2: 2 / 5, 3: 0.0})
    assert match(ids("???"), [ids("??")], [2], unknown=ord("?")) == [Match(Run(), {2: 0.0})]


def test_large_ids_and_texts_in_files(tmp_path):
    training = ids("to be or not to be", np.uint32) + (1 << 18) - 200
    training.tofile(tmp_path / "ids")
    mapped = np.memmap(tmp_path / "ids", np.uint32, "r")
    text = ids("or not be", np.uint32) + (1 << 18) - 200
    assert match(mapped, [text], [3]) == [by_trying("to be or not to be", "or not be", [3])]


SIZE = 20_000


@pytest.mark.parametrize("period", [1, 2, 3, 100, SIZE])
def test_no_text_takes_quadratic_time(monkeypatch, period):
    """Counts the looked-up runs, and the pairs in which they are looked up."""
    looked_up = []

    def counting(known, pairs, find=karp_miller_rosenberg.find_pairs):
        looked_up.append(len(pairs))
        assert len(known) <= 3 * SIZE
        return find(known, pairs)

    monkeypatch.setattr(karp_miller_rosenberg, "find_pairs", counting)
    training = np.resize(np.random.default_rng(0).integers(0, 9, period), SIZE).astype(np.uint8)
    stranger = np.random.default_rng(1).integers(0, 9, SIZE // 2).astype(np.uint8)
    found = match(training, [training, stranger, np.append(training[5:7000], 9)], [5, 10, 50])
    assert [found[0].longest.length, found[2].longest.length] == [SIZE, 6995]
    assert sum(looked_up) <= (3 * 2 * math.log2(SIZE) + 3) * SIZE
