"""How far gradients reach, told while a training goes on: a look at its network now and then that changes nothing of it."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

import numpy as np

from charrnn.diagnostics.gradflow.quick_estimate import POSITIONS, flow_estimates
from charrnn.network.arrays import Ids
from charrnn.network.network import Network
from charrnn.text.corpus import Corpus
from charrnn.training.events import Event, Flowed, Stepped


def with_gradient_flow(
    events: Iterable[Event], network: Network, corpus: Corpus, every: int | None, lags: int
) -> Iterator[Event]:
    """Pass the events on; at each step that `every` divides (None: never) with one Flowed for each layer before it, so that a save
    of the step comes after them, and a resumed run tells none of them anew.

    As many characters back as a training's windows are long, so that there is always a text.
    """
    if every is None:
        yield from events
        return
    text = _beginning(corpus, lags)
    for event in events:
        if isinstance(event, Stepped) and event.step % every == 0:
            for found in flow_estimates(network, text, lags, end_id=corpus.vocabulary.end_id):
                yield Flowed(step=event.step, **asdict(found))
        yield event


def _beginning(corpus: Corpus, lags: int) -> Ids:
    """As much of the validation split as the positions can read without meeting; of the training split where it is too short."""
    valid = corpus.split("valid")
    text = valid if len(valid) > lags else corpus.split("train")
    return text[: POSITIONS * (2 * lags + 1)].astype(np.intp)
