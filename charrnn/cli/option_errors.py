"""Errors of options, in our words: the option as typed, the value found, what is allowed, what was probably meant.

Typer and its parser raise them; their names and their texts differ between versions, their attributes do not.
"""

import ast
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from charrnn.cli.options.synonyms import INSTEAD, OPTIONS
from charrnn.cli.options.values import choice_hint
from charrnn.config.synonyms import normalize
from charrnn.words import nearest, shell_word

MAX_VALUE_CHARS = 80  # characters of a value in a message
NOT_A_CHOICE = re.compile(r"(?:Value error, )?(?P<value>['\"].*['\"]) is not one of (?P<known>'.*')\.?", re.DOTALL)
EXTRA = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)\.?", re.DOTALL)
SPELLING = 0.75  # of difflib: a letter or two that differ
MANY = 4  # commands with an option are too many to name
MIN_SPELLED = 3  # characters: two letters are near to anything


def message_of(error: Any, typed: Sequence[str]) -> str:
    """The message of an error of Typer's; `typed` is the whole command line."""
    kind, context = type(error).__name__, getattr(error, "ctx", None)
    if kind == "NoSuchOption":
        return _unknown(error.option_name, context, typed)
    if kind == "BadOptionUsage":
        return _bad_usage(error.option_name, error.message, typed)
    parameter = getattr(error, "param", None)
    if kind == "MissingParameter" and parameter is not None:
        name = parameter.opts[0] if parameter.opts[0].startswith("-") else parameter.human_readable_name
        return f"{name} is missing"
    if extra := EXTRA.fullmatch(str(error.message)):
        return _unexpected(extra[1], context)
    option = getattr(error, "param_hint", None) or (parameter and _as_typed(parameter, typed))
    if not isinstance(option, str):
        return str(error.message).rstrip(".")
    value = getattr(error, "value", None)
    if choice := NOT_A_CHOICE.fullmatch(str(error.message)):
        known = re.findall(r"'([^']*)'", choice["known"])
        value = ast.literal_eval(choice["value"])
        return f"{option} {_shown(value)}: must be {' or '.join(known)}{choice_hint(value, known)}"
    if value is None:
        return f"{option}: {str(error.message).rstrip('.')}"
    if value in _names(context):
        return f"{option} needs a value; found the option {value}"
    word = f"{option}{value}".partition("=")[0]
    if f"-{word}" in _names(context):  # -temperature, which the parser reads as -t emperature
        return f"there is no option {word}; did you mean -{word}?"
    return f"{option} {_shown(value)}: {error.message}"


def _unexpected(words: str, context: Any) -> str:
    """The message about words after the last argument of a command."""
    prompts = "--prompt" in _names(context)
    hint = f"; a prompt comes after -p: charrnn sample RUN -p {shell_word(words)}" if prompts else ""
    return f"unexpected: {words}{hint}"


def _unknown(option: str, context: Any, typed: Sequence[str]) -> str:
    """The message about an option that does not exist. Of -lr the parser only names -l."""
    is_long = option.startswith("--")
    whole = option if is_long else next((each for each in typed if each.startswith(option)), option).partition("=")[0]
    names = list(_names(context))
    if not is_long and f"-{whole}" in names:  # -epochs
        return f"there is no option {whole}; did you mean -{whole}?"
    if os.path.exists(whole):
        return f"there is no option {whole}; for the file of that name: {shell_word(os.path.join(os.curdir, whole))}"
    return f"there is no option {whole}{_instead_of(whole, names, context, typed)}"


def _instead_of(option: str, names: Sequence[str], context: Any, typed: Sequence[str]) -> str:
    """The option, the configuration key or the argument that an unknown option was probably meant to be."""
    word = normalize(option).replace("_", "-")
    beginning = [name for name in names if name.startswith(f"--{word}") and len(word) >= MIN_SPELLED]
    commands = getattr(context.find_root().command, "commands", {})
    having = [name for name, command in commands.items() if any(option in each.opts for each in command.params)]
    spelled = {name.lstrip("-"): name for name in names if name.startswith("--")}
    close = nearest(word, spelled, SPELLING) if len(word) >= MIN_SPELLED and not having else None
    by_meaning = next((name for name in names if word in OPTIONS.get(name, "").split()), None)
    if found := (beginning[0] if len(beginning) == 1 else by_meaning or (close and spelled[close])):
        return f"; did you mean {found}?"
    if line := next(
        (line for line, others in INSTEAD.items() if word in others.split() and _fits(line, context)), None
    ):
        return f"; {line.format(command=context.command.name)}"
    if "--config" in names and (setting := _setting(word, option, typed)):
        return setting
    if not having or len(word) < MIN_SPELLED:
        return ""
    if context.parent is None:
        return f"; write it after the command: charrnn {having[0]} {option}"
    return f"; it is an option of {' and '.join(f'charrnn {name}' for name in having)}" if len(having) < MANY else ""


def _fits(line: str, context: Any) -> bool:
    """Whether a command has the options and the arguments that a line names."""
    names = set(_names(context))
    arguments = [each.name for each in context.command.params if each.param_type_name == "argument"]
    return (
        set(re.findall(r"--[a-z]+", line)) <= names
        and ("TEXT" not in line or "text" in arguments)
        and ("RUN" not in line or not {"run", "runs"}.isdisjoint(arguments))
    )


def _setting(word: str, option: str, typed: Sequence[str]) -> str:
    """A hint: the configuration key meant by an option, as -s KEY=VALUE, or why there is none; else empty."""
    from charrnn.config.resolve import known_keys
    from charrnn.config.suggestions import find_key, fitting_value, why_absent

    key = find_key(word, known_keys())
    if not key:
        return f"; {why}" if (why := why_absent(word)) else ""
    value = fitting_value(key, _value_of(option, typed))
    return f"; did you mean -s {shell_word(f'{key}={value}') if value else f'{key}=VALUE'}?"


def _bad_usage(option: str, message: str, typed: Sequence[str]) -> str:
    if "not take" in message:
        return f"{option} takes no value; found {_shown(_value_of(option, typed))}"
    return f"{option} needs a value"


def _value_of(option: str, typed: Sequence[str]) -> str:
    """What was typed after an option; empty if nothing was."""
    for each, following in zip(typed, [*typed[1:], ""], strict=True):
        if each.startswith(f"{option}="):
            return each.partition("=")[2]
        if each == option:
            return "" if re.match(r"-\D", following) else following
    return ""


def _names(context: Any) -> Iterator[str]:
    """All names of the options of a command."""
    for each in context.command.params if context else ():
        yield from (name for name in (*each.opts, *each.secondary_opts) if name.startswith("-"))


def _as_typed(parameter: Any, typed: Sequence[str]) -> str:
    """An option as it was typed, long or short; an argument as the help calls it."""
    names = [*parameter.opts, *parameter.secondary_opts]
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.human_readable_name).strip("[]")
    for each in typed:
        for name in names:
            if each.partition("=")[0] == name or (len(name) == len("-n") and re.match(re.escape(name), each)):
                return str(name)
    return str(names[0])


def _shown(value: str) -> str:
    """A value as a shell takes it, at most MAX_VALUE_CHARS characters of it."""
    return shell_word(value if len(value) <= MAX_VALUE_CHARS else f"{value[:MAX_VALUE_CHARS]}...")
