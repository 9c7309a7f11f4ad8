"""Trainings handed out, to threads here or to other ranks, and told of as they begin and end."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from charrnn.sweeps.jobs import Ended, Job

POLL = 0.1  # seconds


@dataclass(frozen=True)
class Told:
    """The training of this number began, or `ended`."""

    number: int
    ended: Ended | None = None


def hand_out(
    submit: Callable[[Job], Future[Ended]], jobs: Sequence[Job], stopping: Callable[[], bool], tick: Callable[[], None]
) -> Iterator[Told]:
    """Tell of each training that it began (unless it ended at once), and that it ended. Those that wait when it is time to stop
    are not begun. `tick` is called ten times a second.
    """
    futures = dict(enumerate(map(submit, jobs)))
    begun: set[int] = set()
    try:
        while futures:
            wait(futures.values(), POLL, FIRST_COMPLETED)
            if stopping():
                _cancel(futures.values())
            for number, future in list(futures.items()):
                if future.done():
                    del futures[number]
                    yield Told(number, Ended("waiting") if future.cancelled() else future.result())
                elif future.running() and number not in begun:
                    begun.add(number)
                    yield Told(number)
            tick()
    finally:
        _cancel(futures.values())


def _cancel(futures: Iterable[Future[Ended]]) -> None:
    for future in futures:
        future.cancel()
