"""A network that reads again only what has changed: for a text that grows, shrinks and changes under a person's hands."""

import numpy as np

from charrnn.generation.predictors import NetworkPredictor, Step
from charrnn.network.arrays import Array, Ids

EVERY = 64  # characters between places that are remembered for good
RECENT = 64  # places behind the end that are remembered, too: backspace must not read 64 characters


class PrefixCache:
    """A NetworkPredictor that remembers its state at places of the text that it read last. A text that begins with the
    same characters is read from the last of these places on.

    >>> from charrnn.network.architecture import Architecture
    >>> from charrnn.network.network import Network
    >>> network = Network.fresh(Architecture(vocab_size=3, hidden_size=4), np.random.default_rng(0))
    >>> cache = PrefixCache(NetworkPredictor(network))
    >>> _ = cache.begin(np.zeros((200, 1), np.uint8))
    >>> cache.places
    [64, 128, 192, 200]
    """

    def __init__(self, predictor: NetworkPredictor) -> None:
        self.label_smoothing = predictor.label_smoothing
        self._predictor = predictor
        self._ids: Ids = np.empty(0, np.uint8)
        self._after: dict[int, tuple[Array, Array]] = {}  # this many characters: logits (1, V), state (S, 1, H)

    @property
    def places(self) -> list[int]:
        """After how many characters of the last text the state is remembered."""
        return [*self._after]

    def begin(self, inputs: Ids) -> tuple[Array, Step]:
        """See Predictor.begin. All texts, (T, B) with T > 0, must begin alike; others are not remembered."""
        text, B = inputs[:, 0], inputs.shape[1]
        if (inputs != inputs[:, :1]).any():
            return self._predictor.begin(inputs)
        logits, state = self._read(text)
        return self._predictor.begin_from(np.repeat(logits, B, axis=0), np.repeat(state, B, axis=1))

    def _read(self, text: Ids) -> tuple[Array, Array]:
        shorter = min(len(text), len(self._ids))
        changed = np.flatnonzero(text[:shorter] != self._ids[:shorter])
        same = int(changed[0]) if len(changed) else shorter
        self._after = {place: found for place, found in self._after.items() if place <= same}
        self._ids = text.copy()
        at = max(self._after, default=0)
        while at < len(text):
            end = min(len(text), at - at % EVERY + EVERY)
            state = self._after[at][1] if at else None
            logits, state = self._predictor.read(text[at:end, np.newaxis], state)
            self._after[end] = logits.copy(), state.copy()  # without the rest of the window
            at = end
        old = len(text) - RECENT
        self._after = {place: self._after[place] for place in self._after if place % EVERY == 0 or place > old}
        return self._after[len(text)]
