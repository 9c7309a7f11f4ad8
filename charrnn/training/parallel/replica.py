"""Some of the streams of a window: forward and backward for them, with buffers of their own."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.network.window_options import DEFAULT_OPTIONS, WindowOptions

MAX_WORKSPACES = 6  # a training needs one or two, its validations four; a text read in pieces needs any number


@dataclass(frozen=True)
class Shard:
    """B streams of a window: characters, (T, B), the state before them, (S, B, H), and what is to be computed."""

    inputs: Ids
    targets: Ids
    state: Array
    _: KW_ONLY
    options: WindowOptions = DEFAULT_OPTIONS
    count: int = 0  # the gradient is that of the summed loss divided by this; 0: the loss alone
    carry_steps: int | None = None  # the steps after which to return the state; None: all T
    per_character: bool = False  # return the surprisal of each character, not their sum

    def select(self, streams: slice) -> "Shard":
        """The same for some of the streams."""
        inputs, targets, state = self.inputs[:, streams], self.targets[:, streams], self.state[:, streams]
        return replace(self, inputs=inputs, targets=targets, state=state, options=self.options.select(streams))


class Replica:
    """A network that computes one shard of the streams, with a gradient of its own."""

    def __init__(self, network: Network, gradient: Parameters) -> None:
        self._network, self.gradient = network, gradient
        self.workspace = lru_cache(MAX_WORKSPACES)(network.workspace)

    @np.errstate(over="ignore", invalid="ignore")  # the trainer reports non-finite values once
    def run(self, shard: Shard, on_gradient_ready: Callable[[int], object] = lambda index: None) -> tuple[Any, Array]:
        """The summed loss in nats (`per_character`: its terms, (T, B)), and the state after it, (S, B, H).

        Fills `gradient` if `count` is above 0. Label smoothing changes the gradient, not the loss.
        `on_gradient_ready` as in Network.backward.
        """
        T, B = shard.inputs.shape
        ws, unsmoothed = self.workspace(T, B, shard.options.dropout is not None), replace(shard.options, smoothing=0.0)
        surprisals = self._network.surprisals(shard.inputs, shard.targets, shard.state, ws, unsmoothed)
        if shard.count:
            self._network.backward(shard.count, ws, self.gradient, shard.options, on_gradient_ready)
        found = surprisals if shard.per_character else float(surprisals.sum())
        return found, ws.state_after(T if shard.carry_steps is None else shard.carry_steps)
