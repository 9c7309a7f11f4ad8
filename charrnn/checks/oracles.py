"""Independent ways to a gradient. None of them knows the hand-written backward.

    complex-step   Im L(w + iε) / ε, ε = 1e-30: no subtraction, so exact to rounding  (Squire and Trapp 1998)
    closed-form    the double sum of products of Jacobians, evaluated literally: see closed_form.py
    forward        the derivatives carried forward in time, RTRL: see forward_recursion.py
    central        (8 (L(w+δ) - L(w-δ)) - (L(w+2δ) - L(w-2δ))) / 12δ: error of order δ⁴; float64, δ = 3e-4

relu has a kink where a unit switches on: there the central difference takes a smaller step, one that switches none.

An oracle is asked for the derivatives by some entries of one parameter, or of the state that came in.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import DTypeLike

from charrnn.checks import closed_form, forward_recursion
from charrnn.checks.unrolled import Unrolled, unroll
from charrnn.network.arrays import Array, Ids
from charrnn.network.dropout import Dropout
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.network.resets import Begins
from charrnn.network.workspace import Workspace

INITIAL_STATE = "h_0"
ε = 1e-30
δ = 3e-4  # balances the rounding error, 1e-16 / δ, against δ⁴
SMALLEST = 1e-6
NOISE = 1e-5
"""An error of the central difference is relative to no less than this: a difference of two losses of some nats, over δ, is
never better than 1e-11; over a smaller step, that much worse."""


class WeightMasking(Protocol):
    """Weight dropout as training has it."""

    @property
    def rate(self) -> float:
        """The share of the weights that is dropped."""

    def within(self, w: Array, g: Array, step: int) -> AbstractContextManager[None]:
        """Within, the weights w, (P,), are masked; at its end the gradient g, (P,), is made that of the whole ones."""


@dataclass(frozen=True)
class Case:
    """One window on which gradients are compared: float64 network, (T, B) characters, a state (S, B, H)."""

    network: Network
    inputs: Ids
    targets: Ids
    state: Array
    new: int | None = None  # the loss is on the last so many steps; None: on all
    dropout: Dropout | None = None  # one mask, held
    begins: Begins | None = None  # (T, B): the streams whose state is 0 before each step
    smoothing: float = 0.0  # of labels
    weight_dropout: WeightMasking | None = None
    weight_step: int = 0  # whose masks of the weights are held

    @property
    def count(self) -> int:
        """How many characters the loss is the mean over."""
        T, B = self.inputs.shape
        return int((T if self.new is None else self.new) * B)

    @cached_property
    def unrolled(self) -> list[Unrolled]:
        """Each stream alone, from the plain equations."""
        new = len(self.inputs) if self.new is None else self.new
        begins = np.zeros(self.inputs.shape, np.bool_) if self.begins is None else self.begins
        streams = zip(self.inputs.T, self.targets.T, self.state.swapaxes(0, 1), begins.T, strict=True)
        weights = self.network.parameters
        masked = Parameters(weights.shapes, flat=weights.flat * self.weight_mask.flat)
        network = Network(self.network.architecture, masked)
        return [
            unroll(network, *stream, new, self.count, self.smoothing, self._masks_of(number))
            for number, stream in enumerate(streams)
        ]

    @cached_property
    def weight_mask(self) -> Parameters:
        """By what weight dropout multiplies each parameter: 1 where it does not."""
        ones = self.network.parameters.zeros_like()
        ones.flat[:] = 1
        with self.masked(ones.flat, np.zeros_like(ones.flat)):
            return Parameters(ones.shapes, flat=ones.flat.copy())

    def masked(self, w: Array, g: Array) -> AbstractContextManager[None]:
        """Within, weight dropout masks the weights w, (P,); afterwards the gradient g, (P,), which was computed within."""
        return nullcontext() if self.weight_dropout is None else self.weight_dropout.within(w, g, self.weight_step)

    def _masks_of(self, stream: int) -> Array | None:
        """Those of dropout for one stream, (L, T, H)."""
        if self.dropout is None:
            return None
        (T, B), architecture = self.inputs.shape, self.network.architecture
        masks = np.zeros((architecture.num_layers, T, B, architecture.hidden_size))
        for layer, mask in enumerate(masks):
            self.dropout.fill(mask, layer)
        return np.asarray(masks[:, :, stream])

    @cached_property
    def closed_form(self) -> dict[str, Array]:
        """The closed form's gradient by every parameter, (its shape), and by the state that came in, (S, B, H)."""
        streams = [closed_form.gradients(run) for run in self.unrolled]
        total = {name: np.sum([stream[name] for stream in streams], axis=0) for name in streams[0]}
        for name, mask in self.weight_mask.items():
            total[name] = total[name] * mask  # W = U ∘ mask
        return {**total, INITIAL_STATE: np.stack([stream[INITIAL_STATE] for stream in streams], axis=1)}

    @property
    def options(self) -> tuple[int | None, Dropout | None, Begins | None, float]:
        """What forward and backward must be told alike: `new`, `dropout`, `begins`, `smoothing`."""
        return self.new, self.dropout, self.begins, self.smoothing

    def workspace(self, network: Network) -> Workspace:
        """Buffers for the window."""
        T, B = self.inputs.shape
        return network.workspace(T, B, dropout=self.dropout is not None)

    def loss(self, network: Network, state: Array) -> complex:
        """The mean loss with other weights or another state."""
        return self._run(network, state)[0]

    def units_on(self, network: Network, state: Array) -> Array:
        """Which units with a kink are above zero, flat: where this is the same, relu is linear. Empty where none has a kink."""
        return self._run(network, state)[1]

    def _run(self, network: Network, state: Array) -> tuple[complex, Array]:
        ws = self.workspace(network)
        with self.masked(network.parameters.flat, np.zeros_like(network.parameters.flat)):
            loss = network.forward(self.inputs, self.targets, state, ws, *self.options)
        rectified = [ws.hidden] if network.architecture.nonlinearity == "relu" else []
        rectified += [] if ws.readout.a is None else [ws.readout.a]
        on = np.concatenate([np.zeros(0, np.bool_), *(units.real.ravel() > 0 for units in rectified)])
        return complex(loss) / self.count, on


class Derivatives(NamedTuple):
    """What an oracle finds for n entries: the derivatives, (n,), and below which size of each all is its own rounding, (n,)."""

    values: Array
    noise: Array

    @classmethod
    def exact(cls, values: Array) -> "Derivatives":
        """Those that are right to the rounding of their own size."""
        return cls(values, np.zeros(len(values)))


Oracle = Callable[[Case, str, Array], Derivatives]
"""(case, parameter, flat indices (n,)) -> derivatives (n,)."""


def complex_step(case: Case, parameter: str, indices: Array) -> Derivatives:
    """The derivative by each entry, from one evaluation with that entry moved along the imaginary axis."""
    at = _moved(case, parameter, np.complex128)
    return Derivatives.exact(np.array([at(index, 1j * ε, case.loss).imag / ε for index in indices]))


def central_difference(case: Case, parameter: str, indices: Array) -> Derivatives:
    """The derivative by each entry, from four evaluations around it."""
    at = _moved(case, parameter, np.float64)

    def difference(index: int, by: float) -> float:
        return float(at(index, by, case.loss).real - at(index, -by, case.loss).real)

    def step(index: int) -> float:
        size = δ
        while size > SMALLEST and (at(index, 2 * size, case.units_on) != at(index, -2 * size, case.units_on)).any():
            size /= 4
        return size

    has_kinks = case.units_on(case.network, case.state).size > 0
    steps = [step(index) if has_kinks else δ for index in indices]
    found = [(8 * difference(i, s) - difference(i, 2 * s)) / (12 * s) for i, s in zip(indices, steps, strict=True)]
    return Derivatives(np.array(found), NOISE * δ / np.array(steps))


def closed_form_sum(case: Case, parameter: str, indices: Array) -> Derivatives:
    """The derivative by each entry, from the boxed formula of the derivations."""
    return Derivatives.exact(case.closed_form[parameter].reshape(-1)[indices])


def forward_recursion_of(case: Case, parameter: str, indices: Array) -> Derivatives:
    """The derivative by each entry, carried forward in time; the streams' shares added, or each its own state's."""
    if parameter != INITIAL_STATE:
        streams = [forward_recursion.derivatives(run, parameter, indices) for run in case.unrolled]
        return Derivatives.exact(np.sum(streams, axis=0) * case.weight_mask[parameter].reshape(-1)[indices])
    states, stream_of, units = np.unravel_index(indices, case.state.shape)
    found = np.zeros(len(indices))
    for number, run in enumerate(case.unrolled):
        own = stream_of == number
        if own.any():
            found[own] = forward_recursion.derivatives(run, parameter, (states * run.H + units)[own])
    return Derivatives.exact(found)


def _moved(
    case: Case, parameter: str, dtype: DTypeLike
) -> Callable[[int, complex, Callable[[Network, Array], Any]], Any]:
    """A function (index, by, look) -> what `look` says of the network with one entry moved by so much; it is put back."""
    network, state = case.network.astype(dtype), case.state.astype(dtype)
    flat = state.reshape(-1) if parameter == INITIAL_STATE else network.parameters[parameter].reshape(-1)

    def at(index: int, by: complex, look: Callable[[Network, Array], Any]) -> Any:
        kept = flat[index]
        flat[index] += by
        seen = look(network, state)
        flat[index] = kept
        return seen

    return at


ORACLES: dict[str, Oracle] = {
    "complex-step": complex_step,
    "closed-form": closed_form_sum,
    "forward": forward_recursion_of,
    "central": central_difference,
}
TOLERANCES = {"complex-step": 1e-10, "closed-form": 1e-10, "forward": 1e-10, "central": 1e-6}
FLOORS = {"complex-step": 1e-4, "closed-form": 1e-4, "forward": 1e-4, "central": 1e-2}
"""An error is relative to the entry, but to no less than this share of its parameter's largest derivative: what is
smaller drowns in the oracle's own rounding."""
