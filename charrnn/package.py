"""package"""

from pathlib import Path


def shipped(folder: str) -> Path:
    """A folder that travels with the program: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parents[1]
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder
