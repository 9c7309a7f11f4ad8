"""The loss over a whole text, every character counted once.

One pass from the first character to the last would take one small step at a time. Instead the text is cut into
streams read side by side, and each stream first reads, uncounted, the WARM_UP characters before its own, so that
its state is as if it had read all that went before: a recurrent network has forgotten what lies further back.
"""

from collections.abc import Callable

import numpy as np

from charrnn.errors import TextError
from charrnn.learning.parallel import StreamSplit
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.text.vocabulary import Ids

WARM_UP = 256  # characters read before a stream counts
STREAMS = 64
WINDOW = 64

Loss = Callable[[Ids, Ids, Array], float]
"""Of a window, (T, B), summed over its characters; brings the state, (S, B, H), up to date."""


class StoppedError(Exception):
    """The evaluation was asked to stop."""


def evaluate(
    network: Network,
    ids: Ids,
    split: StreamSplit | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    end_id: int | None = None,
) -> float:
    """The mean loss over ids[1:], each predicted from all before it, in nats per character.

    Uses its own states; nothing of a training is touched. `split` shares the work out, if there is one. Raises TextError
    under two characters, and StoppedError once `should_stop`, which is asked before each window, says so. Where `end_id`
    is read, the end of a document, the state begins anew.
    """
    count = len(ids) - 1
    if count < 1:
        raise TextError(f"a loss needs at least 2 characters; found {len(ids)}")
    whole = split or StreamSplit(network)

    def loss(inputs: Ids, targets: Ids, state: Array) -> float:
        if should_stop():
            raise StoppedError
        begins = None if end_id is None else inputs == end_id
        return whole.loss(inputs.astype(np.intp), targets.astype(np.intp), state, begins)

    B = max(1, min(STREAMS, count // (4 * WARM_UP)))
    length = count // B
    state = _warm_states(network, ids, B, length, loss)
    total = _run(loss, _streams(ids[:-1], B, length), _streams(ids[1:], B, length), state)
    # What does not divide by B continues the last stream.
    rest = ids[B * length :][:, np.newaxis]
    if len(rest) > 1:
        total += _run(loss, rest[:-1], rest[1:], state[:, -1:])
    return total / count


def _warm_states(network: Network, ids: Ids, B: int, length: int, loss: Loss) -> Array:
    """The state in which each of B streams begins, (S, B, H): zero for the first."""
    state = network.zero_state(B)
    if B > 1:
        starts = np.arange(1, B) * length - WARM_UP
        inputs = ids[starts + np.arange(WARM_UP)[:, np.newaxis]]
        warmed = network.zero_state(B - 1)
        _run(loss, inputs, inputs, warmed)
        state[:, 1:] = warmed
    return state


def _run(loss: Loss, inputs: Array, targets: Array, state: Array) -> float:
    """The summed loss over (n, B), window by window; brings `state` up to date."""
    windows = (slice(start, start + WINDOW) for start in range(0, len(inputs), WINDOW))
    return sum(loss(inputs[window], targets[window], state) for window in windows)


def _streams(ids: Ids, B: int, length: int) -> Array:
    """(length, B): stream b is ids[b length : (b + 1) length]."""
    return ids[: B * length].reshape(B, length).T
