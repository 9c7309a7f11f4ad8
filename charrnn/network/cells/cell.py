"""What every cell offers, so that layers of any kind can be stacked.

A layer receives x W_xh + b for all T steps at once (the first layer looks it up, the others compute one product). The
cell adds h W_hh, step by step. `backward` fills `da`, the gradient of that input, and the gradients of the recurrent
weights. The layer computes the rest.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from numpy.typing import DTypeLike

from charrnn.network.arrays import Array
from charrnn.network.matmul import MatMul
from charrnn.network.parameters import Shapes
from charrnn.network.resets import NO_RESETS, Resets

Weights = Mapping[str, Array]
"""The parameters of one layer, or their gradients, by their names in the equations: W_xh, W_hh, ..."""


class CellWorkspace(Protocol):
    """The buffers of one layer for windows of T steps and B streams. S is the cell's number of states."""

    @property
    def x_a(self) -> Array:
        """(G, T, B, H), for the rnn (T, B, H): x W_xh + b going in; the cell works in place on it."""

    @property
    def da(self) -> Array:
        """The gradient of x W_xh + b, in its shape, after `backward`."""

    @property
    def recurrent(self) -> Array:
        """(G, B, H), for the rnn (B, H): buffer for h W_hh of one step."""

    @property
    def states(self) -> tuple[Array, ...]:
        """S arrays (T+1, B, H), h first: index t is before step t, t + 1 after it; index 0 is what came in."""

    @property
    def activations(self) -> dict[str, Array]:
        """What a step leaves, (T, B, H) each, by the names in the equations: h, then the gates."""

    def reverse_states(self) -> "CellWorkspace":
        """The same buffers with the states in reverse order, last first."""


class Cell(Protocol):
    """One kind of recurrent layer."""

    gates: int  # G: blocks in its weights, W_xh[k] (inputs, H) and W_hh[k] (H, H); with one, no axis for it
    number_of_states: int  # S: arrays passed from window to window
    input_bias: str  # the name of the bias whose gradient is that of x W_xh + b, summed

    def shapes(self, inputs: int, H: int) -> Shapes:
        """The parameters of one layer; `inputs` is V for the first layer, H for those above."""

    def bias(self, w: Weights) -> Array:
        """b, (G, H), for the rnn (H,): what is added to x W_xh before the cell starts."""

    def workspace(self, T: int, B: int, H: int, dtype: DTypeLike) -> CellWorkspace:
        """Allocate the buffers of one layer."""

    def forward(self, w: Weights, ws: Any, times: MatMul | None = None) -> Callable[[int], None]:
        """Return the function that makes step t: it fills states[t+1] from states[t] and x_a[t]. Call it in
        order, for t = 0, 1, ...

        What all steps share is prepared here, once, and so is the product h W_hh into ws.recurrent, unless `times` is
        that product.
        """

    def backward(self, w: Weights, dh: Array, ws: Any, dw: Weights, resets: Resets = NO_RESETS) -> Array:
        """From dh = ∂L/∂h', (T, B, H), fill da and the recurrent weights' gradients, last step first; `resets`: where
        the state is reset, and nothing flows back.

        Overwrites dh. Returns the gradient of the states that came in, (S, B, H).
        """
