import numpy as np
import pytest

from charrnn.errors import TextError
from charrnn.text.corpus import Corpus, build
from charrnn.text.source_text import SourceText
from charrnn.text.splits import Cuts, Split, make_split, overlap
from charrnn.text.vocabulary import Vocabulary


def test_nanogpts_last_tenth_validates_whatever_the_shares():
    assert make_split("nanogpt", (0.5, 0.25, 0.25), (50, 50)).cut(1_115_394) == Cuts(
        1, 1_115_394, (0, 1_003_854, 1_115_394, 1_115_394)
    )


def test_char_rnns_slices_are_those_of_its_loader():
    """The definition: the text as B rows, cut into windows of S columns; the first of these train, the next validate."""
    text = "".join(map(chr, np.random.default_rng(0).integers(97, 123, 1234)))
    made = build(
        SourceText.from_content(text),
        SourceText.from_content(text).vocabulary(1),
        Split((0.7, 0.2, 0.1), "char-rnn", (4, 10)),
    )
    rows = [text[row * 300 : (row + 1) * 300] for row in range(4)]  # 1,234 characters are 30 windows of 4 x 10
    for name, start, stop in (("train", 0, 210), ("valid", 210, 270), ("test", 270, 300)):
        assert [made.vocabulary.decode(slice_) for slice_ in made.slices(name)] == [row[start:stop] for row in rows]
        assert made.vocabulary.decode(made.split(name)) == "".join(row[start:stop] for row in rows)


def test_char_rnns_own_shares_on_tiny_shakespeare():
    """446 windows of 50 x 50 characters: 423 train, 23 validate, as its loader says."""
    assert make_split("char-rnn", (0.5, 0.25, 0.25), (50, 50)).cut(1_115_394) == Cuts(
        50, 22_300, (0, 21_150, 22_300, 22_300)
    )


def test_without_a_test_split_the_validation_split_reaches_the_end():
    """Also where the shares are rounded and add up to 0.9999999."""
    assert Split((0.6666666, 0.3333333, 0)).cut(100_000_000).bounds[2:] == (100_000_000, 100_000_000)


@pytest.mark.parametrize("protocol", ["contiguous", "nanogpt"])
def test_one_slice_is_a_view(protocol):
    made = build(
        SourceText.from_content("ab" * 50),
        SourceText.from_content("ab").vocabulary(1),
        Split((0.8, 0.1, 0.1), protocol),
    )
    assert made.slices("valid").shape == (1, 10)
    assert np.shares_memory(made.split("valid"), made.ids)


def test_too_few_windows_are_an_error_that_names_the_size_of_each_slice():
    with pytest.raises(
        TextError, match=r"600 characters in 4 slices, in windows of 100, .* train 0, valid 100, test 0; "
    ):
        Split((0.9, 0.1, 0), "char-rnn", (4, 100)).cut(600)


@pytest.mark.parametrize("name", ["train", "valid", "test"])
def test_overlap_is_that_of_the_characters_themselves(name):
    a, b = Split((0.6, 0.3, 0.1), "char-rnn", (4, 10)).cut(1234), Split((0.5, 0.25, 0.25)).cut(1234)

    def places(cuts, split):
        made = Corpus(np.arange(1234), Vocabulary.from_bytes(), cuts, "")
        return set(made.split(split).tolist())

    for other in ("train", "valid", "test"):
        assert overlap(a, name, b, other) == len(places(a, name) & places(b, other))
