"""The closed form of the derivations: a double sum over t and k of products of Jacobians.

    dL/dw = Σ_t Σ_{k=1..t} (∂L_t/∂s_t) J_t J_{t-1} ... J_{k+1} (∂s_k/∂w at fixed s_{k-1})

with J_t = ∂s_t/∂s_{t-1}, the product in descending order of time and empty at k = t. s_t is the state of all layers
together; for the one-layer rnn, J_t = diag(φ'(a_t)) W_hhᵀ.

Sources, and what was corrected in them:

    Ul Islam 2024, Backpropagation through time for RNN, boxed: the product must begin at k + 1, not at k M. M. A. 2019,
    Backpropagation Through Time for Recurrent Neural Network: prints W_hh where its own forward gives W_hhᵀ Huang 2019,
    Back Propagation Through Time, (67): takes the powers of W out of the product; matrices do not commute Nemo 2023,
    Notes on Forward and Back-Propagation in RNNs, (2.4): lacks W_hy, and φ' of step k

With dropout the layer above reads h ∘ mask; the layer's own next step reads h.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from charrnn.diagnostics.gradcheck.unrolled import UnrolledStream, gates_first
from charrnn.network.arrays import Array


def gradients(run: UnrolledStream) -> dict[str, Array]:
    """The gradient of one stream's loss by every parameter, and by the state that came in under "h_0", (S, H)."""
    found = {name: np.zeros_like(layer.w[base]) for layer in run.layers for base, name in layer.names.items()}
    size = sum(len(step.after) for step in run.steps[0])
    by_initial_state = np.zeros(size)
    jacobians = [state_jacobian(run, t) for t in range(len(run.steps))]
    for t, do in enumerate(run.do):
        dh, by_readout = run.readout.gradients(run.top(t), do)
        for name, contribution in by_readout.items():
            found[name] = found.get(name, 0) + contribution
        dh = dh * run.steps[t][-1].mask
        row = np.zeros(size)  # ∂L_t/∂s_t: the loss reads h of the last layer
        start = size - len(run.steps[t][-1].after)
        row[start : start + run.H] = dh
        for k in range(t, -1, -1):
            product = row
            for between in range(t, k, -1):
                product = product @ jacobians[between]  # J_t J_{t-1} ... J_{k+1}
            for name, contribution in _immediate(run, k, product):
                found[name] += contribution
            if k == 0:
                by_initial_state += product @ jacobians[0]
    for layer in run.layers:
        for base, name in layer.names.items():
            found[name] = gates_first(found[name], layer.shapes[base])
    found["h_0"] = by_initial_state.reshape(-1, run.H)
    return found


def state_jacobian(run: UnrolledStream, t: int) -> Array:
    """J_t = ∂s_t/∂s_{t-1} of all layers together: block (l, m) is how layer m's state before moves layer l's after.

    0 where the state is reset before the step.
    """
    sizes = [len(step.after) for step in run.steps[t]]
    ends = np.cumsum([0, *sizes])
    J = np.zeros((ends[-1], ends[-1]))
    if run.reset_mask[t]:
        return J
    for number, step in enumerate(run.steps[t]):
        own = slice(ends[number], ends[number + 1])
        by_u, J[own, own] = run.cell.linearise(step.u, step.before)  # at fixed pre-activations, the state moves itself
        from_x, from_h = _columns(run, by_u)
        w = run.layers[number].w
        J[own, ends[number] : ends[number] + run.H] += from_h @ w["W_hh"].T
        if number > 0:  # x is h ∘ mask, after this step, of the layer below
            below = J[ends[number - 1] : ends[number - 1] + run.H]
            J[own] += from_x @ w["W_xh"].T * run.steps[t][number - 1].mask @ below
    return J


def _columns(run: UnrolledStream, by_u: Array) -> tuple[Array, Array]:
    """The columns of ∂s'/∂u that x W_xh and that h W_hh feed: the same ones, but for the gru."""
    if not run.cell.separate:
        return by_u, by_u
    half = by_u.shape[1] // 2
    return by_u[:, :half], by_u[:, half:]


def _immediate(run: UnrolledStream, k: int, row: Array) -> Iterator[tuple[str, Array]]:
    """(∂L/∂s_k given as `row`) (∂s_k/∂w at fixed s_{k-1}) for every parameter w of every layer, from the top down."""
    ends = np.cumsum([0, *(len(step.after) for step in run.steps[k])])
    rows = [row[start:end].copy() for start, end in pairwise(ends)]
    for number in reversed(range(len(run.layers))):
        layer, step = run.layers[number], run.steps[k][number]
        by_u, _ = run.cell.linearise(step.u, step.before)
        from_x, from_h = (rows[number] @ columns for columns in _columns(run, by_u))
        yield layer.names["W_xh"], np.outer(step.x, from_x)
        yield layer.names["W_hh"], np.outer(step.before[: run.H], from_h)
        for bias, part in zip(run.cell.biases, (from_x, from_h), strict=False):
            yield layer.names[bias], part
        if number > 0:  # within the step, a layer moves the one above it
            rows[number - 1][: run.H] += from_x @ layer.w["W_xh"].T * run.steps[k][number - 1].mask
