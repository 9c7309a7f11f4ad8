"""`train --resume` without a RUN. Typer has no option whose value may be left out, so a step before its parsing gives
such an option a value that nobody can type.
"""

from typing import Any

from charrnn.cli.help import Command

RESUME, NEWEST = "--resume", "\0"
AUTO = "auto"  # begin, or go on; a run of this name is ./auto


class TrainCommand(Command):
    """The command `train`, whose --resume needs no value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words of the command line after `train`."""
        return super().parse_args(ctx, args if ctx.resilient_parsing else with_newest(args))


def with_newest(args: list[str]) -> list[str]:
    """The words, with NEWEST as the value of each --resume that has none: at the end, or before another option or `-`.

    >>> with_newest(["--resume", "--epochs", "40"]), with_newest(["--resume", "runs/play"])
    (['--resume', '\\x00', '--epochs', '40'], ['--resume', 'runs/play'])
    """
    end = args.index("--") if "--" in args else len(args)
    found: list[str] = []
    for index, word in enumerate(args):
        found.append(word)
        if index < end and word == RESUME and (index + 1 == end or args[index + 1].startswith("-")):
            found.append(NEWEST)
    return found
