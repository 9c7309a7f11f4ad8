"""Reference implementation: the equations without buffers, look-ups or tricks, which the fast code must equal.

Written from the derivations alone, one line per equation, float64, one-hot inputs. Nothing here imports charrnn.
"""

import numpy as np

PHI = {
    "tanh": (np.tanh, lambda a: 1 - np.tanh(a) ** 2),
    "sigmoid": (lambda a: 1 / (1 + np.exp(-a)), lambda a: np.exp(-a) / (1 + np.exp(-a)) ** 2),
    "relu": (lambda a: np.maximum(a, 0), lambda a: (a > 0) * 1.0),
}


def forward(w, inputs, targets, h0, phi="tanh"):
    """Mean loss, and everything that the backward pass needs: lists over t of x, a, h (h[0] is h0), p and one-hot y."""
    f, _ = PHI[phi]
    V = len(w["W_xh"])
    xs, a_s, hs, ps, ys, loss = [], [], [h0], [], [], 0.0
    for ids, next_ids in zip(inputs, targets, strict=True):
        x, y = np.eye(V)[ids], np.eye(V)[next_ids]
        a = x @ w["W_xh"] + hs[-1] @ w["W_hh"] + w["b_h"]
        h = f(a)
        o = h @ w["W_hy"] + w["b_y"]
        p = np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)
        loss -= (y * np.log(p)).sum()
        for values, value in ((xs, x), (a_s, a), (hs, h), (ps, p), (ys, y)):
            values.append(value)
    return loss / inputs.size, (xs, a_s, hs, ps, ys)


def backward(w, tape, phi="tanh"):
    """The gradient of the mean loss by every parameter and by h0."""
    _, slope = PHI[phi]
    xs, a_s, hs, ps, ys = tape
    N = len(xs) * len(xs[0])
    d = {name: np.zeros_like(value) for name, value in w.items()}
    dh_next = np.zeros_like(hs[0])
    for t in reversed(range(len(xs))):
        do = (ps[t] - ys[t]) / N
        d["W_hy"] += hs[t + 1].T @ do
        d["b_y"] += do.sum(axis=0)
        da = (do @ w["W_hy"].T + dh_next) * slope(a_s[t])
        d["W_xh"] += xs[t].T @ da
        d["W_hh"] += hs[t].T @ da
        d["b_h"] += da.sum(axis=0)
        dh_next = da @ w["W_hh"].T
    return {**d, "h_0": dh_next[np.newaxis]}


def clip_by_norm(gradient, bound):
    """g · min(1, bound / ‖g‖) over all parameters together."""
    norm = np.sqrt(sum((g**2).sum() for g in gradient.values()))
    return {name: g * min(1.0, bound / norm) for name, g in gradient.items()}


class Adam:
    """Adam as in its paper, Algorithm 1."""

    def __init__(self, w, rate):
        self.w, self.rate, self.n = w, rate, 0
        self.m = {name: np.zeros_like(value) for name, value in w.items()}
        self.v = {name: np.zeros_like(value) for name, value in w.items()}

    def update(self, gradient):
        self.n += 1
        for name, g in gradient.items():
            self.m[name] = 0.9 * self.m[name] + 0.1 * g
            self.v[name] = 0.999 * self.v[name] + 0.001 * g**2
            m_hat, v_hat = self.m[name] / (1 - 0.9**self.n), self.v[name] / (1 - 0.999**self.n)
            self.w[name] = self.w[name] - self.rate * m_hat / (np.sqrt(v_hat) + 1e-8)
