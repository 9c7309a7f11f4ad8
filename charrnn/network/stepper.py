"""A network that reads one character of each stream at a time: for sampling, where the next is not known yet.

The cells' own step, on a window of one step; what does not depend on the characters is computed once.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from charrnn.network.activations import RELU
from charrnn.network.arrays import Array, Ids
from charrnn.network.cells.cell import Cell, CellWorkspace
from charrnn.network.matmul import MatMul, plain_matmul, rowwise_matmul
from charrnn.network.network import Network

Held = Mapping[tuple[int, str, int], float]
"""Units and the values at which they are held: the layer from 0, the state h or c, the number of the unit."""
NOTHING_HELD: Held = {}


class Stepper:
    """B streams, from `state`, (S, B, H), on. The weights may not change while it is used.

    `exact`: to the bit, each stream is what it would be alone. Otherwise the BLAS rounds the streams together, which is
    faster for many. A stream that is alone is the same either way.

    `held`: the units that have these values after each step, whatever the cell computed; see Held.

    >>> from charrnn.network.architecture import Architecture
    >>> network = Network.fresh(Architecture(vocab_size=3, hidden_size=4), np.random.default_rng(0))
    >>> step = Stepper(network, network.zero_state(B=2))
    >>> step(np.array([0, 1])).shape
    (2, 3)
    """

    @np.errstate(over="ignore")  # of weights that are too large
    def __init__(
        self,
        network: Network,
        state: Array,
        exact: bool = True,
        held: Held = NOTHING_HELD,
        like: "Stepper | None" = None,
    ) -> None:
        """`like`: one of the same network; what it has computed of the weights is shared, whatever its B."""
        B, H, cell = *state.shape[1:], network.architecture.make_cell()
        self._rowwise = exact or B == 1
        shared = like if like and like._rowwise == self._rowwise else None
        cut: _Cut = rowwise_matmul if self._rowwise else lambda W: partial(plain_matmul, W)
        self._weights: _Weights = shared._weights if shared else _Weights(network, cell, cut)
        weights = self._weights
        workspaces = [cell.workspace(1, B, H, state.dtype) for _ in network.layers]
        biases, self._look_up = weights.biases, weights.look_up
        self._b_y = network.parameters["b_y"][np.newaxis]
        self._logits = np.empty((B, self._b_y.size), state.dtype)
        self._times_W_hy = weights.times_W_hy(self._logits)
        self._read = _deep_readout(network, B, weights.times_W_hr) if weights.times_W_hr else lambda h: h
        # The next step begins with what this one leaves: two sets of buffers take turns, and nothing is copied.
        products = [times(ws.recurrent) for times, ws in zip(weights.times_W_hh, workspaces, strict=True)]
        from_below = [times(ws.recurrent) for times, ws in zip(weights.times_W_xh, workspaces[1:], strict=True)]
        self._now, self._next = (
            _StepBuffers(network, cell, buffers, biases, products, from_below, held)
            for buffers in (workspaces, [ws.reverse_states() for ws in workspaces])
        )
        for own, incoming in zip(self._now.before, state, strict=True):
            own[:] = incoming

    @property
    def state(self) -> Array:
        """The state after the last step, (S, B, H), a copy."""
        return np.stack(self._now.before)

    @np.errstate(over="ignore", invalid="ignore")  # the caller reports what is not finite
    def __call__(self, ids: Ids) -> Array:
        """Read a character of each stream, (B,). Returns the logits of the next, (B, V); the next call overwrites them."""
        side = self._now
        self._look_up.take(ids, axis=-2, out=side.x_a, mode="clip")
        side.first(0)
        for below, times_W_xh, product, bias, x_a, step in side.above:
            times_W_xh(below)
            np.add(product, bias, out=x_a)
            step(0)
        self._times_W_hy(self._read(side.top))
        self._now, self._next = self._next, side
        return np.add(self._logits, self._b_y, out=self._logits)


_Cut = Callable[[Array], Callable[[Array], MatMul]]


class _Weights:
    """What does not depend on the streams: the look-up, and the weights as the products want them."""

    def __init__(self, network: Network, cell: Cell, cut: _Cut) -> None:
        layers, parameters = network.layers, network.parameters
        self.biases = [cell.bias(w)[..., np.newaxis, :] for w in layers]
        self.look_up = layers[0]["W_xh"] + self.biases[0]  # (G, V, H), for the rnn (V, H)
        self.times_W_hh, self.times_W_xh = [cut(w["W_hh"]) for w in layers], [cut(w["W_xh"]) for w in layers[1:]]
        self.times_W_hy = cut(parameters["W_hy"])
        self.times_W_hr = cut(parameters["W_hr"]) if network.architecture.readout == "deep" else None


class _StepBuffers:
    """One step of all layers, from the states `before` to those after."""

    def __init__(
        self,
        network: Network,
        cell: Cell,
        workspaces: Sequence[CellWorkspace],
        biases: Sequence[Array],
        products: Sequence[MatMul],
        from_below: Sequence[MatMul],
        held: Held,
    ) -> None:
        layers = network.layers
        steps = [cell.forward(w, ws, times) for w, ws, times in zip(layers, workspaces, products, strict=True)]
        for (layer, name, unit), value in sorted(held.items()):  # c before h, which it changes
            steps[layer] = _hold(steps[layer], workspaces[layer], name, unit, value)
        x_a = [ws.x_a[..., 0, :, :] for ws in workspaces]
        h = [ws.states[0][1] for ws in workspaces]
        self.before = [states[0] for ws in workspaces for states in ws.states]
        self.x_a, self.first, self.top = x_a[0], steps[0], h[-1]
        recurrent = (ws.recurrent for ws in workspaces[1:])
        self.above = list(zip(h, from_below, recurrent, biases[1:], x_a[1:], steps[1:], strict=False))


def _hold(step: Callable[[int], None], ws: CellWorkspace, name: str, unit: int, value: float) -> Callable[[int], None]:
    """The step, after which a unit of the state `name` has this value; where it is c, h' = o ∘ tanh(c') follows."""
    after = {each: values[0, :, unit] for each, values in ws.activations.items()}

    def hold(t: int) -> None:
        step(t)
        after[name][:] = value
        if name == "c":
            np.multiply(after["o"], np.tanh(after["c"]), out=after["h"])

    return hold


def _deep_readout(network: Network, B: int, times: Callable[[Array], MatMul]) -> Callable[[Array], Array]:
    """A function of h, (B, H): r = h + relu(h W_hr + b_r), in a buffer of its own."""
    b_r = network.parameters["b_r"]
    r = np.empty((B, len(b_r)), b_r.dtype)
    times_W_hr = times(r)

    def read(h: Array) -> Array:
        times_W_hr(h)
        np.add(r, b_r, out=r)
        RELU.apply(r, r)
        return np.add(h, r, out=r)

    return read
