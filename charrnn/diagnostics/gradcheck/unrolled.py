"""A window of one stream, unrolled step by step and layer by layer from the plain equations.

The closed form and the forward recursion read it: for every step t and layer l the input x, the state before,
the pre-activations u and the state after, and at every step the gradient of the loss by the logits.
"""

from dataclasses import dataclass

import numpy as np

from charrnn.diagnostics.gradcheck import reference_cells
from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.network.resets import ResetMask
from charrnn.network.window_options import WindowOptions


@dataclass(frozen=True)
class Layer:
    """The weights of a layer under the names of the equations, gates side by side: (I, G H), (H, G H), (G H,)."""

    w: dict[str, Array]
    names: dict[str, str]  # name in the equations -> name in the network
    shapes: dict[str, tuple[int, ...]]  # of the parameters, by their names in the equations: gates first

    def pre_activations(self, x: Array, h: Array, separate: bool) -> Array:
        """u, (U,), from the input, (I,), and h, (H,)."""
        from_x, from_h = x @ self.w["W_xh"], h @ self.w["W_hh"]
        if separate:
            return np.concatenate([from_x + self.w["b_xh"], from_h + self.w["b_hh"]])
        return np.asarray(from_x + from_h + self.w["b_h"])


def side_by_side(parameter: Array, base: str) -> Array:
    """(G, I, H) as (I, G H), or a bias (G, H) as (G H,)."""
    if base.startswith("b"):
        return parameter.reshape(-1)
    return parameter if parameter.ndim == 2 else np.concatenate(list(parameter), axis=1)


def gates_first(gradient: Array, shape: tuple[int, ...]) -> Array:
    """The reverse of `side_by_side`: into the parameter's own shape."""
    if len(shape) < 3:
        return gradient.reshape(shape)
    G, inputs, H = shape
    return np.ascontiguousarray(gradient.reshape(inputs, G, H).swapaxes(0, 1))


@dataclass(frozen=True)
class Step:
    """One layer at one step."""

    x: Array  # (I,) one-hot in the first layer, h of the layer below above it
    before: Array  # (S H,)
    u: Array  # (U,)
    after: Array  # (S H,)
    mask: Array  # (H,) the layer above reads h ∘ mask: 1 without dropout


@dataclass(frozen=True)
class UnrolledStream:
    """steps[t][l], and for each step the gradient of its own loss by the logits."""

    cell: reference_cells.Cell
    layers: list[Layer]
    steps: list[list[Step]]
    do: list[Array]  # (V,) p - q over the count; zero where the loss is not on the step
    readout: reference_cells.Readout
    reset_mask: ResetMask  # (T,): the steps before which the state is reset to 0

    @property
    def H(self) -> int:
        """The number of units of a layer."""
        return len(self.layers[0].w["W_hh"])

    def top(self, t: int) -> Array:
        """What the readout reads after step t, (H,): h of the last layer, masked."""
        return self.steps[t][-1].after[: self.H] * self.steps[t][-1].mask


def unroll(
    network: Network, inputs: Ids, targets: Ids, state: Array, options: WindowOptions, count: int
) -> UnrolledStream:
    """Unroll one stream with its options: characters and targets, (T,) each, from a state (S, H); the loss is divided
    by `count`.
    """
    architecture, p = network.architecture, network.parameters
    cell = reference_cells.make_cell(architecture.cell, architecture.nonlinearity)
    layers = [_layer(p, names) for names in architecture.layer_names()]
    H, T = architecture.hidden_size, len(inputs)
    masks = np.ones((len(layers), T, 1, H))
    if options.dropout is not None:
        for number, mask in enumerate(masks):
            options.dropout.fill(mask, number)
    reset_mask = np.zeros(T, np.bool_) if options.reset_mask is None else options.reset_mask[:, 0]
    without_loss = T - options.target_count(T, 1)
    states = list(state.reshape(len(layers), -1))
    steps, errors = [], []
    readout = reference_cells.Readout({name: p[name] for name in architecture.parts()["readout"]})
    for t in range(T):
        x, row = np.eye(architecture.vocab_size)[inputs[t]], []
        for number, layer in enumerate(layers):
            before = np.zeros_like(states[number]) if reset_mask[t] else states[number]
            u = layer.pre_activations(x, before[:H], cell.separate)
            after = cell.value(u, before)
            row.append(Step(x, before, u, after, masks[number, t, 0]))
            states[number], x = after, after[:H] * masks[number, t, 0]
        errors.append(readout.error(x, targets[t], options.smoothing) / count * (t >= without_loss))
        steps.append(row)
    return UnrolledStream(cell, layers, steps, errors, readout, reset_mask)


def _layer(p: Parameters, names: dict[str, str]) -> Layer:
    w = {base: side_by_side(p[name], base) for base, name in names.items()}
    return Layer(w, names, {base: p[name].shape for base, name in names.items()})
