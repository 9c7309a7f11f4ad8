"""A system of the derivations as charrnn's own network: rows are streams, weights are on the right, inputs are
characters.

    columns, U, W, V        W_xh = Uᵀ, W_hh = Wᵀ, W_hy = Vᵀ; a bias that the system lacks is 0
    a one-hot x_t           a character: W_xh is the look-up as it is
    a real x_t              one of V vectors: row v of the look-up is x_vᵀ W_xh, so that ∂L/∂W_xh = Σ_v x_v ∂L/∂(row v)
    V a number              two logits, 0 and V s: their softmax gives the logistic function of V s
    two layers              the second is the same system, and its x_t is the first one's state

There is no counterpart for what charrnn does not have: another loss or φ_o, linear units.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from charrnn.cli.derivations import row_form
from charrnn.cli.derivations.row_form import System
from charrnn.derivations.case import Case
from charrnn.derivations.complex_step import Array, by
from charrnn.derivations.equation import relative_error
from charrnn.derivations.functions import TANH
from charrnn.derivations.systems.scalar import Scalar
from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Ids
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.network.workspace import Workspace

NONLINEARITIES = {"tanh": "tanh", "logistic": "sigmoid", "relu": "relu"}


@dataclass(frozen=True)
class Counterpart:
    """The systems, from the lowest layer up, the network equal to them, and what both read."""

    stack: tuple[System, ...]
    network: Network
    table: Array  # (V, M): the input vector of each character
    ids: Ids  # (T, B)
    state: Array  # (L, B, H), the initial state of the network

    @classmethod
    def random(
        cls, make: Callable[..., System], case: Case, generator: np.random.Generator, layers: int = 1
    ) -> "Counterpart":
        """Random systems of one kind, one a layer, and their network; the lowest reads one of C vectors, or of two
        numbers.
        """
        first = make(case, generator)
        T, B, M = row_form.inputs(first).shape
        numbers = isinstance(first, Scalar)
        V = 2 if numbers else case.C
        table = np.eye(V) if case.one_hot and not numbers else generator.normal(size=(V, M))
        ids = generator.integers(0, V, (T, B))
        stack = [row_form.with_inputs(first, table[ids])]
        for _ in range(layers - 1):
            stack.append(row_form.with_inputs(make(replace(case, M=case.D), generator), row_form.states(stack[-1])))
        state = np.array([row_form.initial_state(system) for system in stack])
        return cls(tuple(stack), network_of(stack, table), table, ids, state)

    @property
    def top(self) -> System:
        """The system that has the loss."""
        return self.stack[-1]

    @property
    def missing(self) -> tuple[str, ...]:
        """The parameters of the network that the system does not have: they stay 0."""
        biases = (name for name in self.network.architecture.shapes() if name.startswith("b"))
        return () if "b_h" in row_form.weights(self.top) else tuple(biases)

    def next_window(self, steps: int) -> "Counterpart":
        """The rest after some steps: the systems begin with their states there, the network with the state that it
        carries.
        """
        ws = self.network.workspace(steps, self.ids.shape[1])
        self.network.logits(self.ids[:steps], self.state, ws)
        return replace(
            self,
            stack=tuple(row_form.take_rest(system, steps) for system in self.stack),
            ids=self.ids[steps:],
            state=ws.state,
        )

    # ------------------------------------------------------------ the network's numbers

    def run(self) -> tuple[Workspace, float]:
        """A forward pass, and its loss, summed or averaged as in the system."""
        ws = self.network.workspace(*self.ids.shape)
        loss = self.network.forward(self.ids, row_form.targets(self.top), self.state, ws)
        return ws, loss / self.top.N

    def backward(self, count: int | None = None) -> tuple[Parameters, Array]:
        """The gradient of that loss, or of the sum over `count`, by the parameters and by the state, (L, B, H)."""
        ws, _ = self.run()
        gradient = self.network.parameters.zeros_like()
        return gradient, self.network.backward(count or self.top.N, ws, gradient)

    # ------------------------------------------------------------ how far they are from the systems'

    def forward_error(self) -> float:
        """The largest error of the states of all layers, and of the probabilities."""
        ws, _ = self.run()
        found = ws.readout.o.reshape(*self.ids.shape, -1)
        expected = row_form.outputs(self.top)
        errors = [relative_error(h, row_form.states(system)) for h, system in zip(ws.hidden, self.stack, strict=True)]
        return max(*errors, relative_error(found[..., -expected.shape[-1] :], expected))

    def loss_error(self) -> float:
        """The error of the loss."""
        return relative_error(np.asarray(self.run()[1]), self.top.loss())

    def gradient_error(self) -> float:
        """The largest error of the gradients by all parameters and initial states."""
        return max(relative_error(found, truth) for found, truth in self.gradients())

    def gradients(self) -> Iterator[tuple[Array, Array]]:
        """The network's and the system's gradient by each parameter and each initial state."""
        gradient, by_state = self.backward()
        for number, names in enumerate(self.network.architecture.layer_names()):
            truth = self._gradients_of(number)
            for base, name in names.items():
                if base in truth:
                    found = gradient[name]
                    yield self.table.T @ found if name == "W_xh" else found, truth[base]
            yield by_state[number], truth["state"]
        for name in truth.keys() & {"W_hy", "b_y"}:
            yield gradient[name][..., -truth[name].shape[-1] :], truth[name]

    def _gradients_of(self, number: int) -> dict[str, Array]:
        """The system's own derivation for the top layer; complex steps for states and for the layers below."""
        system, loss = self.stack[number], partial(self._loss_above, number)
        own = system.gradient if system is self.top else partial(by, system, f=loss)
        found = replace(system, **{name: own(name) for name in system.PARAMETERS})
        by_initial = by(system, system.LETTERS.initial, loss)
        return {**row_form.weights(found), "state": row_form.rows(system, by_initial[np.newaxis])[0]}

    def _loss_above(self, number: int, system: System) -> Array:
        """The loss of the top layer, with another system in one of the layers."""
        for above in self.stack[number + 1 :]:
            system = row_form.with_inputs(above, row_form.states(system))
        return np.asarray(system.loss())


def network_of(stack: Sequence[System], table: Array) -> Network:
    """The network whose layers are these systems; the inputs of the first are the rows of the table, (V, M)."""
    own = [row_form.weights(system) for system in stack]
    own[0]["W_xh"] = table @ own[0]["W_xh"]
    nonlinearity = NONLINEARITIES[getattr(stack[0], "φ_h", TANH).name]
    architecture = Architecture(len(table), len(own[0]["W_hh"]), "rnn", nonlinearity, len(stack))
    parameters = Parameters(architecture.shapes(), np.float64)
    for names, w in zip(architecture.layer_names(), own, strict=True):
        for base in names.keys() & w.keys():
            parameters[names[base]][:] = w[base]
    for name in own[-1].keys() & {"W_hy", "b_y"}:
        w_y = own[-1][name]
        parameters[name][..., -w_y.shape[-1] :] = w_y
    return Network(architecture, parameters)
