"""Interpolated modified Kneser-Ney smoothing of n-grams (Chen and Goodman 1998, section 3 and 4.1.6).

For a context h of n - 1 characters, h' the same without its first, and w the next character:

    p_n(w | h) = (c_n(hw) - D(c_n(hw))) / C + γ(h) p_n-1(w | h')        C = Σ_v c_n(hv)
    γ(h)       = Σ_v D(c_n(hv)) / C                                     p_0 = 1 / V

For the longest n, the order, c is the count. For shorter ones, which matter only for what the longer context has not
seen, c is the number of different characters that hw follows. D(c) is D_1, D_2, or D_3 for 3 and more; each length has
its own, and D(0) = 0. A context that was never seen leaves everything to the shorter one: its γ is 1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from charrnn.network.arrays import Array, Ids
from charrnn.ngram.counts import Grams, continuations, count, require_in_vocabulary

UNSEEN = -1  # the rank of what was never counted; as an index it is the last, with weight 0 and γ = 1
FALLBACK = (0.0, 0.5, 1.0, 1.5)  # discounts, if a text is too short or too regular to estimate them


@dataclass(frozen=True)
class Level:
    """The probabilities of the n-grams of one length."""

    keys: Ids  # (G,) see counts.py
    weights: Array  # (G + 1,) (c - D(c)) / C
    gammas: Array  # (contexts + 1,)
    vocab_size: int

    @classmethod
    def from_counts(cls, grams: Grams, counts: Ids, vocab_size: int) -> "Level":
        """From the n-grams and their counts, (G,), or whatever replaces these."""
        prefixes = grams.keys // vocab_size
        discounted = discounts(counts)[np.minimum(counts, 3)]
        totals = np.bincount(prefixes, counts, grams.contexts)
        weights = (counts - discounted) / totals[prefixes]
        left = np.bincount(prefixes, discounted, grams.contexts)
        gammas = np.divide(left, totals, out=np.ones(grams.contexts), where=totals > 0)
        return cls(grams.keys, np.append(weights, 0.0), np.append(gammas, 1.0), vocab_size)

    def find(self, contexts: Ids, ids: Ids) -> Ids:
        """The ranks of the n-grams of these contexts, given by rank, and these characters; UNSEEN if there is none."""
        wanted = contexts * self.vocab_size + ids  # negative after an unseen context, which is not a key
        places = np.minimum(self.keys.searchsorted(wanted), len(self.keys) - 1)
        return np.where(self.keys[places] == wanted, places, UNSEEN)

    def interpolate(self, contexts: Ids, grams: Ids, shorter: Array) -> Array:
        """p_n of each gram after its context, (N,), from p_n-1."""
        return np.asarray(self.weights[grams] + self.gammas[contexts] * shorter)

    def interpolate_all(self, contexts: Ids, p: Array) -> None:
        """Turn p_n-1 of every character after each of B contexts, (B, V), into p_n."""
        p *= self.gammas[contexts][:, np.newaxis]
        first = contexts * self.vocab_size
        start, end = self.keys.searchsorted([first, first + self.vocab_size])
        size = end - start
        rows = np.arange(len(contexts)).repeat(size)
        places = np.arange(len(rows)) + (end - size.cumsum()).repeat(size)
        p[rows, self.keys[places] - first[rows]] += self.weights[places]


@dataclass(frozen=True)
class NGram:
    """A fitted model: the levels n = 1, ..., order, and the number of characters it was fitted on."""

    levels: tuple[Level, ...]
    vocab_size: int
    characters: int

    @property
    def order(self) -> int:
        """The longest n: order - 1 characters predict the next."""
        return len(self.levels)

    def surprisals(self, ids: Array, context: int = 0) -> Array:
        """The surprisals of ids[context:], each after up to order - 1 characters, (len(ids) - context,), in nats.

        Raises VocabularyError if an id is not in the vocabulary.
        """
        require_in_vocabulary(ids, self.vocab_size)
        far = max(0, context - self.order + 1)
        near = ids[far:].astype(np.intp)
        p = np.full(len(near), 1 / self.vocab_size)
        for level, (contexts, grams) in zip(self.levels, ranks(self.levels, near), strict=True):
            p = level.interpolate(contexts, grams, p)
        return nats(p[context - far :])

    def state_after(self, contexts: Array) -> Ids:
        """The state after reading contexts, (B, T): (order, B). Row n has the ranks of the last n characters."""
        state = self._zero_state(len(contexts))
        for ids in contexts[:, max(0, contexts.shape[1] - self.order + 1) :].T:
            state = self.advance(state, ids)
        return state

    def advance(self, state: Ids, ids: Array) -> Ids:
        """The state after one more character of each text, (B,)."""
        longer = self._zero_state(len(ids))
        for n, level in enumerate(self.levels[:-1]):
            longer[n + 1] = level.find(state[n], ids)
        return longer

    def predict(self, state: Ids) -> Array:
        """The log probabilities of every next character, (B, V)."""
        p = np.full((state.shape[1], self.vocab_size), 1 / self.vocab_size)
        for level, contexts in zip(self.levels, state, strict=True):
            level.interpolate_all(contexts, p)
        return np.asarray(np.log(p))

    def _zero_state(self, batch_size: int) -> Ids:
        state = np.full((self.order, batch_size), UNSEEN)
        state[0] = 0  # the empty gram
        return state


def fit(segments: Sequence[Array], vocab_size: int, order: int) -> NGram:
    """The n-gram of this order, or of a lower one if no segment is that long. Raises as `counts.count` does."""
    grams = count(segments, vocab_size, order)
    levels = (*lower_levels(grams, vocab_size), Level.from_counts(grams[-1], grams[-1].counts, vocab_size))
    return NGram(levels, vocab_size, int(grams[0].counts.sum()))


def lower_levels(grams: Sequence[Grams], vocab_size: int) -> list[Level]:
    """The levels below the order, from continuations: one fewer than the lengths."""
    return [Level.from_counts(each, continuations(each, longer), vocab_size) for each, longer in pairwise(grams)]


def ranks(levels: Sequence[Level], ids: Ids) -> Iterator[tuple[Ids, Ids]]:
    """For n = 1, 2, ...: the rank of the n - 1 characters before each id, and of these with it; both (len(ids),)."""
    contexts = np.zeros(len(ids), np.intp)
    for level in levels:
        grams = level.find(contexts, ids)
        yield contexts, grams
        contexts = np.full(len(ids), UNSEEN)
        contexts[1:] = grams[:-1]


def discounts(counts: Ids) -> Array:
    """D(0), D_1, D_2 and D_3+ of one level, from the numbers of its n-grams with a count of 1, 2, 3 and 4.

    FALLBACK if one of them is undefined or not above 0: p would then be 0 for what was not seen.
    """
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == c)) for c in (1, 2, 3, 4))
    if not n1 * n2 * n3:
        return np.array(FALLBACK)
    Y = n1 / (n1 + 2 * n2)
    found = np.array([0, 1 - 2 * Y * n2 / n1, 2 - 3 * Y * n3 / n2, 3 - 4 * Y * n4 / n3])
    return found if (found[1:] > 0).all() else np.array(FALLBACK)


def nats(p: Array) -> Array:
    """-ln p; a p that rounding left above 1 counts as 1."""
    return np.asarray(0 - np.log(np.minimum(p, 1)))
