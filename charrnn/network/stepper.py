"""A network that reads one character of each stream at a time: for sampling, where the next is not known before.

The cells' own step, on a window of one step; what does not depend on the characters is made ready once.
"""

import numpy as np

from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network
from charrnn.network.products import whole_product_with


class Stepper:
    """B streams, from `state`, (S, B, H), on. The weights may not change while it is used."""

    def __init__(self, network: Network, state: Array) -> None:
        B, H, cell = *state.shape[1:], network.architecture.make_cell()
        layers = network.layers
        workspaces = [cell.workspace(1, B, H, state.dtype) for _ in layers]
        self._before_and_after = [(states[0], states[1]) for ws in workspaces for states in ws.states]
        for (_, after), incoming in zip(self._before_and_after, state, strict=True):
            after[:] = incoming
        steps = [cell.forward(w, ws, whole_product_with) for w, ws in zip(layers, workspaces, strict=True)]
        biases = [cell.bias(w)[..., np.newaxis, :] for w in layers]
        x_a = [ws.x_a[..., 0, :, :] for ws in workspaces]
        h = [ws.states[0][1] for ws in workspaces]
        self._look_up, self._x_a, self._first = layers[0]["W_xh"] + biases[0], x_a[0], steps[0]
        W_above = (w["W_xh"] for w in layers[1:])
        self._above = list(zip(h, W_above, biases[1:], x_a[1:], steps[1:], strict=False))
        self._top, self._b_y = h[-1], network.parameters["b_y"][np.newaxis]
        self._logits = np.empty((B, self._b_y.size), state.dtype)
        self._times_W_hy = whole_product_with(network.parameters["W_hy"], self._logits)

    @property
    def state(self) -> Array:
        """The state after the last step, (S, B, H), a copy."""
        return np.stack([after for _, after in self._before_and_after])

    def __call__(self, ids: Ids) -> Array:
        """Read one character of each stream, (B,): the logits of the next, (B, V), in a buffer that the next call fills anew."""
        for before, after in self._before_and_after:
            np.copyto(before, after)
        self._look_up.take(ids, axis=-2, out=self._x_a, mode="clip")
        self._first(0)
        for below, W_xh, bias, x_a, step in self._above:
            np.matmul(below, W_xh, out=x_a)
            np.add(x_a, bias, out=x_a)
            step(0)
        self._times_W_hy(self._top)
        return np.add(self._logits, self._b_y, out=self._logits)
