"""What can write: anything that gives, after a text, the probability of each next character."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network
from charrnn.network.stepper import NOTHING_HELD, Held, Stepper
from charrnn.ngram.kneser_ney import NGram

MIN_KEPT_SHARE = 0.01  # of a probability: below it, smoothing cannot be distinguished from learning
WINDOW = 1024  # characters of a prompt read at once: a long one must not need more memory than a short one

Step = Callable[[Ids], Array]
"""Reads one more character of each of B texts, (B,): the logits of the next, (B, V), which the next call overwrites."""


class Predictor(Protocol):
    """Reads B texts side by side.

    `label_smoothing`: the share ε of its probability that training taught it to spread over all characters. Sampling
    would then emit a wrong character one time in fifty (ε = 0.02), so sampling removes it first; see
    LabelSmoothingCorrection.
    """

    @property
    def label_smoothing(self) -> float:
        """From 0 to below 1."""

    def begin(self, inputs: Ids) -> tuple[Array, Step]:
        """Read the beginnings of B texts, (T, B). Returns the logits of the next characters, (B, V), and the step that
        continues.

        Logits are log probabilities up to a constant of each row, never -inf. An exact predictor gives each text, bit
        for bit, the logits that it would get alone.
        """


class NetworkPredictor:
    """A network, from its zero state. It is not changed."""

    def __init__(
        self, network: Network, label_smoothing: float = 0.0, exact: bool = True, held: Held = NOTHING_HELD
    ) -> None:
        """`exact`: each text gets, bit for bit, the logits that it would get alone; see Stepper. `held`: the units that
        are held from the last character of the beginning on, so that what is written knows nothing else.
        """
        self.network, self.label_smoothing, self._exact, self.held = network, label_smoothing, exact, held
        self._stepper: Stepper | None = None  # the last: the next shares its copies of the weights

    def begin(self, inputs: Ids) -> tuple[Array, Step]:
        """See Predictor.begin. The beginnings are read in windows, one forward pass each."""
        B, last = inputs.shape[1], inputs[-1]
        if self.held:
            inputs = inputs[:-1]
        if (inputs == inputs[:, :1]).all():
            inputs = inputs[:, :1]  # a common beginning is read once
        together = 1 if self._exact else inputs.shape[1]
        read = [self.read(inputs[:, start : start + together]) for start in range(0, inputs.shape[1], together)]
        logits, state = (np.concatenate(parts, axis=-2) for parts in zip(*read, strict=True))
        each = B // inputs.shape[1]
        logits, step = self.begin_from(np.repeat(logits, each, axis=0), np.repeat(state, each, axis=1))
        return step(last) if self.held else logits, step

    def begin_from(self, logits: Array, state: Array) -> tuple[Array, Step]:
        """What `begin` returns after the texts that `read` has read."""
        self._stepper = Stepper(self.network, state, self._exact, self.held, self._stepper)
        return logits, self._stepper

    def read(self, inputs: Ids, state: Array | None = None) -> tuple[Array, Array]:
        """The logits after texts, (T, B), read side by side: (B, V); and the state, (S, B, H). `state`: that after the
        texts before these; None: these are beginnings.
        """
        B, V = inputs.shape[1], self.network.architecture.vocab_size
        logits, state = np.zeros((B, V)), self.network.zero_state(B) if state is None else state
        for start in range(0, len(inputs), WINDOW):
            window = inputs[start : start + WINDOW].astype(np.intp)
            ws = self.network.workspace(*window.shape)
            self.network.logits(window, state, ws)
            logits, state = ws.logits[-1], ws.state
        return logits, state


class LabelSmoothingCorrection:
    """From the learned logits of q = (1 - ε) p + ε/V to those of p; each keeps at least MIN_KEPT_SHARE of its q."""

    def __init__(self, o: Array, ε: float) -> None:
        """For logits of the shape of `o`, (B, V); with ε = 0 they stay as they are."""
        self._q, self._spread, self._changes = np.empty_like(o), np.empty_like(o[:, :1]), ε > 0
        self._share, self._tiny = -ε / o.shape[1], np.finfo(o.dtype).tiny

    @np.errstate(over="ignore", invalid="ignore")  # sampling reports what is not finite
    def __call__(self, o: Array) -> Array:
        """The logits of p, in a buffer that the next call overwrites. Called for every character: np.add.reduce and the
        like avoid NumPy's wrappers, which take as long as a row.
        """
        if not self._changes:
            return o
        q, spread = self._q, self._spread
        np.maximum.reduce(o, axis=1, keepdims=True, out=spread)
        np.exp(np.subtract(o, spread, out=q), out=q)  # q, up to a constant
        np.multiply(np.add.reduce(q, axis=1, keepdims=True, out=spread), self._share, out=spread)
        np.divide(spread, np.maximum(q, self._tiny, out=q), out=q)
        np.add(q, 1, out=q)  # 1 - (ε/V) / q, the share of q that is kept
        np.log(np.maximum(q, MIN_KEPT_SHARE, out=q), out=q)
        return np.add(o, q, out=q)


class NGramPredictor:
    """An n-gram as a Predictor: its logits are log probabilities."""

    label_smoothing = 0.0

    def __init__(self, ngram: NGram) -> None:
        self.ngram = ngram

    def begin(self, inputs: Ids) -> tuple[Array, Step]:
        """See Predictor.begin. Only the last order - 1 characters of the beginnings, (T, B), are read."""
        ngram, state = self.ngram, self.ngram.state_after(inputs.T)

        def step(ids: Ids) -> Array:
            nonlocal state
            state = ngram.advance(state, ids)
            return ngram.predict(state)

        return ngram.predict(state), step


class BlindStart:
    """A predictor that starts from nothing: its first character is a blind guess, every symbol equally likely."""

    def __init__(self, predictor: Predictor, vocab_size: int) -> None:
        self._predictor, self._vocab_size = predictor, vocab_size
        self.label_smoothing = predictor.label_smoothing

    def begin(self, inputs: Ids) -> tuple[Array, Step]:
        """See Predictor.begin; the texts are empty so far, (0, B)."""
        go_on: Step | None = None

        def step(ids: Ids) -> Array:
            nonlocal go_on
            if go_on is None:
                logits, go_on = self._predictor.begin(ids[np.newaxis])
                return logits
            return go_on(ids)

        return np.zeros((inputs.shape[1], self._vocab_size)), step
