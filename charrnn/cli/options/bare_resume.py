"""`train --resume` without a DIR. Typer has no option whose value may be left out, so a step before its parsing writes
a flag in the place of an option that has none.
"""

from typing import Any

from charrnn.cli.help import Command

RESUME, NEWEST = "--resume", "--resume-newest"


class TrainCommand(Command):
    """The command `train`, whose --resume needs no value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words of the command line after `train`."""
        return super().parse_args(ctx, args if ctx.resilient_parsing else with_newest(args))


def with_newest(args: list[str]) -> list[str]:
    """The words, with NEWEST for each --resume that has no value: at the end, or before another option or a `-`.

    >>> with_newest(["--resume", "--epochs", "40"]), with_newest(["--resume", "runs/play"])
    (['--resume-newest', '--epochs', '40'], ['--resume', 'runs/play'])
    """
    end = args.index("--") if "--" in args else len(args)
    found = list(args)
    for index in range(end):
        if args[index] == RESUME and (index + 1 == end or args[index + 1].startswith("-")):
            found[index] = NEWEST
    return found
