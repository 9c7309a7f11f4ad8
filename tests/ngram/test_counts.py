import numpy as np
import pytest

from charrnn.errors import TextError, VocabularyError
from charrnn.ngram.counts import continuations, count


def ids(text):
    return np.frombuffer(text.encode(), np.uint8) - ord("a")


def spelled(grams, V):
    """The n-grams of each length as strings, in the order of their ranks."""
    texts = [[""]]
    for each in grams:
        texts.append([texts[-1][key // V] + chr(ord("a") + key % V) for key in each.keys])
    return texts[1:]


def test_each_ngram_is_counted_once_in_alphabetical_order():
    grams = count([ids("abcabca")], 3, 3)
    assert spelled(grams, 3) == [["a", "b", "c"], ["ab", "bc", "ca"], ["abc", "bca", "cab"]]
    assert [each.counts.tolist() for each in grams] == [[3, 2, 2], [2, 2, 2], [2, 2, 1]]


def test_a_suffix_is_the_ngram_without_its_first_character():
    grams = count([ids("abacabad"), ids("dab")], 4, 4)
    texts = [[""], *spelled(grams, 4)]
    for n, each in enumerate(grams, start=1):
        assert [texts[n - 1][suffix] for suffix in each.suffixes] == [text[1:] for text in texts[n]]


def test_a_continuation_count_says_how_many_different_characters_an_ngram_follows_the_beginning_being_one():
    singles, pairs = count([ids("abacab")], 3, 2)
    assert spelled([singles, pairs], 3)[0] == ["a", "b", "c"]
    assert continuations(singles, pairs).tolist() == [3, 1, 1]  # a follows the beginning, b and c


def test_segments_with_the_same_beginning_count_once():
    singles, pairs = count([ids("ab"), ids("ab"), ids("b")], 2, 2)
    assert continuations(singles, pairs).tolist() == [1, 2]


def test_no_ngram_crosses_a_seam():
    grams = count([ids("ab"), ids(""), ids("cd"), ids("e")], 5, 3)
    assert spelled(grams, 5) == [["a", "b", "c", "d", "e"], ["ab", "cd"]]


def test_the_largest_vocabulary_does_not_overflow():
    V = 1 << 18
    grams = count([np.arange(V - 9, V, dtype=np.uint32)], V, 9)
    assert [len(each.keys) for each in grams] == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert grams[-1].keys.tolist() == [V - 1]


def test_texts_that_cannot_be_counted_are_refused():
    for nothing in ([], [ids("")]):
        with pytest.raises(TextError, match="at least 1 character to count; found 0"):
            count(nothing, 3, 2)
    with pytest.raises(VocabularyError, match="id 2 is not among the 2"):
        count([ids("abc")], 2, 2)
