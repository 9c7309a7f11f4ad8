"""A text scored by one model, or by two side by side: its stretches with their places, and sums over them."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from charrnn.errors import OptionError
from charrnn.models.encoded_text import EncodedText
from charrnn.models.model import Model
from charrnn.models.scoring.scoring import ScoredText
from charrnn.network.arrays import Array
from charrnn.text.positions import Places, PositionTracker
from charrnn.words import parameter

Stretch = tuple[ScoredText, Places, Array | None]  # with the surprisals of the second model, (n,), if there is one


@dataclass
class Totals:
    """Sums over a text: characters, units, and the surprisals of one model or of two, in nats."""

    characters: int = 0
    units: int = 0
    surprisal: float = 0.0
    rival: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)  # of each character

    def add(self, scored: ScoredText, rivals: Array | None) -> None:
        """Add the next stretch."""
        self.characters += len(scored.characters)
        self.units += scored.units
        self.counts.update(scored.characters)
        self.surprisal += float(scored.surprisals.sum())
        self.rival += 0.0 if rivals is None else float(rivals.sum())


def score_stretches(model: Model, rival: Model | None, texts: Sequence[EncodedText]) -> Iterator[Stretch]:
    """Score a text with a model, and with its rival if there is one; `texts` has the text once for each of them."""
    tracker = PositionTracker(model.vocabulary.unit)
    models = [model, rival] if rival else [model]
    scored = [each.score_in_pieces(text) for each, text in zip(models, texts, strict=True)]
    for found, *others in zip(*scored, strict=True):
        places = tracker.advance(found.characters, found.starts)
        yield found, places, others[0].surprisals if others else None


def require_comparable(model: Model, rival: Model) -> None:
    """Raises OptionError if one reads characters and the other bytes, or if their documents end differently."""
    data = [each.saved.config.data for each in (model, rival)]
    for key in ("unit", "boundary", "field"):
        ours, theirs = (getattr(each, key) for each in data)
        if ours != theirs:
            raise OptionError(
                f"{parameter('against')}: data.{key} is {json.dumps(ours)} for the one model, {json.dumps(theirs)} for the other; they must be the same"
            )
