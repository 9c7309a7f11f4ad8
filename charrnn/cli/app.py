"""The command `charrnn`: its commands, and the one place that turns an error into a line and an exit code
(exit_codes.py).
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from charrnn.cli import bash_words
from charrnn.cli.commands.bench import bench
from charrnn.cli.commands.derive import derive
from charrnn.cli.commands.eval import evaluate
from charrnn.cli.commands.export import export
from charrnn.cli.commands.gradcheck import gradcheck
from charrnn.cli.commands.gradflow import gradflow
from charrnn.cli.commands.info import info
from charrnn.cli.commands.plot import plot
from charrnn.cli.commands.runs import runs
from charrnn.cli.commands.sample import sample
from charrnn.cli.commands.schema import schema
from charrnn.cli.commands.score import score
from charrnn.cli.commands.serve import serve
from charrnn.cli.commands.sweep import sweep
from charrnn.cli.commands.train import train
from charrnn.cli.commands.view import view
from charrnn.cli.commands.write import write
from charrnn.cli.exit_codes import FAILED, MISUSE
from charrnn.cli.help import WORDS, Command, format_group_help
from charrnn.cli.option_errors import message_of
from charrnn.cli.option_names import option_name
from charrnn.cli.options.bare_resume import TrainCommand
from charrnn.cli.unknown_command import explain, with_help
from charrnn.errors import CharrnnError, ConfigError
from charrnn.system.mpi_environment import rank_and_size
from charrnn.system.platform_features import HANG_UP
from charrnn.system.signals import exit_code
from charrnn.version import __version__
from charrnn.words import spelled_as

ENDING_SIGNALS = [signal.SIGTERM, *([HANG_UP] if HANG_UP else [])]
GROUPS: dict[str, list[Callable[..., None]]] = {  # as on the first page of the help
    "Learn and write": [train, sample, write, serve, sweep],
    "Measure": [evaluate, score, bench],
    "Look inside": [runs, info, plot, view, gradflow],
    "Prove": [gradcheck, derive],
    "Helpers": [export, schema],
}
EPILOGS: dict[object, str] = {train: WORDS, evaluate: WORDS}
NAMES: dict[object, str] = {evaluate: "eval"}  # a function called eval would hide Python's own

ANOTHER = (
    "warning: another package named charrnn is installed in the same folder, and removing it breaks this one; "
    "type pip uninstall -y charrnn charrnn-numpy, then install this one again"
)
SMALLER = "lower model.hidden_size, training.batch_size or training.sequence_length"
LESS_MEMORY = dict.fromkeys(("train", "sweep", "bench", "gradcheck"), SMALLER)
READ_LESS = "read or write less at once"

HELP = """Train character-level recurrent networks on any text, in plain NumPy; sample from them; prove their gradients.

    charrnn train                  # learn the text that comes with charrnn
    charrnn sample runs/harbour    # write with what it learned

`charrnn COMMAND --help` shows the options of a command, with examples."""


class Commands(TyperGroup):
    """The group of commands; prints errors as one line."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The options before a command, each off by default: to check None, Typer would load Pydantic."""
        options: list[Any] = super().get_params(ctx)
        for option in options:
            option.default = option.default or False
        return options

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run a command and exit with its code; an error for the user becomes a line on stderr."""
        options["standalone_mode"] = False
        if bash_words.COMPLETE in os.environ:
            return bash_words.complete(lambda: super(Commands, self).main(*arguments, **options))
        try:
            with spelled_as(option_name):
                code = super().main(*arguments, **options)
        except typer.TyperException as error:
            context: Any = getattr(error, "ctx", None)
            typed = arguments[0] if arguments else options.get("args") or sys.argv[1:]
            named = [word for word in typed[:1] if word in self.commands]  # not every error of Typer's has a context
            command = context.command_path if context else " ".join(["charrnn", *named])
            message = message_of(error, typed)
            code = _print_error(
                f"{message}{' See' if message.endswith('?') else '; see'} {command} --help",
                getattr(error, "code", MISUSE),
            )
        except CharrnnError as error:
            code = _print_error(str(error), FAILED, lines=isinstance(error, ConfigError))
        except OSError as error:
            _drop_stdout()
            code = _print_error(f"{error.filename or 'standard output'}: {error.strerror or error}", FAILED)
        sys.exit(code or 0)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the first page."""
        format_group_help(self, ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words before a command; `help` and `version` are understood as the options of these names."""
        return super().parse_args(ctx, args if ctx.resilient_parsing else with_help(args, self.commands))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first word names. Raises TyperException, with what it probably meant."""
        if not ctx.resilient_parsing and args[0] not in self.commands and not args[0].startswith("-"):
            ctx.fail(explain(args, self.commands))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; end quietly if the reader has gone (`| head`). Raises CharrnnError if memory runs out."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except BrokenPipeError:
            _drop_stdout()
            raise typer.Exit(0) from None
        except MemoryError:
            raise CharrnnError(f"out of memory; {LESS_MEMORY.get(ctx.invoked_subcommand, READ_LESS)}") from None


def _drop_stdout() -> None:
    """Write to nowhere from now on, so that closing stdout does not fail again."""
    with contextlib.suppress(OSError, ValueError):  # not every stream is a file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_error(message: str, code: int, lines: bool = False) -> int:
    """Print an error in one line, or in one for each mistake of a configuration; of several ranks only rank 0
    prints.
    """
    from charrnn.cli.output.console import print_error

    if rank_and_size()[0] == 0:
        print_error(message, lines)
    return code


app = typer.Typer(
    cls=Commands,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=HELP,
)


for group, commands in GROUPS.items():
    for command in commands:
        kind = TrainCommand if command is train else Command
        app.command(NAMES.get(command), cls=kind, epilog=EPILOGS.get(command), rich_help_panel=group)(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import distributions

        typer.echo(f"charrnn {__version__}")
        if next(iter(distributions(name="charrnn")), None):
            from charrnn.cli.output.console import print_note

            print_note(ANOTHER)
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """The options before a command."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Set the streams to UTF-8 whatever the locale says, and a pipe to the same line ends on each system, then run the
    command.
    """
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (the parent closed it; open to the end)
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):  # not a text file: unchanged
            line_end = None if stream.isatty() else "\n"
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline=line_end)  # type: ignore[union-attr]
    for number in ENDING_SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores SIGHUP
            # Exit as after Ctrl-C, so that half-written files and temporary folders are removed.
            signal.signal(number, lambda number, _: sys.exit(exit_code(number)))
    app(prog_name="charrnn")
