"""Whether a base knows the language of a text: its loss beside that of an n-gram of the same text."""

import math

import numpy as np
import pytest
from languages import ENGLISH, GERMAN, RUSSIAN, STORY

from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.runs.planning.language_check import PIECE_CHARS, PIECES, check_language
from charrnn.runs.storage import directory
from charrnn.text import corpus
from charrnn.text.documents import split_documents
from charrnn.text.source_text import SourceText
from charrnn.text.splits import Split
from charrnn.text.vocabulary import Vocabulary


def uniform(vocabulary):
    """A network for which every symbol is as likely as the others."""
    network = Network.fresh(Architecture(len(vocabulary), 4, "gru"), np.random.default_rng(0))
    network.parameters.flat[:] = 0
    return network


def encoded(text, base):
    """A text as a fine-tune reads it."""
    source = SourceText.from_content(text)
    return corpus.build(source, base.union(source.vocabulary(1)), Split((0.9, 0.05, 0.05)))


def checked(text, base):
    saved = directory.load(base).checkpoint
    return check_language(saved.network, saved.vocabulary, encoded(text, saved.vocabulary))


@pytest.mark.parametrize("characters", [600, 2_000, 60_000])
def test_a_base_of_english_knows_english_at_any_length(english, characters):
    found = checked(STORY[-characters:], english)
    assert found.excess < -0.1
    assert found.new_share == 0


def test_it_does_not_know_german_though_it_knows_nearly_all_its_characters(english):
    found = checked(GERMAN, english)
    assert found.excess > 0.5
    assert 0 < found.new_share < 0.05


def test_it_knows_few_characters_of_a_russian_text(english):
    found = checked(RUSSIAN, english)
    assert found.excess > 0.5
    assert 0.7 < found.new_share < 0.9


def test_an_unknown_character_costs_a_blind_guess():
    base = Vocabulary(tuple("ab"))
    found = check_language(uniform(base), base, encoded("cd" * 400, base))
    assert found.base_loss == pytest.approx(math.log(4))
    assert found.new_share == 1


@pytest.mark.parametrize("symbols", ["\n ab", "\nab", "ab"])  # with a space, without; without a line break
def test_what_it_has_no_symbol_for_is_read_as_another(symbols):
    base = Vocabulary(tuple(symbols))
    found = check_language(uniform(base), base, encoded("abc " * 200, base))
    new = {"c", " "} - set(symbols)
    per_period = [math.log(len(new | set(symbols)) if each in new else len(symbols)) for each in "abc "]
    assert found.base_loss == pytest.approx(np.mean(per_period))
    assert found.new_share == pytest.approx(len(new) / 4)


def test_the_end_of_a_document_that_it_does_not_know_is_not_counted():
    base = Vocabulary(tuple("\nab"))
    documents = split_documents(["ab\n" * 400], "\n")
    source = SourceText.from_content("".join(documents.documents))
    ids = np.array([3, *[1, 2, 3] * 400], np.uint8)
    text = corpus.Corpus(ids, Vocabulary(("\n", "a", "b", "<end>")), Split((1.0, 0, 0)).cut(len(ids)), source.sha256)
    found = check_language(uniform(base), base, text)
    assert found.base_loss == pytest.approx(math.log(3))
    assert found.new_share == 0


def test_a_base_of_documents_scores_their_ends():
    base = Vocabulary(("a", "b", "<end>"))
    ids = np.array([2, *[0, 1, 2] * 400], np.uint8)
    text = corpus.Corpus(ids, base, Split((1.0, 0, 0)).cut(len(ids)), "")
    assert check_language(uniform(base), base, text).base_loss == pytest.approx(math.log(3))


def test_bytes_are_compared_too():
    base = Vocabulary.from_bytes()
    text = corpus.build(SourceText.from_content(b"abcd" * 300), base, Split((0.9, 0.05, 0.05)))
    found = check_language(uniform(base), base, text)
    assert found.base_loss == pytest.approx(math.log(256))
    assert found.excess > 3


def test_a_few_lines_are_not_compared():
    base = Vocabulary(tuple("ab"))
    assert check_language(uniform(base), base, encoded("ab" * 120, base)) is None
    assert check_language(uniform(base), base, encoded("ab" * 150, base)) is not None


def test_of_a_long_text_it_reads_only_pieces(monkeypatch):
    read = []

    class Recorder:
        def __init__(self, network, end_id):
            pass

        def score(self, ids):
            read.append(ids.shape)
            return np.zeros((len(ids), ids.shape[1] - 1))

    monkeypatch.setattr("charrnn.runs.planning.language_check.NetworkScorer", Recorder)
    base = Vocabulary(tuple("ab"))
    check_language(uniform(base), base, encoded("ab" * 100_000, base))
    assert read == [(PIECES // 2, PIECE_CHARS)]


def test_weights_that_are_not_finite_are_no_verdict(recwarn):
    base = Vocabulary(tuple("ab"))
    network = uniform(base)
    network.parameters["W_hy"][:] = np.inf
    found = check_language(network, base, encoded("ab" * 400, base))
    assert math.isnan(found.excess)
    assert not recwarn


def test_english_in_which_it_misses_some_characters_is_english(english):
    assert checked(ENGLISH.replace(".", "\N{PARTY POPPER}"), english).excess < 0
