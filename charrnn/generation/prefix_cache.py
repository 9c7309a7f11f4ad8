"""A network that reads only what has changed, for a text that grows, shrinks and changes under a person's hands."""

import numpy as np

from charrnn.generation.predictors import NetworkPredictor, Step
from charrnn.network.arrays import Array, Ids

EVERY = 64  # characters between places that are remembered for good
RECENT = 64  # places before the end that are remembered, too: backspace must not read 64 characters


class PrefixCache:
    """A NetworkPredictor that remembers its state at places of the text that it read last: the next text is read from
    the last of these places up to which it is the same. `after`: what it remembers, by the number of characters.
    """

    def __init__(self, predictor: NetworkPredictor) -> None:
        self.label_smoothing = predictor.label_smoothing
        self._predictor = predictor
        self._ids: Ids = np.empty(0, np.uint8)
        self.after: dict[int, tuple[Array, Array]] = {}  # logits (1, V), state (S, 1, H)

    def begin(self, inputs: Ids) -> tuple[Array, Step]:
        """See Predictor.begin; (T, B) with T > 0. Only texts that are all the same are remembered."""
        if (inputs != inputs[:, :1]).any():
            return self._predictor.begin(inputs)
        logits, state = (np.repeat(part, inputs.shape[1], axis=-2) for part in self._read(inputs[:, 0]))
        return self._predictor.begin_from(logits, state)

    def _read(self, text: Ids) -> tuple[Array, Array]:
        shorter = min(len(text), len(self._ids))
        changed = np.flatnonzero(text[:shorter] != self._ids[:shorter])
        same = int(changed[0]) if len(changed) else shorter
        kept = {place: found for place, found in self.after.items() if place <= same}
        at = max(kept, default=0)
        while at < len(text):
            end = min(len(text), at - at % EVERY + EVERY)
            found = self._predictor.read(text[at:end, np.newaxis], kept[at][1] if at else None)
            kept[end] = found[0].copy(), found[1].copy()  # without the rest of the window
            at = end
        is_old = len(text) - RECENT
        self.after = {place: kept[place] for place in kept if place % EVERY == 0 or place > is_old}
        self._ids = text.copy()
        return self.after[at]
