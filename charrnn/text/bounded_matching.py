"""Match a regular expression within a time limit: some expressions take for ever, and Python's `re` cannot be stopped.

An expression without repeats, groups and alternatives is always quick, and is matched here. Any other is matched in a
child process, which is killed when its time is over: the expression may come from a stranger's checkpoint.
"""

import marshal
import re
import subprocess
import sys
from collections.abc import Sequence

from charrnn.durations import short_duration
from charrnn.errors import TextError

SECONDS = 10.0  # for any text; what people write takes a second for ten million characters
SECONDS_PER_CHARACTER = 2e-6
MAX_SHOWN_CHARS = 80  # characters of an expression in a message
CHILD = """
import marshal, re, sys, warnings
warnings.simplefilter("ignore")
expression, texts = marshal.loads(sys.stdin.buffer.read())
pattern = re.compile(expression)
found = [[match.span() for match in pattern.finditer(text)] for text in texts]
sys.stdout.buffer.write(marshal.dumps(found))
"""

Span = tuple[int, int]
"""Where a match begins and ends."""


def matches(pattern: re.Pattern[str], texts: Sequence[str]) -> list[list[Span]]:
    """All matches in each text. Raises TextError if that takes more than SECONDS, or somewhat more for a long text."""
    if is_quick(pattern.pattern):
        return [[match.span() for match in pattern.finditer(text)] for text in texts]
    return _in_a_process(pattern.pattern, texts)


def is_quick(expression: str) -> bool:
    """Whether an expression has no repeat, group or alternative, and so cannot try many ways."""
    return not set(re.sub(r"\\.", "", expression, flags=re.DOTALL)) & set("*+?{(|")


def _in_a_process(expression: str, texts: Sequence[str]) -> list[list[Span]]:
    characters = sum(map(len, texts))
    seconds = SECONDS + SECONDS_PER_CHARACTER * characters
    shown = repr(expression[:MAX_SHOWN_CHARS]) + ("..." if len(expression) > MAX_SHOWN_CHARS else "")
    command, given = [sys.executable, "-I", "-S", "-c", CHILD], marshal.dumps((expression, [*texts]))
    try:
        done = subprocess.run(
            command, input=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=seconds, check=True
        )
    except subprocess.TimeoutExpired:
        raise TextError(
            f"data.boundary={shown}: this expression needed more than {short_duration(seconds)} for {characters:,} characters; "
            "a repeat within a repeat, such as (a+)+, tries too many ways: rewrite it without one"
        ) from None
    except (subprocess.CalledProcessError, OSError) as error:
        raise TextError(f"data.boundary={shown}: cannot be matched in a process of its own: {error}") from None
    found: list[list[Span]] = marshal.loads(done.stdout)
    return found
