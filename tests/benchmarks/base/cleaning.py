"""Clean an English book: take out its marks for italics, its illustrations and notes, its rare characters; change its quotes."""

import re
import textwrap

KEPT = frozenset(map(chr, range(32, 127))) | frozenset("\n“”‘’—…–éèêëàâäáîïíôöóûüúùçñæœÉÆŒ£°½")
REPLACED = str.maketrans(
    {
        **{"ſ": "s", "‐": "-", "‑": "-", "\u00a0": " ", "′": "'", "\t": " ", "ŭ": "u", "ð": "d"},
        **{"\r": None, "\ufeff": None},
    }
)
ITALIC = re.compile(r"(?<!\w)_([^_\n]*(?:\n[^_\n]+)*)_(?!\w)")
NOTES = re.compile(r"\[(?:Illustration|Footnote|Sidenote)[^\]]*\]|\[\d+\]|\{\d+\}")
STRAIGHT = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "—": "--", "–": "-", "…": "..."})
TOKENISED = 100  # commas between blanks that show a book whose words and marks were set apart
LINES, WIDTH = (
    6,
    72,
)  # of a paragraph that is made from a tokenised book: at most this number of its lines, wrapped to this width


def clean(text: str) -> str:
    """A book with only the characters of KEPT, and at most two blank lines in a row."""
    text = text.translate(REPLACED)
    if text.count(" , ") > TOKENISED:
        text = detokenise(text)
    text = ITALIC.sub(r"\1", NOTES.sub("", text))
    text = "".join(character for character in text if character in KEPT and character != "_")
    text = re.sub(r"[ ]+\n", "\n", text)
    return re.sub(r"\n{4,}", "\n\n\n", text).strip()


def detokenise(text: str) -> str:
    """A book with one sentence a line and blanks around its marks, as wrapped paragraphs with curly quotes."""
    text = text.replace("``", "“").replace("''", "”")
    text = re.sub(r"(?<=\s)'\s?(?=[A-Z])", "‘", text)
    text = re.sub(r" +([,.;:?!)\]”]|'(?:s|d|ll|re|ve|m|t)\b|n't\b|')", r"\1", text)
    text = re.sub(r"([(\[“‘]) +", r"\1", text)
    text = re.sub(r" +-- +", "--", text)
    text = text.replace("} ", "\n").replace("'", "’")
    paragraphs: list[list[str]] = [[]]
    for line in map(str.strip, text.split("\n")):
        if not line or line.startswith("“") or len(paragraphs[-1]) >= LINES:
            paragraphs.append([])
        if line:
            paragraphs[-1].append(line)
    return "\n\n".join(textwrap.fill(" ".join(lines), WIDTH) for lines in paragraphs if lines)


def straighten(text: str) -> str:
    """With a typewriter's quotes and dashes."""
    return text.translate(STRAIGHT)


def curl(text: str) -> str:
    """With a printer's quotes and dashes."""
    text = re.sub(r'(^|[\s(\[—-])"', r"\1“", text).replace('"', "”")
    text = re.sub(r"(^|[\s(\[—“-])'(?=\w)", r"\1‘", text).replace("'", "’").replace("`", "‘")
    return text.replace("--", "—")
