"""The names of files that are written."""

from pathlib import Path

from charrnn.errors import OutputError

ENDING = ".safetensors"  # of a checkpoint
CONFIG = "config.yaml"  # beside a checkpoint in its run directory


def require_ending(path: Path, endings: tuple[str, ...], writes: str) -> None:
    """Raises OutputError for a name whose ending promises another format; `writes` says which one is written, and the
    message proposes the first ending.
    """
    if path.suffix.lower() not in endings:
        better = path.with_suffix(endings[0]) if path.suffix else f"{path}{endings[0]}"
        raise OutputError(f"{path}: {writes}; name it {better}")


def default_name(run: Path) -> str:
    """What a file that is made from a run is called, without its ending: the run's name, or that of a checkpoint
    outside a run directory.
    """
    path = run.resolve()
    if path.suffix != ENDING:
        return path.name
    return path.parent.name if (path.parent / CONFIG).is_file() else path.stem
