"""Fit a gradient check into a time limit: compare more and more entries while time is left."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from charrnn.diagnostics.gradcheck.case import Case
from charrnn.diagnostics.gradcheck.gradcheck import Comparison, UncheckedSetting
from charrnn.diagnostics.gradcheck.oracles import ORACLES
from charrnn.durations import duration
from charrnn.network.network import Network
from charrnn.network.window_options import DEFAULT_OPTIONS
from charrnn.words import parameter

SECONDS = 60.0  # for a check without a given number of entries
WORTH_IT = 8  # no round that adds less than this part of the entries so far
WIDEST = 2048  # numbers in a state, for a probe of the closed form: a wider one would take minutes
PAIRED = "closed-form"  # one entry costs as much as all: the time goes into the pairs t, k of each stream


def extend_for(
    comparison: Comparison, seconds: float, on_progress: Callable[[float], object] = lambda share: None
) -> None:
    """Compare twice as many entries in each round, while the next will end in time, judged by the last.

    One entry of each parameter is always compared. `on_progress` is called with the share that is done.
    """
    began, whole = time.perf_counter(), comparison.count(comparison.largest)

    def report(done: int) -> None:
        on_progress(max(done / whole, min(1.0, (time.perf_counter() - began) / max(seconds, 1e-9))))

    comparison.prepare()
    entries = 1
    while entries > comparison.entries:
        before, round_began = comparison.count(comparison.entries), time.perf_counter()
        comparison.extend(entries, report)
        each = (time.perf_counter() - round_began) / (comparison.count(entries) - before)
        left = seconds - (time.perf_counter() - began)
        if comparison.is_complete or left <= 0:
            return
        entries = _next(comparison, left / each)


def closed_form_seconds(case: Case) -> float:
    """About how long the closed form would take, in seconds, from a probe of two steps of one stream.

    A wide network is probed as a narrower one: the time grows with the cube of the units.
    """
    T, B = case.inputs.shape
    steps = min(2, T)
    inputs, targets, state = case.inputs[:steps, :1], case.targets[:steps, :1], case.state[:, :1]
    probe = replace(case, inputs=inputs, targets=targets, state=state, options=DEFAULT_OPTIONS)
    H, narrow = state.shape[2], max(1, WIDEST // len(state))
    if narrow < H:
        architecture = replace(case.network.architecture, hidden_size=narrow)
        network = Network.fresh(architecture, np.random.default_rng(0), np.float64)
        probe = Case(network, inputs, targets, state[..., :narrow])
    began = time.perf_counter()
    ORACLES[PAIRED](probe, "W_hh", np.arange(1))
    growth = max(1.0, H / narrow) ** 3
    return float((time.perf_counter() - began) * growth * B * T * (T + 1) / (steps * (steps + 1)))


def oracles_within(case: Case, seconds: float) -> tuple[list[str], list[UncheckedSetting]]:
    """The oracles that can compare an entry within `seconds`, and the one that cannot, if any."""
    expected = closed_form_seconds(case)
    if expected <= seconds:
        return [*ORACLES], []
    why = f"would take about {duration(expected)} here; {parameter('oracles')} {PAIRED} checks it all the same"
    return [oracle for oracle in ORACLES if oracle != PAIRED], [UncheckedSetting("oracle", PAIRED, why)]


def _next(comparison: Comparison, affordable: float) -> int:
    """The number of entries after the next round: twice those so far, fewer if time is short, or the same at the end."""
    entries = comparison.entries
    done = comparison.count(entries)
    for more in (entries, entries // 2, entries // 4, entries // WORTH_IT):
        if more and comparison.count(entries + more) - done <= affordable:
            return entries + more
    return entries
