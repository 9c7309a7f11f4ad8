"""`charrnn write` without a terminal: a line in, its continuation out."""

import sys

from charrnn.cli.writing.saved_text import SavedText
from charrnn.errors import TextError
from charrnn.generation.sampling import SamplingOptions
from charrnn.generation.session import Session
from charrnn.text.characters.escapes import unescape
from charrnn.text.reading.sources import standard_input

LENGTH = 500  # characters of a continuation, at most


def write_lines(session: Session, file: SavedText | None, seed: int, options: SamplingOptions) -> None:
    """Continue each line of standard input on standard output. What was read and written before is the beginning of the
    next. Raises TextError for a line that is not UTF-8, and OutputError.
    """
    for number, line in enumerate(standard_input()):
        try:
            session.feed(unescape(line.decode("utf-8" if number else "utf-8-sig").rstrip("\r\n")))
        except UnicodeDecodeError as error:
            raise TextError(f"standard input: line {number + 1:,}: byte {error.start + 1} is not UTF-8") from None
        [proposal] = session.propose(1, seed + number, options, LENGTH)
        sys.stdout.write(session.accept(proposal.removesuffix("\n") + "\n"))
        sys.stdout.flush()
        if file:
            file.save(session.text)
