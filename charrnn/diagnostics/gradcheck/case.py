"""The case of a gradient check: a small network, a window of characters, and fixed options and masks."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from charrnn.diagnostics.gradcheck import closed_form
from charrnn.diagnostics.gradcheck.unrolled import UnrolledStream, unroll
from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.network.weight_dropout import WeightDropout
from charrnn.network.window_options import DEFAULT_OPTIONS, WindowOptions
from charrnn.network.workspace import Workspace

INITIAL_STATE = "h_0"


@dataclass(frozen=True)
class Case:
    """One window on which gradients are compared: float64 network, (T, B) characters, a state (S, B, H)."""

    network: Network
    inputs: Ids
    targets: Ids
    state: Array
    options: WindowOptions = DEFAULT_OPTIONS  # its dropout: one fixed mask
    weight_dropout: WeightDropout = field(default_factory=WeightDropout)
    weight_step: int = 0  # the step whose masks of the weights are used

    @property
    def loss_steps(self) -> int:
        """The number of steps that the loss is on."""
        return self.options.target_count(len(self.inputs), 1)

    @property
    def count(self) -> int:
        """The number of characters that the loss is the mean over."""
        return self.options.target_count(*self.inputs.shape)

    @cached_property
    def streams(self) -> list[UnrolledStream]:
        """Each stream alone, from the plain equations."""
        streams = zip(self.inputs.T, self.targets.T, self.state.swapaxes(0, 1), strict=True)
        weights = self.network.parameters
        masked = Parameters(weights.shapes, flat=weights.flat * self.weight_mask.flat)
        network = Network(self.network.architecture, masked)
        return [
            unroll(network, *stream, self.options.select(slice(number, number + 1)), self.count)
            for number, stream in enumerate(streams)
        ]

    @cached_property
    def weight_mask(self) -> Parameters:
        """The factor of each parameter by weight dropout; 1 where nothing is dropped."""
        ones = self.network.parameters.zeros_like()
        ones.flat[:] = 1
        with self.mask_weights(ones.flat, np.zeros_like(ones.flat)):
            return Parameters(ones.shapes, flat=ones.flat.copy())

    def mask_weights(self, w: Array, g: Array) -> AbstractContextManager[None]:
        """In the `with` block, weight dropout masks the weights w, (P,); afterwards it masks the gradient g, (P,)."""
        return self.weight_dropout.apply(w, g, self.weight_step)

    @cached_property
    def closed_form(self) -> dict[str, Array]:
        """The closed form's gradient by every parameter, in its shape, and by the state that came in, (S, B, H)."""
        streams = [closed_form.gradients(run) for run in self.streams]
        total = {name: np.sum([stream[name] for stream in streams], axis=0) for name in streams[0]}
        for name, mask in self.weight_mask.items():
            total[name] = total[name] * mask  # W = U ∘ mask
        return {**total, INITIAL_STATE: np.stack([stream[INITIAL_STATE] for stream in streams], axis=1)}

    def with_options(self, **changes: Any) -> "Case":
        """The same case with some options changed; their names are those of WindowOptions."""
        return replace(self, options=replace(self.options, **changes))

    def workspace(self, network: Network) -> Workspace:
        """The buffers for the window."""
        T, B = self.inputs.shape
        return network.workspace(T, B, dropout=self.options.dropout is not None)

    def gradient(self) -> tuple[Parameters, Array]:
        """The gradients of the hand-written backward: by the parameters, and by the state that came in."""
        network, ws, gradient = self.network, self.workspace(self.network), self.network.parameters.zeros_like()
        # As in training, the buffers hold another window first: nothing of it may be left in the gradient.
        for inputs, targets in ((self.targets, self.inputs), (self.inputs, self.targets)):
            with self.mask_weights(network.parameters.flat, gradient.flat):
                network.forward(inputs, targets, self.state, ws, self.options)
                dstate = network.backward(self.count, ws, gradient, self.options)
        return gradient, dstate

    def loss(self, network: Network, state: Array) -> complex:
        """The mean loss of `network`, with other weights, from another state."""
        return self._run(network, state)[0]

    def units_on(self, network: Network, state: Array) -> Array:
        """Which relu units are on, as a flat array; empty without relu. While it does not change, the network is
        smooth.
        """
        return self._run(network, state)[1]

    def _run(self, network: Network, state: Array) -> tuple[complex, Array]:
        ws = self.workspace(network)
        with self.mask_weights(network.parameters.flat, np.zeros_like(network.parameters.flat)):
            loss = network.forward(self.inputs, self.targets, state, ws, self.options)
        rectified = [ws.hidden] if network.architecture.nonlinearity == "relu" else []
        rectified += [] if ws.readout.a is None else [ws.readout.a]
        on = np.concatenate([np.zeros(0, np.bool_), *(units.real.ravel() > 0 for units in rectified)])
        return complex(loss) / self.count, on


T, B, V, H = 6, 3, 7, 5


def small_case(architecture: Architecture, seed: int) -> Case:
    """A random case for a small network of this kind: V = 7, H = 5, T = 6, B = 3."""
    generator = np.random.default_rng(seed)
    small = replace(architecture, vocab_size=V, hidden_size=H)
    network = Network.fresh(small, generator, np.float64)
    network.parameters.flat[:] += generator.normal(0, 0.3, len(network.parameters))  # biases too
    for name in small.held_biases():
        network.parameters[name][:] = 0
    if architecture.nonlinearity == "relu":  # five units may all be off, and then there is nothing to check
        lifted, by = ("b_h", 0.5) if architecture.bias else ("W_xh", 0.2)
        for name, view in network.parameters.items():
            if name.startswith(lifted):
                view += by
    return random_window(network, generator)


def random_window(network: Network, generator: np.random.Generator) -> Case:
    """Random characters and a random state for a network of any size."""
    V, network = network.architecture.vocab_size, network.astype(np.float64)
    characters = generator.integers(0, V, (T + 1, B))
    state = generator.uniform(-0.9, 0.9, network.zero_state(B).shape)
    return Case(network, characters[:-1], characters[1:], state)


def with_resets(case: Case, seed: int) -> Case:
    """The same with resets: about every third step of a stream, and one step of all streams."""
    reset_mask = np.random.default_rng(seed).random(case.inputs.shape) < 1 / 3
    reset_mask[len(reset_mask) // 2] = True
    return case.with_options(reset_mask=reset_mask)
