"""Text typed as the value of an option, under any locale."""

import os

import typer


def text(typed: str) -> str:
    """Decode the value of an option as UTF-8: under another locale, Python passes what it cannot decode as surrogates.

    File names may stay so. Raises BadParameter for what is not UTF-8.
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


def texts(typed: list[str] | None) -> list[str] | None:
    """The same for a repeatable option."""
    return None if typed is None else [text(each) for each in typed]
