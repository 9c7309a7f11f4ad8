"""How well a model predicts a text, beside what counting and compressing make of the same text."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Thread

import numpy as np

from charrnn.errors import TextError
from charrnn.models import baselines, encoded_text
from charrnn.models.baselines import Baselines, Counts
from charrnn.models.bootstrap import BootstrapMean
from charrnn.models.components import Component, NGramScorer, TableScorer, scorers
from charrnn.models.encoded_text import EncodedText
from charrnn.models.mixture import mix, score_all
from charrnn.models.unknown_characters import count_unknown
from charrnn.network.arrays import Array
from charrnn.ngram.order_selection import MAX_COUNTED_CHARS
from charrnn.text.characters.unit_names import Unit, counted
from charrnn.text.characters.utf_8 import count_characters, count_strays, stray_byte_notes
from charrnn.text.corpus import Corpus
from charrnn.text.vocabulary import Ids, Vocabulary
from charrnn.training.events import bits
from charrnn.training.surprisal import Scorer

UNKNOWN_COST = math.log(0x110000 - 0x800)  # nats: a blind guess among all characters that Unicode could have


@dataclass(frozen=True)
class MemberLoss:
    """One member of a mixture: its weight, and its loss alone, in nats per character."""

    name: str
    weight: float
    loss: float


@dataclass(frozen=True)
class Evaluation:
    """What a model makes of a text. Losses in nats per character; every interval holds 95 % of a block bootstrap.

    Where the `unit` is "byte", `characters` counts bytes, and what is said to be of characters (losses, bpc, perplexity) is of
    bytes, but for `bits_per_character`. `read` counts what was read: with the first of each text, which nothing predicts;
    `characters_read` are the characters that these are. `unknown` characters have no symbol in the vocabulary, and cost UNKNOWN_COST each. `gain` is how much lower the loss is than that
    of the n-gram, character by character.
    """

    loss: float
    bpc: float
    bits_per_byte: float
    bits_per_character: float
    perplexity: float
    unit: Unit
    characters: int
    bytes: int
    read: int
    characters_read: int
    unknown: int
    unknown_characters: Mapping[str, int]  # how often each was predicted
    interval: tuple[float, float] | None
    baselines: Baselines
    ngram_order: int | None = None
    gain: float | None = None
    gain_interval: tuple[float, float] | None = None
    members: list[MemberLoss] = field(default_factory=list)  # of a mixture
    protocol: str = "contiguous"
    slices: tuple[int, int] | None = None  # B and S, of protocol char-rnn
    split: str | None = None  # None: a text of its own
    dynamic: float | None = None  # the learning rate with which the weights followed the text
    static: float | None = None  # then: the loss where they do not
    notes: tuple[str, ...] = ()


@dataclass
class _Tallies:
    """What was found on the way through a text."""

    model: BootstrapMean
    members: list[BootstrapMean]
    counted: list[BootstrapMean]  # unigram and n-gram, or none
    unknown: Counter[str]
    read: int = 0
    characters_read: int = 0
    strays: int = 0  # bytes that are no UTF-8
    utf_8: float = 0.0  # bytes


def evaluate(
    members: Sequence[Component],
    weights: Sequence[float],
    passage: EncodedText,
    vocabulary: Vocabulary,
    counts: Counts | None = None,
    learning_rate: float | None = None,
) -> Evaluation:
    """Read a text once, with all members and, where there are counts, with them.

    Raises TextError for a text without characters, or a split without two, and DivergedError as `score_all` and DynamicScorer do.
    """
    with scorers(members, passage.characters, learning_rate, passage.before) as reading:
        found = _read(reading, weights, passage, vocabulary, counts)
    whole = found.model
    if not whole.characters:
        raise TextError(
            f"a loss needs at least {counted(1 if passage.is_whole else 2, vocabulary.unit)}; the text has fewer"
        )
    unknown = found.unknown.total() / whole.characters
    uniform = (1 - unknown) * baselines.uniform(len(vocabulary)) + unknown * UNKNOWN_COST
    bits_per_byte = bits(whole.total) / found.utf_8
    made = Evaluation(
        loss=whole.mean,
        bpc=bits(whole.mean),
        bits_per_byte=bits_per_byte,
        bits_per_character=bits(whole.mean) * found.read / found.characters_read,
        perplexity=_exp(whole.mean),
        unit=vocabulary.unit,
        characters=whole.characters,
        bytes=round(found.utf_8),
        read=found.read,
        characters_read=found.characters_read,
        unknown=found.unknown.total(),
        unknown_characters=dict(found.unknown.most_common()),
        interval=whole.interval(),
        baselines=Baselines(uniform),
        members=_losses(members, weights, found.members),
        dynamic=learning_rate,
        notes=stray_byte_notes(found.strays, found.characters_read),
    )
    return _beside(made, whole, counts, found.counted) if counts else made


def _exp(loss: float) -> float:
    """Infinity where a float cannot hold it."""
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


def with_first(surprisals: Array, vocab_size: int) -> Array:
    """The surprisals, (k, n), with that of a first character before them that nothing predicts: a blind guess among all symbols."""
    return np.insert(surprisals, 0, math.log(vocab_size), axis=1)


def _read(
    reading: Sequence[Scorer],
    weights: Sequence[float],
    passage: EncodedText,
    vocabulary: Vocabulary,
    counts: Counts | None,
) -> _Tallies:
    counting: list[Scorer] = [TableScorer(counts.unigram), NGramScorer(counts.ngram, passage.before)] if counts else []
    found = _Tallies(
        BootstrapMean(), [BootstrapMean() for _ in reading], [BootstrapMean() for _ in counting], Counter()
    )
    before: Ids | None = None  # the last bytes, of which the next may be of the same character
    for number, block in enumerate(passage.blocks()):
        own = score_all(reading, block.ids)
        tallies = [found.model, *found.members, *found.counted]
        all_read = [mix(own, weights), *own, *(scorer.score(block.ids) for scorer in counting)]
        if number == 0 and passage.is_whole and not block.unseen:
            all_read = [with_first(surprisals, len(vocabulary)) for surprisals in all_read]
        unknown = block.unknown[:, block.unknown.shape[1] - all_read[0].shape[1] :]  # of those that are charged
        for tally, surprisals in zip(tallies, all_read, strict=True):
            tally.add(np.where(unknown, UNKNOWN_COST, surprisals))
        if block.unknown.any():
            found.unknown += count_unknown(block)
        ids = block.ids[:, block.unseen :]
        found.read += ids.size
        if vocabulary.unit == "byte":
            before = ids[:, :0] if before is None else before
            found.characters_read += count_characters(ids, before)
            before = np.concatenate([before, ids[:, -3:]], axis=1)[:, -3:]
            found.strays += count_strays(ids)
        found.utf_8 += block.utf_8
    if vocabulary.end_id is not None and not passage.is_whole:
        found.read -= 1  # the end before a split's first document
    if vocabulary.unit == "char":
        found.characters_read = found.read
    return found


def _losses(
    members: Sequence[Component], weights: Sequence[float], tallies: Sequence[BootstrapMean]
) -> list[MemberLoss]:
    """Of each member of a mixture; of a model that is none, nothing."""
    rows = zip(members, weights, tallies, strict=True)
    return [MemberLoss(member.name, weight, tally.mean) for member, weight, tally in rows] if len(members) > 1 else []


def _beside(made: Evaluation, whole: BootstrapMean, counts: Counts, counted: Sequence[BootstrapMean]) -> Evaluation:
    """The same with what counting makes of the text."""
    unigram, ngram = counted
    gain = ngram.difference(whole)
    return replace(
        made,
        baselines=replace(made.baselines, unigram=unigram.mean, ngram=ngram.mean),
        ngram_order=counts.ngram.order,
        gain=gain.mean,
        gain_interval=gain.interval(),
    )


class XzBaseline(Thread):
    """The xz baseline, on a core of its own while the text is read: what a compressor makes of a passage after the training
    split, or after as much of its end as is counted; none for a passage longer than that, which would take minutes, or
    where memory is short.
    """

    def __init__(self, corpus: Corpus, passage: EncodedText) -> None:
        """Begins at once; nobody waits for it where the program ends before."""
        super().__init__(daemon=True)
        self._corpus, self._passage = corpus, passage
        self._loss: float | None = None
        self.start()

    def run(self) -> None:
        """As Thread has it."""
        if 0 < self._passage.characters <= MAX_COUNTED_CHARS:
            train = encoded_text.decode_text(self._corpus.vocabulary, self._corpus.split("train")[-MAX_COUNTED_CHARS:])
            with suppress(MemoryError):
                self._loss = baselines.xz(train, self._passage.content()) / self._passage.characters

    def add_to(self, made: Evaluation) -> Evaluation:
        """An evaluation with it, once it is done."""
        self.join()
        return replace(made, baselines=replace(made.baselines, xz=self._loss))
