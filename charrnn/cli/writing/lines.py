"""`charrnn write` without a terminal: a line in, its continuation out."""

import sys
from collections.abc import Iterable, Iterator

from charrnn.cli.writing.saved_text import SavedText
from charrnn.cli.writing.writing_options import WritingOptions
from charrnn.errors import TextError
from charrnn.generation.session import LINE, Session
from charrnn.text.characters.escapes import unescape
from charrnn.text.reading.sources import standard_input


def write_lines(session: Session, file: SavedText | None, options: WritingOptions) -> None:
    """Continue each line of standard input on standard output, and save the text so far after each.

    Raises TextError for a line that is not UTF-8, and OutputError.
    """
    for continuation in continuations(session, typed_lines(standard_input()), options):
        sys.stdout.write(continuation)
        sys.stdout.flush()
        if file:
            file.save(session.text)


def continuations(session: Session, lines: Iterable[str], options: WritingOptions) -> Iterator[str]:
    """The end of each line, with a line break. What was read and written before is the beginning of the next."""
    for number, line in enumerate(lines):
        session.feed(unescape(line))
        [proposal] = session.propose(seed=options.seed + number, options=options.sampling, length=options.length)
        yield session.accept(proposal if proposal.endswith(LINE) else proposal + LINE)


def typed_lines(file: Iterable[bytes]) -> Iterator[str]:
    """Lines without their ends. Raises TextError."""
    for number, line in enumerate(file, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise TextError(f"standard input: line {number:,}: byte {error.start + 1} is not UTF-8") from None
