"""Text that is typed as the value of an option, under any locale."""

import os

import typer


def text(typed: str | None) -> str | None:
    """The callback of an option for text: its value as UTF-8."""
    return None if typed is None else _decoded(typed)


def texts(typed: list[str] | None) -> list[str] | None:
    """The same for an option that may be given several times."""
    return None if typed is None else [_decoded(each) for each in typed]


def _decoded(typed: str) -> str:
    """Under a locale that is not UTF-8, Python hands over what it cannot decode as surrogates. The names of files stay so, and
    name the same files. Raises BadParameter for what is not UTF-8.
    """
    if not any("\ud800" <= character <= "\udfff" for character in typed):
        return typed
    try:
        return os.fsencode(typed).decode("utf-8")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(
            f"its byte {error.start + 1}, 0x{error.object[error.start]:02x}, is not UTF-8"
        ) from None
    except UnicodeEncodeError as error:
        raise typer.BadParameter(f"its character {error.start + 1} is half of a surrogate pair") from None
