"""Whether a base knows the language of a text: its loss beside that of an n-gram which has read only a little of it.

Short pieces are spread evenly over the training split. The n-gram counts every second piece; both predict the others,
after the first WARM_UP characters of each. A network that knows the language wins, however long the text is; one that
does not loses, in its own script too. It takes about 0.12 s with a gru of 640 units on one core.

Measured with builtin:english, in nats per character, on 5,000 to 500,000 characters of each text
(tests/benchmarks/published/README.md has the table), beside the n-gram: prose -1.2 to -0.6, verse -0.6 to -0.3, English
in capitals -0.2, with tables and commands 0 (once 0.7); programs 0.4 to 1.1, French 0.5 to 0.8, names 1.2, German 1.1
to 1.7, Chinese 1.2, Russian and Hindi 1.7 to 2.6.
"""

import math
from dataclasses import dataclass

import numpy as np

from charrnn.network.network import Network
from charrnn.ngram.kneser_ney import fit
from charrnn.text.corpus import Corpus
from charrnn.text.vocabulary import Vocabulary
from charrnn.training.surprisal import NetworkScorer

PIECES = 32
PIECE_CHARS = 160
MIN_PIECE_CHARS = 128  # of a short text there are fewer pieces
WARM_UP = 32  # characters before those that count: by then a network knows what it reads
ORDER = 5  # of the n-gram, as long as some thousand characters support


@dataclass(frozen=True)
class LanguageCheck:
    """Losses on one stretch, in nats per character, and the share of its characters that the base has no symbol for."""

    base_loss: float
    ngram_loss: float
    new_share: float

    @property
    def excess(self) -> float:
        """What the base needs beyond the n-gram; below 0 it knows the language."""
        return self.base_loss - self.ngram_loss


def check_language(network: Network, vocabulary: Vocabulary, corpus: Corpus) -> LanguageCheck | None:
    """Compare a network and its `vocabulary` with the training split of a text; None for a text of a few lines.

    A character that the network has no symbol for costs it ln V, a blind guess among the V symbols of both; it reads
    the unknown symbol, or a space, in its place. The end of a document that it does not know is read as a line break,
    and not counted.
    """
    ids = corpus.split("train")
    count = min(PIECES, len(ids) // MIN_PIECE_CHARS) // 2 * 2
    if not count:
        return None
    length = min(PIECE_CHARS, len(ids) // count)
    starts = np.linspace(0, len(ids) - length, count).astype(np.intp)
    pieces = np.asarray(ids[starts[:, np.newaxis] + np.arange(length)], np.intp)
    counted, read = pieces[::2], pieces[1::2]

    own, known = _translate(corpus.vocabulary, vocabulary)
    V = len(vocabulary.union(corpus.vocabulary))
    with np.errstate(all="ignore"):  # a base may have any weights
        found = NetworkScorer(network, end_id=vocabulary.end_id).score(own[read])
    is_known = known[read[:, WARM_UP:]]
    by_base = np.where(is_known, found[:, WARM_UP - 1 :], math.log(V))
    ngram = fit(list(counted), V, ORDER)
    by_ngram = np.stack([ngram.surprisals(piece, context=WARM_UP) for piece in read])

    scored = np.ones(is_known.shape, np.bool_)
    if vocabulary.end_id is None and corpus.vocabulary.end_id is not None:
        scored = read[:, WARM_UP:] != corpus.vocabulary.end_id
    base_loss, ngram_loss = (float(row[scored].mean(dtype=np.float64)) for row in (by_base, by_ngram))
    return LanguageCheck(base_loss, ngram_loss, new_share=float(1 - is_known[scored].mean()))


def _translate(text: Vocabulary, base: Vocabulary) -> tuple[np.ndarray, np.ndarray]:
    """For each id of a text: what the base reads, (V,), and whether that is the same symbol, (V,)."""
    ids = {symbol: index for index, symbol in enumerate(base.symbols)}
    other = ids.get(" ", 0) if base.unknown_id is None else base.unknown_id
    own = np.array([ids.get(symbol, other) for symbol in text.symbols], np.uint32)
    if text.end_id is not None and base.end_id is None:
        own[text.end_id] = ids.get("\n", other)
    return own, np.array([symbol in ids for symbol in text.symbols])
