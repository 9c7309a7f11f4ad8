"""The forward recursion of the derivations: real-time recurrent learning (Williams and Zipser 1989).

    ds_t/dw = ∂s_t/∂w at fixed s_{t-1} + (∂s_t/∂s_{t-1}) ds_{t-1}/dw        ds_0/dw = 0
    dL/dw   = Σ_t (∂L_t/∂s_t) ds_t/dw

carried forward in time beside the states, for many entries of one parameter at once: ds/dw is (n, S H). This is the
tangent of the equations; it needs neither a Jacobian matrix nor a backward pass.
"""

import numpy as np

from charrnn.diagnostics.gradcheck.unrolled import Layer, Step, UnrolledStream
from charrnn.network.arrays import Array

CHUNK = 512  # entries carried together, to bound the memory


def derivatives(run: UnrolledStream, parameter: str, indices: Array) -> Array:
    """dL/dw, (n,), of one stream's loss by the entries `indices` of a parameter, or of the state before it ("h_0")."""
    return np.concatenate(
        [_derivatives(run, parameter, indices[start : start + CHUNK]) for start in range(0, len(indices), CHUNK)]
    )


def _derivatives(run: UnrolledStream, parameter: str, indices: Array) -> Array:
    n, size = len(indices), len(run.steps[0][0].after)
    by_w = [np.zeros((n, size)) for _ in run.layers]
    if parameter == "h_0":
        for row, index in enumerate(indices):
            by_w[index // size][row, index % size] = 1
    total = np.zeros(n)
    for t, steps in enumerate(run.steps):
        dx = np.zeros((n, len(steps[0].x)))
        for number, (layer, step) in enumerate(zip(run.layers, steps, strict=True)):
            if run.reset_mask[t]:
                by_w[number] = np.zeros((n, size))
            du = _pre_activation_tangents(run, layer, step, dx, by_w[number][:, : run.H])
            du += _immediate(run, layer, step, parameter, indices)
            by_w[number] = run.cell.tangent(step.u, step.before, du, by_w[number])
            dx = by_w[number][:, : run.H] * step.mask
        total += run.readout.tangent(run.top(t), dx, parameter, indices) @ run.do[t]
    return total


def _pre_activation_tangents(run: UnrolledStream, layer: Layer, step: Step, dx: Array, dh: Array) -> Array:
    """u̇ that comes from ẋ and ḣ, (n, U)."""
    from_x, from_h = dx @ layer.w["W_xh"], dh @ layer.w["W_hh"]
    return np.hstack([from_x, from_h]) if run.cell.separate else from_x + from_h


def _immediate(run: UnrolledStream, layer: Layer, step: Step, parameter: str, indices: Array) -> Array:
    """u̇ that comes from moving the entries themselves, (n, U)."""
    du = np.zeros((len(indices), len(step.u)))
    bases = {name: base for base, name in layer.names.items()}
    if parameter not in bases:
        return du
    base = bases[parameter]
    *gate, source, unit = np.unravel_index(indices, _gates_and_rows(layer.shapes[base], base))
    column = gate[0] * run.H + unit
    if run.cell.separate and base in ("W_hh", "b_hh"):
        column = column + len(step.u) // 2
    values = {"W_xh": step.x, "W_hh": step.before}.get(base, np.ones(1))[source]
    du[np.arange(len(indices)), column] = values
    return du


def _gates_and_rows(shape: tuple[int, ...], base: str) -> tuple[int, int, int]:
    """A parameter's shape as (gates, rows, units), whatever axes it lacks: a bias has one row, the rnn one gate."""
    if base.startswith("b"):
        return (shape[0] if len(shape) == 2 else 1, 1, shape[-1])
    return (shape[0] if len(shape) == 3 else 1, shape[-2], shape[-1])
