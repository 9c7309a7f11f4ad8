"""Text from a trained network, one character at a time, or many texts side by side."""

import codecs
from collections.abc import Iterator, Sequence

import numpy as np

from charrnn.generation.sampling import Options, choose
from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network
from charrnn.network.stepper import Stepper
from charrnn.text.vocabulary import Vocabulary

Seed = int | tuple[int, ...]
BLOCK = 256  # characters whose random numbers are drawn at once


class Generator:
    """A network and its vocabulary, writing. The network is not changed."""

    def __init__(self, network: Network, vocabulary: Vocabulary) -> None:
        self._network, self._vocabulary = network, vocabulary

    def generate(self, prompt: str, length: int, options: Options, seed: Seed) -> Iterator[str]:
        """Write `length` characters (bytes, for a byte model) that follow `prompt`, without the prompt itself.

        Without a prompt the network first reads, unseen, a line's end, or where the vocabulary has none a character
        drawn at random. A byte model yields whole characters, with U+FFFD for what is not UTF-8, and may
        therefore yield fewer. The same seed gives the same text. Raises VocabularyError for a character
        of the prompt that the vocabulary lacks.
        """
        ids = self._ids(prompt, length, options, [seed])
        if self._vocabulary.unit == "byte":
            return _whole_characters(ids)
        symbols = self._vocabulary.symbols
        return (symbols[chosen[0]] for chosen in ids)

    def generate_many(self, prompt: str, length: int, options: Options, seeds: Sequence[Seed]) -> list[str]:
        """One text for each seed, written side by side: what `generate` would write with that seed."""
        ids = np.array([*self._ids(prompt, length, options, seeds)], np.intp).reshape(length, len(seeds))
        return [self._vocabulary.decode(text) for text in ids.T.tolist()]

    def _ids(self, prompt: str, length: int, options: Options, seeds: Sequence[Seed]) -> Iterator[Ids]:
        """The next character of each text, (len(seeds),), `length` times. A mistake in the prompt is told at once."""
        generators = [np.random.default_rng(seed) for seed in seeds]
        logits, stepper = self._read([self._first_ids(prompt, generator) for generator in generators])
        return self._write(logits, stepper, length, options, generators)

    def _write(
        self,
        logits: Array,
        step: Stepper,
        length: int,
        options: Options,
        generators: Sequence[np.random.Generator],
    ) -> Iterator[Ids]:
        unknown = self._vocabulary.unknown_id
        for u in _random_numbers(length, generators):
            if unknown is not None:
                logits[:, unknown] = -np.inf  # it stands for nothing that could be written
            ids = choose(logits, options, u) if len(u) > 1 else np.array([choose(logits[0], options, u[0])])
            yield ids
            logits = step(ids)

    def _first_ids(self, prompt: str, random: np.random.Generator) -> Array:
        if prompt:
            return self._vocabulary.encode(prompt)
        if "\n" in self._vocabulary.symbols:
            return self._vocabulary.encode("\n")
        known = [index for index in range(len(self._vocabulary)) if index != self._vocabulary.unknown_id]
        return random.choice(known, 1)

    def _read(self, prompts: Sequence[Ids]) -> tuple[Array, Stepper]:
        """The logits, (B, V), after prompts of one length, read in one forward pass, and a stepper that goes on."""
        inputs = np.stack(prompts, axis=1).astype(np.intp)
        ws = self._network.workspace(*inputs.shape)
        self._network.logits(inputs, self._network.zero_state(len(prompts)), ws)
        return ws.logits[-1].copy(), Stepper(self._network, ws.state)


def _random_numbers(length: int, generators: Sequence[np.random.Generator]) -> Iterator[Array]:
    """One number in [0, 1) from each generator, (len(generators),), `length` times."""
    for start in range(0, length, BLOCK):
        yield from np.stack([generator.random(BLOCK) for generator in generators], axis=1)[: length - start]


def _whole_characters(ids: Iterator[Ids]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for chosen in ids:
        if text := decoder.decode(bytes([chosen[0]])):
            yield text
    if rest := decoder.decode(b"", final=True):
        yield rest
