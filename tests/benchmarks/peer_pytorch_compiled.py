"""PyTorch with torch.compile."""

from collections.abc import Callable

import peer_pytorch


def training(cell: str, H: int, B: int, T: int, threads: int) -> Callable[[], None]:
    """One update of the compiled model."""
    return peer_pytorch.training(cell, H, B, T, threads, compiled=True)
