"""One model at work: a thread that advances the texts of all its clients together."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence

from charrnn.generation.batch import Batch, BatchedText
from charrnn.models.model import Model
from charrnn.server.requests import ApiError, internal_error
from charrnn.system.blas_threads import one_blas_thread

NEWS_EVERY = 0.04  # seconds: after its first character a stream gets what was written meanwhile


class Job:
    """The texts of one request, in groups of one prompt each. `news` is set when there is something to send."""

    def __init__(self, groups: Sequence[Sequence[BatchedText]], stream: bool) -> None:
        self.groups, self.stream, self.news = groups, stream, asyncio.Event()
        self.texts = [text for group in groups for text in group]
        self.error: ApiError | None = None
        if self.done:
            self.news.set()

    @property
    def done(self) -> bool:
        """Whether every text has ended."""
        return all(text.finish for text in self.texts)

    def stop(self, error: ApiError | None = None) -> None:
        """Take what has not ended out of the batch."""
        if not self.done:
            self.error = self.error or error
        for text in self.texts:
            text.finish = text.finish or "cut"
        self.news.set()


class Engine:
    """Writes with one model: `max_batch` texts at once, while `max_queue` more wait for a place."""

    def __init__(self, model: Model, max_batch: int, max_queue: int) -> None:
        self.model, self._max_batch, self._max_queue = model, max_batch, max_queue
        self._changed, self._closed = threading.Condition(), False
        self._waiting: deque[tuple[Job, Sequence[BatchedText]]] = deque()
        self._writing: list[tuple[Job, BatchedText]] = []

    def submit(self, job: Job) -> None:
        """Queue the texts of a job. Raises ApiError if there is no room."""
        with self._changed:
            busy = len(self._writing) + sum(text.finish is None for _, group in self._waiting for text in group)
            if busy + len(job.texts) > self._max_batch + self._max_queue:
                raise ApiError(429, f"{busy} texts are written or wait; try again later", code="queue_full")
            self._waiting += [(job, group) for group in job.groups]
            self._changed.notify()

    def cut(self, error: ApiError) -> None:
        """Stop every job."""
        with self._changed:
            jobs = {job for job, _ in [*self._waiting, *self._writing]}
        for job in jobs:
            job.stop(error)

    def close(self) -> None:
        """End `run`, at the next character."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def run(self, loop: asyncio.AbstractEventLoop) -> None:
        """Write, on a thread of its own, for the clients of an event loop."""
        batch, news, last = self._batch(), set[Job](), 0.0
        with one_blas_thread():
            while not self._closed:
                try:
                    self._admit(batch)
                    batch.advance()
                except Exception as error:
                    self._notify(loop, {job for job, _ in self._writing}, internal_error(error))
                    batch, self._writing = self._batch(), []
                urgent = any(text.finish or len(text.ids) == 1 for _, text in self._writing)
                news |= {job for job, text in self._writing if text.finish or (job.stream and text.ids)}
                self._writing = [each for each in self._writing if not each[1].finish]
                if news and (urgent or time.monotonic() - last >= NEWS_EVERY):
                    self._notify(loop, news)
                    news, last = set(), time.monotonic()

    def _batch(self) -> Batch:
        saved = self.model.single_checkpoint
        return Batch(saved.network, saved.vocabulary, saved.config.training.label_smoothing)

    def _admit(self, batch: Batch) -> None:
        """Wait for something to do, and let in whom there is room for."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting or self._writing)
            while self._waiting:
                job, group = self._waiting[0]
                left = [text for text in group if not text.finish]
                if len(self._writing) + len(left) > self._max_batch:
                    break
                self._waiting.popleft()
                self._writing += [(job, text) for text in left]
                batch.join(left)

    def _notify(self, loop: asyncio.AbstractEventLoop, jobs: Iterable[Job], error: ApiError | None = None) -> None:
        def notify() -> None:
            for job in jobs:
                job.stop(error) if error else job.news.set()

        try:
            loop.call_soon_threadsafe(notify)
        except RuntimeError:  # the loop has ended
            self._closed = True
