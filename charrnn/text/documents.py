"""A text that is a list of documents: names, poems, messages. Each is read from nothing, and its end is learned.

    <end> first document <end> second document <end> ... <end> last document <end>

What stands at a boundary is left out, and so is a document with nothing to be seen in it. A boundary is a blank line, a
regular expression, or no more than the end of a file, which always ends a document.
"""

import re
import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.text.splits import SPLITS, Cuts, Split
from charrnn.text.vocabulary import Ids, Vocabulary

BLANK_LINE, FILE = "blank-line", "file"
NAMED = {BLANK_LINE: re.compile(r"\n\s*\n"), FILE: re.compile(r"(?!)")}
SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")  # in a regular expression


def expression(boundary: str) -> re.Pattern[str]:
    """A boundary as a regular expression: for a file, one that matches nowhere. Raises TextError where it is none.

    Nothing is matched here: a checkpoint from a stranger holds one too.
    """
    if boundary in NAMED:
        return NAMED[boundary]
    try:
        with warnings.catch_warnings(action="ignore"):
            return re.compile(boundary)
    except (re.error, OverflowError, RecursionError) as error:
        raise TextError(
            f"neither {' nor '.join(NAMED)} nor a regular expression: {error}{_literally(boundary)}"
        ) from None


def _literally(boundary: str) -> str:
    """How to write a boundary that is no more than its characters; nothing where none of them means something else."""
    written = SPECIAL.sub(r"\\\g<0>", boundary)
    return f"; to mean the characters themselves, write {written}" if written != boundary else ""


def split_up(files: Sequence[str], boundary: str) -> tuple[str, ...]:
    """The documents of all files, in order. Raises TextError where there is none, and where the boundary is nothing at all."""
    pattern = expression(boundary)
    if pattern.search(""):
        raise TextError(
            f"data.boundary={boundary!r}: matches the empty string, and so would end a document at every character; "
            f"to end one at every line, write \\n; or name {' or '.join(NAMED)}{_literally(boundary)}"
        )
    if boundary == BLANK_LINE:
        files = [f"\n\n{file}\n\n" for file in files]  # so that the first document and the last are as those between
    documents = tuple(document for file in files for document in _between(file, pattern) if not document.isspace())
    if not documents:
        raise TextError(f"data.boundary={boundary!r}: the text holds no document, nothing but boundaries and blanks")
    return documents


def encode(documents: Sequence[str], vocabulary: Vocabulary) -> Ids:
    """Their ids with an end before the first and after each, (characters + documents + 1,). Raises VocabularyError."""
    end = np.asarray(vocabulary.end_id, vocabulary.dtype)
    return np.insert(vocabulary.encode("".join(documents)), end_places(documents), end)


def end_places(documents: Sequence[str]) -> NDArray[np.intp]:
    """How many characters stand before each end, (documents + 1,)."""
    return np.cumsum([0, *map(len, documents)])


def cut(ends: NDArray[np.intp], split: Split) -> Cuts:
    """Where train, valid and test begin, and test ends: each at the end nearest to its share; `ends`, (documents + 1,), are
    the places of the ends, the first of them 0.

    Raises TextError when a split that has a share gets no document, and for char-rnn's slices, which no document fits.
    """
    if split.protocol == "char-rnn":
        raise TextError(
            "protocol char-rnn cuts a text across its documents; with data.boundary take contiguous or nanogpt"
        )
    train, valid, test = split.shares
    last = len(ends) - 1
    cuts = (0, _nearest(ends, train), last if test == 0 else _nearest(ends, train + valid), last)
    sizes = [end - start for start, end in pairwise(cuts)]
    if any(share > 0 and size < 1 for share, size in zip((train, valid, test), sizes, strict=True)):
        found = ", ".join(f"{name} {size}" for name, size in zip(SPLITS, sizes, strict=True))
        raise TextError(
            f"the text has too few documents: {last} split as {[train, valid, test]} give {found}; "
            "each split needs at least one: add text, or change data.split or data.boundary"
        )
    first, second, third, fourth = (int(ends[cut]) for cut in cuts)
    return Cuts(1, fourth + 1, (first, second, third, fourth))


def _between(file: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """What stands between the matches, nothing empty."""
    start = 0
    for match in pattern.finditer(file):
        if start < match.start():
            yield file[start : match.start()]
        start = match.end()
    if start < len(file):
        yield file[start:]


def _nearest(ends: NDArray[np.intp], share: float) -> int:
    """The number of the end nearest to this share of the text."""
    return int(np.abs(ends - share * ends[-1]).argmin())
