"""A vanilla RNN in the shortest NumPy: one stream, one-hot vectors, a dictionary of states, a product per gradient and step."""

from collections.abc import Callable

import numpy as np
from common import WINDOWS, V, windows


def training(cell: str, H: int, B: int, T: int, threads: int) -> Callable[[], object]:
    """One update by Adagrad, with each gradient element clipped. Only `cell` rnn and B = 1."""
    if cell != "rnn" or B != 1:
        raise SystemExit("one stream of a vanilla RNN only")
    random = np.random.default_rng(0)
    text = windows(1, T).ravel()
    W = {"xh": (H, V), "hh": (H, H), "hy": (V, H), "bh": (H, 1), "by": (V, 1)}
    W = {name: random.normal(size=shape) * 0.01 for name, shape in W.items()}
    memory = {name: np.zeros_like(w) for name, w in W.items()}
    carried = {"h": np.zeros((H, 1)), "window": 0}

    def step() -> float:
        start = carried["window"] % WINDOWS * T
        carried["window"] += 1
        loss, gradient, carried["h"] = _gradient(W, text[start : start + T + 1], carried["h"])
        for name, w in W.items():
            g = np.clip(gradient[name], -5, 5)
            memory[name] += g * g
            w -= 0.1 * g / np.sqrt(memory[name] + 1e-8)
        return loss

    return step


def _gradient(W: dict, ids: np.ndarray, before: np.ndarray) -> tuple[float, dict, np.ndarray]:
    x, h, p, loss = {}, {-1: before}, {}, 0.0
    for t in range(len(ids) - 1):
        x[t] = np.zeros((V, 1))
        x[t][ids[t]] = 1
        h[t] = np.tanh(W["xh"] @ x[t] + W["hh"] @ h[t - 1] + W["bh"])
        e = np.exp(W["hy"] @ h[t] + W["by"])
        p[t] = e / e.sum()
        loss -= np.log(p[t][ids[t + 1], 0])
    d = {name: np.zeros_like(w) for name, w in W.items()}
    dh_next = np.zeros_like(before)
    for t in reversed(range(len(ids) - 1)):
        dy = p[t].copy()
        dy[ids[t + 1]] -= 1
        d["hy"] += dy @ h[t].T
        d["by"] += dy
        da = (1 - h[t] ** 2) * (W["hy"].T @ dy + dh_next)
        d["bh"] += da
        d["xh"] += da @ x[t].T
        d["hh"] += da @ h[t - 1].T
        dh_next = W["hh"].T @ da
    return loss, d, h[len(ids) - 2]
