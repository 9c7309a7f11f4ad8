import lzma
from math import log

import numpy as np
import pytest

from charrnn.models.evaluation import baselines
from charrnn.models.evaluation.baselines import unigram, xz


def test_unigram_counts_each_character_once_more():
    found = unigram(np.array([0, 0, 0, 2], np.uint8), 4)
    np.testing.assert_allclose(np.exp(-found), [4 / 8, 1 / 8, 2 / 8, 1 / 8], rtol=1e-12)


def test_a_unigram_is_the_same_however_the_text_is_cut(monkeypatch):
    surprisals = unigram(np.arange(200, dtype=np.uint8) % 7, 7)
    monkeypatch.setattr(baselines, "BLOCK", 9)
    np.testing.assert_array_equal(unigram(np.arange(200, dtype=np.uint8) % 7, 7), surprisals)


def test_the_cost_of_xz_is_the_growth_over_the_training_text():
    noise = np.random.default_rng(0).integers(0, 256, 40_000, np.uint8).tobytes()
    assert xz(b"", noise) == pytest.approx(len(noise) * 8 * log(2), rel=1e-3)
    assert xz(noise, noise) < 0.02 * xz(b"", noise)
    assert xz(noise, b"") == 0


@pytest.mark.slow
def test_xz_looks_back_to_the_beginning_of_the_training_text():
    noise = np.random.default_rng(0).integers(0, 256, 1 << 20, np.uint8).tobytes()
    assert xz(noise, noise[:5000]) < 0.1 * xz(b"", noise[:5000])


def test_xz_looks_back_only_as_far_as_memory_is_meant_to_go(monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, 1 << 18, np.uint8).tobytes()
    monkeypatch.setattr(baselines, "MAX_DICTIONARY_BYTES", 1 << 16)
    assert xz(noise, noise[:5000]) > 0.9 * xz(b"", noise[:5000])


def test_xz_is_not_charged_for_a_container():
    text = b"the cat sat on the mat. a dog ran.\nwhy?\n" * 3
    assert xz(b"", text) / (8 * log(2)) < len(lzma.compress(text)) - 30
