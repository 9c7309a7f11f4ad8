"""Which characters may be written: classes of characters by name, or the characters themselves.

A request (`only`) is one of three things: the name of a class, in any case, or several names with commas between them;
`chars:` and characters, whatever they spell; or characters alone, if they cannot be meant as a class. A list of
requests allows all that any of them allows.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence

import numpy as np

from charrnn.errors import SamplingError
from charrnn.network.arrays import Array
from charrnn.text.characters.printable import quote
from charrnn.text.unicode_form import fit_text
from charrnn.text.vocabulary import Vocabulary
from charrnn.words import nearest, parameter

NON_JOINER, JOINER = "\u200c\u200d"  # within the words of many scripts
JOINED = ("\u0600", "\u1bff")  # the scripts whose letters a joiner joins: from Arabic over those of India to Batak
OF_EMOJI = "\ufe0e\ufe0f\u20e3"  # marks that make a picture of a character, or none
CHARACTERS = "chars:"
SEPARATORS = re.compile(r"[\s,;+|]+")  # of names, as someone may type them
NEAR = 4  # letters of a word that may be meant for a class


def _is_letter(character: str) -> bool:
    """Vowel signs and accents that are separate characters count as letters too."""
    is_letter = unicodedata.category(character)[0] in "LM" and character not in OF_EMOJI
    return is_letter or character in (NON_JOINER, JOINER)


def _is_accent(character: str) -> bool:
    """A mark that any script may put on its letters, small or capital."""
    return unicodedata.name(character, "").startswith("COMBINING ")


CLASSES: dict[str, Callable[[str], bool]] = {
    "letters": _is_letter,
    "lowercase": lambda character: character.islower() or _is_accent(character),
    "uppercase": lambda character: character.isupper() or _is_accent(character),
    "digits": str.isdigit,
    "space": str.isspace,
    "ascii": str.isascii,
}


def disallowed_symbols(vocabulary: Vocabulary, only: str | Sequence[str] | None = None) -> Array | None:
    """A mask, (V,): True for each symbol that must not be written. None if every symbol may be.

    The unknown symbol is never written; with `only`, neither is anything it does not ask for. The end of a document is
    always allowed. For a byte model `only` can ask for ASCII characters. Raises SamplingError if nothing would be left,
    and for a word that looks like the name of a class but is not one.

    >>> from charrnn.text.vocabulary import Vocabulary
    >>> vocabulary = Vocabulary.from_text("ab12")
    >>> disallowed_symbols(vocabulary, "digits").tolist()  # 1 and 2 come first
    [False, False, True, True]
    """
    requests = _requests(only)
    allowed = vocabulary.characters
    if only is not None:
        allowed = frozenset().union(*(_known_symbols(each, vocabulary) for each in requests))
    left_out = np.array([symbol not in allowed for symbol in vocabulary.symbols])
    if left_out.all():
        given = " ".join(f"{parameter('only')} {quote(each)}" for each in requests)
        raise SamplingError(f"{given}: the model knows none of these; name characters, or one of {', '.join(CLASSES)}")
    if vocabulary.end_id is not None:
        left_out[vocabulary.end_id] = False
    return left_out if left_out.any() else None


def words_taken_as_letters(only: str | Sequence[str] | None) -> list[str]:
    """The requests that read like a name but are not a class, so that their letters are written."""
    words = (each for each in _requests(only) if len(each) >= NEAR and each.isascii() and each.isalpha())
    return [word for word in words if _classes(word) is None]


def unknown_symbols(vocabulary: Vocabulary, only: str | Sequence[str] | None) -> str:
    """The characters that are requested by themselves and that the model does not know."""
    characters = "".join(_characters(each, vocabulary) for each in _requests(only) if _classes(each) is None)
    return "".join(dict.fromkeys(character for character in characters if character not in vocabulary.characters))


def _requests(only: str | Sequence[str] | None) -> Sequence[str]:
    return [] if only is None else [only] if isinstance(only, str) else only


def _known_symbols(only: str, vocabulary: Vocabulary) -> set[str]:
    """The known characters that one request asks for."""
    classes = _classes(only)
    known = {each for each in vocabulary.characters if vocabulary.unit == "char" or each.isascii()}
    if classes is not None:
        return set[str]().union(*(_known_of_class(name, known) for name in classes))
    characters = _characters(only, vocabulary)
    if vocabulary.unit == "byte" and not characters.isascii():
        raise SamplingError(
            f"{parameter('only')} {quote(only)}: a model of bytes can be held to ASCII characters alone; name some of them"
        )
    return known.intersection(characters)


def _known_of_class(name: str, known: set[str]) -> set[str]:
    """The known characters of a class. Marks alone are left out: they need a letter to stand on. A joiner is kept
    beside letters that it joins, not where it would join emoji.
    """
    found = set(filter(CLASSES[name], known))
    if not any(JOINED[0] <= each <= JOINED[1] for each in found):
        found.discard(JOINER)
    only_marks = all(unicodedata.category(each)[0] == "M" or each in (NON_JOINER, JOINER) for each in found)
    return set() if only_marks else found


def _characters(only: str, vocabulary: Vocabulary) -> str:
    return fit_text(only.removeprefix(CHARACTERS), vocabulary)


def _classes(only: str) -> list[str] | None:
    """The classes that a request names; None if it gives characters. Raises SamplingError if it might be either."""
    if only.startswith(CHARACTERS):
        return None
    parts = [part.strip(" ").casefold() for part in only.split(",")]  # a line break is a character to allow
    if all(part in CLASSES for part in parts):
        return parts
    words = [word for word in SEPARATORS.split(only.casefold()) if len(word) >= NEAR]
    meant = {word: name for word in words for name in _near(word)}
    if not meant:
        return None
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in only)
    raise SamplingError(
        f"{parameter('only')} {quote(only)}: did you mean {' and '.join(dict.fromkeys(meant.values()))}? Name classes with commas between them "
        f"({', '.join(CLASSES)}), add characters with another {parameter('only')}; for exactly these characters write {CHARACTERS}{shown}"
    )


def _near(word: str) -> list[str]:
    """The class that a word abbreviates or misspells, in a list; an empty list if there is none."""
    close = nearest(word, CLASSES, 0.8)
    return [name for name in CLASSES if name.startswith(word)] or ([close] if close else [])
