"""Properties that a gradient check cannot see: a network may have perfect gradients and be the wrong network.

(A recurrence that is never used, a model that sees the next character, states that are mixed between streams: each
has been released, trained well, and passed a gradient check.)
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from charrnn.diagnostics.gradcheck.case import Case
from charrnn.network.arrays import Array
from charrnn.network.dropout import RATE_LEVELS, Dropout
from charrnn.network.network import Network
from charrnn.network.stepper import Stepper
from charrnn.network.weight_dropout import WeightDropout
from charrnn.network.window_options import DEFAULT_OPTIONS

ROUNDING = 1e-10  # relative: float64, a few thousand operations
MAX_DEPARTURE = 0.2  # of a fresh network's loss from ln V, in nats


@dataclass(frozen=True)
class Property:
    """A statement about the network, whether it holds, and what was measured."""

    name: str
    passed: bool
    detail: str


def check_properties(case: Case) -> Iterator[Property]:
    """Yield every property of the network of a case, and of its dropout masks where it has any."""
    plain = replace(case, options=DEFAULT_OPTIONS, weight_dropout=WeightDropout())
    for name, check in PROPERTIES.items():
        passed, detail = check(plain)
        yield Property(name, bool(passed), detail)
    if case.options.dropout is not None:
        yield check_masks_keep_the_mean(case.options.dropout, case.network.architecture.num_layers)
    if case.weight_dropout.rate:
        yield check_weight_masks_keep_the_mean(case, case.weight_dropout.rate)


def check_causality(case: Case) -> tuple[bool, str]:
    """A different character at step t changes nothing before t."""
    T, moved = len(case.inputs), 0.0
    for t in range(1, T):
        moved = max(moved, np.abs(_logits(_change_character(case, t)) - _logits(case))[:t].max())
    return moved == 0, f"largest change of an earlier logit: {moved:.1e}"


def check_recurrence(case: Case) -> tuple[bool, str]:
    """A different first character, any of them, changes the last logits: the past is used."""
    V = case.network.architecture.vocab_size
    if V == 1:
        return True, "there is only one character"
    moved = max(
        np.abs(_logits(_change_character(case, 0, by)) - _logits(case))[-1].max() for by in range(1, min(V, 50))
    )
    return moved > 0, f"largest change of the last logits: {moved:.1e}"


def check_carried_state(case: Case) -> tuple[bool, str]:
    """A different state that comes in changes the last logits: the state that a window passes on is used."""
    states = [scale * np.roll(case.state, by, axis=-1) for scale in (-1, 0.5, 1) for by in range(1, 4)]
    moved = max(np.abs(_logits(replace(case, state=state)) - _logits(case))[-1].max() for state in states)
    return moved > 0, f"largest change of the last logits: {moved:.1e}"


def check_step_equals_window(case: Case) -> tuple[bool, str]:
    """Reading one character at a time, as sampling does, gives the logits of the window."""
    step = Stepper(case.network, case.state)
    return _equal(np.array([step(ids).copy() for ids in case.inputs]), _logits(case))


def check_window_equals_two_halves(case: Case) -> tuple[bool, str]:
    """A window equals its first half, and its second half from the state after the first."""
    T, B = case.inputs.shape
    half = T // 2
    first, second = case.network.workspace(half, B), case.network.workspace(T - half, B)
    case.network.logits(case.inputs[:half], case.state, first)
    case.network.logits(case.inputs[half:], first.state, second)
    return _equal(np.concatenate([first.logits, second.logits]), _logits(case))


def check_truncated_equals_full(case: Case) -> tuple[bool, str]:
    """BPTT(k2; k1) with windows that all reach back to the start cuts nothing: its gradients add up to the full one."""
    full, parts = case.gradient()[0].flat, []
    T = len(case.inputs)
    for start in range(0, T, 2):
        end = min(start + 2, T)
        up_to_end = replace(case, inputs=case.inputs[:end], targets=case.targets[:end])
        reaching_back = up_to_end.with_options(loss_steps=end - start)
        parts.append(reaching_back.gradient()[0].flat * reaching_back.count / case.count)
    return _equal(np.sum(parts, axis=0), full)


def check_streams_are_independent(case: Case) -> tuple[bool, str]:
    """A permutation of the streams permutes the result."""
    order = np.roll(np.arange(case.inputs.shape[1]), 1)
    permuted = replace(case, inputs=case.inputs[:, order], targets=case.targets[:, order], state=case.state[:, order])
    return _equal(_logits(permuted), _logits(case)[:, order])


def check_fresh_loss(case: Case) -> tuple[bool, str]:
    """A fresh network of this kind and size knows nothing, and believes nothing wrong: its loss is near ln V."""
    # identity adds up all it reads, on purpose; this is a property of the network, not of that initialisation
    architecture = replace(case.network.architecture, initialisation="uniform")
    fresh = Network.fresh(architecture, np.random.default_rng(0), np.float64)
    V, T, B = fresh.architecture.vocab_size, 20, 20
    ids = np.random.default_rng(1).integers(0, V, (T + 1, B))
    loss = fresh.forward(ids[:-1], ids[1:], fresh.zero_state(B), fresh.workspace(T, B)) / (T * B)
    return abs(loss - np.log(V)) < MAX_DEPARTURE, f"{loss:.3f} nats; ln V is {np.log(V):.3f}"


PROPERTIES: dict[str, Callable[[Case], tuple[bool, str]]] = {
    "causality: a later character moves no earlier logit": check_causality,
    "recurrence used: the first character moves the last logits": check_recurrence,
    "carried state used: it moves the last logits": check_carried_state,
    "one step at a time equals a window": check_step_equals_window,
    "a window equals two halves": check_window_equals_two_halves,
    "truncated equals full gradient when nothing is cut": check_truncated_equals_full,
    "a permutation of the streams permutes the result": check_streams_are_independent,
    "the loss of a fresh network is near ln V": check_fresh_loss,
}


def check_masks_keep_the_mean(dropout: Dropout, num_layers: int) -> Property:
    """A mask is 0 for a share `rate` of the units, else 1 / (1 - rate), and differs by layer and stream."""
    shape = 64, 2, 128
    masks = np.zeros((num_layers, *shape))
    again = np.zeros(shape)
    for layer, mask in enumerate(masks):
        dropout.fill(mask, layer)
    dropout.fill(again, 0)
    passed, detail = _keep_the_mean(masks, dropout.rate)
    rows = masks.swapaxes(1, 2).reshape(2 * num_layers, -1)
    differ = all((one != other).any() for number, one in enumerate(rows) for other in rows[:number])
    return Property(
        f"dropout: {dropout.rate:g} of the units are 0, and the mean stays",
        bool(passed and differ and (again == masks[0]).all()),
        detail,
    )


def check_weight_masks_keep_the_mean(case: Case, rate: float) -> Property:
    """Only W_hh is masked, as above; afterwards the weights are as before, to the bit."""
    network = case.network
    recurrent = np.concatenate([mask.ravel() for name, mask in case.weight_mask.items() if name.startswith("W_hh")])
    others = [mask for name, mask in case.weight_mask.items() if not name.startswith("W_hh")]
    w = network.parameters.flat.copy()
    with case.mask_weights(w, np.zeros_like(w)):
        pass
    passed, detail = _keep_the_mean(recurrent, rate)
    untouched = all((mask == 1).all() for mask in others) and (w == network.parameters.flat).all()
    return Property(f"weight dropout: {rate:g} of W_hh is 0, and is put back", bool(passed and untouched), detail)


def _keep_the_mean(masks: Array, rate: float) -> tuple[bool, str]:
    share, kept = float(np.mean(masks == 0)), np.unique(masks[masks != 0])
    near = abs(share - rate) <= 6 * np.sqrt(rate * (1 - rate) / masks.size) + 1 / masks.size
    scaled = bool((np.abs(1 / kept - (1 - rate)) <= 1 / RATE_LEVELS).all())
    return bool(near and scaled), f"{share:.1%} are 0, the others {', '.join(f'{value:.6g}' for value in kept[:3])}"


def _logits(case: Case) -> Array:
    ws = case.workspace(case.network)
    case.network.logits(case.inputs, case.state, ws)
    return ws.logits.copy()


def _change_character(case: Case, t: int, by: int = 1) -> Case:
    """The case with a different character at step t, in every stream."""
    inputs = case.inputs.copy()
    inputs[t] = (inputs[t] + by) % case.network.architecture.vocab_size
    return replace(case, inputs=inputs)


def _equal(found: Array, expected: Array) -> tuple[bool, str]:
    difference = np.abs(found - expected).max() / max(1e-300, np.abs(expected).max())
    return difference <= ROUNDING, f"largest relative difference: {difference:.1e}"
