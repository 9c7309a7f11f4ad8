"""The systems once more, step by step, with a weight of its own at each step: what their losses, gradients and terms must be.

Only the numbers are the module's (`rnn.W`, `rnn.x`, ...). The derivative of the loss at t by the weight of step k alone, by the
complex step, is the term (t, k) of the double sum.
"""

from dataclasses import replace
from functools import cache

import numpy as np
from derivations.rows import DEFAULT, SQUARE
from derivations.transcriptions import PRINTED

from charrnn.derivations.case import Case
from charrnn.derivations.documents import SYSTEMS

FUNCTIONS = {
    "tanh": np.tanh,
    "logistic": lambda a: 1 / (1 + np.exp(-a)),
    "relu": lambda a: np.where(a.real > 0, a, 0),
    "identity": lambda a: a,
    "softmax": lambda g: np.exp(g) / np.exp(g).sum(axis=-1, keepdims=True),
}
LOSSES = {
    "squared-error": lambda o, d: ((o - d) * (o - d)).sum() / 2,
    "cross-entropy": lambda o, d: -np.log(o)[d == 1].sum(),
    "binary-cross-entropy": lambda o, d: -np.log(np.where(d == 1, o, 1 - o)).sum(),
}


class Unrolled:
    """A system's numbers; `first` is its first time, and `step`, `readout` are its equations."""

    first, recurrent, read = 1, ("W", "U"), ("V",)

    def __init__(self, rnn, averaged):
        self.numbers = {name: getattr(rnn, name) for name in rnn.__dataclass_fields__}
        self.w = {name: self.numbers[name] for name in (*self.recurrent, *self.read)}
        self.steps = len(self.inputs)
        self.times = range(self.first, self.first + self.steps)
        self.N = self.count() if averaged else 1

    def __getattr__(self, name):
        return self.numbers[name]

    @property
    def inputs(self):
        return self.x

    def count(self):
        return self.steps

    def states(self, parameter=None, value=None, at=None):
        """All of them, where one of the weights has another value, at one step or at all."""
        found = [self.start]
        for t in self.times:
            w = self.w | ({parameter: value} if parameter and at in (None, t) else {})
            found.append(self.step(w, self.inputs[t - self.first], found[-1]))
        return found

    def losses(self, parameter=None, value=None, at=None):
        """One a time, divided by what the loss is divided by."""
        states = self.states(parameter, value, at)
        w = self.w | ({parameter: value} if parameter and at is None else {})
        return {t: self.loss(w, t - self.first, states[t - self.first + 1]) / self.N for t in self.times}

    def derivatives(self, parameter, at=None):
        """Of the losses, one a time, by a weight at one step or at all: by the complex step."""
        w = np.asarray(self.w[parameter], float)
        found = {t: np.zeros(w.shape) for t in self.times}
        for index in np.ndindex(w.shape):
            moved = w.astype(complex)
            moved[index] += 1e-30j
            for t, loss in self.losses(parameter, moved, at).items():
                found[t][index] = np.imag(loss) / 1e-30
        return found


class MeanLoss(Unrolled):
    recurrent, read = ("w_h", "b_h"), ("W_hy", "b_y")

    @property
    def inputs(self):
        return self.X

    @property
    def start(self):
        return self.h_0

    def step(self, w, X, h):
        return FUNCTIONS[self.φ_h.name](np.concatenate([X, h]) @ w["w_h"] + w["b_h"])

    def loss(self, w, n, h):
        return LOSSES[self.ell.name](FUNCTIONS[self.φ_o.name](h @ w["W_hy"].T + w["b_y"]), self.d[n])


class MiniBatch(Unrolled):
    recurrent, read = ("W_xh", "W_hh", "b_h"), ("W_yh", "b_y")

    @property
    def inputs(self):
        return self.X

    @property
    def start(self):
        return self.h_0

    def count(self):
        return self.X.shape[0] * self.X.shape[1]

    def step(self, w, X, h):
        return FUNCTIONS[self.φ_h.name](X @ w["W_xh"] + h @ w["W_hh"] + w["b_h"])

    def loss(self, w, n, h):
        return LOSSES["cross-entropy"](FUNCTIONS["softmax"](h @ w["W_yh"] + w["b_y"]), self.y[n])


class Scalar(Unrolled):
    @property
    def start(self):
        return self.s_0

    def step(self, w, x, s):
        return np.tanh(w["U"] * x + w["W"] * s)

    def loss(self, w, n, s):
        return LOSSES["binary-cross-entropy"](FUNCTIONS["logistic"](w["V"] * s), np.asarray(self.y[n]))


class Vector(Unrolled):
    @property
    def start(self):
        return self.s_0

    def step(self, w, x, s):
        return np.tanh(x @ w["U"].T + s @ w["W"].T)

    def loss(self, w, n, s):
        return LOSSES["cross-entropy"](FUNCTIONS["softmax"](s @ w["V"].T), self.y[n])


class Multiple(Vector):
    """Sequences are rows here, columns there."""

    @property
    def inputs(self):
        return self.X.swapaxes(1, 2)

    @property
    def start(self):
        return self.S_0.T

    def count(self):
        return self.X.shape[0] * self.X.shape[2]

    def loss(self, w, n, s):
        return LOSSES["cross-entropy"](FUNCTIONS["softmax"](s @ w["V"].T), self.Y[n].T)


class UpdateRules(Vector):
    first = 0

    @property
    def start(self):
        return self.h_before


UNROLLED = {
    "mean-loss": MeanLoss,
    "mini-batch": MiniBatch,
    "scalar": Scalar,
    "vector": Vector,
    "multiple": Multiple,
    "update-rules": UpdateRules,
}
AVERAGED = {"mean-loss"}  # by the document; the others sum

# Other sizes, the loss that the document does not have, and no initial state.
OTHER = {
    name: Case(T=3, M=2, D=4, C=3, B=5, averaged=name not in AVERAGED, given=False, one_hot=name == "vector", **more)
    for name, more in {
        **{name: {} for name in SYSTEMS},
        "mini-batch": {"φ_h": "logistic"},
        "mean-loss": {"φ_h": "logistic", "φ_o": "tanh", "ell": "squared-error"},
    }.items()
}


def cases(name):
    """Those that a system is compared on."""
    return (OTHER[name], DEFAULT)


def made(name, case, seed=0):
    return SYSTEMS[name].make(case, np.random.default_rng(seed))


@cache
def expected(name, case):
    """{what: its value} of a system's random instance, by this file alone."""
    rnn = UNROLLED[name](made(name, case), (name in AVERAGED) if case.averaged is None else case.averaged)
    found = {"states": rnn.states(), "loss": sum(rnn.losses().values())}
    for parameter in (*rnn.recurrent, *rnn.read):
        found["gradient", parameter] = sum(rnn.derivatives(parameter).values())
    for parameter in rnn.recurrent:
        for k in rnn.times:
            for t, term in rnn.derivatives(parameter, k).items():
                if t >= k:
                    found["term", t, k, parameter] = term
    return found


@cache
def transcribed(key, case):
    """The print, from its transcription."""
    return PRINTED[key](made(key[0], case))


@cache
def of_square(name, averaged):
    """(key, print) for those of a system, where all sizes are equal: there every one has a value."""
    return [(key, transcribed(key, replace(SQUARE, averaged=averaged))) for key in PRINTED if key[0] == name]
