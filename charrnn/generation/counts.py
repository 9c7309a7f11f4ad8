"""An n-gram that writes."""

from charrnn.generation.predictor import Step
from charrnn.network.arrays import Array, Ids
from charrnn.ngram.kneser_ney import NGram


class NGramPredictor:
    """An n-gram as a Predictor: its logits are log probabilities."""

    label_smoothing = 0.0

    def __init__(self, ngram: NGram) -> None:
        self.ngram = ngram

    def begin(self, inputs: Ids) -> tuple[Array, Step]:
        """As Predictor has it: of the beginnings, (T, B), only the last order - 1 characters are read."""
        ngram, state = self.ngram, self.ngram.state_after(inputs.T)

        def step(ids: Ids) -> Array:
            nonlocal state
            state = ngram.advance(state, ids)
            return ngram.predict(state)

        return ngram.predict(state), step
