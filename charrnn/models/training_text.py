"""The text that a run was trained on, read again when first needed, and what is counted in it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from charrnn.errors import OptionError, RunError
from charrnn.models.evaluation import baselines
from charrnn.models.evaluation.baselines import Counts
from charrnn.ngram.kneser_ney import NGram
from charrnn.ngram.order_selection import fit_best
from charrnn.runs.recorded_text import find_text
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.stages import OnStage, ignore_stage
from charrnn.text import corpus as corpora
from charrnn.text.corpus import Corpus
from charrnn.text.positions import Place, Places
from charrnn.text.source_text import SourceText
from charrnn.text.splits import SPLITS, Split, overlap
from charrnn.words import parameter


class TrainingText:
    """The training text of a checkpoint. Everything here raises RunError or TextError if the text cannot be read."""

    def __init__(
        self,
        saved: Checkpoint,
        sources: Sequence[str] = (),
        encoding: Sequence[str] = (),
        on_stage: OnStage = ignore_stage,
    ) -> None:
        """`sources`: its present location (empty: where it was). `encoding`: its present encoding; see find_text.
        `on_stage` is called when it is read or counted.
        """
        self._saved, self._sources, self._encoding, self._on_stage = saved, sources, encoding, on_stage

    @cached_property
    def text(self) -> SourceText:
        """The text itself."""
        return find_text(self._saved, self._sources, encoding=self._encoding, on_stage=self._on_stage)[1]

    @cached_property
    def corpus(self) -> Corpus:
        """The text, encoded, and cut as for the training."""
        return corpora.build(self.text, self._saved.vocabulary, self._saved.config.data.make_split())

    def starts(self, index: int, length: int) -> Places:
        """Places in the files, for a part of the text: of its first character, and of each file or document that begins
        in it.
        """
        starts, (file, line, column) = self.text.starts, self.text.locate(index)
        inside = starts.part(index, index + length)
        first = Places.from_sequences([0], [file], [line], [column])
        return inside if inside.at[:1].tolist() == [0] else Places.concatenate([first, inside])

    def place(self, names: Sequence[str], position: int) -> Place:
        """The place of a character in the files, from its position in some splits that follow each other."""
        corpus = self.corpus
        for name in names:
            slices = corpus.slices(name)
            if position < slices.size:
                number, offset = divmod(position, slices.shape[1])
                return self.text.place(number * corpus.cuts.length + corpus.cuts.bounds[SPLITS.index(name)] + offset)
            position -= slices.size
        raise IndexError("beyond the end of the splits")

    @cached_property
    def ngram(self) -> NGram:
        """An n-gram of the training split, its order chosen on that split."""
        return self._count(self.corpus)

    def cut(self, split: Split) -> Corpus:
        """The text, cut in another way. Raises TextError if it is too short for that."""
        return replace(self.corpus, cuts=corpora.cut(self.corpus.ids, self.corpus.vocabulary, split))

    def counts(self, corpus: Corpus) -> Counts:
        """The counts of the training split of a corpus of this text."""
        ngram = self.ngram if corpus.cuts == self.corpus.cuts else self._count(corpus)
        return Counts(baselines.unigram(corpus.split("train"), len(corpus.vocabulary)), ngram)

    def _count(self, corpus: Corpus) -> NGram:
        train = list(corpus.slices("train"))
        self._on_stage("counting its n-grams")
        return fit_best(train, len(corpus.vocabulary))

    def train_overlap(self, corpus: Corpus, name: str) -> int:
        """How many characters of a held-out split the model was trained on, if the corpus is cut in another way."""
        return 0 if name == "train" else overlap(corpus.cuts, name, self.corpus.cuts, "train")


def held_out(corpus: Corpus, split: Split, name: str | None) -> str:
    """The split to evaluate: the named one, or test, or valid if test is empty.

    Raises RunError if the split is empty, and OptionError if there is no split of that name.
    """
    if name not in (None, *SPLITS):
        raise OptionError(f"{parameter('split')} must be one of {', '.join(SPLITS)}; found {name}")
    name = name or ("test" if corpus.slices("test").size else "valid")
    if not corpus.slices(name).size:
        others = " or ".join(other for other in SPLITS if corpus.slices(other).size)
        raise RunError(
            f"the training text has no {name} split: protocol {split.protocol} cuts it into {list(split.shares)}; "
            f"{parameter('split')} may be {others}"
        )
    return name
