"""The text and sizes that all peers share, so that they make the same updates."""

from charrnn.config.resolve import resolve
from charrnn.runs.random_training import WINDOWS, random_text, random_trainer

V = 65  # the characters of Tiny Shakespeare
RATE = 2e-3


def windows(B: int, T: int):
    """Random ids as windows, (WINDOWS, T + 1, B)."""
    return random_text(V, WINDOWS * (T + 1) * B).astype("int64").reshape(WINDOWS, T + 1, B)


def charrnn_trainer(cell: str, H: int, B: int, T: int, threads: int = 1):
    """A charrnn trainer with these sizes."""
    sizes = (f"model.hidden_size={H}", f"training.batch_size={B}", f"training.sequence_length={T}")
    return random_trainer(resolve(None, [f"model.cell={cell}", *sizes, f"runtime.threads={threads}"]).config)
