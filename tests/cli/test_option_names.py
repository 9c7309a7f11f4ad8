"""Messages of the rooms name parameters; on the command line, the same messages name options."""

import ast
from pathlib import Path

import pytest
import sources
import typer

from charrnn.api import load_base
from charrnn.cli.app import app
from charrnn.cli.option_names import OTHER_NAMES, option_name
from charrnn.errors import RunError


def named_parameters():
    """Every name that a room passes to `parameter`."""
    for path in sources.MODULES:
        for node in sources.nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "parameter":
                values = [node.args[0].body, node.args[0].orelse] if isinstance(node.args[0], ast.IfExp) else node.args
                yield from (value.value for value in values)


def options():
    commands = typer.main.get_command(app).commands.values()
    return {name for command in commands for option in command.params for name in option.opts}


def test_every_parameter_that_a_message_names_is_an_option():
    assert {*map(option_name, named_parameters())} <= options()


def test_no_option_is_listed_that_no_message_names():
    assert set(OTHER_NAMES) <= set(named_parameters())


@pytest.mark.parametrize("name", ["`base`", "base", "{base}", "--from", "`out`"])
def test_the_users_own_words_are_never_taken_for_a_parameter(charrnn, text_file, name):
    """A run of any name is reported under this very name."""
    result = charrnn("train", text_file, "--from", f"runs/{name}")
    assert result.stderr.startswith(f"error: --from {Path('runs', name)}: no such run; ")
    with pytest.raises(RunError) as error:
        load_base(Path(f"runs/{name}"))
    assert str(error.value).startswith(f"`base` {Path('runs', name)}: no such run; ")
