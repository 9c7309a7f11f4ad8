"""What was typed in the place of a text to read with a run: a sentence or another run gets the line that it needs."""

import os
from collections.abc import Sequence
from pathlib import Path

from charrnn.errors import TextError
from charrnn.package import shipped_model
from charrnn.words import shell_command, shell_word


def check(run: Path, texts: Sequence[str], command: str) -> None:
    """Raises TextError for words that are no file, where they look like a sentence, and for a run."""
    if not texts:
        return
    from charrnn.runs.finding import refuse_runs
    from charrnn.text.reading.missing import hint
    from charrnn.text.reading.sources import builtin_names

    advice = "name a text; a second run is for --with"
    refuse_runs(texts, advice)
    for text in texts:
        if shipped_model(text):
            raise TextError(f"{text}: a model, not a text; {advice}")
        if any(map(str.isspace, text)) and not os.path.lexists(text) and "\0" not in text:
            meant = hint(text, texts, builtin_names())
            if "did you mean" not in meant and "quote it" not in meant and not any(c in text for c in "*?["):
                line = f"echo {shell_word(text)} | {shell_command(command, run)} -"
                raise TextError(f"{text}: no such file or folder; to read these words themselves: {line}")
