"""What the documents print and what does not hold, transcribed a second time: from the page, element by element.

Nothing here imports charrnn. Each function takes a system's numbers, and computes its forward pass itself. A sum over an index is
a letter of `np.einsum`, or a loop. FRAGMENTS are the places in the documents, in their own LaTeX.
"""

import math

import numpy as np


def states(x, into, recurrent, bias, s):
    """[s_0, s_1, ...]: unit d is tanh(Σ_m into[d, m] x[m] + Σ_e recurrent[d, e] s[e] + bias[d])."""
    found = [s]
    for x_t in x:
        before, units = found[-1], range(len(s))
        sums = [sum(into[d, m] * x_t[m] for m in range(len(x_t))) for d in units]
        sums = [sums[d] + sum(recurrent[d, e] * before[e] for e in units) + bias[d] for d in units]
        found.append(np.array([math.tanh(a) for a in sums]))
    return found


def probabilities(V, s, bias):
    """ŷ[c] = e^g[c] / Σ_j e^g[j], g[c] = Σ_d V[c, d] s[d] + bias[c]"""
    g = [sum(V[c, d] * s[d] for d in range(len(s))) + bias[c] for c in range(len(V))]
    return np.array([math.exp(each) / sum(math.exp(other) for other in g) for each in g])


def chained(factors, size):
    """The product of matrices, from left to right as they are given."""
    product = np.eye(size)
    for factor in factors:
        product = np.einsum("ij,jk->ik", product, factor)
    return product


# ---------------------------------------------------------------- D0


class D0:
    """a[d] = Σ_p w_h[p, d] [X; h][p] + b_h[d]"""

    def __init__(self, rnn):
        M = rnn.X.shape[1]
        self.T, self.D = len(rnn.X), len(rnn.b_h)
        h = states(rnn.X, rnn.w_h[:M].T, rnn.w_h[M:].T, rnn.b_h, rnn.h_0)
        self.immediate, self.J, self.total = [None], [None], [np.zeros((self.D, *rnn.w_h.shape))]
        for t in range(1, self.T + 1):
            slope = 1 - h[t] ** 2
            both = [*rnn.X[t - 1], *h[t - 1]]
            self.immediate.append(np.einsum("d,dq,p->dpq", slope, np.eye(self.D), both))
            self.J.append(np.einsum("d,ed->de", slope, rnn.w_h[M:]))
            self.total.append(self.immediate[t] + np.einsum("de,epq->dpq", self.J[t], self.total[t - 1]))

    def end_of_10(self):
        T = self.T
        middle = np.einsum("de,epq->dpq", self.J[T], self.total[T - 1])
        return self.total[T] + middle + np.einsum("de,ef,fpq->dpq", self.J[T], self.J[T - 1], self.total[T - 2])

    def boxed(self, factors):
        total = self.immediate[self.T].copy()
        for i in range(1, self.T):
            product = chained([self.J[j] for j in factors(i)], self.D)
            total += np.einsum("de,epq->dpq", product, self.immediate[i])
        return total

    def boxed_of_totals(self):
        total = self.total[self.T].copy()
        for i in range(1, self.T):
            product = chained([self.J[j] for j in range(self.T, i, -1)], self.D)
            total += np.einsum("de,epq->dpq", product, self.total[i])
        return total

    def boxed_from_i(self):
        return self.boxed(lambda i: range(self.T, i - 1, -1))

    def boxed_rising(self):
        return self.boxed(lambda i: range(i + 1, self.T + 1))


# ---------------------------------------------------------------- D1


class D1:
    """Instances are rows; letters: i an instance, c a class, n, q, p units or inputs."""

    def __init__(self, rnn):
        self.rnn, self.T = rnn, len(rnn.X)
        self.N = rnn.X.shape[0] * rnn.X.shape[1] if rnn.averaged else 1
        columns = [states(rnn.X[:, i], rnn.W_xh.T, rnn.W_hh.T, rnn.b_h, rnn.h_0[i]) for i in range(rnn.X.shape[1])]
        self.h = np.array(columns).swapaxes(0, 1)  # (T + 1, m, n)
        self.errors = [None]
        for t in range(1, self.T + 1):
            self.errors.append(np.array([probabilities(rnn.W_yh.T, h, rnn.b_y) for h in self.h[t]]) - rnn.y[t - 1])
        self.error, self.slope = self.errors[self.T], 1 - self.h**2

    def note_1(self):
        rnn, found = self.rnn, []
        for X, h in zip(rnn.X, self.h[:-1], strict=True):
            found.append(np.tanh(np.einsum("im,mn->in", X, rnn.W_xh) + np.einsum("iq,qn->in", h, rnn.W_yh) + rnn.b_h))
        return np.array(found)

    def shapes(self):
        m, n = self.h.shape[1:]
        return np.array([[n, n, n, m, n] for _ in range(self.T)])

    def source(self, t, name):
        return self.h[t - 1] if name == "W_hh" else self.rnn.X[t - 1]

    def this_step(self, name):
        T, V = self.T, self.rnn.W_yh
        return np.einsum("ic,nc,in,ip->pn", self.error, V, self.slope[T], self.source(T, name)) / self.N

    def step_before(self, name):
        T, V, W = self.T, self.rnn.W_yh, self.rnn.W_hh
        slopes = self.slope[T], W, self.slope[T - 1]
        return np.einsum("ic,nc,in,qn,iq,ip->pq", self.error, V, *slopes, self.source(T - 1, name)) / self.N

    def backward(self, t, k):
        """∂L_t/∂h_k, a row (n,) for each instance"""
        found = np.einsum("ic,nc->in", self.errors[t], self.rnn.W_yh)
        for j in range(t, k, -1):
            found = np.einsum("in,in,qn->iq", found, self.slope[j], self.rnn.W_hh)
        return found

    def total(self, k, name):
        """∂h_k/∂W of each instance, (m, n, p, q), by the recursion."""
        n = self.h.shape[2]
        found = np.zeros((self.h.shape[1], n, *getattr(self.rnn, name).shape))
        for j in range(1, k + 1):
            before = np.einsum("in,qn,iqab->inab", self.slope[j], self.rnn.W_hh, found)
            found = np.einsum("in,nq,ip->inpq", self.slope[j], np.eye(n), self.source(j, name)) + before
        return found

    def with_total(self, k, name):
        return np.einsum("in,inpq->pq", self.backward(self.T, k), self.total(k, name)) / self.N

    def sum_of_totals(self, name):
        return sum(self.with_total(k, name) for k in range(1, self.T + 1))

    def losses_from_2(self, name):
        """Σ_{t=2..T} ∂L_t/∂W"""
        found = np.zeros(getattr(self.rnn, name).shape)
        for t in range(2, self.T + 1):
            for k in range(1, t + 1):
                found += np.einsum("in,in,ip->pn", self.backward(t, k), self.slope[k], self.source(k, name))
        return found / self.N


class D1Jacobians:
    """One instance, columns: h[d] = tanh(Σ W_xh[m, d] X[m] + Σ W_hh[e, d] h[e] + b_h[d])"""

    def __init__(self, rnn):
        self.rnn, self.T, self.n = rnn, len(rnn.X), len(rnn.b_h)
        h = states(rnn.X, rnn.W_xh.T, rnn.W_hh.T, rnn.b_h, rnn.h_0)
        self.h = h
        self.printed = [None, *(np.einsum("d,de->de", 1 - h_j**2, rnn.W_hh) for h_j in h[1:])]

    def one(self):
        return np.array(self.printed[1:])

    def products(self):
        pairs = [(t, k) for t in self.steps for k in range(t + 1)]
        return np.array([chained([self.printed[j] for j in range(t, k, -1)], self.n) for t, k in pairs])

    def rising(self):
        """The transposed product of transposes, the latest on the left."""
        Js = [None, *(np.einsum("d,ed->de", 1 - h_j**2, self.rnn.W_hh) for h_j in self.h[1:])]
        pairs = [(t, k) for t in self.steps for k in range(t + 1)]
        return np.array([chained([Js[j].T for j in range(t, k, -1)], self.n).T for t, k in pairs])

    def powers_of_eigenvalues(self):
        """λ_i^n v_i, in columns, for n = 1 ... T"""
        λ, v = np.linalg.eig(self.rnn.jacobian(1))
        return np.array([[[v[d, i] * λ[i] ** n for i in range(self.n)] for d in range(self.n)] for n in self.steps])

    @property
    def steps(self):
        return range(1, self.T + 1)


# ---------------------------------------------------------------- D2, section 1


class D2Scalar:
    def __init__(self, rnn):
        self.rnn, self.times = rnn, range(1, len(rnn.x) + 1)
        self.s = [float(rnn.s_0)]
        for x in rnn.x:
            self.s.append(math.tanh(rnn.U * x + rnn.W * self.s[-1]))

    def ŷ(self, t):
        return 1 / (1 + math.exp(-self.rnn.V * self.s[t]))

    def loss(self):
        return np.array([-self.rnn.y[t - 1] * math.log(self.ŷ(t)) for t in self.times])

    def loss_by_V(self):
        """∂(-y log ŷ)/∂V = -y (1 - ŷ) s"""
        return np.array([-self.rnn.y[t - 1] * (1 - self.ŷ(t)) * self.s[t] for t in self.times])

    def sums_of_totals(self):
        """Σ_{k=1..t} (Π_{i=k+1..t} W (1 - s_i²)) ∂s_k/∂W, the last by the recursion"""
        total, sums = 0.0, [0.0]
        for t in self.times:
            slope = 1 - self.s[t] ** 2
            total = slope * (self.s[t - 1] + self.rnn.W * total)
            sums.append(total + self.rnn.W * slope * sums[-1])
        return np.array(sums[1:])

    def powers(self):
        return np.array([self.rnn.W ** (t - k) for t in self.times for k in range(1, t + 1)])

    def sums(self, source):
        return np.array(
            [sum(self.rnn.W ** (t - k) * (1 - self.s[k] ** 2) * source(k) for k in range(1, t + 1)) for t in self.times]
        )

    def by_W(self):
        return self.sums(lambda k: self.s[k - 1])

    def by_U(self):
        return self.sums(lambda k: self.rnn.x[k - 1])


# ---------------------------------------------------------------- D2, section 2


class D2Vector:
    def __init__(self, rnn):
        self.rnn, self.times = rnn, range(1, len(rnn.x) + 1)
        self.s = states(rnn.x, rnn.U, rnn.W, np.zeros(len(rnn.W)), rnn.s_0)

    def sums_of_totals(self, source):
        """∂L_t/∂s_t Σ_k ∂s_t/∂s_k ∂s_k/∂W: both the total and its sum by a recursion over t, (D, D, ...)."""
        D, found = len(self.rnn.W), []
        total = sums = np.zeros((D, D, len(source(1))))
        for t in self.times:
            slope = 1 - self.s[t] ** 2
            total = np.einsum("d,dr,q->drq", slope, np.eye(D), source(t)) + np.einsum(
                "d,de,erq->drq", slope, self.rnn.W, total
            )
            sums = total + np.einsum("d,de,erq->drq", slope, self.rnn.W, sums)
            error = probabilities(self.rnn.V, self.s[t], np.zeros(len(self.rnn.V))) - self.rnn.y[t - 1]
            found.append(np.einsum("c,cd,drq->rq", error, self.rnn.V, sums))
        return np.array(found)

    def totals_by_W(self):
        return self.sums_of_totals(lambda k: self.s[k - 1])

    def totals_by_U(self):
        return self.sums_of_totals(lambda k: self.rnn.x[k - 1])

    def softmax_from_i(self):
        found = []
        for t in self.times:
            g = np.einsum("cd,d->c", self.rnn.V, self.s[t])
            found.append([math.exp(g[i]) / sum(math.exp(g[j]) for j in range(i, len(g))) for i in range(len(g))])
        return np.array(found)

    def rising(self):
        """The transposed product of transposes, the latest on the left."""
        Js = [None, *(np.einsum("d,de->de", 1 - s**2, self.rnn.W) for s in self.s[1:])]
        pairs = [(t, k) for t in self.times for k in range(t + 1)]
        return np.array([chained([Js[i].T for i in range(t, k, -1)], len(self.rnn.W)).T for t, k in pairs])

    def W_in_front(self, t, k):
        product = chained([self.rnn.W] * (t - k), len(self.rnn.W))
        for i in range(k + 1, t + 1):
            product = np.einsum("de,e->de", product, 1 - self.s[i] ** 2)
        return product

    def products(self):
        return np.array([self.W_in_front(t, k) for t in self.times for k in range(t + 1)])

    def sums(self, source):
        found = []
        for t in self.times:
            error = probabilities(self.rnn.V, self.s[t], np.zeros(len(self.rnn.V))) - self.rnn.y[t - 1]
            terms = [
                np.einsum("c,cd,de,e,f->ef", error, self.rnn.V, self.W_in_front(t, k), 1 - self.s[k] ** 2, source(k))
                for k in range(1, t + 1)
            ]
            found.append(sum(terms))
        return np.array(found)

    def by_W(self):
        return self.sums(lambda k: self.s[k - 1])

    def by_U(self):
        return self.sums(lambda k: self.rnn.x[k - 1])


# ---------------------------------------------------------------- D3


class D3:
    def __init__(self, rnn):
        self.rnn, self.T, self.D = rnn, len(rnn.x) - 1, len(rnn.W)
        self.N = len(rnn.x) if rnn.averaged else 1
        found = states(rnn.x, rnn.U, rnn.W, np.zeros(self.D), rnn.h_before)
        self.h = dict(enumerate(found, start=-1))
        self.times = range(self.T + 1)
        self.ŷ = [probabilities(rnn.V, self.h[i], np.zeros(len(rnn.V))) for i in self.times]
        self.error = [ŷ - y for ŷ, y in zip(self.ŷ, rnn.y, strict=True)]

    def entropy(self):
        return np.array([-sum(p * math.log(p) for p in ŷ) for ŷ in self.ŷ])

    def V_from_U(self):
        shares = [np.einsum("c,d->cd", self.error[i], self.h[i]) for i in self.times]
        return self.rnn.U - 0.1 * sum(shares) / self.N

    def up_to_k(self):
        return np.array(
            [
                [-y[k] + ŷ[k] * sum(y[i] for i in range(k + 1)) for k in range(len(y))]
                for y, ŷ in zip(self.rnn.y, self.ŷ, strict=True)
            ]
        )

    def source(self, k, name):
        return self.h[k - 1] if name == "W" else self.rnn.x[k]

    def sums_from_1(self, name):
        total = 0
        for i in range(1, self.T + 1):
            for k in range(1, i + 1):
                Js = [np.einsum("d,de->de", 1 - self.h[m] ** 2, self.rnn.W) for m in range(i, k, -1)]
                factors = self.error[i], self.rnn.V, chained(Js, self.D), 1 - self.h[k] ** 2, self.source(k, name)
                total = total + np.einsum("c,cd,de,e,f->ef", *factors)
        return total / self.N

    def jacobian(self, m):
        """Wᵀ diag(1 - tanh²): row d, column e is W[e, d] (1 - h_m[e]²)"""
        return np.einsum("ed,e->de", self.rnn.W, 1 - self.h[m] ** 2)

    def jacobians(self):
        return np.array([self.jacobian(m) for m in self.times])

    def errors(self):
        return np.array(self.error)

    def explicit(self, name):
        return np.array([np.einsum("dr,q->drq", np.eye(self.D), self.source(k, name)) for k in self.times])

    def complete(self, name, first, errors):
        """Σ_{i=first..T} Σ_{k=first..i} (Π_{m=k+1..i} Wᵀ diag_m) error_i ⊗ source_k, the product from left to right"""
        total = 0
        for i in range(first, self.T + 1):
            for k in range(first, i + 1):
                product = chained([self.jacobian(m) for m in range(k + 1, i + 1)], self.D)
                total = total + np.einsum("de,e,f->df", product, errors[i], self.source(k, name))
        return total / self.N

    def on_the_left(self, name, first, errors):
        """Σ_{i=first..T} Σ_{k=first..i} error_i (Π_{m=k+1..i} Wᵀ diag_m) ⊗ source_k, in that order"""
        total = 0
        for i in range(first, self.T + 1):
            for k in range(first, i + 1):
                row = errors[i]
                for m in range(k + 1, i + 1):
                    row = np.einsum("d,de->e", row, self.jacobian(m))
                total = total + np.einsum("e,f->ef", row, self.source(k, name))
        return total / self.N

    def as_printed(self, name):
        return self.on_the_left(name, 1, self.error)

    def with_V_on_the_left(self, name):
        return self.on_the_left(name, 0, [np.einsum("c,cd->d", error, self.rnn.V) for error in self.error])

    def with_V(self, name):
        return self.complete(name, 0, [np.einsum("cd,c->d", self.rnn.V, error) for error in self.error])


# by (system, the equation's number, which one of those with that number, from 0)
PRINTED = {
    ("mean-loss", "(10), total", 0): lambda rnn: D0(rnn).end_of_10(),
    ("mean-loss", "boxed, total", 0): lambda rnn: D0(rnn).boxed_of_totals(),
    ("mean-loss", "boxed, j = i", 0): lambda rnn: D0(rnn).boxed_from_i(),
    ("mean-loss", "boxed, j rising", 0): lambda rnn: D0(rnn).boxed_rising(),
    ("mini-batch", "note 1", 0): lambda rnn: D1(rnn).note_1(),
    ("mini-batch", "shapes 5, 7, 8", 0): lambda rnn: D1(rnn).shapes(),
    ("mini-batch", "∂L_t+1/∂W_hh", 0): lambda rnn: D1(rnn).this_step("W_hh"),
    ("mini-batch", "∂L_t+1/∂W_hh", 2): lambda rnn: D1(rnn).step_before("W_hh"),
    ("mini-batch", "∂L_t+1/∂W_hh", 3): lambda rnn: D1(rnn).with_total(len(rnn.X) - 1, "W_hh"),
    ("mini-batch", "∂L_t+1/∂W_hh", 5): lambda rnn: D1(rnn).sum_of_totals("W_hh"),
    ("mini-batch", "∂L/∂W_hh", 1): lambda rnn: D1(rnn).losses_from_2("W_hh"),
    ("mini-batch", "∂L_t+1/∂W_xh", 0): lambda rnn: D1(rnn).this_step("W_xh"),
    ("mini-batch", "∂L_t+1/∂W_xh", 2): lambda rnn: D1(rnn).this_step("W_xh") + D1(rnn).step_before("W_xh"),
    ("mini-batch", "∂L_t+1/∂W_xh", 5): lambda rnn: D1(rnn).sum_of_totals("W_xh"),
    ("mini-batch", "∂L/∂W_xh", 1): lambda rnn: D1(rnn).losses_from_2("W_xh"),
    ("vanishing", "∂h_t/∂h_k, j rising", 0): lambda rnn: D1Jacobians(rnn).rising(),
    ("vanishing", "∂h_{j+1}/∂h_j", 0): lambda rnn: D1Jacobians(rnn).one(),
    ("vanishing", "Π ∂h_{j+1}/∂h_j", 0): lambda rnn: D1Jacobians(rnn).products(),
    ("vanishing", "λ_i, n steps", 0): lambda rnn: D1Jacobians(rnn).powers_of_eigenvalues(),
    ("vanishing", "max tanh'", 0): lambda rnn: np.array(0.25),
    ("vanishing", "|λ_1| < 1", 0): lambda rnn: np.ones(len(rnn.X)),
    ("vanishing", "|λ_1| > 1", 0): lambda rnn: np.ones(len(rnn.X)),
    ("scalar", "(3)", 0): lambda rnn: D2Scalar(rnn).loss(),
    ("scalar", "(3), learned", 0): lambda rnn: D2Scalar(rnn).loss_by_V(),
    ("scalar", "(11), total", 0): lambda rnn: D2Scalar(rnn).sums_of_totals(),
    ("scalar", "(14), (15)", 0): lambda rnn: D2Scalar(rnn).powers(),
    ("scalar", "(16)", 0): lambda rnn: D2Scalar(rnn).by_W(),
    ("scalar", "(18)", 0): lambda rnn: D2Scalar(rnn).by_U(),
    ("vector", "(34)", 0): lambda rnn: D2Vector(rnn).softmax_from_i(),
    ("vector", "(59), (60), i rising", 0): lambda rnn: D2Vector(rnn).rising(),
    ("vector", "(63)", 0): lambda rnn: D2Vector(rnn).products(),
    ("vector", "(57), total", 0): lambda rnn: D2Vector(rnn).totals_by_W(),
    ("vector", "(66), (67)", 0): lambda rnn: D2Vector(rnn).by_W(),
    ("vector", "(68), total", 0): lambda rnn: D2Vector(rnn).totals_by_U(),
    ("vector", "(69)", 0): lambda rnn: D2Vector(rnn).by_U(),
    ("update-rules", "L_t", 1): lambda rnn: D3(rnn).entropy(),
    ("update-rules", "V ←", 0): lambda rnn: D3(rnn).V_from_U(),
    ("update-rules", "(1.3), up to k", 0): lambda rnn: D3(rnn).up_to_k(),
    ("update-rules", "(2.3), W", 0): lambda rnn: D3(rnn).sums_from_1("W"),
    ("update-rules", "(2.3), U", 0): lambda rnn: D3(rnn).sums_from_1("U"),
    ("update-rules", "∂h_m/∂h_{m-1}", 0): lambda rnn: D3(rnn).jacobians(),
    ("update-rules", "∂L_i/∂h_i", 0): lambda rnn: D3(rnn).errors(),
    ("update-rules", "∂h_k⁺/∂W", 0): lambda rnn: D3(rnn).explicit("W"),
    ("update-rules", "∂h_k⁺/∂U", 0): lambda rnn: D3(rnn).explicit("U"),
    ("update-rules", "(2.4)", 0): lambda rnn: D3(rnn).as_printed("W"),
    ("update-rules", "(2.4), V", 0): lambda rnn: D3(rnn).with_V_on_the_left("W"),
    ("update-rules", "(2.4), Vᵀ", 0): lambda rnn: D3(rnn).with_V("W"),
    ("update-rules", "(2.5)", 0): lambda rnn: D3(rnn).as_printed("U"),
    ("update-rules", "(2.5), V", 0): lambda rnn: D3(rnn).with_V_on_the_left("U"),
    ("update-rules", "(2.5), Vᵀ", 0): lambda rnn: D3(rnn).with_V("U"),
}
