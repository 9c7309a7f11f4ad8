"""A choice that is looked at after every character: what is shown is never taken back."""

import pytest

from charrnn.generation.batch import BatchedText
from charrnn.generation.sample_request import SampleRequest
from charrnn.server.choice import Choice
from charrnn.text.vocabulary import Vocabulary

LETTERS = Vocabulary.from_text("abcdef\n")
BYTES = Vocabulary.from_bytes()


def shown(vocabulary, written, stops=(), length=99, top=None):
    """What each look shows, while `written` is drawn one id at a time."""
    text = BatchedText(vocabulary, SampleRequest("", length, stops=stops), 0, top)
    choice, looks = Choice(0, text, vocabulary, echo=False), []
    for index in vocabulary.encode(written) if isinstance(written, str) else written:
        if top is not None:
            text.scores.append((-1.0, []))
        text.add(int(index))
        looks.append(choice.take())
    assert choice.take() is None
    return looks


def texts(looks):
    return [look and look["text"] for look in looks]


@pytest.mark.parametrize(
    ("written", "stops", "expected"),
    [
        ("abc", [], ["a", "b", "c"]),
        ("abcd", ["cd"], ["a", "b", None, ""]),
        ("abca", ["cd"], ["a", "b", None, "ca"]),
        ("aab", ["aab"], [None, None, ""]),
        ("aaab", ["aab"], [None, None, "a", ""]),
        ("abcde", ["bcx", "de"], ["a", None, None, "bc", ""]),
    ],
)
def test_a_possible_beginning_of_a_stop_string_is_held_back(written, stops, expected):
    assert texts(shown(LETTERS, written, stops)) == expected


def test_what_was_held_back_is_shown_at_the_end():
    looks = shown(LETTERS, "abc", ["cd"], length=3)
    assert texts(looks) == ["a", "b", "c"]
    assert [look["finish_reason"] for look in looks] == [None, None, "length"]


def test_a_stop_string_is_not_shown_though_its_text_has_not_yet_ended():
    """An engine writes in another thread: a look may come between the last character and what it means."""
    text = BatchedText(LETTERS, SampleRequest("", 99, stops=["cd"]), 0)
    choice = Choice(0, text, LETTERS, echo=False)
    text.ids += LETTERS.encode("abcd").tolist()
    assert choice.take()["text"] == "ab"
    assert choice.take() is None
    text.finish = "stop"
    assert (choice.take()["text"], choice.take()) == ("", None)


def test_tokens_come_with_their_characters():
    looks = shown(BYTES, [*"aé".encode(), 0xC3], length=4, top=0)
    assert texts(looks) == ["a", None, "é", ""]
    names = [look["logprobs"]["tokens"] if look else None for look in looks]
    assert names == [["a"], None, ["bytes:\\xc3", "bytes:\\xa9"], []]
    assert looks[2]["logprobs"]["text_offset"] == [1, 1]


def test_bytes_that_are_not_utf_8():
    looks = shown(BYTES, [0xC3, 0x61, 0x80, 0xF0, 0x9F, 0x62], length=6)
    assert "".join(filter(None, texts(looks))) == bytes([0xC3, 0x61, 0x80, 0xF0, 0x9F, 0x62]).decode("utf-8", "replace")
