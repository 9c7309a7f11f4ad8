"""The configurations under which charrnn's own network computes what each system computes.

Every row is measured: the network's forward pass, loss and `backward`, in float64, against the system's own numbers.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from charrnn.cli.derivations.counterpart_rules import clipping_error, flow_errors, update_both
from charrnn.cli.derivations.counterparts import Counterpart
from charrnn.derivations.case import Case
from charrnn.derivations.documents import SYSTEMS
from charrnn.derivations.equation import TOLERANCE, relative_error
from charrnn.derivations.systems.mini_batch import stacked_states


@dataclass(frozen=True)
class Bridge:
    """One way in which the network is a system. Errors are relative, the largest of their kind; None: not compared."""

    system: str
    configuration: str  # settings, as one would type them after --set
    how: str
    forward_error: float | None
    loss_error: float | None
    gradient_error: float | None

    @property
    def holds(self) -> bool:
        """Whether all compared numbers are equal to rounding."""
        errors = (self.forward_error, self.loss_error, self.gradient_error)
        return all(error < TOLERANCE for error in errors if error is not None)


@dataclass(frozen=True)
class Variant:
    """One way in which each system with a loss is compared."""

    says: str
    one_hot: bool = True
    given: bool = True
    averaged: bool = True
    layers: int = 1
    windows: int = 1


GIVEN = Variant("initial state and summed loss come from the caller: neither is a setting", averaged=False)
REAL = Variant(
    "real inputs: a row of the look-up is an input times the weight; initial state 0, averaged loss. Training does not keep this: "
    "each row learns by itself",
    one_hot=False,
    given=False,
)
CARRIED = Variant(
    "the second of two windows: its initial state is what the first one hands on; averaged loss", windows=2
)
LAYERS = Variant("two layers: the upper one is the system, its inputs the lower one's states; averaged loss", layers=2)
LOGISTIC = Variant("logistic units; initial state given, averaged loss")
COLUMNS = "W_xh = Uᵀ, W_hh = Wᵀ, W_hy = Vᵀ, one-hot inputs"
WEIGHTS = {
    "mean-loss": "W_xh and W_hh are w_h's blocks, W_hy is transposed, one-hot inputs, softmax and cross-entropy alone",
    "mini-batch": "the same weights with W_hy = W_yh, one-hot inputs",
    "scalar": "one unit, two characters: rows U x_a, U x_b of the look-up, logits 0 and V s. Training does not keep this: each row "
    "learns by itself, and both logits do, so that V moves twice as far",
    "vector": f"{COLUMNS}, one stream",
    "multiple": f"{COLUMNS}, column b is stream b",
    "update-rules": f"{COLUMNS}, one stream, h_{{-1}} is the state before the window",
}
α = 0.05  # of the update


def measure_bridges(seed: int, names: Iterable[str]) -> Iterator[Bridge]:
    """The rows of these systems, each measured when it is taken. `names` are names in SYSTEMS."""
    for name in names:
        for row in ROWS[name]:
            yield row(np.random.default_rng(seed))


def counterpart(name: str, variant: Variant, case: Case, generator: np.random.Generator) -> Counterpart:
    """Random systems of a case's sizes, and the network equal to them."""
    earlier = case.T * (variant.windows - 1)
    case = replace(
        case,
        T=case.T + earlier,
        M=case.C if variant.one_hot else case.M,
        one_hot=variant.one_hot,
        given=variant.given,
        averaged=variant.averaged,
    )
    whole = Counterpart.random(SYSTEMS[name].make, case, generator, variant.layers)
    return whole.next_window(earlier) if earlier else whole


def compare_losses(name: str, variant: Variant, case: Case, generator: np.random.Generator) -> Bridge:
    """Forward pass, loss and gradients."""
    both = counterpart(name, variant, case, generator)
    says = f"{WEIGHTS[name]}; {variant.says}" if variant is GIVEN else variant.says
    return _measure(name, both, says)


def compare_updates(generator: np.random.Generator) -> Bridge:
    """Forward pass, loss and gradients after one update: of D3's system by its rules, of the network by SGD."""
    both = counterpart("update-rules", GIVEN, Case(), generator)
    rate = α * both.ids.size
    says = f"one update by the three rules, α = {α}, is one of sgd; its loss is averaged, so its rate is {both.ids.size} times α"
    settings = ("optimizer=sgd", f"learning_rate={rate:g}", "schedule=constant", "max_grad_norm=null")
    return _measure("update-rules", update_both(both, α, rate), says, *settings)


def compare_stacked_weight(generator: np.random.Generator) -> Bridge:
    """The states alone: everything else follows from them."""
    both = counterpart("mini-batch", GIVEN, Case(), generator)
    ws, _ = both.run()
    error = relative_error(ws.hidden[0], stacked_states(both.top, both.top.W_hh))
    return Bridge("mini-batch", configuration(both), "the stacked weight W is W_xh above W_hh", error, None, None)


def compare_jacobians(φ_h: str, layers: int, generator: np.random.Generator) -> Bridge:
    """Every state; as gradients the Jacobians, their products and norms, and the spectrum of W_hh."""
    both = Counterpart.random(SYSTEMS["vanishing"].make, replace(Case(), φ_h=φ_h), generator, layers)
    says = "the same weights; one position of charrnn gradflow"
    if layers > 1:
        says += "; of two layers, each by itself, x_t of the upper one being the lower one's state"
    forward, flow = flow_errors(both)
    return Bridge("vanishing", configuration(both), says, forward, None, flow)


def compare_clipping(generator: np.random.Generator) -> Bridge:
    """The gradient of a mini-batch, clipped to half its norm by the document's rule and by training's."""
    both = counterpart("mini-batch", CARRIED, Case(), generator)
    bound = float(np.linalg.norm(both.backward()[0].flat)) / 2
    says = "clipping by norm, of the gradient of a mini-batch, to half its norm"
    error = clipping_error(both, bound)
    return Bridge("vanishing", configuration(both, f"max_grad_norm={bound:g}"), says, None, None, error)


def configuration(both: Counterpart, *training: str) -> str:
    """The settings for this network and this window."""
    architecture, (T, B) = both.network.architecture, both.ids.shape
    found = ["model.cell=rnn", f"model.hidden_size={architecture.hidden_size}"]
    if architecture.nonlinearity != "tanh":
        found.append(f"model.nonlinearity={architecture.nonlinearity}")
    if architecture.num_layers > 1:
        found.append(f"model.num_layers={architecture.num_layers}")
    if both.missing:
        found.append("model.bias=false")
    sizes = (f"batch_size={B}", f"sequence_length={T}", "precision=float64")
    return " ".join([*found, *(f"training.{setting}" for setting in (*sizes, *training))])


def _measure(name: str, both: Counterpart, how: str, *training: str) -> Bridge:
    errors = both.forward_error(), both.loss_error(), both.gradient_error()
    return Bridge(name, configuration(both, *training), how, *errors)


Row = Callable[[np.random.Generator], Bridge]


def _rows_of(name: str) -> tuple[Row, ...]:
    return tuple(partial(compare_losses, name, variant, Case()) for variant in (GIVEN, REAL, CARRIED, LAYERS))


ROWS: dict[str, tuple[Row, ...]] = {
    "mean-loss": _rows_of("mean-loss"),
    "mini-batch": (
        *_rows_of("mini-batch"),
        partial(compare_losses, "mini-batch", LOGISTIC, Case(φ_h="logistic")),
        compare_stacked_weight,
    ),
    "vanishing": (
        partial(compare_jacobians, "tanh", 1),
        partial(compare_jacobians, "logistic", 1),
        partial(compare_jacobians, "tanh", 2),
        compare_clipping,
    ),
    "scalar": _rows_of("scalar"),
    "vector": _rows_of("vector"),
    "multiple": _rows_of("multiple"),
    "update-rules": (*_rows_of("update-rules"), compare_updates),
}
