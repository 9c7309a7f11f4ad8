"""Text from a predictor, usually a trained network: one character at a time, or many texts side by side."""

from collections.abc import Iterator, Sequence
from itertools import takewhile

import numpy as np

from charrnn.errors import SamplingError
from charrnn.generation.allowed_symbols import CLASSES, disallowed_symbols, unknown_symbols, words_taken_as_letters
from charrnn.generation.incremental_decoder import Decoder, Piece, count_whole, pieces
from charrnn.generation.predictors import BlindStart, Predictor
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.samples import Sample, Seed, TracedStep, trace
from charrnn.generation.sampling_loop import SampledStep, draw_texts
from charrnn.generation.stop_strings import StopDetector, explain_impossible, first_stop, pieces_until, until
from charrnn.network.arrays import Array
from charrnn.text.characters.printable import quote
from charrnn.text.vocabulary import Vocabulary, list_characters
from charrnn.words import parameter

HOT = 10  # a temperature at which hardly anything is likelier than anything else
SIDE_BY_SIDE = 256  # texts at once, each with a state; more are written one batch after the other
MAX_DOCUMENT_CHARS = 1 << 20  # characters: a greedy text may repeat itself for ever


class Generator:
    """Writes with a predictor.

    >>> from charrnn.generation.predictors import NGramPredictor
    >>> from charrnn.generation.sampling import SamplingOptions
    >>> from charrnn.ngram.kneser_ney import fit
    >>> text = "the cat sat on the mat.\\n" * 9
    >>> vocabulary = Vocabulary.from_text(text)
    >>> generator = Generator(NGramPredictor(fit([vocabulary.encode(text)], len(vocabulary), 8)), vocabulary)
    >>> request = SampleRequest("the cat ", length=15, options=SamplingOptions(temperature=0))
    >>> "".join(generator.stream(request, seed=1))
    'sat on the mat.'
    >>> [sample.finish for sample in generator.sample(SampleRequest(stops=["\\n"]), seeds=[1, 2])]
    ['stop', 'stop']
    """

    def __init__(self, predictor: Predictor, vocabulary: Vocabulary, only: str | Sequence[str] | None = None) -> None:
        """`only`: the characters that may be written; see allowed_symbols.py. Raises SamplingError."""
        self.predictor, self.vocabulary, self._only = predictor, vocabulary, only
        self._disallowed = disallowed_symbols(vocabulary, only)

    def find_warnings(self, request: SampleRequest) -> list[str]:
        """Return a line for each thing that cannot be fulfilled or may be meant differently: words that are not a
        class, characters that the model does not know, and stop strings that never come.
        """
        never = [explain_impossible(stop, self.vocabulary, self._disallowed, request.length) for stop in request.stops]
        lost = unknown_symbols(self.vocabulary, self._only)
        hot = request.options.temperature
        return [
            *([f"{parameter('temperature')} {hot:g} is close to blind guessing"] if hot >= HOT else []),
            *(
                f"{parameter('only')} {word!r} is not a class ({', '.join(CLASSES)}): these letters are written"
                for word in words_taken_as_letters(self._only)
            ),
            *([f"{parameter('only')}: the model does not know {list_characters(lost)}"] if lost else []),
            *(
                f"{parameter('stops')} {quote(stop)} never comes: {why}"
                for stop, why in zip(request.stops, never, strict=True)
                if why
            ),
        ]

    def stream(self, request: SampleRequest, seed: Seed) -> Iterator[str]:
        """Write one text, piece by piece, without its prompt. The same seed gives the same text.

        Prompt and text are read from where every text begins; see Vocabulary.begin_id. So `score` finds the same
        surprisals for them. A byte model yields whole characters, U+FFFD for what is not UTF-8, and leaves out a
        character that the length cuts. Raises VocabularyError for a character of the prompt that the vocabulary lacks,
        and SamplingError for a seed below 0.
        """
        texts = _texts(self.vocabulary, self._draw_one(request, seed))
        return until(texts, request.stops) if request.stops else texts

    def stream_pieces(self, request: SampleRequest, seed: Seed) -> Iterator[Piece]:
        """The text of `stream`: each character with its surprisal in nats, by the predictor before any filter."""
        drawn = self._draw_one(request, seed)
        scored = ((int(each.ids[0]), float(each.surprisals()[0])) for each in drawn)
        return pieces_until(pieces(self.vocabulary, scored), request.stops)

    def sample(
        self,
        request: SampleRequest,
        seeds: Sequence[Seed],
        scored: bool = False,
        traced: int = 0,
        in_pieces: bool = False,
    ) -> list[Sample]:
        """One text for each seed, written side by side: exactly what `stream` writes with that seed, if the predictor
        is exact.

        `scored` adds the probability of each text; `in_pieces` adds the surprisal of each character of a scored text;
        `traced` is the number of candidates to keep of each step. A length of 0 is for documents, each to its end.
        Raises as `stream` does, and SamplingError if memory is short.
        """
        if request.length == 0 and self.vocabulary.end_id is None:
            raise SamplingError(
                f"{parameter('length')} 0 has no limit; it needs a single text, or a model of documents"
            )
        samples: list[Sample] = []
        try:
            for start in range(0, len(seeds), SIDE_BY_SIDE):
                some = seeds[start : start + SIDE_BY_SIDE]
                samples += self._side_by_side(request, some, scored, traced, in_pieces)
        except MemoryError:
            raise SamplingError(
                f"out of memory after {len(samples):,} of {len(seeds):,} texts; ask for fewer or for shorter ones"
            ) from None
        return samples

    def _side_by_side(
        self, request: SampleRequest, seeds: Sequence[Seed], scored: bool, traced: int, in_pieces: bool
    ) -> list[Sample]:
        """All of these texts, a character of each at a time."""
        ids, surprisals, steps = [], [], []
        end_id, stops = self.vocabulary.end_id, request.stops
        ends = StopDetector([Decoder(self.vocabulary) for _ in seeds], stops, end_id)
        for drawn in self._draw(request, seeds):
            ids.append(drawn.ids)
            if scored:
                surprisals.append(drawn.surprisals())
            if traced:
                steps.append(trace(drawn, request.options, self.vocabulary, traced))
            if (stops or end_id is not None) and ends.read(drawn.ids.tolist()):
                break
        texts = np.array(ids, np.intp).T
        columns = np.array(surprisals).T.copy() if scored else [None] * len(seeds)
        traces = zip(*steps, strict=True) if traced else [None] * len(seeds)
        rows = zip(texts, seeds, ends.at, columns, traces, strict=True)
        return [self._sample(ids[:end].tolist(), seed, stops, s, t, in_pieces) for ids, seed, end, s, t in rows]

    def _sample(
        self,
        ids: list[int],
        seed: Seed,
        stops: Sequence[str],
        surprisals: Array | None,
        steps: Sequence[TracedStep] | None,
        in_pieces: bool,
    ) -> Sample:
        """The sample, from everything that was drawn for one text."""
        drawn = count_whole(self.vocabulary, ids)
        text = self.vocabulary.decode(ids[:drawn])
        end = first_stop(text, stops)
        log_p = scored_pieces = None
        if surprisals is not None:
            log_p = 0.0 - float(surprisals[:drawn].sum())  # of nothing, 0 and not -0
            scored = zip(ids, surprisals[: len(ids)].tolist(), strict=True)
            scored_pieces = list(pieces_until(pieces(self.vocabulary, scored), stops)) if in_pieces else None
        has_ended = end is not None or ids[-1:] == [self.vocabulary.end_id]
        finish = "stop" if has_ended else "length"
        return Sample(text[:end], seed, finish, drawn, log_p, scored_pieces, steps and steps[:drawn])

    def _draw_one(self, request: SampleRequest, seed: Seed) -> Iterator[SampledStep]:
        """The characters of one text, up to the end of its document."""
        drawn, end_id = self._draw(request, [seed]), self.vocabulary.end_id
        return drawn if end_id is None else takewhile(lambda each: each.ids[0] != end_id, drawn)

    def _draw(self, request: SampleRequest, seeds: Sequence[Seed]) -> Iterator[SampledStep]:
        """The next character of each text, until the length is reached. Raises at once, not at the first step."""
        length = request.length or (None if self.vocabulary.end_id is None else MAX_DOCUMENT_CHARS)
        generators = [_generator(seed) for seed in seeds]
        ids, begin_id = self.vocabulary.encode(request.prompt), self.vocabulary.begin_id
        if begin_id is not None:
            ids = np.insert(ids, 0, begin_id)
        prompts = np.broadcast_to(ids[:, np.newaxis], (len(ids), len(seeds)))  # one copy for all texts
        predictor = self.predictor if len(ids) else BlindStart(self.predictor, len(self.vocabulary))
        return draw_texts(predictor, prompts, length, request.options, generators, self._disallowed)


def _generator(seed: Seed) -> np.random.Generator:
    try:
        return np.random.default_rng(seed)
    except ValueError:
        raise SamplingError(f"{parameter('seed')} must be at least 0; found {seed}") from None


def _texts(vocabulary: Vocabulary, drawn: Iterator[SampledStep]) -> Iterator[str]:
    """The pieces of one text, without surprisals, which take time."""
    decoder = Decoder(vocabulary)
    for each in drawn:
        if text := decoder.read(each.ids[0]):
            yield text
