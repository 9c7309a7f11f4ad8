"""D2, section 2, and D3: a short text learned by heart, the next character from those before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from charrnn.derivations.complex_step import Array
from charrnn.derivations.systems.update_rules import UpdateRules, step
from charrnn.derivations.systems.vector import Vector
from charrnn.derivations.tasks.descent import Descent
from charrnn.derivations.tasks.task import Settings, Task, Variant, normal

TEXT = "the cat and the hat sat. "  # which letter follows "the ", "at" or "a" depends on what was before
LETTERS = sorted(set(TEXT))
T = 8  # characters in a window
WINDOWS = 3  # in the text; its last character is only a target
PRINTED = "V = U - α ∂L/∂V"


@dataclass(frozen=True)
class Text(Task):
    """Window by window, each from the state where the one before ended: the given s_0."""

    GOAL: ClassVar = f"write a text by heart: {TEXT!r}"
    MEASURE: ClassVar = "characters written right"
    DEFAULTS: ClassVar = Settings(alpha=0.05, updates=450, clip=3.0, D=10)
    STATE: ClassVar = "s_0"

    @classmethod
    def make(cls, settings: Settings, random: np.random.Generator) -> "Text":
        """Random weights."""
        return cls(cls.system(*_weights(settings.D, random)))

    @classmethod
    def system(cls, U: Array, W: Array, V: Array) -> Any:
        """The document's system, with the first window."""
        return Vector(one_hot(TEXT[:T]), one_hot(TEXT[1 : T + 1]), U, W, V, np.zeros(len(W)))

    @classmethod
    def last(cls, system: Any) -> Array:
        """The state after the window, (D,)."""
        return system.s[-1]

    def batch(self, n: int, system: Any) -> Any:
        """The next window, or the first again."""
        begin = n % WINDOWS * T
        state = self.last(system) if begin else np.zeros(len(system.W))
        x, y = one_hot(TEXT[begin : begin + T]), one_hot(TEXT[begin + 1 : begin + T + 1])
        return replace(system, x=x, y=y, **{self.STATE: state})

    def test(self, system: Any) -> Any:
        """The whole text, in one sequence."""
        return self.with_weights_of(system, x=one_hot(TEXT[:-1]), y=one_hot(TEXT[1:]), averaged=True)

    def score(self, system: Any) -> float:
        """The share of characters after the first that are the text's."""
        written = self.write(system)
        return (sum(written[i] == letter for i, letter in enumerate(TEXT)) - 1) / (len(TEXT) - 1)

    def write(self, system: Any) -> str:
        """What it writes from the first character on: the most probable one, which it reads next."""
        text, state = TEXT[0], np.zeros(len(system.W))
        for _ in TEXT[1:]:
            x = one_hot(text[-1])
            state = self.last(replace(system, x=x, y=x, **{self.STATE: state}))  # the targets do not matter
            text += LETTERS[np.argmax(system.V @ state)]
        return text

    def describe(self, runs: Mapping[str, Descent]) -> list[str]:
        """What it writes."""
        written = {name: self.write(runs[name].system) for name in ("unclipped", "clipped")}
        return [
            f"From {TEXT[0]!r} it wrote {self.write(self.start)!r} before.",
            *(f"Trained {name}, it writes {text!r}." for name, text in written.items()),
        ]


@dataclass(frozen=True)
class RulesText(Text):
    """By the system of D3; and by its rule for V as printed."""

    STATE: ClassVar = "h_before"

    @classmethod
    def system(cls, U: Array, W: Array, V: Array) -> Any:
        """The document's system, with the first window."""
        return UpdateRules(one_hot(TEXT[:T]), one_hot(TEXT[1 : T + 1]), U, W, V, np.zeros(len(W)))

    @classmethod
    def last(cls, system: Any) -> Array:
        """The state after the window, (D,)."""
        return system.h[system.T]

    def variants(self) -> tuple[Variant, ...]:
        """The printed rule, where its shapes fit."""
        return (Variant(PRINTED, self.start, printed_rule),) if self.fits else ()

    @property
    def fits(self) -> bool:
        """Whether U, D × M, has the shape of V, C × D."""
        return self.start.U.shape == self.start.V.shape

    def describe(self, runs: Mapping[str, Descent]) -> list[str]:
        """What it writes, also by the printed rule."""
        (D, M), (C, _) = self.start.U.shape, self.start.V.shape
        said = f"{PRINTED}, as printed, needs U, {D} × {M}, in the shape of V, {C} × {D}: "
        if self.fits:
            said += f"so it is with {D} units. By that rule it writes {self.write(runs[PRINTED].system)!r}."
        else:
            said += f"impossible with {D} units."
        return [*super().describe(runs), said]


def printed_rule(system: Any, gradients: Mapping[str, Array], α: float) -> Any:
    """W and U by their rules, V as printed."""
    W, U = step(system.W, gradients["W"], α), step(system.U, gradients["U"], α)
    return replace(system, W=W, U=U, V=step(system.U, gradients["V"], α))


def one_hot(text: str) -> Array:
    """(characters, letters)"""
    return np.eye(len(LETTERS))[[LETTERS.index(character) for character in text]]


def _weights(D: int, random: np.random.Generator) -> tuple[Array, Array, Array]:
    M = len(LETTERS)
    return normal(random, D, M, D), normal(random, D, D, D), normal(random, M, D, D)
