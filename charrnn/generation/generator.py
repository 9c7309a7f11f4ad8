"""Text from a trained network, one character at a time."""

import codecs
from collections.abc import Iterator

import numpy as np

from charrnn.generation.sampling import Options, choose
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.text.vocabulary import Vocabulary


class Generator:
    """A network and its vocabulary, writing. The network is not changed."""

    def __init__(self, network: Network, vocabulary: Vocabulary) -> None:
        self._network, self._vocabulary = network, vocabulary

    def generate(self, prompt: str, length: int, options: Options, seed: int | tuple[int, ...]) -> Iterator[str]:
        """Write `length` characters (bytes, for a byte model) that follow `prompt`, without the prompt itself.

        Without a prompt the network first reads, unseen, a line's end, or where the vocabulary has none a character
        drawn at random. A byte model yields whole characters, with U+FFFD for what is not UTF-8, and may
        therefore yield fewer. The same seed gives the same text. Raises VocabularyError for a character
        of the prompt that the vocabulary lacks.
        """
        random = np.random.default_rng(seed)
        return self._write(*self._read(self._first_ids(prompt, random)), length, options, random)

    def _write(
        self, logits: Array, state: Array, length: int, options: Options, random: np.random.Generator
    ) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for _ in range(length):
            chosen = choose(self._allowed(logits[0]), options, random.random())
            text = (
                decoder.decode(bytes([chosen])) if self._vocabulary.unit == "byte" else self._vocabulary.symbols[chosen]
            )
            if text:
                yield text
            logits, state = self._network.step(np.array([chosen]), state)
        if rest := decoder.decode(b"", final=True):
            yield rest

    def _first_ids(self, prompt: str, random: np.random.Generator) -> Array:
        if prompt:
            return self._vocabulary.encode(prompt)
        if "\n" in self._vocabulary.symbols:
            return self._vocabulary.encode("\n")
        known = [index for index in range(len(self._vocabulary)) if index != self._vocabulary.unknown_id]
        return random.choice(known, 1)

    def _read(self, ids: Array) -> tuple[Array, Array]:
        """The logits, (1, V), and the state, (S, 1, H), after a prompt read in one forward pass."""
        ws = self._network.workspace(len(ids), 1)
        self._network.logits(ids.astype(np.intp)[:, np.newaxis], self._network.zero_state(1), ws)
        return ws.logits[-1], ws.state

    def _allowed(self, logits: Array) -> Array:
        """The unknown symbol stands for nothing that could be written."""
        if self._vocabulary.unknown_id is None:
            return logits
        logits = logits.copy()
        logits[self._vocabulary.unknown_id] = -np.inf
        return logits
