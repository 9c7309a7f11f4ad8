"""The READMEs agree with the command line; their commands and examples run, and their links lead somewhere."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
import typer.main

import charrnn
from charrnn.cli.app import app
from charrnn.config.resolve import find_config, known_keys, resolve
from charrnn.config.schema import Config
from charrnn.config.typed_values import choices
from charrnn.config.yaml import parse

ROOT = Path(__file__).resolve().parents[1]
FRONT, COMMANDS, KEYS = ROOT / "README.md", ROOT / "charrnn/cli/README.md", ROOT / "configs/README.md"
PACKAGE, TOUR = ROOT / "charrnn/README.md", ROOT / "charrnn/derivations/README.md"
FOLDERS = ("charrnn", "configs", "corpora", "tests")
READMES = [FRONT, *(file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("README.md")))]
READMES = [file for file in READMES if not any(part.startswith(".") for part in file.relative_to(ROOT).parts)]
READMES += [ROOT / ".github" / name for name in ("CONTRIBUTING.md", "SECURITY.md")]
TEXTS = {file: file.read_text("utf-8") for file in READMES}
GROUP = typer.main.get_command(app)

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
SHARED_ROWS = TEXTS[COMMANDS].partition("### Options of several commands\n")[2].partition("\n###")[0]
SHARED_OPTIONS = [re.split(r"(?<!\\)\|", row) for row in SHARED_ROWS.splitlines() if row.startswith("|")]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def blocks(text: str, *languages: str) -> list[str]:
    return [body for language, body in FENCED.findall(text) if language in languages]


def without_blocks(text: str) -> str:
    return FENCED.sub("", text)


def typed(text: str) -> list[str]:
    """What a reader may type: lines of sh blocks, those of console blocks after $, spans of code in the prose."""
    lines = [line for block in blocks(text, "sh", "text") for line in block.splitlines()]
    lines += [line[2:] for block in blocks(text, "console") for line in block.splitlines() if line.startswith("$ ")]
    return lines + SPAN.findall(without_blocks(text))


TYPED = [(file, line) for file, text in TEXTS.items() for line in typed(text)]
SHELL = {
    f"{name(file)}: {line}": found[1] for file, line in TYPED if (found := re.search(r"(?:^|\s)(charrnn( .*|$))", line))
}


def options(command) -> set[str]:
    return {
        name
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
        if name.startswith("-")
    }


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", without_blocks(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("command", GROUP.commands)
def test_every_command_and_option_is_documented(command):
    section = re.search(rf"^### `charrnn {command}`.*?(?=^##|\Z)", TEXTS[COMMANDS], re.DOTALL | re.MULTILINE)
    assert section, f"{name(COMMANDS)} has no section on charrnn {command}"
    shared = [cells[1] for cells in SHARED_OPTIONS if f"`{command}`" in cells[2]]
    described = "\n".join([section[0], *shared])
    missing = {
        option
        for option in options(GROUP.commands[command])
        if f"`{option}" not in described and f"{option}`" not in described
    }
    assert not missing - {"--help", "-h"}, f"{name(COMMANDS)} does not document these options of charrnn {command}"


def test_the_front_page_leads_to_every_command():
    for command in GROUP.commands:
        assert f"(charrnn/cli/README.md#charrnn-{command})" in TEXTS[FRONT], command


def test_the_sections_are_of_commands_that_exist():
    assert set(re.findall(r"^### `charrnn (\w+)`", TEXTS[COMMANDS], re.MULTILINE)) == set(GROUP.commands)


@pytest.mark.parametrize("where", SHELL)
def test_every_command_line_can_be_typed(where):
    line = re.split(r" [|&<>]|>| 2>", SHELL[where].removeprefix("charrnn").rstrip("\\"))[0]
    words = shlex.split(line, comments=True)
    if not words or words[0].isupper():
        return
    if words[0].startswith("-"):
        assert words[0] in options(GROUP) | {"--help"}
        return
    assert words[0] in GROUP.commands, where
    for word in words[1:]:
        if word.startswith("-") and word != "-":
            assert word.partition("=")[0] in options(GROUP.commands[words[0]]) | {"--help"}, where
    recipes = [value for option, value in pairwise(words) if option in ("-c", "--config")]
    for recipe in recipes:
        assert recipe.endswith(".yaml") or find_config(recipe), where


def test_command_lines_of_every_command_are_shown():
    assert {shlex.split(line, comments=True)[1] for line in SHELL.values() if " " in line} >= set(GROUP.commands)


def test_every_configuration_key_is_documented():
    for key in known_keys():
        assert f"{key.rpartition('.')[2]}:" in TEXTS[KEYS] or f"`{key}`" in TEXTS[KEYS], key


@pytest.mark.parametrize("key", [key for key in known_keys() if choices(key)])
def test_every_choice_of_a_key_is_shown_beside_it(key):
    line = re.search(rf"^  {key.rpartition('.')[2]}:.*", blocks(TEXTS[KEYS], "yaml")[0], re.MULTILINE)[0]
    assert all(re.search(rf"\b{re.escape(choice)}\b", line) for choice in choices(key)), line


def test_every_key_that_is_named_exists():
    for file, line in TYPED:
        for key in re.findall(r"(?<![\w/.])(?:model|data|training|runtime)\.[a-z]\w*(?![\w(])", line):
            assert key in known_keys(), f"{name(file)}: {line}"


def test_the_configuration_shown_is_the_default():
    shown = blocks(TEXTS[KEYS], "yaml")[0]
    document = parse(shown, name(KEYS))
    assert Config.model_validate(document.values) == Config()
    assert {".".join(path) for path in document.lines if len(path) == 2} == set(known_keys())


@pytest.mark.parametrize("file", [file for file in READMES if blocks(TEXTS[file], "yaml")], ids=name)
def test_every_configuration_shown_is_one(file, tmp_path):
    for number, shown in enumerate(blocks(TEXTS[file], "yaml")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(shown, "utf-8")
        resolve(str(path), [])


def test_the_configuration_on_the_front_page_is_a_good_one(tmp_path):
    """The configuration is the recipe that the README says to copy, with other epochs."""
    path = tmp_path / "mine.yaml"
    path.write_text(blocks(TEXTS[FRONT], "yaml")[0], "utf-8")
    mine, recipe = (resolve(name, []).config.model_dump() for name in (str(path), "lstm"))
    assert mine["training"].pop("epochs") <= recipe["training"].pop("epochs")
    assert mine == recipe


def test_every_recipe_is_documented_and_no_other():
    shown = set(re.findall(r"\[`(\w+)`\]\(\w+\.yaml\)", TEXTS[KEYS]))
    assert shown == {file.stem for file in (ROOT / "configs").glob("*.yaml")}


def test_the_commands_that_ci_runs_are_on_the_front_page():
    for command in ("pip install . && charrnn train", "pip install '.[test]' && pytest -n auto"):
        first = next((line for line in TEXTS[FRONT].splitlines() if command in line), None)
        assert first == command, "CI takes the first line that has it, and runs it as it is"


def test_every_command_and_option_has_help():
    for command in GROUP.commands.values():
        assert command.help
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert parameter.help, f"{command.name} {parameter.name}"


PYTHON = [(name(file), example) for file, text in TEXTS.items() for example in blocks(text, "python")]


@pytest.mark.parametrize(
    ("file", "example"),
    [each if "except" in each[1] else pytest.param(*each, marks=pytest.mark.slow) for each in PYTHON],
    ids=[f"{file}-{number}" for number, (file, _) in enumerate(PYTHON)],
)
def test_every_example_in_python_runs(file, example, tmp_path, monkeypatch, capsys):
    if "import onnxruntime" in example:
        pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed: pip install onnx onnxruntime")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, file, "exec"), {})
    assert capsys.readouterr().out


def test_there_are_examples_in_python():
    assert {file for file, _ in PYTHON} >= {name(FRONT), name(PACKAGE)}


@pytest.mark.parametrize("file", READMES, ids=name)
def test_every_link_leads_somewhere(file):
    for target in LINK.findall(without_blocks(TEXTS[file])):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        aim = (file.parent / path).resolve() if path else file
        assert aim.exists(), f"{name(file)} points to {target}"
        assert aim.is_relative_to(ROOT), f"{name(file)} points out of the repository, to {target}"
        if anchor:
            assert anchor in anchors(TEXTS[aim]), f"{name(file)} points to {target}, which has no such heading"


def test_the_front_page_leads_to_every_readme():
    found, left = set(), [FRONT]
    while left:
        file = left.pop()
        found.add(file)
        for target in LINK.findall(without_blocks(TEXTS[file])):
            aim = (file.parent / target.partition("#")[0]).resolve()
            left += [aim] if aim in TEXTS and aim not in found else []
    assert found == set(READMES)


def test_every_script_that_is_named_exists():
    for file, line in TYPED:
        for path in re.findall(r"(?:^python|^pytest|&& pytest) (tests/[\w./]+)", line):
            assert (ROOT / path).exists(), f"{name(file)}: {line}"


def test_the_front_page_is_short():
    assert len(TEXTS[FRONT].splitlines()) <= 260
    assert len(TEXTS[FRONT].encode()) <= 20_000


def test_the_commands_are_not_a_book():
    assert len(TEXTS[COMMANDS].splitlines()) <= 600


@pytest.mark.parametrize("file", [file for file in READMES if file != TOUR], ids=name)
def test_no_line_of_prose_is_wider_than_a_page(file):
    prose = [line for line in without_blocks(TEXTS[file]).splitlines() if not line.startswith("|")]
    wide = [line for line in prose if len(LINK.sub("]", line)) > 120]
    assert not wide, f"{name(file)} has lines of prose of more than 120 columns"


@pytest.mark.parametrize("file", READMES, ids=name)
def test_no_code_in_prose_is_broken_between_lines(file):
    """Broken code could not be copied, and `typed` would not find it."""
    assert not [line for line in without_blocks(TEXTS[file]).splitlines() if line.count("`") % 2]


FILES = {"api", "durations", "errors", "package", "stages", "words"}


def test_every_room_is_in_the_table_and_in_the_picture():
    """The folders of the package, whatever they are called."""
    folders = {file.parent.name for file in Path(charrnn.__file__).parent.glob("*/__init__.py")}
    section = re.search(r"^## The rooms\n(.*?)(?=^## )", TEXTS[PACKAGE], re.DOTALL | re.MULTILINE)[1]
    assert set(re.findall(r"^\| \[(\w+)\]\(\w+\) \|", section, re.MULTILINE)) == folders
    assert set(re.findall(r"[a-z]+", blocks(section, "text")[0])) == folders | FILES
