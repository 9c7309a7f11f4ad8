"""Probe, during a training, how far its gradients reach, without changing the training."""

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
    """Pass the events on, and at each step that `every` divides (None: never) one Flowed for each layer. They come
    before the step's own event, so that a save of the step comes after them, and a resumed run does not log them twice.

    `lags` is the length of a training's windows, so that the text is always long enough.
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
    """The beginning of the validation (if too short: training) split, for POSITIONS windows that do not overlap."""
    valid = corpus.split("valid")
    text = valid if len(valid) > lags else corpus.split("train")
    return text[: POSITIONS * (2 * lags + 1)].astype(np.intp)
