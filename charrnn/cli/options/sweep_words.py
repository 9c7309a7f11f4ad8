"""The words of `sweep`: `sweep CONFIG TEXT`, or `sweep TEXT -c CONFIG`, or `sweep TEXT` with the default recipe."""

import glob
import os
from collections.abc import Sequence

import typer

from charrnn.system.shell import shell_command

YAML = (".yaml", ".yml")


def split_words(config: str | None, words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The configuration and the texts. Without -c, the first word is a configuration if it is the name of a recipe or a
    YAML file, and a text otherwise. Raises BadParameter for a word that may be either, and for a recipe after a text.
    """
    from charrnn.config.resolve import recipe_names

    if config is not None or not words:
        return config, list(words)
    first, *others = words
    recipes = recipe_names()
    is_recipe = first.removesuffix(".yaml") in recipes
    if is_recipe and os.path.exists(first) and not first.endswith(YAML):
        raise typer.BadParameter(
            f"{first} is the name of a recipe and of a text; say which: -c {first} for the recipe, {os.path.join(os.curdir, first)} for the text"
        )
    if is_recipe or first.endswith(YAML):
        return first, others
    if not (os.path.exists(first) or first == "-" or first.startswith("builtin:") or glob.has_magic(first)):
        return first, others  # neither: the message names the recipes
    late = next((word for word in others if word in recipes and not os.path.exists(word)), None)
    if late:
        texts = [word for word in words if word != late]
        raise typer.BadParameter(
            f"{late} comes after a text; name the recipe with -c: {shell_command('charrnn sweep', *texts)} -c {late}"
        )
    return None, list(words)
