"""A text that is a list of documents: names, poems, messages. The state is reset before each, and its end is learned.

    <end> first document <end> second document <end> ... <end> last document <end>

The text of a boundary is left out, and so is a blank document. A boundary is a blank line, a regular expression, or the
end of a file, which always ends a document.
"""

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.text.bounded_matching import Span, matches
from charrnn.text.characters.printable import quote
from charrnn.text.positions import Indices, Places, lines_and_columns
from charrnn.text.shuffling import permutation
from charrnn.text.splits import Cuts, Split
from charrnn.text.vocabulary import Ids, Vocabulary
from charrnn.words import did_you_mean

BLANK_LINE, FILE = "blank-line", "file"
NAMED_BOUNDARIES = {BLANK_LINE: re.compile(r"\n\s*\n"), FILE: re.compile(r"(?!)")}
REGEX_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")  # in a regular expression


def compile_boundary(boundary: str) -> re.Pattern[str]:
    """A boundary as a regular expression; for `file`, one that matches nowhere. Raises TextError if it is neither.

    Nothing is matched here: the boundary may come from a stranger's checkpoint.
    """
    if boundary in NAMED_BOUNDARIES:
        return NAMED_BOUNDARIES[boundary]
    try:
        with warnings.catch_warnings(action="ignore"):
            return re.compile(boundary)
    except (re.error, OverflowError, RecursionError) as error:
        raise TextError(
            f"neither {' nor '.join(NAMED_BOUNDARIES)} nor a regular expression: {error}{_how_to_escape(boundary)}"
        ) from None


def _how_to_escape(boundary: str) -> str:
    """How to write a boundary that means its own characters; empty if it does already."""
    written = REGEX_SPECIAL.sub(r"\\\g<0>", boundary)
    return f"; to mean the characters themselves, write {written}" if written != boundary else ""


@dataclass(frozen=True)
class Documents:
    """The documents of some files, in order, and where each begins in a text with an end before the first and after
    each.
    """

    documents: tuple[str, ...]
    starts: Places
    notes: tuple[str, ...]  # why the boundary cut no file


def split_documents(files: Sequence[str], boundary: str) -> Documents:
    """Split files into documents.

    Raises TextError if there is none, if the boundary matches the empty string, and if matching takes too long.
    """
    # Blank lines around a file make its first and last document like those between.
    margin = "\n\n" if boundary == BLANK_LINE else ""
    in_nothing, *in_files = _matches(boundary, ["", *(f"{margin}{file}{margin}" for file in files)])
    if in_nothing:
        raise TextError(
            f"data.boundary={quote(boundary)}: matches the empty string, and so would end a document at every character; "
            f"to end one at every line, write \\n; or name {' or '.join(NAMED_BOUNDARIES)}{_how_to_escape(boundary)}"
        )
    documents: list[str] = []
    begins: list[tuple[Indices, Indices, Indices]] = []  # file, line and column of each
    for number, (file, found) in enumerate(zip(files, in_files, strict=True)):
        spans = list(_between(f"{margin}{file}{margin}", found))
        offsets = np.array([start for start, _ in spans], np.intp) - len(margin)
        documents += [document for _, document in spans]
        begins.append((np.full(len(spans), number), *lines_and_columns(file, offsets)))
    if not documents:
        raise TextError(
            f"data.boundary={quote(boundary)}: the text holds no document, nothing but boundaries and blanks"
        )
    starts = Places(begin_places(documents), *(np.concatenate(values) for values in zip(*begins, strict=True)))
    is_found = any(map(NAMED_BOUNDARIES[boundary].search, files)) if boundary in NAMED_BOUNDARIES else any(in_files)
    notes = () if boundary == FILE or len(documents) > len(files) else _notes(boundary, is_found, len(files))
    return Documents(tuple(documents), starts, notes)


def only_documents(texts: Sequence[str], boundary: str) -> list[str]:
    """The document of each text that holds just one; "" for any other text. Raises TextError as `split_documents`."""
    margin = "\n\n" if boundary == BLANK_LINE else ""
    whole = [f"{margin}{text}{margin}" for text in texts]
    found = [[*_between(text, spans)] for text, spans in zip(whole, _matches(boundary, whole), strict=True)]
    return [documents[0][1] if len(documents) == 1 else "" for documents in found]


def _notes(boundary: str, is_found: bool, files: int) -> tuple[str, ...]:
    """Notes on a boundary that matches nowhere, or only where a file begins or ends, which ends a document anyway."""
    knows_no_lines = ("^" in boundary or "$" in boundary) and not compile_boundary(boundary).flags & re.MULTILINE
    if is_found and not knows_no_lines:
        return ()
    found = "matches only where a file begins or ends" if is_found else "matches nowhere"
    each = "the text is one document" if files == 1 else "each file is one document"
    if knows_no_lines:
        hint = "; to make ^ and $ match at every line, write (?m) before it"
    elif r"\r\n" in boundary or "\r\n" in boundary:
        hint = r"; a line break of a text is \n alone, whatever it is in the file"
    else:
        name = boundary.strip().lower().replace("_", "-").replace(" ", "-")
        hint = "" if is_found or boundary in NAMED_BOUNDARIES else did_you_mean(name, NAMED_BOUNDARIES)
    return (f"data.boundary={quote(boundary)} {found}: {each}{hint}",)


def encode(documents: Sequence[str], vocabulary: Vocabulary) -> Ids:
    """The ids of documents, with an end before the first and after each, (characters + documents + 1,). Raises
    VocabularyError.
    """
    end = np.asarray(vocabulary.end_id, vocabulary.dtype)
    return np.insert(vocabulary.encode("".join(documents)), end_places(documents), end)


def end_places(documents: Sequence[str]) -> NDArray[np.intp]:
    """How many characters come before each end, (documents + 1,)."""
    return np.cumsum([0, *map(len, documents)])


def begin_places(documents: Sequence[str]) -> NDArray[np.intp]:
    """Where each document begins in the text of all, with an end before the first and after each, (documents,)."""
    return end_places(documents)[:-1] + np.arange(1, len(documents) + 1)


def shuffle(found: Documents, seed: int) -> Documents:
    """The same documents in another order; each keeps the places in its file that it has."""
    order = permutation(len(found.documents), seed)
    documents = tuple(found.documents[number] for number in order)
    starts, before, rank = found.starts, begin_places(found.documents), np.argsort(order)
    document = before.searchsorted(starts.at, "right") - 1  # of each start
    kept = np.argsort(rank[document], kind="stable")
    at = starts.at - before[document] + begin_places(documents)[rank[document]]
    moved = Places(at[kept], starts.file[kept], starts.line[kept], starts.column[kept])
    return replace(found, documents=documents, starts=moved)


def cut(ends: NDArray[np.intp], split: Split) -> Cuts:
    """Cut at the ends of documents that are nearest to the shares. `ends`, (documents + 1,), are the positions of all
    ends; the first is 0.

    Raises TextError if a split with a share gets no document, and for char-rnn's slices, which would cut across
    documents.
    """
    if split.protocol == "char-rnn":
        raise TextError(
            "protocol char-rnn cuts a text across its documents; with data.boundary or data.field take contiguous or nanogpt"
        )
    train, valid, test = split.shares
    last = len(ends) - 1
    cuts = (0, _nearest(ends, train), last if test == 0 else _nearest(ends, train + valid), last)
    asked = f"the text has too few documents: {last} split as {[train, valid, test]} give"
    split.require_each(cuts, 1, asked, "one: add text, or change data.split or data.boundary")
    first, second, third, fourth = (int(ends[cut]) for cut in cuts)
    return Cuts(1, fourth + 1, (first, second, third, fourth))


def _matches(boundary: str, texts: Sequence[str]) -> list[list[Span]]:
    """All matches in each text. A named boundary is quick; any other may be a stranger's expression."""
    pattern = compile_boundary(boundary)
    if boundary in NAMED_BOUNDARIES:
        return [[match.span() for match in pattern.finditer(text)] for text in texts]
    return matches(pattern, texts)


def _between(file: str, spans: Sequence[Span]) -> Iterator[tuple[int, str]]:
    """The parts between the matches that are not blank, each with its offset."""
    start = 0
    for end, after in (*spans, (len(file), len(file))):
        if start < end and not file[start:end].isspace():
            yield start, file[start:end]
        start = after


def _nearest(ends: NDArray[np.intp], share: float) -> int:
    """The number of the end nearest to this share of the text."""
    return int(np.abs(ends - share * ends[-1]).argmin())
