"""The package itself: its version, its folder, and the files that ship with it."""

from pathlib import Path

__version__ = "0.1.0"
FOLDER = Path(__file__).resolve().parent


def shipped(folder: str) -> Path:
    """A folder that ships with the program: beside the package in a checkout, inside it when installed."""
    inside = FOLDER / folder
    return inside if inside.is_dir() else FOLDER.parent / folder


def import_path() -> str:
    """The entry of PYTHONPATH with which a child process imports this very package."""
    return str(FOLDER.parent)
