"""Dynamic evaluation: the weights follow the text as it is read.

    after scoring each window:    w ← w - α ∂L/∂w      L: the mean loss over the window, in nats

What is learned from a window serves only later windows: every character is predicted before the weights learn from it.

Source: Mikolov et al. 2010; Krause, Kahembwe, Murray and Renals 2018 ("Dynamic evaluation of neural sequence models").
"""

import numpy as np

from charrnn.errors import DivergedError
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.network.window_options import WindowOptions
from charrnn.text.vocabulary import Ids
from charrnn.text.windows import Indices
from charrnn.training.optim.clipping import clip_norm, global_norm
from charrnn.training.optim.freezing import FrozenParameters
from charrnn.training.parallel.replica import Replica, Shard

LEARNING_RATE = 0.1  # the best of 0.03, 0.1, 0.3 and 1 on a validation text
UPDATE_WINDOW = 32  # characters
MAX_GRAD_NORM = 1.0


class DynamicScorer:
    """A copy of a network that scores texts and learns from what it has read. The original is not changed."""

    def __init__(self, network: Network, learning_rate: float = LEARNING_RATE, end_id: int | None = None) -> None:
        """`end_id`, the end of a document, resets the state."""
        self._network = network.astype(network.parameters.flat.dtype)
        self._replica = Replica(self._network, self._network.parameters.zeros_like())
        self._frozen = FrozenParameters.from_network(self._network)
        self._learning_rate, self._end_id = learning_rate, end_id
        self._last: Ids | None = None  # (k, 1): what the next block follows
        self._state = np.empty(0)  # (S, k, H)

    def score(self, ids: Ids) -> Array:
        """See Scorer.score. Raises DivergedError if the learning rate is too high."""
        read = ids if self._last is None else np.concatenate([self._last, ids], axis=1)
        if self._last is None:
            self._state = self._network.zero_state(len(ids))
        self._last = ids[:, -1:]
        steps = read.T.astype(np.intp)
        starts = range(0, len(steps) - 1, UPDATE_WINDOW)
        found = [self._score_and_learn(steps[start : start + UPDATE_WINDOW + 1]) for start in starts]
        return np.concatenate([np.empty((0, len(ids))), *found]).T

    @np.errstate(over="ignore", invalid="ignore")  # reported below
    def _score_and_learn(self, ids: Indices) -> Array:
        """The surprisals of ids[1:], (n - 1, k); then one step of learning from them."""
        reset_mask = None if self._end_id is None else ids[:-1] == self._end_id
        options = WindowOptions(reset_mask=reset_mask)
        shard = Shard(ids[:-1], ids[1:], self._state, options=options, count=ids[1:].size, per_character=True)
        found, self._state = self._replica.run(shard)
        gradient = self._replica.gradient.flat
        self._frozen.mask(gradient)
        norm = global_norm(gradient)
        if not np.isfinite(norm + found.sum()):
            raise DivergedError(
                f"dynamic evaluation with a learning rate of {self._learning_rate:g} diverged; choose a lower one"
            )
        clip_norm(gradient, MAX_GRAD_NORM, norm)
        self._network.parameters.flat -= self._learning_rate * gradient
        return np.asarray(found)
