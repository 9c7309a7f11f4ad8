"""Notes about bases: that one does not know the language of a text, and what the shipped one would give."""

from contextlib import suppress
from pathlib import Path

import numpy as np

from charrnn.errors import CheckpointError, RunError
from charrnn.package import BUILTIN, shipped_models
from charrnn.runs.planning.fine_tuning import FineTuneBase
from charrnn.runs.planning.language_check import check_language
from charrnn.runs.planning.plan import Plan
from charrnn.runs.storage import directory
from charrnn.text.characters.unit_names import unit_name
from charrnn.words import parameter

ENGLISH = f"{BUILTIN}english"
FOREIGN = 0.3  # nats beyond the n-gram: English prose needs 0.1 at most, French, the nearest other language, 0.5
MOST = 0.5  # share of the characters
GAINS = {5_000: 0.9, 10_000: 0.7, 60_000: 0.35, 300_000: 0.13}
"""Characters to train on, and by how many nats per character the shipped base ended below a training from scratch, in half a
minute to two minutes: tests/benchmarks/base/README.md. Of longer texts nothing is known."""


def foreign_note(base: FineTuneBase, plan: Plan) -> str | None:
    """That the base of a plan does not know the language of its text, or most of its characters; None if it does.

    Nine of ten such texts of 10,000 to 60,000 characters did better from scratch; see "Whether a base knows a
    language" in tests/benchmarks/published/README.md.
    """
    found = check_language(base.network, base.vocabulary, plan.corpus)
    if not found or found.excess <= FOREIGN:
        return None
    has_new_script = found.new_share > MOST
    advice = f"from scratch is {'' if has_new_script else 'likely '}better here: leave out {parameter('base')}"
    if has_new_script:
        return f"the base does not know this script: {found.new_share:.0%} of the characters are new to it; {advice}"
    one = unit_name(plan.config.data.unit, 1)
    return f"the base does not know this language: it needs {found.base_loss:.2f} nats per {one} here, counting needs {found.ngram_loss:.2f}; {advice}"


def english_hint(plan: Plan) -> str | None:
    """What the shipped base would give a training from scratch on a short text that it can read; otherwise None.

    A text that comes with charrnn gets no hint: there one wants to see a network begin with nothing.
    """
    characters = plan.corpus.slices("train").size
    builtin = any(source.startswith(BUILTIN) for source in plan.sources)
    is_long = characters > max(GAINS)
    if plan.weights or builtin or is_long or plan.config.data.unit == "byte" or ENGLISH not in shipped_models():
        return None
    with suppress(CheckpointError, RunError):
        base = directory.load(Path(ENGLISH)).checkpoint
        found = check_language(base.network, base.vocabulary, plan.corpus)
        if found and found.excess < 0:
            return f"this text is English: about {gain(characters):.2g} nats better with {parameter('base')} {ENGLISH}"
    return None


def gain(characters: int) -> float:
    """The nats per character that the base gains on a text of this length, between the measured ones by its logarithm."""
    return float(np.interp(np.log(characters), np.log([*GAINS]), [*GAINS.values()]))
