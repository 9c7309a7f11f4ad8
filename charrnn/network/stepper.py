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
        self._steps = [cell.forward(w, ws, whole_product_with) for w, ws in zip(layers, workspaces, strict=True)]
        self._x_a = [ws.x_a[..., 0, :, :] for ws in workspaces]
        self._h = [ws.states[0][1] for ws in workspaces]
        biases = [cell.bias(w)[..., np.newaxis, :] for w in layers]
        self._look_up = layers[0]["W_xh"] + biases[0]  # (G, V, H), for the rnn (V, H)
        self._weights_above = [(w["W_xh"], bias) for w, bias in zip(layers[1:], biases[1:], strict=True)]
        self._b_y = network.parameters["b_y"][np.newaxis]
        self._logits = np.empty((B, self._b_y.size), state.dtype)
        self._times_W_hy = whole_product_with(network.parameters["W_hy"], self._logits)

    @property
    def state(self) -> Array:
        """The state after the last step, (S, B, H), a copy."""
        return np.stack([after for _, after in self._before_and_after])

    def __call__(self, ids: Ids) -> Array:
        """Read one character of each stream, (B,): the logits of the next, (B, V), in a buffer that the next call fills anew."""
        x_a, h = self._x_a, self._h
        for before, after in self._before_and_after:
            np.copyto(before, after)
        self._look_up.take(ids, axis=-2, out=x_a[0], mode="clip")
        self._steps[0](0)
        for above, (W_xh, bias) in enumerate(self._weights_above, start=1):
            np.matmul(h[above - 1], W_xh, out=x_a[above])
            np.add(x_a[above], bias, out=x_a[above])
            self._steps[above](0)
        self._times_W_hy(h[-1])
        return np.add(self._logits, self._b_y, out=self._logits)
