"""The cost of safety: checkpoints at the default interval, and the divergence guards at every step."""

import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.runs.storage import checkpoint
from charrnn.runs.trainer_state import capture
from charrnn.training.divergence import RunningLoss
from charrnn.training.events import Stepped

SETTINGS = (
    (),
    ("model.cell=lstm", "model.hidden_size=512", "training.batch_size=64"),
    ("model.cell=gru", "model.hidden_size=1024"),
)
STEPS = 60


def run(rounds: int) -> None:
    """Time of checkpoints and divergence guards, as shares of the training time."""
    for settings in SETTINGS:
        with tempfile.TemporaryDirectory(dir=".") as folder:
            _measure(settings, Path(folder), rounds)


def _measure(settings: tuple[str, ...], folder: Path, rounds: int) -> None:
    config = resolve(None, [*settings, f"training.steps={STEPS}", "training.sample_every=0"]).config
    training = api.start(api.plan((), config), folder / "run")
    times = [time.perf_counter() for event in training.events() if isinstance(event, Stepped)]
    step = statistics.median(after - before for before, after in pairwise(times))
    now = capture(training.trainer, training.plan)
    last, previous = folder / "last.safetensors", folder / "previous.safetensors"
    save = _median(lambda: checkpoint.save(now, last, previous), 3 * rounds)
    level = RunningLoss()

    def guard() -> None:
        training.trainer.state.copy()
        level.is_spike(1.0)
        level.add(1.0)

    # Each interval may also bring a new best checkpoint.
    share = 2 * save / (config.training.save_every * step)
    print(
        f"{' '.join(settings) or 'defaults'}: step {step * 1e3:.1f} ms; checkpoint of {last.stat().st_size / 1e6:.1f} MB "
        f"{save * 1e3:.1f} ms, with a best one {share:.2%} of {config.training.save_every} steps; guards {_median(guard, 1000) / step:.3%}",
        flush=True,
    )


def _median(call: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
