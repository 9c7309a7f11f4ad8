"""How long a gradient check would take, from a probe of each oracle on this machine."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from charrnn.checks.oracles import ORACLES, Case
from charrnn.errors import CheckError

LONGEST = 60.0  # seconds
PROBE = {"complex-step": 2, "central": 2, "forward": 64}  # entries


def refuse_if_long(case: Case, oracles: Sequence[str], entries: int | None, longest: float = LONGEST) -> None:
    """Raise CheckError, with the estimate and the way to shrink, for a check of more than `longest` seconds."""
    sizes = [view.size for _, view in case.network.parameters.items()] + [case.state.size]
    count = sum(size if entries is None else min(size, entries) for size in sizes)
    seconds = {oracle: _estimate(case, oracle, count) for oracle in oracles}
    total, dearest = sum(seconds.values()), max(seconds, key=lambda oracle: seconds[oracle])
    if total > longest:
        fewer = max(1, int(0.8 * longest / total * min(entries or max(sizes), max(sizes))))
        others = " ".join(f"--oracle {oracle}" for oracle in ORACLES if oracle != dearest)
        raise CheckError(
            f"checking {count:,} entries against {', '.join(oracles)} would take about {_in_words(total)}, "
            f"{seconds[dearest] / total:.0%} of it for {dearest}; leave that out ({others}), "
            f"or check fewer entries (--entries {fewer}), or a smaller network"
        )


def _estimate(case: Case, oracle: str, count: int) -> float:
    T, B = case.inputs.shape
    if oracle == "closed-form":  # its cost is in the pairs t, k of each stream, however many entries are asked for
        T_probe = min(2, T)
        inputs, targets, state = case.inputs[:2, :1], case.targets[:2, :1], case.state[:, :1]
        probe = replace(case, inputs=inputs, targets=targets, state=state, new=None, begins=None)
        return float(_seconds(probe, oracle, 1) * B * T * (T + 1) / (T_probe * (T_probe + 1)))
    probed = min(PROBE[oracle], case.network.parameters["W_hh"].size)
    return _seconds(replace(case), oracle, probed) * count / probed


def _seconds(case: Case, oracle: str, entries: int) -> float:
    began = time.perf_counter()
    ORACLES[oracle](case, "W_hh", np.arange(entries))
    return time.perf_counter() - began


def _in_words(seconds: float) -> str:
    return f"{seconds / 60:,.0f} minutes" if seconds < 2 * 3600 else f"{seconds / 3600:,.0f} hours"
