"""Some of the streams of a window: forward and backward for them, with buffers of their own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from charrnn.network.arrays import Array, Ids
from charrnn.network.dropout import Dropout
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.network.resets import Begins
from charrnn.network.workspace import Workspace

MAX_WORKSPACES = 6  # a training has one or two, its validations four; a text read in pieces has no end of them


@dataclass(frozen=True)
class Work:
    """What is to be done for B streams: their characters, (T, B), and the state in which they begin, (S, B, H)."""

    inputs: Ids
    targets: Ids
    state: Array
    count: int = 0  # the gradient is that of the summed loss divided by this; 0: the loss alone
    new: int | None = None  # the loss is on the last `new` steps; None: on all T
    advance: int | None = None  # the state wanted is the one after so many steps; None: after all T
    dropout: Dropout | None = None
    begins: Begins | None = None  # (T, B): the streams that begin anew before each step
    smoothing: float = 0.0  # of labels, in the gradient; the loss is without it
    each: bool = False  # the surprisal of each character is wanted, not their sum

    def part(self, streams: slice) -> "Work":
        """The same for some of the streams."""
        dropout = self.dropout and replace(self.dropout, first_stream=self.dropout.first_stream + streams.start)
        begins = None if self.begins is None else self.begins[:, streams]
        inputs, targets, state = self.inputs[:, streams], self.targets[:, streams], self.state[:, streams]
        return replace(self, inputs=inputs, targets=targets, state=state, dropout=dropout, begins=begins)


class Part:
    """A network at work on one part of the streams, with a gradient of its own."""

    def __init__(self, network: Network, gradient: Parameters) -> None:
        self._network, self.gradient = network, gradient
        self._workspaces: dict[tuple[int, int, bool], Workspace] = {}

    @np.errstate(over="ignore", invalid="ignore")  # the trainer tells of what is not finite, once and in words
    def do(self, work: Work, whole_from: Callable[[int], object] = lambda index: None) -> tuple[Any, Array]:
        """The summed loss in nats (`each`: its terms, (T, B)), and the state after it, (S, B, H); fills `gradient` where
        one is asked for, and says as it goes from where on it is whole (see Network.backward).
        """
        T, B = work.inputs.shape
        ws = self._workspace(T, B, work.dropout is not None)
        options = work.new, work.dropout, work.begins
        surprisals = self._network.surprisals(work.inputs, work.targets, work.state, ws, *options)
        if work.count:
            self._network.backward(work.count, ws, self.gradient, *options, work.smoothing, whole_from)
        found = surprisals if work.each else float(surprisals.sum())
        return found, ws.state_after(T if work.advance is None else work.advance)

    def _workspace(self, T: int, B: int, dropout: bool) -> Workspace:
        """One for each of the last MAX_WORKSPACES shapes of a window."""
        shape = T, B, dropout
        found = self._workspaces.pop(shape, None)
        if found is None:
            if len(self._workspaces) == MAX_WORKSPACES:
                del self._workspaces[next(iter(self._workspaces))]
            found = self._network.workspace(T, B, dropout)
        self._workspaces[shape] = found  # last, as the one used last
        return found
