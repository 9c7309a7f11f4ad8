"""A text that a person and a model write together."""

import re
from copy import copy
from typing import Literal

from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NetworkPredictor
from charrnn.generation.prefix_cache import PrefixCache
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.sampling import SamplingOptions
from charrnn.text.unicode_form import fit_text

LENGTH = 60  # characters of a proposal, at most
CONTEXT = 4096  # characters before the end that the model reads, at most, and at least the half of them
WORD = re.compile(r"\s*\S+[^\S\n]*|\s+")
CUT_WORD = re.compile(r"(?<=\s)\S+$")
Part = Literal["word", "line"]


class Session:
    """The text so far, and what the model would write next: feed, propose, accept, back.

    >>> from charrnn.models.loading import load
    >>> session = Session(load("builtin:english").generator(), "It was a dark")
    >>> proposals = session.propose(count=3, seed=7)
    >>> session.accept(proposals[0], "word") == session.back(len(session.text) - 13)
    True
    """

    def __init__(self, generator: Generator, text: str = "") -> None:
        """`generator`: that of `Model.generator()`."""
        self.text, self.vocabulary, self._generator = text, generator.vocabulary, copy(generator)
        # A line break that documents do not have ends one of them.
        self._has_lines = self.vocabulary.end_id is not None and "\n" not in self.vocabulary.characters
        if isinstance(generator.predictor, NetworkPredictor) and not generator.predictor.held:
            self._generator.predictor = PrefixCache(generator.predictor)

    def feed(self, text: str) -> None:
        """Add to the text."""
        self.text += text

    def back(self, count: int = 1) -> str:
        """Take the last characters away, and return them."""
        kept = max(0, len(self.text) - count)
        taken, self.text = self.text[kept:], self.text[:kept]
        return taken

    def propose(
        self, count: int = 1, seed: int = 0, options: SamplingOptions | None = None, length: int = LENGTH
    ) -> list[str]:
        """`count` ways to go on, with the seeds from `seed` on: a line with its break, or at most `length` characters in
        whole words. Raises SamplingError for values out of range.
        """
        request = SampleRequest(self._read_text(), length, options or SamplingOptions(0.8), ["\n"])
        return [
            sample.text + "\n" if sample.finish == "stop" else CUT_WORD.sub("", sample.text)
            for sample in self._generator.sample(request, range(seed, seed + count))
        ]

    def accept(self, proposal: str, part: Part = "line") -> str:
        """Add a proposal to the text, or only its first word. Returns what was added."""
        self.feed(taken := part_of(proposal, part))
        return taken

    def unknown(self, text: str | None = None) -> set[str]:
        """The characters of a text (None: of this one) that the model does not know. It reads its symbol for rare
        characters in their place, or without one leaves them out.
        """
        read = "" if self.vocabulary.unit == "byte" else fit_text(self.text if text is None else text, self.vocabulary)
        return set(read) - self.vocabulary.characters - ({"\n"} if self._has_lines else set())

    def _read_text(self) -> str:
        """The end of the text, as the model reads it. Its beginning moves by half of CONTEXT, to stay remembered."""
        start = max(0, len(self.text) // (CONTEXT // 2) - 1) * (CONTEXT // 2)
        text = fit_text(self.text[start:], self.vocabulary)
        if self._has_lines:
            text = text.rpartition("\n")[2]
        left_out = self.unknown(text) if self.vocabulary.unknown_id is None else ()
        return "".join(each for each in text if each not in left_out)


def part_of(proposal: str, part: Part) -> str:
    """The first word of a proposal with the blanks around it, or all of it."""
    word = WORD.match(proposal)
    return word[0] if part == "word" and word else proposal
