"""What changes how a window is computed: forward and backward of one window are called with the same options."""

from dataclasses import dataclass, replace

from charrnn.network.dropout import Dropout
from charrnn.network.resets import ResetMask


@dataclass(frozen=True, kw_only=True)
class WindowOptions:
    """Options for a window of T steps and B streams; by default the loss is on every step, and nothing is changed.

    >>> WindowOptions(loss_steps=2).target_count(T=6, B=3)
    6
    """

    loss_steps: int | None = None  # the loss is on the last `loss_steps` steps; None: on all T
    dropout: Dropout | None = None
    reset_mask: ResetMask | None = None  # (T, B): the streams whose state is 0 before each step; see resets.py
    smoothing: float = 0.0  # of labels; see readout.py

    def target_count(self, T: int, B: int) -> int:
        """The number of characters that the loss is on."""
        return (T if self.loss_steps is None else self.loss_steps) * B

    def select(self, streams: slice) -> "WindowOptions":
        """The options for some of the streams."""
        dropout = self.dropout and replace(self.dropout, first_stream=self.dropout.first_stream + streams.start)
        reset_mask = None if self.reset_mask is None else self.reset_mask[:, streams]
        return replace(self, dropout=dropout, reset_mask=reset_mask)


DEFAULT_OPTIONS = WindowOptions()
