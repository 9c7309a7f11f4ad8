"""At the end of a training: what counting alone predicts of the same validation text."""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from threading import Thread

from charrnn.errors import TextError
from charrnn.ngram.order_selection import MAX_COUNTED_CHARS, fit_best
from charrnn.runs.planning.plan import Plan
from charrnn.training.events import Counted, Event, Finished, Stepped

SHORT = 50_000  # characters of the training split; counting these takes a fraction of a second
MIN_PASSES = 2.0  # over a longer one: counting then takes a small share of the time of the training
POLL_SECONDS = 0.05  # between two looks at should_stop


def with_baseline(events: Iterable[Event], plan: Plan, should_stop: Callable[[], bool]) -> Iterator[Event]:
    """Pass the events of a training on. If it reached its end, rank 0 counts then, when all is saved, and all ranks get
    the result: an n-gram of the training split, and its loss on what the validations read. No such event if counting
    would take long beside the training, if no step was made, if there is nothing to count or to validate, or if
    `should_stop()`.
    """
    finished, stepped = None, False
    for event in events:
        finished = event if isinstance(event, Finished) else finished
        stepped |= isinstance(event, Stepped)
        yield event
    if finished and stepped and finished.reason != "stopped" and _is_worth_counting(plan, finished.step):
        counted = plan.ranks.on_root(lambda: _count(plan, finished, should_stop))
        if counted:
            yield counted


def _is_worth_counting(plan: Plan, step: int) -> bool:
    characters = plan.corpus.slices("train").size
    short = characters <= SHORT or step >= MIN_PASSES * plan.windows_per_epoch
    return plan.valid.size > 0 and characters <= MAX_COUNTED_CHARS and short


def _count(plan: Plan, finished: Finished, should_stop: Callable[[], bool]) -> Counted | None:
    """Count on a thread, so that a stop need not wait for it; the program does not wait for the thread either."""
    found: list[Counted] = []
    thread = Thread(target=lambda: found.extend(_compare(plan, finished)), daemon=True)
    thread.start()
    while thread.is_alive() and not should_stop():
        thread.join(POLL_SECONDS)
    return found[0] if found else None


def _compare(plan: Plan, finished: Finished) -> Iterator[Counted]:
    """Yield the comparison; nothing if the split is too short to count, or the memory too small."""
    V = len(plan.corpus.vocabulary)
    with suppress(TextError, MemoryError):
        ngram = fit_best(list(plan.corpus.slices("train")), V)
        rows = [ngram.surprisals(ids, context=1) for ids in plan.valid]
        loss = sum(float(row.sum()) for row in rows) / sum(map(len, rows))
        yield Counted(finished.step, "valid", ngram.order, loss, math.log(V), finished.best_loss)
