"""Bring typed text into the Unicode form that a vocabulary knows.

The same letter may be one character or several (é, or e and an accent), and a keyboard, a file name or another program
may write it in another way than the training text.
"""

import re
import unicodedata
from typing import Literal

from charrnn.text.vocabulary import Vocabulary

FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")


def fit_text(text: str, vocabulary: Vocabulary) -> str:
    """The text with CRLF as LF, and each word in the canonical form, NFC or NFD, that leaves fewer characters unknown,
    if one does. For a vocabulary of bytes, the text as it is.
    """
    if vocabulary.unit == "byte":
        return text
    text = text.replace("\r\n", "\n")
    if vocabulary.characters.issuperset(text):
        return text
    return "".join(_fit_word(word, vocabulary.characters) for word in re.split(r"(\s+)", text))


def _fit_word(word: str, known: frozenset[str]) -> str:
    unknown = set(word) - known
    if unknown:
        forms = (unicodedata.normalize(form, word) for form in FORMS)
        return next((form for form in forms if set(form) - known < unknown), word)
    return word
