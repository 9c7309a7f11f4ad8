import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import SamplingError
from charrnn.generation.repetition_penalty import NGramHistory, RepetitionPenalty, penalise


def counts_plainly(text, n, window):
    """For each n-gram of the last `window` characters that begins as the text ends: how often its last character came."""
    recent = text[-window:]
    end = text[len(text) - n + 1 :] if n > 1 else []
    if len(text) < n - 1:
        return {}
    grams = [recent[i : i + n] for i in range(len(recent) - n + 1)]
    following = [gram[-1] for gram in grams if gram[:-1] == end]
    return {c: following.count(c) for c in set(following)}


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 4), st.integers(0, 30), st.integers(0, 1000))
def test_followers_of_an_n_gram_are_counted_within_the_window(prompt, written, n, more, seed):
    texts = np.random.default_rng(seed).integers(0, 3, (prompt + written, 2))
    recent = NGramHistory(RepetitionPenalty(2.0, n, n + more), texts[:prompt])
    for i in range(prompt, prompt + written + 1):
        for followers, text in zip(recent.following, texts[:i].T.tolist(), strict=True):
            assert {ord(c): followers.count(c) for c in followers} == counts_plainly(text, n, n + more)
        if i < prompt + written:
            recent.read(texts[i].tolist())


def test_the_history_does_not_grow():
    recent = NGramHistory(RepetitionPenalty(2.0, 3, 50), np.zeros((1, 2), int))
    for ids in np.random.default_rng(0).integers(0, 9, (20_000, 2)).tolist():
        recent.read(ids)
    for ngrams, following in zip(recent._ngrams, recent._next, strict=True):
        assert len(ngrams) == sum(map(len, following.values())) == 48
        assert all(following.values())


def test_each_repetition_lowers_the_logit_by_the_penalty():
    logits = np.log([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
    kept = logits.copy()
    lower = penalise(logits, ["", "\0\2\0"], 1.5)
    np.testing.assert_allclose(np.exp(lower), [[0.5, 0.3, 0.2], [0.5 / 1.5**2, 0.3, 0.2 / 1.5]])
    np.testing.assert_array_equal(logits, kept)
    assert penalise(logits, ["", ""], 1.5) is logits


def test_a_penalty_of_one_changes_nothing_and_none_overflows():
    logits = np.array([[1.0, 2.0, -np.inf]], np.float32)
    np.testing.assert_array_equal(penalise(logits, ["\0" * 400 + "\2"], 1.0), logits)
    assert np.isfinite(penalise(logits, ["\0" * 400], 1.7e308)[0, 0])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((0.9,), "`repetition.penalty` must be a number of at least 1.*found 0.9"),
        ((-1,), "`repetition.penalty` must be"),
        ((math.nan,), "`repetition.penalty` must be.*found nan"),
        ((math.inf,), "`repetition.penalty` must be.*found inf"),
        ((1.1, 0), "`repetition.ngram` must be at least 1 character; found 0"),
        ((1.1, 8, 7), "`repetition.window` must be at least one n-gram, 8 characters; found 7"),
    ],
)
def test_values_out_of_range_are_named(values, words):
    with pytest.raises(SamplingError, match=words):
        RepetitionPenalty(*values)
