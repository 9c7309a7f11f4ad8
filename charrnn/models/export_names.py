"""What the files of `export` are called. A command asks here before it imports NumPy."""

from pathlib import Path

from charrnn.system.output_names import require_ending
from charrnn.words import parameter

ENDINGS = {
    "onnx": (".onnx",),
    "html": (".html", ".htm"),
}  # of the formats that are no safetensors; the first is proposed
WRITES = {"onnx": "export to onnx writes an ONNX file", "html": "export to html writes a page"}


def default_file(name: str, to: str) -> Path:
    """The file that a model of this name is exported to: harbour-torch.safetensors, harbour.html."""
    return Path(f"{name}{ENDINGS[to][0]}" if to in ENDINGS else f"{name}-{to}.safetensors")


def require_file_name(path: Path, to: str) -> None:
    """Raise OutputError for a file name with an ending of another format."""
    other = path.suffix.lower().removeprefix(".")
    hint = f", or add {parameter('to')} {other}" if other in ENDINGS else ""
    require_ending(path, ENDINGS.get(to, (".safetensors",)), WRITES.get(to, "export writes a safetensors file"), hint)
