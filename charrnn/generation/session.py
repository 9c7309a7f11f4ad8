"""A text that a person and a model write together."""

import re
from collections.abc import Sequence
from typing import Literal

from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NetworkPredictor
from charrnn.generation.prefix_cache import PrefixCache
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.sampling import SamplingOptions
from charrnn.text.unicode_form import fit_text

LINE = "\n"
LENGTH = 60  # characters of a proposal, at most
CONTEXT = 4096  # characters before the end that the model reads: what was further back, a network has forgotten
WORD = re.compile(r"\s*\S+[^\S\n]*|\s+")
PART_OF_A_WORD = re.compile(r"(?<=\s)\S+$")
Part = Literal["word", "line"]


class Session:
    """The text so far, and what the model would write next: feed, propose, accept, back.

    The model reads the last CONTEXT characters of the text, at least the half of them. Characters that it does not know
    are left out of what it reads, never of the text. Proposals end with their line.

    >>> from charrnn.generation.predictors import NGramPredictor
    >>> from charrnn.ngram.kneser_ney import fit
    >>> from charrnn.text.vocabulary import Vocabulary
    >>> text = "the cat sat on the mat.\\n" * 9
    >>> vocabulary = Vocabulary.from_text(text)
    >>> model = Generator(NGramPredictor(fit([vocabulary.encode(text)], len(vocabulary), 8)), vocabulary)
    >>> session = Session(model, "the c")
    >>> session.propose(options=SamplingOptions(temperature=0))
    ['at sat on the mat.\\n']
    >>> session.accept("at sat on the mat.\\n", "word"), session.text
    ('at ', 'the cat ')
    >>> session.feed("ß"), session.unknown(), session.back(5), session.text
    (None, {'ß'}, 'cat ß', 'the ')
    """

    def __init__(self, generator: Generator, text: str = "") -> None:
        """`generator`: for example that of `Model.generator()`."""
        predictor, self.vocabulary = generator.predictor, generator.vocabulary
        cached = PrefixCache(predictor) if isinstance(predictor, NetworkPredictor) else predictor
        self._generator = generator.with_predictor(cached)
        self.text = text

    def feed(self, text: str) -> None:
        """Add to the text."""
        self.text += text

    def back(self, count: int = 1) -> str:
        """Take the last characters away, and return them."""
        kept = max(0, len(self.text) - count)
        taken, self.text = self.text[kept:], self.text[:kept]
        return taken

    def propose(
        self,
        count: int = 1,
        seed: int = 0,
        options: SamplingOptions | None = None,
        length: int = LENGTH,
        stops: Sequence[str] = (LINE,),
    ) -> list[str]:
        """`count` ways to go on, with the seeds from `seed` on, each of at most `length` characters and whole words.
        One that ended before a line break has it. Raises SamplingError for values out of range.
        """
        request = SampleRequest(self._read_text(), length, options or SamplingOptions(0.8), stops)
        ends = LINE if LINE in stops else ""
        return [
            sample.text + ends if sample.finish == "stop" else PART_OF_A_WORD.sub("", sample.text)
            for sample in self._generator.sample(request, range(seed, seed + count))
        ]

    def accept(self, proposal: str, part: Part = "line") -> str:
        """Add a proposal to the text, or only its first word. Returns what was added."""
        taken = part_of(proposal, part)
        self.feed(taken)
        return taken

    def unknown(self, text: str | None = None) -> set[str]:
        """The characters of a text (None: of this one) that the model does not know."""
        text = self.text if text is None else text
        if self.vocabulary.unit == "byte":
            return set()
        return {each for each in set(text) if not set(fit_text(each, self.vocabulary)) <= self.vocabulary.characters}

    def _read_text(self) -> str:
        """The end of the text, as the model can read it. Its beginning moves by half of CONTEXT at a time."""
        start = max(0, len(self.text) // (CONTEXT // 2) - 1) * (CONTEXT // 2)
        text = fit_text(self.text[start:], self.vocabulary)
        if self.vocabulary.unit == "byte" or self.vocabulary.unknown_id is not None:
            return text
        return "".join(each for each in text if each in self.vocabulary.characters)


def part_of(proposal: str, part: Part) -> str:
    """The first word of a proposal with the blanks around it, or its line.

    >>> part_of("sat on the mat.\\n", "word"), part_of("\\n", "word")
    ('sat ', '\\n')
    """
    word = WORD.match(proposal)
    return word[0] if part == "word" and word else proposal
