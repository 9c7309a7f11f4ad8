"""Fill a small disk and train on it, as a program of its own: python tests/faults/full_disk.py FOLDER

FOLDER is where the disk is mounted. Exit code 0, and a line on stdout, if all is as it must be; else a line on stderr.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from faults.common import (
    content,
    has_checkpoint,
    nothing_loads,
    resume_command,
    run_command,
    side_files,
    train_command,
    write_text,
)

SETTINGS = ("training.steps=60", "training.save_every=3", "training.eval_every=5")
OTHERS = ("last.safetensors", "previous.safetensors")


def main() -> None:
    folder = Path(sys.argv[1])
    text, run, filler = write_text(folder), folder / "run", folder / "filler"
    code, error = run_command(train_command(text, run, *SETTINGS))
    require(code == 0, f"the disk is too small to begin with: {error}")
    before = [content(run / name) for name in OTHERS]
    for room in (0, 2):  # pages that are free
        fill(filler, room)
        code, error = run_command([*resume_command(run), "--steps", "90"])
        lines = [line for line in error.splitlines() if line.startswith("error:")]
        require(code == 1 and len(lines) == 1, f"{room} pages free: exit code {code}: {error}")
        require("Traceback" not in error, error)
        require(not side_files(run), f"left: {side_files(run)}")
        require(not nothing_loads(run), f"{nothing_loads(run)}")
        if room == 0:
            require([content(run / name) for name in OTHERS] == before, "the older checkpoints changed")
        filler.unlink()
    require(has_checkpoint(run), "no checkpoint is left")
    code, more = run_command(resume_command(run))
    require(code == 0, f"with room again it did not go on: {more}")
    print(" ".join(lines))


def fill(path: Path, room: int) -> None:
    """Write until the disk is full, then give some pages back."""
    size = 0
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                size += file.write(b"\0" * 512)
        except OSError:
            pass
        file.truncate(max(0, (size // 4096 - room) * 4096))


def require(true: bool, otherwise: str) -> None:
    """Exit with an error unless a condition is true."""
    if not true:
        sys.exit(otherwise)


if __name__ == "__main__":
    main()
