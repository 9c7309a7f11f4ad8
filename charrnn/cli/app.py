"""The command `charrnn`: its commands, and the one place where an error becomes a line and an exit code.

0 done · 1 the request could not be met · 2 misuse of the command line · 130 after Ctrl-C · 143 after SIGTERM
"""

import contextlib
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from charrnn import __version__
from charrnn.cli.gradcheck import gradcheck
from charrnn.cli.sample import sample
from charrnn.cli.schema import schema
from charrnn.cli.train import train
from charrnn.errors import CharrnnError

INTERRUPTED = 130


class Commands(TyperGroup):
    """The group of commands, with errors told as one line."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; what it raises for the user becomes a line on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except CharrnnError as error:
            from charrnn.cli.display import tell_error

            tell_error(str(error))
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:  # the reader has seen enough; so that closing stdout does not fail once more:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Train character-level recurrent networks on any text, in plain NumPy; sample from them; prove their gradients.",
)
for command in (train, sample, gradcheck, schema):
    app.command()(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"charrnn {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Options that stand before a command."""


def main() -> None:
    """The entry point: UTF-8 whatever the locale says, then the command."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):  # a stream that is not a text file stays as it is
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    app()
