"""Completion in bash, which takes a word apart at `=` and `:`, and replaces only the part after them."""

import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

BREAKS = ("=", ":")
COMPLETE, WORDS, CURRENT = "_CHARRNN_COMPLETE", "COMP_WORDS", "COMP_CWORD"


def complete(run: Callable[[], Any]) -> None:
    """Run the completion that the environment asks for; in bash, with whole words. A failure offers nothing."""
    cut = _join_words() if os.environ.get(COMPLETE) == "complete_bash" else 0
    offered = io.StringIO()
    try:
        with redirect_stdout(offered):
            run()
    except SystemExit as end:
        if end.code:
            raise
    except Exception:  # a shell shows no traceback
        return
    finally:
        sys.stdout.write("".join(line[cut:] for line in offered.getvalue().splitlines(keepends=True)))


def _join_words() -> int:
    """Join the words that bash took apart, in the environment. Returns the length of what bash leaves as it is."""
    words, current = os.environ.get(WORDS, "").split("\n"), os.environ.get(CURRENT, "")
    if not current.isdecimal() or int(current) >= len(words) + 1:
        return 0
    before, word = words[: int(current)], [*words, ""][int(current)]
    joined: list[str] = []
    for each in [*before, word]:
        if joined and (each in BREAKS or joined[-1].endswith(BREAKS)):
            joined[-1] += each
        else:
            joined.append(each)
    os.environ[WORDS], os.environ[CURRENT] = "\n".join(joined), str(len(joined) - 1)
    return max(joined[-1].rfind(mark) for mark in BREAKS) + 1
