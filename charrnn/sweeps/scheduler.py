"""Run jobs in threads here or on other ranks, and yield an event when each starts and ends."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass

from charrnn.sweeps.jobs import POLL_SECONDS, Job, JobResult, StopSignal, run_job, run_job_on_rank
from charrnn.sweeps.sweep import Sweep
from charrnn.system.cores import usable_cores
from charrnn.system.files.folder_handle import Folder


@dataclass(frozen=True)
class JobEvent:
    """The job of this number started, or ended with `result`."""

    number: int
    result: JobResult | None = None


def default_jobs(sweep: Sweep) -> int:
    """How many of its trainings run at once without sharing a core."""
    threads = max(trial.config.runtime.threads or 1 for trial in sweep.trials)
    return max(1, len(usable_cores()) // threads)


@contextmanager
def submitter(
    folder: Folder, team: Executor | None, workers: int, stop_signal: StopSignal
) -> Iterator[Callable[[Job], Future[JobResult]]]:
    """Yield the function that submits a job, to a rank of the `team` or to one of `workers` threads here."""
    if team is not None:
        yield lambda job: team.submit(run_job_on_rank, job, folder.path, folder.inode)
        return
    with ThreadPoolExecutor(workers) as threads:  # each waits for its process
        yield lambda job: threads.submit(run_job, job, folder, stop_signal)


def run_jobs(
    submit: Callable[[Job], Future[JobResult]],
    jobs: Sequence[Job],
    should_stop: Callable[[], bool],
    tick: Callable[[], None],
) -> Iterator[JobEvent]:
    """Yield an event when a job starts (unless it ends at once), and when it ends. After `should_stop()`, no waiting
    job is started. `tick` is called every POLL_SECONDS.
    """
    futures = dict(enumerate(map(submit, jobs)))
    started: set[int] = set()
    try:
        while futures:
            wait(futures.values(), POLL_SECONDS, FIRST_COMPLETED)
            if should_stop():
                for future in futures.values():
                    future.cancel()
            for number, future in list(futures.items()):
                if future.done():
                    del futures[number]
                    yield JobEvent(number, JobResult("waiting") if future.cancelled() else future.result())
                elif future.running() and number not in started:
                    started.add(number)
                    yield JobEvent(number)
            tick()
    finally:
        for future in futures.values():
            future.cancel()
