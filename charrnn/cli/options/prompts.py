"""The prompt and the stop strings of `sample`: read, and made to fit what the model knows."""

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from charrnn.cli.output.console import print_note
from charrnn.errors import SamplingError, VocabularyError
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.sampling import SamplingOptions
from charrnn.models.model import Model
from charrnn.models.scoring.unknown_characters import describe_unknown
from charrnn.system.files.plain_files import open_file_or_pipe
from charrnn.system.platform_features import IS_WINDOWS
from charrnn.system.shell import shell_word
from charrnn.text.characters.escapes import unescape
from charrnn.text.documents import BLANK_LINE, NAMED_BOUNDARIES
from charrnn.text.reading.decoding import WITH_AN_EDITOR
from charrnn.text.reading.encodings import UTF_8, detect_by_mark, family
from charrnn.text.reading.sources import standard_input
from charrnn.text.unicode_form import fit_text

MAX_PROMPT_BYTES = 1 << 24
HINT = "a backslash before n, t, r, 0, x, u or U is an escape, \\n a line break; for the backslash itself type two"


def read_prompt(file: str) -> str:
    """The prompt in a file, or with - on standard input, without unescaping.

    Raises SamplingError for a file that cannot be read, that is too long, or that is not UTF-8.
    """
    try:
        with nullcontext(standard_input()) if file == "-" else open_file_or_pipe(Path(file)) as given:
            content = given.read(MAX_PROMPT_BYTES + 1)
        if len(content) > MAX_PROMPT_BYTES:
            raise SamplingError(f"--prompt-file {file}: {_size(file)}; a prompt has at most {MAX_PROMPT_BYTES:,}")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise SamplingError(f"--prompt-file {file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        mark = family(detect_by_mark(content) or UTF_8)
        encoding = "cp1252" if mark == UTF_8 else mark
        command = WITH_AN_EDITOR if IS_WINDOWS else f"iconv -f {encoding} -t utf-8 {shell_word(file)} > prompt.txt"
        raise SamplingError(
            f"--prompt-file {file}: byte {error.start} is not UTF-8; convert it, for example: {command}"
        ) from None


def _size(file: str) -> str:
    """The size of a prompt that is too long, for the message. A pipe is not read to its end."""
    return f"{os.path.getsize(file):,} bytes" if os.path.isfile(file) else f"more than {MAX_PROMPT_BYTES:,} bytes"


def make_request(
    model: Model, prompt: str, stops: Sequence[str], length: int, options: SamplingOptions, typed: Sequence[str]
) -> SampleRequest:
    """The request, with the prompt and the unescaped stop strings in the Unicode form that the model knows.

    Prints a note where that changes the prompt, where a blank line in it could be meant to end a document, and where
    `typed`, all that may have escapes, has some. Raises VocabularyError for a prompt with characters that the model
    does not know.
    """
    vocabulary = model.vocabulary
    knows_backslash = vocabulary.unit == "char" and "\\" in vocabulary.characters
    hint = HINT if knows_backslash and any(unescape(text) != text for text in typed) else None
    fitted = fit_text(prompt, vocabulary)
    try:
        vocabulary.encode(fitted)
    except VocabularyError as error:
        raise VocabularyError("; ".join(filter(None, (str(error), hint)))) from None
    if vocabulary.unit == "char" and (unknown := Counter(c for c in fitted if c not in vocabulary.characters)):
        print_note(f"unknown to the model, and read as its symbol for rare characters: {describe_unknown(unknown)}")
    if fitted not in (prompt, prompt.replace("\r\n", "\n")):
        print_note("the prompt is read in the Unicode form that the model knows, composed (NFC) or not (NFD)")
    # Other boundaries need no warning: a model of documents seldom knows their characters.
    if model.saved.config.data.boundary == BLANK_LINE and NAMED_BOUNDARIES[BLANK_LINE].search(f"\n{fitted}"):
        print_note(
            "warning: a blank line ends a document of this model, but the prompt is read as one document; give the last one alone"
        )
    if hint:
        print_note(hint)
    return SampleRequest(fitted, length, options, [fit_text(unescape(stop), vocabulary) for stop in stops])
