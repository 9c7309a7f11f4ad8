"""What all peers share: they make the same updates on the same text."""

from charrnn.training.benchmark import WINDOWS, random_text

V = 65  # the characters of Tiny Shakespeare
RATE = 2e-3


def windows(B: int, T: int):
    """Ids of so many windows, (WINDOWS, T + 1, B)."""
    return random_text(V, WINDOWS * (T + 1) * B).astype("int64").reshape(WINDOWS, T + 1, B)
