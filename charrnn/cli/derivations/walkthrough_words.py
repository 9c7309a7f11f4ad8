"""The figures of a walkthrough in sentences."""

import sys
from collections.abc import Iterator
from itertools import pairwise, takewhile

from charrnn.cli.output.matrices import size
from charrnn.derivations.documents import SYSTEMS
from charrnn.derivations.in_words import percent
from charrnn.derivations.walkthrough import DoubleSum, Products, share
from charrnn.words import plural

JACOBIANS = {
    "mean-loss": "diag(φ'_h) W_hh",
    "mini-batch": "diag(φ'_h) W_hhᵀ, a row of h_t taken as a column",
    "vanishing": "diag(φ'_h) W_hhᵀ",
    "scalar": "W (1 - s_t²)",
    "vector": "diag(1 - s_t²) W",
    "multiple": "diag(1 - s_t²) W, s_t a column of S_t",
    "update-rules": "diag(1 - h_t²) W",
}
SMALL = 0.01  # of the gradient
LARGE = 2.0  # times the gradient: more than half of what is larger cancels


def description(system: str) -> tuple[str, list[str]]:
    """A system in a sentence, and its equations: the head of its module's docstring."""
    paragraphs = (sys.modules[SYSTEMS[system].make.__module__].__doc__ or "").split("\n\n")
    equations = next((each for each in paragraphs if each.startswith("    ")), "")
    return " ".join(paragraphs[0].split()), [line.removeprefix("    ") for line in equations.splitlines()]


def truncation_words(found: DoubleSum) -> Iterator[str]:
    """The truncation in sentences."""
    *cut, _ = found.truncations
    if not found.gradient.any():
        yield "The gradient is 0: there is nothing to lose."
    elif not cut:
        yield "With one step there is nothing to truncate."
    else:
        for each in [cut[0], *cut[1:][-1:]]:  # the first, and the last if there are two
            lag = f"t - k {'=' if each is cut[-1] else '>='} {each.steps}"
            part, steps = percent(each.error), plural(each.steps, "step")
            yield f"The terms with {lag} are {part} of the gradient: truncation to {steps} loses them."
        small = list(takewhile(lambda each: each.error < SMALL, reversed(cut)))
        if len(cut) > 2 and small:
            yield f"From n = {small[-1].steps} on less than {SMALL:.0%} is lost."
        if any(share(each.kept, found.gradient) > LARGE for each in cut):
            yield "What is lost is larger than the gradient: it cancels most of what is kept."
        if any(more.error > fewer.error for fewer, more in pairwise(cut)):
            yield "More steps are not always closer to the whole: terms of different t - k may cancel."


def vanishing_words(found: Products) -> Iterator[str]:
    """The norms and their bound in sentences."""
    rate = found.γ * found.σ
    longest = max(found.norms, key=lambda pair: pair[0] - pair[1])
    norm = found.norms[longest]
    t, k = longest
    became = "shrinks" if norm < 1 else "grows"
    yield f"From h_{k} to h_{t} a change {became} to {size(norm)} of itself at most (the bound allows {size(found.bounds[longest])})."
    if rate < 1:
        yield "γ σ < 1 is enough: products must vanish as steps are added."
    elif norm < 1:
        yield "γ σ is not below 1, yet these products shrink: γ σ > 1 is necessary for them to explode, not sufficient."
    else:
        yield "γ σ > 1 is necessary for products to explode, not sufficient."
