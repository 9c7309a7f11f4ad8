"""What the files of `export` are called. A command asks here before it imports NumPy."""

from pathlib import Path

from charrnn.system.files.output_names import require_ending
from charrnn.words import parameter

OTHERS = {"onnx": ("an ONNX file", ".onnx"), "html": ("a page", ".html", ".htm")}  # formats that are no safetensors


def default_file(name: str, to: str) -> Path:
    """The file that a model of this name is exported to: harbour-torch.safetensors, harbour.html."""
    return Path(f"{name}{OTHERS[to][1]}" if to in OTHERS else f"{name}-{to}.safetensors")


def require_file_name(path: Path, to: str) -> None:
    """Raise OutputError for a file name with an ending of another format."""
    what, *endings = OTHERS.get(to, ("a safetensors file", ".safetensors"))
    other = path.suffix.lower().removeprefix(".")
    hint = f", or add {parameter('to')} {other}" if other in OTHERS else ""
    asked = f"export to {to}" if to in OTHERS else "export"
    require_ending(path, tuple(endings), f"{asked} writes {what}", hint)
