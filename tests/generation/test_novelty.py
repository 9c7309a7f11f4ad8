"""Samples and held-out text looked up in the training text."""

from charrnn.generation.novelty.novelty import SharedRun, novelty
from charrnn.text.corpus import build
from charrnn.text.source_text import SourceText, read_text
from charrnn.text.splits import Split

TRAINING, HELD_OUT = "the cat sat on the mat. " * 3 + "a dog ran by.\n", "the cat ran by the dog."


def corpus(training, *others, min_count=1):
    """A corpus with these texts as splits; missing splits are empty."""
    text = SourceText.from_content(training[:0].join([training, *others]))
    split = [len(part) / text.length for part in (training, *others)]
    return build(text, text.vocabulary(min_count), Split([*split, 0, 0][:3]))


def test_the_longest_run_has_its_text_and_both_of_its_places():
    found = novelty(corpus(TRAINING), ["so the dog ran by.", "."])
    assert found.samples[0].longest == SharedRun(" dog ran by.", 12, 6, TRAINING.index(" dog ran by."))
    assert found.samples[1].longest == SharedRun(".", 1, 0, 22)


def test_the_held_out_text_is_that_of_both_other_splits_and_is_not_looked_up_in_itself():
    found = novelty(corpus(TRAINING, HELD_OUT[:9], HELD_OUT[9:]), [HELD_OUT])
    assert found.held_out == found.samples[0]
    assert found.held_out.longest == SharedRun("the cat ", 8, 0, 0)


def test_the_curve_is_the_share_of_characters_inside_runs_and_goes_on_while_there_are_any():
    found = novelty(corpus(TRAINING, HELD_OUT), ["sat on the sat onb", ""])
    assert found.lengths == (5, 10)
    assert found.samples[0].curve == {5: 17 / 18, 10: 11 / 18}
    assert found.samples[1].curve == {5: 0.0, 10: 0.0}
    assert found.samples[1].longest == SharedRun("", 0, 0, 0)
    assert found.held_out.curve == {5: 19 / 23, 10: 0.0}


def test_without_a_held_out_split_its_curve_is_missing():
    found = novelty(corpus(TRAINING), ["the dog"])
    assert found.held_out is None
    assert found.samples[0].longest.length == 4


def test_only_the_beginning_of_a_long_held_out_text_is_looked_up(monkeypatch):
    monkeypatch.setattr("charrnn.generation.novelty.novelty.HELD_OUT", 6)
    assert novelty(corpus(TRAINING, HELD_OUT), []).held_out.longest == SharedRun("the ca", 6, 0, 0)


def test_rare_characters_that_share_a_symbol_are_not_the_same():
    found = novelty(corpus("ababab?ababab", "b!ab", min_count=2), [])
    assert found.held_out.longest == SharedRun("ab", 2, 2, 0)


def test_a_byte_model_counts_bytes():
    found = novelty(corpus("für Größe".encode(), "öü".encode()), ["r Größ\ufffd"])
    assert found.samples[0].longest == SharedRun("r Größ", 8, 0, 3)
    assert found.held_out.longest == SharedRun("ö\ufffd", 3, 0, 7)


def test_a_run_across_documents_shows_where_one_ends(tmp_path):
    (tmp_path / "names").write_text("\n".join(["anna", "bo", "carl"] * 10), "utf-8")
    text = read_text([str(tmp_path / "names")], boundary=r"\n")
    longest = novelty(build(text, text.vocabulary(1), Split((0.8, 0.2, 0))), ["bo"]).held_out.longest
    assert longest.text.strip("\n") == "anna\nbo\ncarl\nanna\nbo\ncarl"
    assert len(longest.text) == longest.length
