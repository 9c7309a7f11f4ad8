"""The surprisal of each character of a text: -ln of its probability, given all characters before it, in nats.

One pass from the first character to the last would take one small step at a time. Instead the text is cut into
streams read side by side. Each stream first reads the WARM_UP characters before its own, uncounted, so that
its state is as if it had read the whole text before: a recurrent network has forgotten what lies further back.

Texts and streams that are read side by side are rounded together: the neighbours of a text change the surprisal of a
character by at most about 1e-5 nats, and the mean by about 1e-8 (a gru of 256 units).
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from charrnn.errors import TextError
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.text.vocabulary import Ids
from charrnn.training.parallel.data_parallel import DataParallel

WARM_UP = (
    1024  # characters before a stream counts: the loss then differs from one pass by 1.5e-5 nats (a gru of 512 units)
)
STREAMS = 64
SCORING_WINDOW = 64
BLOCK = 1 << 20  # characters read at once, so that a long text needs no more memory than a short one


class StoppedError(Exception):
    """Raised where an evaluation was asked to stop."""


class Scorer(Protocol):
    """Reads k texts side by side, block by block, from their beginnings."""

    def score(self, ids: Ids) -> Array:
        """The surprisals, in nats, of the next block of each text, (k, n), in the shape of the block.

        For the first block (k, n - 1): nothing predicts the first character of a text. A later block may have fewer
        texts: the last ones have ended.
        """


class NetworkScorer:
    """The surprisals of a network, which it does not change.

    >>> from charrnn.network.architecture import Architecture
    >>> network = Network.fresh(Architecture(vocab_size=3, hidden_size=4), np.random.default_rng(0))
    >>> scorer = NetworkScorer(network)
    >>> ids = np.array([[0, 1, 2, 0, 1]], np.uint32)
    >>> scorer.score(ids).shape, scorer.score(ids).shape
    ((1, 4), (1, 5))
    """

    def __init__(
        self,
        network: Network,
        parallel: DataParallel | None = None,
        should_stop: Callable[[], bool] = lambda: False,
        end_id: int | None = None,
    ) -> None:
        """`parallel` distributes the work; `should_stop()` is polled before each window. Where `end_id`, the end of a
        document, is read, the state is reset.
        """
        self._network, self._parallel = network, parallel or DataParallel(network)
        self._should_stop, self._end_id = should_stop, end_id
        self._last: Ids | None = None  # (k, 1): what the next block follows
        self._state: Array | None = None  # (S, k, H)

    def score(self, ids: Ids) -> Array:
        """See Scorer. Raises StoppedError once `should_stop()` is true."""
        if self._state is None:
            self._state = self._network.zero_state(len(ids))
        if len(ids) < self._state.shape[1]:
            self._state = np.ascontiguousarray(self._state[:, : len(ids)])
        read = ids if self._last is None else np.concatenate([self._last[: len(ids)], ids], axis=1)
        self._last = ids[:, -1:]
        return self._one_text(read[0], self._state) if len(ids) == 1 else self._run(read.T, self._state).T

    def _one_text(self, ids: Ids, state: Array) -> Array:
        """The surprisals of ids[1:], (1, n - 1); updates `state`, (S, 1, H)."""
        B, length = cut_in_streams(len(ids) - 1)
        states = np.concatenate([state, self._warm_states(ids, B, length)], axis=1)
        # One row more than a stream's length: the last character of a stream is the first input of the next.
        streams = ids[np.arange(B) * length + np.arange(length + 1)[:, np.newaxis]]
        found = self._run(streams, states).T.ravel()
        state[:] = states[:, -1:]
        rest = ids[B * length :, np.newaxis]  # what does not divide by B continues the last stream
        return np.concatenate([found, self._run(rest, state)[:, 0]])[np.newaxis]

    def _warm_states(self, ids: Ids, B: int, length: int) -> Array:
        """The states in which the streams after the first begin, (S, B - 1, H)."""
        state = self._network.zero_state(B - 1)
        if B > 1:
            ends = np.arange(1, B) * length
            self._run(ids[ends + np.arange(-WARM_UP, 1)[:, np.newaxis]], state)
        return state

    def _run(self, ids: Ids, state: Array) -> Array:
        """The surprisals of ids[1:], (n - 1, B), window by window; updates `state`, (S, B, H). Each rank reads a part."""
        ranks, streams = self._parallel.ranks, self._parallel.ranks.local_streams(ids.shape[1])
        own = np.ascontiguousarray(state[:, streams])
        found = np.empty((len(ids) - 1, own.shape[1]), state.dtype)
        for start in range(0, len(found), SCORING_WINDOW):
            if any(ranks.all_gather(self._should_stop())):
                raise StoppedError
            if own.size:
                window = ids[start : start + SCORING_WINDOW + 1, streams].astype(np.intp)
                reset_mask = None if self._end_id is None else window[:-1] == self._end_id
                found[start : start + SCORING_WINDOW] = self._parallel.surprisals(
                    window[:-1], window[1:], own, reset_mask
                )
        state[:] = ranks.all_gather_concat(own, axis=1)
        return ranks.all_gather_concat(found, axis=1)


def cut_in_streams(count: int) -> tuple[int, int]:
    """The number of streams that read a text with `count` characters to predict, and the characters of each; the
    last also reads the rest.

    >>> cut_in_streams(1000), cut_in_streams(1_000_000)
    ((1, 1000), (64, 15625))
    """
    B = max(1, min(STREAMS, count // (4 * WARM_UP)))
    return B, count // B


def windows_read(texts: int, length: int) -> set[tuple[int, int]]:
    """The shapes, (T, B), of the windows in which that many texts of `length` characters are read."""
    length = min(length, BLOCK)
    runs = [(texts, length - 1)]
    if texts == 1:
        B, per_stream = cut_in_streams(length - 1)
        runs = [(B - 1, WARM_UP), (B, per_stream), (1, (length - 1) % B)]
    return {
        (T, streams)
        for streams, steps in runs
        for T in (min(SCORING_WINDOW, steps), steps % SCORING_WINDOW)
        if T and streams
    }


def mean_loss(
    network: Network,
    ids: Ids,
    parallel: DataParallel | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    end_id: int | None = None,
) -> float:
    """The mean loss, in nats, over a text, (n,), or several of one length, (k, n); not of their first characters.

    Options as for NetworkScorer. Raises TextError for a text of one character, and StoppedError once `should_stop()` is
    true.

    >>> from charrnn.network.architecture import Architecture
    >>> network = Network.fresh(Architecture(vocab_size=3, hidden_size=4), np.random.default_rng(0))
    >>> network.parameters.flat[:] = 0  # every character as likely as the others: ln 3
    >>> round(mean_loss(network, np.array([0, 1, 2, 0], np.uint32)), 4)
    1.0986
    """
    texts = np.atleast_2d(ids)
    if texts.shape[1] < 2:
        raise TextError(f"a loss needs a text of length 2 or more; found length {texts.shape[1]}")
    scorer = NetworkScorer(network, parallel, should_stop, end_id)
    blocks = (texts[:, start : start + BLOCK] for start in range(0, texts.shape[1], BLOCK))
    total = sum(float(scorer.score(block).sum(dtype=np.float64)) for block in blocks)
    return total / (texts.size - len(texts))
