"""What a network is made of: its sizes, the kind of its cells, its first weights."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from charrnn.errors import NetworkError
from charrnn.network import readout
from charrnn.network.activations import NONLINEARITIES
from charrnn.network.cells.cell import Cell
from charrnn.network.cells.gru import GRU
from charrnn.network.cells.lstm import LSTM
from charrnn.network.cells.rnn import RNN
from charrnn.network.parameters import Shapes
from charrnn.network.readout import READOUTS
from charrnn.words import did_you_mean

GATED: Mapping[str, Callable[[], Cell]] = {"gru": GRU, "lstm": LSTM}
CELLS = ("rnn", *GATED)
INITIALISATIONS = ("uniform", "orthogonal", "identity")
MAX_PARAMETERS = 1 << 34  # parameters; a size beyond this is a typing error, or a lie in a file


@dataclass(frozen=True)
class Architecture:
    """The sizes and kinds of a network. Raises NetworkError where they do not fit together.

    >>> Architecture(vocab_size=3, hidden_size=4).shapes()
    {'W_xh': (3, 4), 'W_hh': (4, 4), 'b_h': (4,), 'W_hy': (4, 3), 'b_y': (3,)}
    >>> Architecture(vocab_size=3, hidden_size=4, cell="lstm", num_layers=2).state_shape(B=1)
    (4, 1, 4)
    """

    vocab_size: int
    hidden_size: int
    cell: str = "rnn"
    nonlinearity: str = "tanh"
    num_layers: int = 1
    initialisation: str = "uniform"
    readout: str = "linear"
    bias: bool = True  # False: every bias is held at 0

    def __post_init__(self) -> None:
        require_choice("cell", self.cell, CELLS)
        require_choice("nonlinearity", self.nonlinearity, NONLINEARITIES)
        require_choice("initialisation", self.initialisation, INITIALISATIONS)
        require_choice("readout", self.readout, READOUTS)
        if self.cell != "rnn" and self.nonlinearity != "tanh":
            raise NetworkError(
                f"nonlinearity {self.nonlinearity} is for cell rnn; the gates of {self.cell} have their own"
            )
        if self.cell != "rnn" and self.initialisation == "identity":
            raise NetworkError(f"initialisation identity is for cell rnn (with relu); found cell {self.cell}")
        if min(self.vocab_size, self.hidden_size, self.num_layers) < 1:
            raise NetworkError(f"a network needs at least one character, one unit and one layer; found {self}")
        if (self.vocab_size + self.num_layers * self.hidden_size) * self.hidden_size > MAX_PARAMETERS:
            raise NetworkError(
                f"{self.vocab_size:,} characters x {self.num_layers} layers of {self.hidden_size:,} units is too large a network; lower model.hidden_size"
            )

    def make_cell(self) -> Cell:
        """The equations of its layers: stateless, so one serves them all."""
        return RNN(NONLINEARITIES[self.nonlinearity]) if self.cell == "rnn" else GATED[self.cell]()

    def layer_names(self) -> list[dict[str, str]]:
        """For each layer, the cell's own name of a parameter -> its name in the network.

        The first layer's are those of the equations; from the second on with the layer's number: W_hh, W_hh_2, ...
        """
        bases = self.make_cell().shapes(1, 1)
        return [
            {base: base if number == 1 else f"{base}_{number}" for base in bases}
            for number in range(1, self.num_layers + 1)
        ]

    def parts(self) -> dict[str, tuple[str, ...]]:
        """The names of the parameters of layer1 (with the look-up), layer2, ... from the bottom, and of the readout."""
        layers = {f"layer{number}": tuple(names.values()) for number, names in enumerate(self.layer_names(), start=1)}
        return {**layers, "readout": tuple(readout.shapes(1, 1, self.readout))}

    def held_biases(self) -> tuple[str, ...]:
        """The names of the parameters that stay 0: the biases, where `bias` is False."""
        return () if self.bias else tuple(name for name in self.shapes() if name.startswith("b"))

    def frozen_names(self, frozen: Iterable[str] = ()) -> tuple[str, ...]:
        """The names of the parameters that do not learn, in order: those of the frozen parts, and those that stay 0."""
        parts = self.parts()
        names = {*self.held_biases(), *(name for part in frozen for name in parts[part])}
        return tuple(name for name in self.shapes() if name in names)

    def state_shape(self, B: int) -> tuple[int, int, int]:
        """The shape of a state, (S, B, H): S arrays are passed from window to window, layer by layer."""
        return (self.num_layers * self.make_cell().number_of_states, B, self.hidden_size)

    def shapes(self) -> Shapes:
        """Every parameter and its shape, in the order of the flat vector."""
        V, H, cell = self.vocab_size, self.hidden_size, self.make_cell()
        shapes: dict[str, tuple[int, ...]] = {}
        for number, names in enumerate(self.layer_names()):
            own = cell.shapes(V if number == 0 else H, H)
            shapes.update((name, own[base]) for base, name in names.items())
        return {**shapes, **readout.shapes(H, V, self.readout)}


def require_choice(what: str, name: str, known: Iterable[str]) -> None:
    """Raise NetworkError, with the nearest known name, where `name` is not among them."""
    known = list(known)
    if name not in known:
        raise NetworkError(f"unknown {what} {name!r}; there are {', '.join(known)}{did_you_mean(name, known)}")
