"""The buffers of a network for windows of T steps and B streams: allocated once, they hold the last window."""

from dataclasses import dataclass

import numpy as np

from charrnn.network import readout
from charrnn.network.arrays import Array, Ids
from charrnn.network.cells.cell import CellWorkspace


@dataclass(frozen=True)
class LayerWorkspace:
    """The buffers of one layer: the cell's own, and with dropout the mask and what the layer above reads."""

    cell: CellWorkspace
    mask: Array | None  # (T, B, H)
    dropped: Array | None  # (T, B, H) h' ∘ mask

    def up(self, dropout: bool) -> Array:
        """What the layer above reads, (T, B, H)."""
        if dropout and self.dropped is not None:
            return self.dropped
        return self.cell.states[0][1:]


@dataclass(frozen=True)
class Workspace:
    """The buffers, and the window that they hold."""

    inputs: Ids  # (T, B)
    targets: Ids  # (T, B)
    layers: tuple[LayerWorkspace, ...]
    dh: Array  # (T, B, H) ∂L/∂h of one layer after the other, from the top
    readout: readout.Workspace

    @property
    def state(self) -> Array:
        """The state after the window, (S, B, H), a copy."""
        return self.state_after(len(self.inputs))

    def state_after(self, steps: int) -> Array:
        """The state after that many steps of the window, (S, B, H), a copy."""
        return np.stack([states[steps] for layer in self.layers for states in layer.cell.states])

    @property
    def hidden(self) -> Array:
        """The hidden states of every layer after each step, (L, T, B, H), a copy."""
        return np.stack([layer.cell.states[0][1:] for layer in self.layers])

    @property
    def activations(self) -> dict[str, Array]:
        """The states and gates of every layer after each step, (T, B, H) each, views: h, z, ..., h_2, z_2, ..."""
        return {
            name if number == 1 else f"{name}_{number}": values
            for number, layer in enumerate(self.layers, start=1)
            for name, values in layer.cell.activations.items()
        }

    @property
    def logits(self) -> Array:
        """After `Network.logits`: the logits, (T, B, V)."""
        return self.readout.o.reshape(*self.inputs.shape, -1)
