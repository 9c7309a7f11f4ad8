"""A first word that is no command: what it probably meant."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from charrnn.words import nearest, shell_command, shell_word

MEANINGS = {  # what people call what a command does, in a word
    "sample": "generate write gen complete continue predict infer run prompt text",
    "train --resume": "resume",
    "train": "learn fit new init start begin finetune fine-tune retrain",
    "eval": "evaluate evaluation test perplexity loss validate measure",
    "score": "surprise surprisal judge compare",
    "runs": "list ls models status history",
    "info": "inspect show describe summary stat config",
    "plot": "draw graph chart curve curves",
    "view": "visualize visualise html page see look open",
    "export": "convert save dump onnx torch",
    "sweep": "search tune grid gridsearch hyperparameters",
    "gradcheck": "check grad gradient gradients verify",
    "gradflow": "flow memory horizon",
    "derive": "derivation derivations equations math prove",
    "bench": "benchmark speed time",
    "schema": "schemas json-schema",
}


def with_help(words: list[str], commands: Collection[str]) -> list[str]:
    """The words with `help`, `help COMMAND`, `COMMAND help` and `version` as the options that they mean. A file called
    help stays one.
    """
    match words:
        case ["help"]:
            return ["--help"]
        case ["help", command, *_]:
            return [command, "--help"]
        case ["version"]:
            return ["--version"]
        case [command, "help"] if command in commands and not os.path.lexists("help"):
            return [command, "--help"]
    return words


def explain(words: Sequence[str], commands: Collection[str]) -> str:
    """The message about a first word that is no command."""
    first = words[0]
    if first == "charrnn":
        return "'charrnn' is there twice; leave out one"
    if meant := _as_path(words):
        return meant
    meaning = next((command for command, names in MEANINGS.items() if first.lower() in names.split()), None)
    close = meaning if meaning and meaning.split()[0] in commands else nearest(first, commands)
    rest = f"; did you mean charrnn {close}?" if close else f"; there are {', '.join(commands)}"
    return f"No such command {first!r}{rest}"


def _as_path(words: Sequence[str]) -> str | None:
    """The message where the word names a text, a run or a configuration; None for anything else."""
    from charrnn.runs.catalogue import is_run
    from charrnn.runs.finding import RUNS, SUFFIX
    from charrnn.text.reading import missing

    first = words[0]
    if "\0" in first:
        return None
    below = os.path.join(RUNS, first)
    run = next((path for path in (first, below) if is_run(Path(path)) or _is_checkpoint(path, SUFFIX)), None)
    if run:
        return f"{first}: a run, not a command; write with it: {shell_command('charrnn sample', run)}"
    if first.endswith((".yaml", ".yml")) and os.path.isfile(first):
        return f"{first}: a configuration, not a command; train with it: charrnn train TEXT -c {shell_word(first)}"
    if missing.WEB_ADDRESS.match(first):
        return (
            f"{first}: a web address, not a command; download it, then train on the file: curl -LO {shell_word(first)}"
        )
    if first.startswith("builtin:") or os.path.exists(first):
        return f"{first}: a text, not a command; train on it: {shell_command('charrnn train', first)}"
    whole = missing.existing(first, [word for word in words if not word.startswith("-")])
    return f"{first}: not a command; train on the text: {shell_command('charrnn train', whole)}" if whole else None


def _is_checkpoint(path: str, suffix: str) -> bool:
    return path.endswith(suffix) and os.path.isfile(path)
