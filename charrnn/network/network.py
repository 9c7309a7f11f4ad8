"""A recurrent network over characters: look-up, layers of a cell, readout; forward, backward, one step at a time.

A window is (T, B) character ids. `forward` fills a workspace and gives the loss; `backward` reads the workspace
and fills a gradient. The state, (S, B, H), is what one window hands to the next: a copy, through which no
gradient flows. That is what truncates backpropagation through time.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from charrnn.errors import NetworkError
from charrnn.network import initialisation, readout
from charrnn.network.activations import NONLINEARITIES
from charrnn.network.arrays import Array, Ids
from charrnn.network.cells import rnn
from charrnn.network.parameters import Parameters, Shapes

CELLS = {"rnn": rnn}
LARGEST = 1 << 34  # parameters; a size beyond this is a typing error, or a lie in a file


@dataclass(frozen=True)
class Architecture:
    """What the network is made of. Raises NetworkError for what cannot be."""

    vocab_size: int
    hidden_size: int
    cell: str = "rnn"
    nonlinearity: str = "tanh"

    def __post_init__(self) -> None:
        for name, known in (("cell", CELLS), ("nonlinearity", NONLINEARITIES)):
            if getattr(self, name) not in known:
                raise NetworkError(f"unknown {name} {getattr(self, name)!r}; there are {', '.join(known)}")
        if self.vocab_size < 1 or self.hidden_size < 1:
            raise NetworkError(f"a network needs at least one character and one unit; found {self}")
        if (self.vocab_size + self.hidden_size) * self.hidden_size > LARGEST:
            raise NetworkError(f"{self.vocab_size:,} characters x {self.hidden_size:,} units is too large a network")

    def shapes(self) -> Shapes:
        """Every parameter and its shape, in the order in which they stand in the flat vector."""
        V, H = self.vocab_size, self.hidden_size
        return {**CELLS[self.cell].shapes(V, H), **readout.shapes(H, V)}


@dataclass(frozen=True)
class Workspace:
    """The buffers for windows of T steps and B streams, allocated once, and the window that they hold."""

    inputs: Ids  # (T, B)
    targets: Ids  # (T, B)
    layer: rnn.Workspace
    dh: Array  # (T, B, H) ∂L/∂h of the layer below the readout
    readout: readout.Workspace
    one_hot: Array  # (V, T B) for the gradient of the look-up

    @property
    def state(self) -> Array:
        """The state after the window, (S, B, H), a copy."""
        return self.layer.h[-1:].copy()

    @property
    def logits(self) -> Array:
        """After `Network.logits`: the logits, (T, B, V)."""
        return self.readout.o.reshape(*self.inputs.shape, -1)


class Network:
    """`architecture` and `parameters`; everything that changes while it works is in a workspace."""

    def __init__(self, architecture: Architecture, parameters: Parameters) -> None:
        self.architecture, self.parameters = architecture, parameters
        self._cell = CELLS[architecture.cell]
        self._φ = NONLINEARITIES[architecture.nonlinearity]

    @classmethod
    def fresh(
        cls, architecture: Architecture, generator: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> "Network":
        """A network with random weights; see `initialisation`. Equal to rounding in any precision."""
        parameters = Parameters(architecture.shapes(), dtype)
        initialisation.initialise(parameters, generator)
        return cls(architecture, parameters)

    def astype(self, dtype: DTypeLike) -> "Network":
        """A copy in another precision: float32, float64 or complex128."""
        return Network(self.architecture, self.parameters.astype(dtype))

    def workspace(self, T: int, B: int) -> Workspace:
        """Allocate the buffers for windows of T steps and B streams."""
        V, H, dtype = self.architecture.vocab_size, self.architecture.hidden_size, self.parameters.flat.dtype
        return Workspace(
            inputs=np.zeros((T, B), np.intp),
            targets=np.zeros((T, B), np.intp),
            layer=self._cell.workspace(T, B, H, dtype),
            dh=np.zeros((T, B, H), dtype),
            readout=readout.workspace(T * B, V, dtype),
            one_hot=np.zeros((V, T * B), dtype),
        )

    def state_shape(self, B: int) -> tuple[int, int, int]:
        """(S, B, H): S arrays are handed from window to window."""
        return (self._cell.STATES, B, self.architecture.hidden_size)

    def zero_state(self, B: int) -> Array:
        """The state at the beginning of a text, (S, B, H)."""
        return np.zeros(self.state_shape(B), self.parameters.flat.dtype)

    def logits(self, inputs: Ids, state: Array, ws: Workspace) -> None:
        """Run a window, (T, B), from `state`, (S, B, H): fills the layers' states and the logits."""
        if inputs.shape != ws.inputs.shape:
            raise NetworkError(f"a window of {inputs.shape} does not fit a workspace of {ws.inputs.shape}")
        p = self.parameters
        h = ws.layer.h
        ws.inputs[:] = inputs
        h[0] = state[0]
        # x W_xh with a one-hot x is a row of W_xh. mode="clip" spares take a copy; ids are never out of range.
        np.take(p["W_xh"] + p["b_h"], inputs, axis=0, out=h[1:], mode="clip")
        self._cell.forward(p["W_hh"], self._φ, ws.layer)
        readout.logits(_rows(h[1:]), p["W_hy"], p["b_y"], ws.readout)

    def forward(self, inputs: Ids, targets: Ids, state: Array, ws: Workspace) -> Any:
        """The loss of a window: nats summed over its T B characters (complex for complex parameters)."""
        self.logits(inputs, state, ws)
        ws.targets[:] = targets
        return readout.loss(targets.ravel(), ws.readout)

    def backward(self, count: int, ws: Workspace, gradient: Parameters) -> Array:
        """Fill `gradient` with that of loss / count, for the window of the last `forward`.

        Returns the gradient of the state that came in, (S, B, H). It is where backpropagation is cut.
        """
        p, h, da = self.parameters, ws.layer.h, _rows(ws.layer.da)
        readout.backward(ws.targets.ravel(), count, ws.readout)
        do = ws.readout.o
        np.matmul(_rows(h[1:]).T, do, out=gradient["W_hy"])  # o = h W_hy + b_y
        np.sum(do, axis=0, out=gradient["b_y"])
        np.matmul(do, p["W_hy"].T, out=_rows(ws.dh))
        self._cell.backward(ws.dh, p["W_hh"], self._φ, ws.layer)
        np.matmul(_rows(h[:-1]).T, da, out=gradient["W_hh"])  # a = x W_xh + h W_hh + b_h
        np.sum(da, axis=0, out=gradient["b_h"])
        self._look_up_backward(da, ws, gradient["W_xh"])
        return np.asarray(ws.layer.da[:1] @ p["W_hh"].T)

    def step(self, ids: Ids, state: Array) -> tuple[Array, Array]:
        """Read one character of each stream, (B,), from `state`, (S, B, H): the logits, (B, V), and the state after."""
        p = self.parameters
        h = self._cell.step(p["W_xh"][ids] + p["b_h"], p["W_hh"], self._φ, state[0])
        return h @ p["W_hy"] + p["b_y"], h[np.newaxis]

    @staticmethod
    def _look_up_backward(da: Array, ws: Workspace, dW_xh: Array) -> None:
        """dW_xh = Σ xᵀ da with one-hot x: at the vocabulary sizes of characters a product beats adding row by row."""
        x = ws.one_hot
        x.fill(0)
        x[ws.inputs.ravel(), ws.readout.rows] = 1
        np.matmul(x, da, out=dW_xh)


def _rows(array: Array) -> Array:
    """(T, B, N) as (T B, N), a view."""
    return array.reshape(-1, array.shape[-1])
