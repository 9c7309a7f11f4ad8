"""The package itself: its folder, and the files that ship with it."""

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
BUILTIN = "builtin:"  # before the name of a text or a model that ships with the program
MODEL = ".safetensors"


def shipped(folder: str) -> Path:
    """A folder that ships with the program: beside the package in a checkout, inside it when installed."""
    inside = FOLDER / folder
    return inside if inside.is_dir() else FOLDER.parent / folder


def shipped_models() -> list[str]:
    """The names of the models that ship with the program, such as builtin:english."""
    return sorted(f"{BUILTIN}{path.stem}" for path in shipped("corpora").glob(f"*{MODEL}"))


def shipped_model(run: str | os.PathLike[str]) -> Path | None:
    """The file of such a model; None for any other name."""
    name = os.fspath(run)
    return shipped("corpora") / f"{name.removeprefix(BUILTIN)}{MODEL}" if name in shipped_models() else None


def child_python_path() -> str:
    """The PYTHONPATH for a child process in any folder: this very package first, then the folders of this process."""
    places = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join([str(FOLDER.parent), *(os.path.abspath(place) for place in places if place)])
