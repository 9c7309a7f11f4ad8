"""A recurrent network over characters: look-up, layers of a cell, readout; forward and backward.

A window is (T, B) character ids. `forward` fills a workspace and gives the loss; `backward` reads the workspace
and fills a gradient. The state, (S, B, H), is what one window passes to the next: a copy, through which
no gradient flows. That is what truncates backpropagation through time.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from charrnn.errors import NetworkError
from charrnn.network import initialisation, readout
from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array, Ids
from charrnn.network.dropout import Dropout
from charrnn.network.look_up import look_up_backward
from charrnn.network.parameters import Parameters
from charrnn.network.resets import ResetMask, Resets
from charrnn.network.window_options import DEFAULT_OPTIONS, WindowOptions
from charrnn.network.workspace import LayerWorkspace, Workspace


class Network:
    """`architecture` and `parameters`; everything that changes while it works is in a workspace.

    >>> network = Network.fresh(Architecture(vocab_size=3, hidden_size=4), np.random.default_rng(0), np.float64)
    >>> inputs, targets = np.array([[0], [1]]), np.array([[1], [2]])  # T = 2 steps of B = 1 stream
    >>> ws, gradient = network.workspace(T=2, B=1), network.parameters.zeros_like()
    >>> loss = network.forward(inputs, targets, network.zero_state(B=1), ws)  # in nats, over 2 characters
    >>> bool(1 < loss < 4)
    True
    >>> network.backward(2, ws, gradient).shape  # by the state that came in
    (1, 1, 4)
    >>> gradient["W_hh"].shape
    (4, 4)
    """

    def __init__(self, architecture: Architecture, parameters: Parameters) -> None:
        self.architecture, self.parameters = architecture, parameters
        self._cell = architecture.make_cell()
        self.layers = [{base: parameters[name] for base, name in names.items()} for names in architecture.layer_names()]

    def __reduce__(self) -> tuple[type["Network"], tuple[Architecture, Parameters]]:
        return Network, (self.architecture, self.parameters)

    @classmethod
    def fresh(
        cls, architecture: Architecture, generator: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> "Network":
        """A network with random weights; see initialisation.py. Those of two precisions are equal to rounding."""
        parameters = Parameters(architecture.shapes(), dtype)
        initialisation.initialise(parameters, architecture, generator)
        return cls(architecture, parameters)

    def astype(self, dtype: DTypeLike) -> "Network":
        """A copy in another precision: float32, float64 or complex128."""
        return Network(self.architecture, self.parameters.astype(dtype))

    def workspace(self, T: int, B: int, dropout: bool = False) -> Workspace:
        """Allocate the buffers for windows of T steps and B streams."""
        V, H, dtype = self.architecture.vocab_size, self.architecture.hidden_size, self.parameters.flat.dtype

        def dropout_buffer() -> Array | None:
            return np.zeros((T, B, H), dtype) if dropout else None

        return Workspace(
            inputs=np.zeros((T, B), np.intp),
            targets=np.zeros((T, B), np.intp),
            layers=tuple(
                LayerWorkspace(self._cell.workspace(T, B, H, dtype), dropout_buffer(), dropout_buffer())
                for _ in self.layers
            ),
            dh=np.zeros((T, B, H), dtype),
            readout=readout.workspace(T * B, H, V, self.architecture.readout, dtype),
        )

    def zero_state(self, B: int) -> Array:
        """The state at the beginning of a text, (S, B, H)."""
        return np.zeros(self.architecture.state_shape(B), self.parameters.flat.dtype)

    @np.errstate(over="ignore", invalid="ignore")  # the caller reports what is not finite
    def logits(self, inputs: Ids, state: Array, ws: Workspace, reset_mask: ResetMask | None = None) -> None:
        """Run a window, (T, B), from `state`, (S, B, H): fill the layers' states and the logits of every step.

        `reset_mask`, (T, B): the streams whose state is 0 before each step; see resets.py.
        """
        self._run_layers(inputs, state, ws, None, Resets(reset_mask))
        readout.logits(_rows(ws.layers[-1].up(False)), self.parameters, ws.readout)

    def logits_step_by_step(self, inputs: Ids, state: Array, ws: Workspace) -> Iterator[None]:
        """The same work as `logits`, to the bit, with a pause after each step of each layer."""
        ws.inputs[:] = inputs
        for number in range(len(self.layers)):
            step = self._layer_step(number, state, ws, False)
            for t in range(len(inputs)):
                step(t)
                yield
        readout.logits(_rows(ws.layers[-1].up(False)), self.parameters, ws.readout)

    def forward(
        self, inputs: Ids, targets: Ids, state: Array, ws: Workspace, options: WindowOptions = DEFAULT_OPTIONS
    ) -> Any:
        """The loss of a window, (T, B), from `state`, (S, B, H): the sum, in nats, over its last `loss_steps` steps.

        Complex for complex parameters. Raises NetworkError where the window does not fit the workspace.
        """
        return self.surprisals(inputs, targets, state, ws, options).sum()

    def surprisals(
        self, inputs: Ids, targets: Ids, state: Array, ws: Workspace, options: WindowOptions = DEFAULT_OPTIONS
    ) -> Array:
        """The terms of that sum, in nats: one for each character of the last `loss_steps` steps, (loss_steps, B)."""
        dropped = options.dropout is not None
        self._run_layers(inputs, state, ws, options.dropout, Resets(options.reset_mask))
        up, out = ws.layers[-1].up(dropped), ws.readout.last(options.target_count(*inputs.shape))
        readout.logits(_rows(up)[-len(out.rows) :], self.parameters, out)
        ws.targets[:] = targets
        return readout.surprisals(targets.ravel()[-len(out.rows) :], out, options.smoothing).reshape(
            -1, targets.shape[1]
        )

    def backward(
        self,
        count: int,
        ws: Workspace,
        gradient: Parameters,
        options: WindowOptions = DEFAULT_OPTIONS,
        on_gradient_ready: Callable[[int], object] = lambda index: None,
    ) -> Array:
        """Fill `gradient` with that of loss / count, for the window of the last `forward`, with the same options.

        Returns the gradient of the state that came in, (S, B, H): backpropagation is cut there. `on_gradient_ready(i)`
        is called after each layer: the entries of the flat gradient from i on are final.
        """
        dropped, rows = options.dropout is not None, options.target_count(*ws.inputs.shape)
        up, dh = _rows(ws.layers[-1].up(dropped)), _rows(ws.dh)
        dh[:-rows] = 0
        targets, out = ws.targets.ravel()[-rows:], ws.readout.last(rows)
        readout.backward(targets, count, up[-rows:], self.parameters, out, gradient, dh[-rows:], options.smoothing)
        dstates, resets = [], Resets(options.reset_mask)
        for number in reversed(range(len(self.layers))):
            dstates.append(self._layer_backward(number, ws, gradient, dropped, resets))
            on_gradient_ready(self._first_index(number))
        return np.concatenate(dstates[::-1])

    def _run_layers(self, inputs: Ids, state: Array, ws: Workspace, dropout: Dropout | None, resets: Resets) -> None:
        if inputs.shape != ws.inputs.shape:
            raise NetworkError(f"a window of {inputs.shape} does not fit a workspace of {ws.inputs.shape}")
        ws.inputs[:] = inputs
        for number, layer in enumerate(ws.layers):
            resets.run(self._layer_step(number, state, ws, dropout is not None), layer.cell.states)
            if dropout is not None and layer.mask is not None and layer.dropped is not None:
                dropout.fill(layer.mask, number)
                np.multiply(layer.cell.states[0][1:], layer.mask, out=layer.dropped)

    def _layer_step(self, number: int, state: Array, ws: Workspace, dropped: bool) -> Callable[[int], None]:
        """Give a layer its state and x W_xh + b; the layers below are done. Returns the function that makes step t."""
        w, cell, S = self.layers[number], ws.layers[number].cell, self._cell.number_of_states
        x_a, bias = _rows(cell.x_a), self._cell.bias(w)[..., np.newaxis, :]
        for own, incoming in zip(cell.states, state[number * S : (number + 1) * S], strict=True):
            own[0] = incoming
        if number == 0:
            # x W_xh with a one-hot x is a row of W_xh. "clip" spares take a copy; ids are never out of range.
            np.take(w["W_xh"] + bias, ws.inputs.ravel(), axis=-2, out=x_a, mode="clip")
        else:
            np.matmul(_rows(ws.layers[number - 1].up(dropped)), w["W_xh"], out=x_a)
            np.add(x_a, bias, out=x_a)
        return self._cell.forward(w, cell)

    def _layer_backward(self, number: int, ws: Workspace, gradient: Parameters, dropped: bool, resets: Resets) -> Array:
        """From ws.dh, ∂L/∂ of the layer's output: fill its parameters' gradients, and ws.dh for the layer below.

        Returns the gradient of the layer's states that came in, (S, B, H).
        """
        w, layer = self.layers[number], ws.layers[number]
        dw = {base: gradient[name] for base, name in self.architecture.layer_names()[number].items()}
        if dropped and layer.mask is not None:
            np.multiply(ws.dh, layer.mask, out=ws.dh)  # up = h' ∘ mask
        dstate = self._cell.backward(w, ws.dh, layer.cell, dw, resets)
        da = _rows(layer.cell.da)
        if number == 0:
            look_up_backward(da, ws.inputs.ravel(), dw["W_xh"])
            np.sum(dw["W_xh"], axis=-2, out=dw[self._cell.input_bias])  # each step reads one row, and adds the bias
        else:
            np.sum(da, axis=-2, out=dw[self._cell.input_bias])  # x_a = x W_xh + b
            np.matmul(_rows(ws.layers[number - 1].up(dropped)).T, da, out=dw["W_xh"])
            back = da @ w["W_xh"].swapaxes(-1, -2)
            _rows(ws.dh)[:] = back if back.ndim == 2 else back.sum(axis=0)
        return dstate

    def _first_index(self, number: int) -> int:
        """Where the parameters of a layer begin in the flat vector; those of the layers above and the readout follow."""
        names = self.architecture.layer_names()[number].values()
        return min(int(self.parameters.place(name).start) for name in names)


def _rows(array: Array) -> Array:
    """(..., T, B, N) as (..., T B, N), a view."""
    return array.reshape(*array.shape[:-3], -1, array.shape[-1])
