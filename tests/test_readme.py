"""The README and the command line say the same."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from charrnn.cli.app import app
from charrnn.runs.config import Config
from charrnn.runs.configuration import known_keys
from charrnn.runs.yaml import parse

README = Path(__file__).resolve().parents[1] / "README.md"
TEXT = README.read_text("utf-8")
GROUP = typer.main.get_command(app)
SHELL = [
    line.removeprefix("$ ")
    for block in re.findall(r"```(?:sh|console|text)\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
    if line.startswith(("$ charrnn", "charrnn "))
]


def options(command) -> set[str]:
    return {
        name
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
        if name.startswith("-")
    }


@pytest.mark.parametrize("name", GROUP.commands)
def test_every_command_and_option_is_documented(name):
    section = re.search(rf"^### `charrnn {name}`.*?(?=^##)", TEXT, re.DOTALL | re.MULTILINE)
    assert section, f"the README has no section on charrnn {name}"
    missing = {
        option
        for option in options(GROUP.commands[name])
        if f"`{option}" not in section[0] and f"{option}`" not in section[0]
    }
    assert not missing - {"--help", "-h"}


@pytest.mark.parametrize("line", SHELL)
def test_every_command_line_in_the_readme_can_be_typed(line):
    words = shlex.split(line.split(" | ")[0].split(" 2>")[0].split(" < ")[0], comments=True)[1:]
    if words[0].startswith("-"):
        assert words[0] in options(GROUP) | {"--help"}
        return
    command = GROUP.commands[words[0]]
    for word in words[1:]:
        if word.startswith("-") and word != "-":
            assert word.partition("=")[0] in options(command) | {"--help"}, line


def test_the_readme_shows_command_lines_of_every_command():
    assert {shlex.split(line)[1] for line in SHELL} >= set(GROUP.commands)


def test_every_configuration_key_is_documented():
    for key in known_keys():
        assert f"{key.rpartition('.')[2]}:" in TEXT or f"`{key}`" in TEXT, key


def test_the_configuration_shown_is_the_default():
    shown = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[1]
    document = parse(shown, "README")
    assert Config.model_validate(document.values) == Config()
    assert {".".join(path) for path in document.lines if len(path) == 2} == set(known_keys())


def test_the_commands_that_ci_runs_stand_in_the_readme():
    lines = TEXT.splitlines()
    assert "pip install . && charrnn train" in lines
    assert "pip install '.[test]' && pytest" in lines


def test_every_command_and_option_has_help():
    for command in GROUP.commands.values():
        assert command.help
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert parameter.help, f"{command.name} {parameter.name}"


PYTHON = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("example", PYTHON, ids=range(len(PYTHON)))
def test_every_example_in_python_runs(example, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_there_are_examples_in_python():
    assert len(PYTHON) >= 2
