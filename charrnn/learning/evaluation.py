"""The loss over a whole text, every character counted once.

One pass from the first character to the last would take one small step at a time. Instead the text is cut into
streams read side by side, and each stream first reads, uncounted, the WARM_UP characters before its own, so that
its state is as if it had read all that went before: a recurrent network has forgotten what lies further back.
"""

import numpy as np

from charrnn.errors import TextError
from charrnn.learning.parallel import StreamSplit
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.text.vocabulary import Ids

WARM_UP = 256  # characters read before a stream counts
STREAMS = 64
WINDOW = 64


def evaluate(network: Network, ids: Ids, split: StreamSplit | None = None) -> float:
    """The mean loss over ids[1:], each predicted from all before it, in nats per character.

    Uses its own states; nothing of a training is touched. `split` shares the work out, if there is one. Raises TextError under two characters.
    """
    count = len(ids) - 1
    if count < 1:
        raise TextError(f"a loss needs at least 2 characters; found {len(ids)}")
    split = split or StreamSplit(network)
    B = max(1, min(STREAMS, count // (4 * WARM_UP)))
    length = count // B
    state = _warm_states(network, ids, B, length, split)
    total = _run(split, _streams(ids[:-1], B, length), _streams(ids[1:], B, length), state)
    # What does not divide by B continues the last stream.
    rest = ids[B * length :][:, np.newaxis]
    if len(rest) > 1:
        total += _run(split, rest[:-1], rest[1:], state[:, -1:])
    return total / count


def _warm_states(network: Network, ids: Ids, B: int, length: int, split: StreamSplit) -> Array:
    """The state in which each of B streams begins, (S, B, H): zero for the first."""
    state = network.zero_state(B)
    if B > 1:
        starts = np.arange(1, B) * length - WARM_UP
        inputs = ids[starts + np.arange(WARM_UP)[:, np.newaxis]]
        warmed = network.zero_state(B - 1)
        _run(split, inputs, inputs, warmed)
        state[:, 1:] = warmed
    return state


def _run(split: StreamSplit, inputs: Array, targets: Array, state: Array) -> float:
    """The summed loss over (n, B), window by window; brings `state` up to date."""
    windows = (slice(start, start + WINDOW) for start in range(0, len(inputs), WINDOW))
    return sum(split.loss(inputs[window].astype(np.intp), targets[window].astype(np.intp), state) for window in windows)


def _streams(ids: Ids, B: int, length: int) -> Array:
    """(length, B): stream b is ids[b length : (b + 1) length]."""
    return ids[: B * length].reshape(B, length).T
