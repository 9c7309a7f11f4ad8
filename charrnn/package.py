"""The package itself: its version, where it lies, and what ships with it."""

from pathlib import Path

__version__ = "0.1.0"
FOLDER = Path(__file__).resolve().parent


def shipped(folder: str) -> Path:
    """A folder that travels with the program: beside the package in a checkout, inside it when installed."""
    inside = FOLDER / folder
    return inside if inside.is_dir() else FOLDER.parent / folder


def import_path() -> str:
    """What a child process needs on its PYTHONPATH to import this package, and no other of its name."""
    return str(FOLDER.parent)
