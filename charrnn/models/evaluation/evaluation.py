"""How well a model predicts a text, compared with counting and compressing the same text."""

import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from charrnn.errors import TextError
from charrnn.models.encoded_text import Block, EncodedText
from charrnn.models.evaluation.baselines import Baselines, Counts, XzBaseline
from charrnn.models.evaluation.bootstrap import BootstrapMean
from charrnn.models.mixture.components import Component, NGramScorer, TableScorer, scorers
from charrnn.models.mixture.scorer_mixture import mix, score_all
from charrnn.models.scoring.scoring import UNKNOWN_COST, with_first
from charrnn.models.scoring.unknown_characters import count_unknown
from charrnn.text.characters.unit_names import Unit, amount
from charrnn.text.characters.utf_8 import count_characters, count_strays, stray_byte_notes
from charrnn.text.splits import Split
from charrnn.text.vocabulary import Ids, Vocabulary
from charrnn.training.events import bits
from charrnn.training.surprisal import Scorer

MAX_EXPONENT = math.log(sys.float_info.max)


@dataclass(frozen=True)
class ComponentLoss:
    """One component of a mixture: its weight, and the loss that it has alone, in nats per character."""

    name: str
    weight: float
    loss: float


@dataclass(frozen=True)
class Evaluation:
    """How well a model predicts a text. Losses are in nats per character; every interval is the 95 % of a block
    bootstrap.

    If the `unit` is "byte", `characters` counts bytes, and losses, bpc and perplexity are per byte; only
    `bits_per_character` is per character. `characters` were predicted; `read` were read, with the first of each text,
    which nothing predicts; `characters_read` is the same in characters. `unknown` characters have no symbol in the
    vocabulary and cost UNKNOWN_COST each. `gain` is how much lower the loss is than the n-gram's, character by
    character.
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
    members: list[ComponentLoss] = field(default_factory=list)  # empty for a single model
    protocol: str = "contiguous"
    slices: tuple[int, int] | None = None  # B and S, of protocol char-rnn
    split: str | None = None  # None: another text
    dynamic: float | None = None  # the learning rate with which the weights followed the text
    static: float | None = None  # then: the loss with fixed weights
    notes: tuple[str, ...] = ()


class TextCount:
    """How much was read of a text, in each of its units."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.read = 0  # ids
        self.utf_8 = 0.0  # bytes
        self.strays = 0  # bytes that are not UTF-8
        self.unknown = Counter[str]()
        self._is_bytes, self._characters = vocabulary.unit == "byte", 0
        self._before: Ids | None = None  # the last bytes: the next may continue their character

    @property
    def characters(self) -> int:
        """Characters read; for a byte model fewer than ids."""
        return self._characters if self._is_bytes else self.read

    def add(self, block: Block) -> None:
        """Count the next block."""
        ids = block.ids[:, block.unseen :]
        self.read += ids.size
        self.utf_8 += block.utf_8
        if block.unknown.any():
            self.unknown += count_unknown(block)
        if self._is_bytes:
            before = ids[:, :0] if self._before is None else self._before
            self._characters += count_characters(ids, before)
            self._before = np.concatenate([before, ids[:, -3:]], axis=1)[:, -3:]
            self.strays += count_strays(ids)


def measure(
    components: Sequence[Component],
    weights: Sequence[float],
    text: EncodedText,
    vocabulary: Vocabulary,
    counts: Counts | None = None,
    learning_rate: float | None = None,
    xz: XzBaseline | None = None,
    cut: Split | None = None,
    notes: Sequence[str] = (),
) -> Evaluation:
    """Read a text once with all components, and with the counts, if there are any. `xz` is a baseline that is already
    being computed; `cut` is how the text was cut, if it is a split; `notes` are added to those of the evaluation.

    Raises TextError for an empty text or a split of one character, and DivergedError as `score_all` and DynamicScorer
    do.
    """
    counting: list[Scorer] = [TableScorer(counts.unigram), NGramScorer(counts.ngram, text.before)] if counts else []
    with scorers(components, text.characters, learning_rate, text.before) as reading:
        means, count = _read(reading, weights, counting, text, vocabulary)
    whole, own, by_counting = means[0], means[1 : 1 + len(components)], means[1 + len(components) :]
    if not whole.characters:
        least = amount(2 if text.split else 1, vocabulary.unit)
        raise TextError(f"a loss needs at least {least}; the text has fewer")
    unknown = count.unknown.total() / whole.characters
    gain = by_counting[1].difference(whole) if by_counting else None
    rows = zip(components, weights, own, strict=True)
    losses = [ComponentLoss(component.name, weight, mean.mean) for component, weight, mean in rows]
    static = None if learning_rate is None else measure(components, weights, text, vocabulary).loss
    return Evaluation(
        loss=whole.mean,
        bpc=bits(whole.mean),
        bits_per_byte=bits(whole.total) / count.utf_8,
        bits_per_character=bits(whole.mean) * count.read / count.characters,
        perplexity=math.exp(whole.mean) if whole.mean < MAX_EXPONENT else math.inf,
        unit=vocabulary.unit,
        characters=whole.characters,
        bytes=round(count.utf_8),
        read=count.read,
        characters_read=count.characters,
        unknown=count.unknown.total(),
        unknown_characters=dict(count.unknown.most_common()),
        interval=whole.interval(),
        baselines=Baselines(
            uniform=(1 - unknown) * math.log(len(vocabulary)) + unknown * UNKNOWN_COST,
            unigram=by_counting[0].mean if by_counting else None,
            ngram=by_counting[1].mean if by_counting else None,
            xz=xz.result() if xz else None,
        ),
        ngram_order=counts.ngram.order if counts else None,
        gain=gain.mean if gain else None,
        gain_interval=gain.interval() if gain else None,
        members=losses if len(components) > 1 else [],
        protocol=cut.protocol if cut else "contiguous",
        slices=cut.slices if cut and cut.protocol == "char-rnn" else None,
        split=text.split,
        dynamic=learning_rate,
        static=static,
        notes=(*notes, *stray_byte_notes(count.strays, count.characters)),
    )


def _read(
    reading: Sequence[Scorer],
    weights: Sequence[float],
    counting: Sequence[Scorer],
    text: EncodedText,
    vocabulary: Vocabulary,
) -> tuple[list[BootstrapMean], TextCount]:
    """The mean surprisals of the mixture, of each of its scorers, and of each baseline; and how much was read."""
    means = [BootstrapMean() for _ in range(1 + len(reading) + len(counting))]
    count = TextCount(vocabulary)
    for number, block in enumerate(text.blocks()):
        own = score_all(reading, block.ids)
        found = [mix(own, weights), *own, *(scorer.score(block.ids) for scorer in counting)]
        if number == 0 and text.split is None and not block.unseen:
            found = [with_first(surprisals, len(vocabulary)) for surprisals in found]
        unknown = block.unknown[:, block.unknown.shape[1] - found[0].shape[1] :]  # those that are charged
        for mean, surprisals in zip(means, found, strict=True):
            mean.add(np.where(unknown, UNKNOWN_COST, surprisals))
        count.add(block)
    if vocabulary.end_id is not None and text.split is not None:
        count.read -= 1  # the end before a split's first document
    return means, count
