"""D2, section 3: several words, learned side by side."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from charrnn.derivations.complex_step import Array
from charrnn.derivations.systems.multiple import Multiple
from charrnn.derivations.tasks.descent import Descent
from charrnn.derivations.tasks.task import Settings, Task, normal

WORDS = ("banana", "potato", "tomato", "carrot")  # in each a letter is followed by different ones
LETTERS = sorted(set("".join(WORDS)))


@dataclass(frozen=True)
class Spelling(Task):
    """Each word from its first letter."""

    GOAL: ClassVar = f"spell {', '.join(WORDS)}, each from its first letter, learned side by side"
    MEASURE: ClassVar = "letters right"
    DEFAULTS: ClassVar = Settings(alpha=0.1, updates=300, clip=1.0, D=10)

    @classmethod
    def make(cls, settings: Settings, random: np.random.Generator) -> "Spelling":
        """Random weights."""
        D, M, all_of_them = settings.D, len(LETTERS), one_hot(WORDS)
        U, W, V = normal(random, D, M, D), normal(random, D, D, D), normal(random, M, D, D)
        return cls(Multiple(all_of_them[:-1], all_of_them[1:], U, W, V, np.zeros((D, len(WORDS)))))

    def batch(self, n: int, system: Any) -> Any:
        """All words, at every update."""
        return system

    def test(self, system: Any) -> Multiple:
        """The same words."""
        return replace(system, averaged=True)

    def score(self, system: Any) -> float:
        """The share of letters after the first that are right."""
        written, wanted = "".join(self.spell(system)), "".join(WORDS)
        wrong = sum(written[i] != letter for i, letter in enumerate(wanted))
        return 1 - wrong / (len(wanted) - len(WORDS))

    def spell(self, system: Any) -> list[str]:
        """What it writes from each first letter on: the most probable one, which it reads next."""
        words, S = [word[0] for word in WORDS], system.S_0
        for _ in self.start.times:
            X = one_hot([word[-1] for word in words])
            S = replace(system, X=X, Y=X, S_0=S).S[1]
            words = [words[b] + LETTERS[i] for b, i in enumerate(np.argmax(system.V @ S, axis=0))]
        return words

    def describe(self, runs: Mapping[str, Descent]) -> list[str]:
        """What it spells."""
        before, after = self.spell(self.start), self.spell(runs["clipped"].system)
        return [f"It spelled {', '.join(before)} before, and spells {', '.join(after)} now."]


def one_hot(words: Any) -> Array:
    """(letters of a word, different letters, words)"""
    ids = np.array([[LETTERS.index(letter) for letter in word] for word in words])
    return np.eye(len(LETTERS))[ids.T].swapaxes(1, 2)
