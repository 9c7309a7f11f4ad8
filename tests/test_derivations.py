"""The four source derivations, equation by equation: what holds as printed, and what is printed and does not hold.

    D0  Qazi Zarif Ul Islam, Backpropagation through time for RNN (2024): equations (1)-(10) and the boxed one
    D1  M. M. A., Backpropagation Through Time for Recurrent Neural Network (2019): mini-batches, vanishing gradients
    D2  Yongqiang Huang, Back Propagation Through Time (2019): scalar and vector form, equations (1)-(73)
    D3  Nemo, Notes on Forward and Back-Propagation in RNNs (2023): equations (1.1)-(2.5)

Each is evaluated on a small random case and compared with the complex step: Im f(w + iε) / ε, exact to rounding. Where the
print is wrong, the test shows by how much, and that the corrected form holds. D2 and D3 write columns (s' = tanh(U x + W s)),
D0 means columns, D1 writes rows for the mini-batch; so do the tests.
"""

import numpy as np
import pytest

from charrnn.network.activations import NONLINEARITIES
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters

ε = 1e-30
T, M, D, C, B = 4, 3, 5, 6, 2  # steps, inputs, units, classes, sequences; all different
EXACT = {"rtol": 1e-11, "atol": 1e-14}


def derivative(f, w):
    """df/dw by the complex step: shape of f(w), then shape of w."""
    w = np.asarray(w, float)
    columns = []
    for index in np.ndindex(w.shape):
        moved = w.astype(complex)
        moved[index] += 1j * ε
        columns.append(np.imag(f(moved)) / ε)
    return np.moveaxis(np.array(columns), 0, -1).reshape(np.shape(columns[0]) + w.shape)


def sigm(a):
    return 1 / (1 + np.exp(-a))


def softmax(g):
    e = np.exp(g - np.max(g.real, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Columns:
    """D2 (19)-(23), D3: one sequence, no biases, columns. x_t is any vector, y_t one-hot."""

    def __init__(self):
        random = np.random.default_rng(0)
        self.U, self.W, self.V = (random.normal(0, 0.6, shape) for shape in ((D, M), (D, D), (C, D)))
        self.x, self.s0 = random.normal(size=(T + 1, M)), random.normal(size=D)
        self.y = np.eye(C)[random.integers(0, C, T + 1)]  # index 0 is unused: t = 1 ... T, as printed

    def states(self, U=None, W=None, s0=None):
        """s[0] ... s[T]"""
        U, W = self.U if U is None else U, self.W if W is None else W
        s = [self.s0 if s0 is None else s0]
        for t in range(1, T + 1):
            s.append(np.tanh(U @ self.x[t] + W @ s[-1]))
        return s

    def loss(self, t, U=None, W=None, V=None, s=None):
        """L_t = -y_tᵀ log ŷ_t"""
        V = self.V if V is None else V
        return -self.y[t] @ np.log(softmax(V @ (self.states(U, W)[t] if s is None else s)))

    def error(self, t):
        """ŷ_t - y_t"""
        return softmax(self.V @ self.states()[t]) - self.y[t]

    def diag(self, i):
        """∂s_i/∂z_i, D2 (62)"""
        return np.diag(1 - self.states()[i] ** 2)

    def jacobian(self, t, k):
        """∂s_t/∂s_k by the complex step through the steps k+1 ... t."""

        def from_k(s):
            for i in range(k + 1, t + 1):
                s = np.tanh(self.U @ self.x[i] + self.W @ s)
            return s

        return derivative(from_k, self.states()[k])


@pytest.fixture
def rnn():
    return Columns()


# ---------------------------------------------------------------- D0


def test_d0_1_and_4_the_mean_over_time_is_differentiated_term_by_term(rnn):
    """(1) L̂ = (l_1 + ... + l_T) / T and (4): hold. The other documents sum; the factor is 1/T."""
    mean = derivative(lambda W: sum(rnn.loss(t, W=W) for t in range(1, T + 1)) / T, rnn.W)
    terms = [derivative(lambda W, t=t: rnn.loss(t, W=W), rnn.W) for t in range(1, T + 1)]
    np.testing.assert_allclose(mean, sum(terms) / T, **EXACT)


def test_d0_2_and_3_columns_and_the_networks_rows_are_the_same_numbers(rnn):
    """(2), (3): hold; W X for columns is X Wᵀ for rows."""
    row = np.tanh(rnn.x[1] @ rnn.U.T + rnn.s0 @ rnn.W.T)
    np.testing.assert_allclose(row, rnn.states()[1], **EXACT)


def test_d0_5_one_chain_through_h_holds_with_the_total_derivative(rnn):
    """(5) ∂l_t/∂w = ∂l_t/∂o_t ∂o_t/∂h_t ∂h_t/∂w: holds if the last factor is total, not at fixed h_{t-1}."""
    by_h = rnn.error(T) @ rnn.V
    total = derivative(lambda W: rnn.states(W=W)[T], rnn.W)
    immediate = derivative(lambda W: np.tanh(rnn.U @ rnn.x[T] + W @ rnn.states()[T - 1]), rnn.W)
    truth = derivative(lambda W: rnn.loss(T, W=W), rnn.W)
    np.testing.assert_allclose(np.tensordot(by_h, total, 1), truth, **EXACT)
    assert np.abs(np.tensordot(by_h, immediate, 1) - truth).max() > 0.01


def forward_recursion(rnn, steps):
    """P_t = ∂h_t/∂W at fixed h_{t-1} + (∂h_t/∂h_{t-1}) P_{t-1}, from P_0 = 0."""
    P, s = np.zeros((D, D, D)), rnn.states()
    for t in range(1, steps + 1):
        immediate = derivative(lambda W, t=t: np.tanh(rnn.U @ rnn.x[t] + W @ s[t - 1]), rnn.W)
        P = immediate + np.tensordot(rnn.jacobian(t, t - 1), P, 1)
    return P


@pytest.mark.parametrize("t", range(1, T + 1))
def test_d0_6_7_8_the_recursion_holds(rnn, t):
    """(6)-(8): hold, with the partials of f on the right read as immediate ones."""
    np.testing.assert_allclose(forward_recursion(rnn, t), derivative(lambda W: rnn.states(W=W)[t], rnn.W), **EXACT)


def test_d0_9_and_10_the_recursion_expanded_twice(rnn):
    """(9), (10): hold in f; the last line of (10) writes the same symbol for total and immediate derivatives."""
    s = rnn.states()
    immediate = [derivative(lambda W, t=t: np.tanh(rnn.U @ rnn.x[t] + W @ s[t - 1]), rnn.W) for t in range(1, T + 1)]
    J = [None, *(rnn.jacobian(t, t - 1) for t in range(1, T + 1))]
    expanded = (
        immediate[T - 1]
        + np.tensordot(J[T], immediate[T - 2], 1)
        + np.tensordot(J[T] @ J[T - 1], forward_recursion(rnn, T - 2), 1)
    )
    np.testing.assert_allclose(expanded, derivative(lambda W: rnn.states(W=W)[T], rnn.W), **EXACT)


def test_d0_boxed_the_product_begins_one_after_i_in_descending_order(rnn):
    """Printed: Σ_{i=1}^{t-1} Π_{j-1=i}^{t}. Right with j = i+1 ... t, latest first; wrong if j begins at i, or ascends."""
    s, truth = rnn.states(), derivative(lambda W: rnn.states(W=W)[T], rnn.W)
    J = [None, *(rnn.jacobian(t, t - 1) for t in range(1, T + 1))]
    immediate = [
        None,
        *(derivative(lambda W, t=t: np.tanh(rnn.U @ rnn.x[t] + W @ s[t - 1]), rnn.W) for t in range(1, T + 1)),
    ]

    def boxed(first, order):
        total = immediate[T].copy()
        for i in range(1, T):
            product = np.eye(D)
            for j in order(range(i + first, T + 1)):
                product = product @ J[j]
            total += np.tensordot(product, immediate[i], 1)
        return total

    np.testing.assert_allclose(boxed(1, reversed), truth, **EXACT)
    assert np.abs(boxed(0, reversed) - truth).max() > 0.01, "j from i"
    assert np.abs(boxed(1, list) - truth).max() > 0.01, "ascending"


# ---------------------------------------------------------------- D1


class Rows:
    """D1's mini-batch: B rows, biases, W_xh (M, D), W_hh (D, D), W_hy (D, C)."""

    def __init__(self):
        random = np.random.default_rng(1)
        self.X, self.h0 = random.normal(size=(T, B, M)), random.normal(size=(B, D))
        self.w = {
            "xh": random.normal(0, 0.6, (M, D)),
            "hh": random.normal(0, 0.6, (D, D)),
            "h": random.normal(0, 0.3, D),
        }
        self.w |= {"hy": random.normal(0, 0.6, (D, C)), "y": random.normal(0, 0.3, C)}
        self.Y = np.eye(C)[random.integers(0, C, (T, B))]

    def loss(self, **changed):
        """L = -Σ_t Σ_b y log ŷ"""
        w, h, total = self.w | changed, self.h0, 0
        for X, Y in zip(self.X, self.Y, strict=True):
            h = np.tanh(X @ w["xh"] + h @ w["hh"] + w["h"])
            total -= (Y * np.log(softmax(h @ w["hy"] + w["y"]))).sum()
        return total


@pytest.fixture
def rows():
    return Rows()


def test_d1_the_stacked_weight_gives_the_same_numbers(rows):
    """[X_t h_{t-1}] [W_xh; W_hh] = X_t W_xh + h_{t-1} W_hh. (The print concatenates W_yh; it is W_hh.)"""
    stacked = np.vstack([rows.w["xh"], rows.w["hh"]])
    both = np.hstack([rows.X[0], rows.h0]) @ stacked
    np.testing.assert_allclose(both, rows.X[0] @ rows.w["xh"] + rows.h0 @ rows.w["hh"], rtol=1e-14)
    with pytest.raises(ValueError, match="must match exactly"):
        np.vstack([rows.w["xh"], rows.w["hy"]])


def test_d1_shapes_of_the_readout():
    """Printed W_yh (n, n), b_y (n), y_t (m, n) with n neurons: right only if there are as many classes as neurons."""
    shapes = Architecture(C, D).shapes()
    assert (shapes["W_hy"], shapes["b_y"]) == ((D, C), (C,))
    assert shapes["W_hy"] != (D, D)


def rows_forward(rows):
    """h[0] ... h[T], and do[t] = ŷ - y for steps 1 ... T at index t - 1."""
    w, h = rows.w, [rows.h0]
    for X in rows.X:
        h.append(np.tanh(X @ w["xh"] + h[-1] @ w["hh"] + w["h"]))
    return h, [softmax(h[t + 1] @ w["hy"] + w["y"]) - rows.Y[t] for t in range(T)]


def test_d1_readout_gradients_are_summed_over_time(rows):
    """∂L/∂W_yh and ∂L/∂b_y: hold."""
    h, do = rows_forward(rows)
    np.testing.assert_allclose(
        sum(h[t + 1].T @ do[t] for t in range(T)), derivative(lambda w: rows.loss(hy=w), rows.w["hy"]), **EXACT
    )
    np.testing.assert_allclose(
        sum(do[t].sum(0) for t in range(T)), derivative(lambda w: rows.loss(y=w), rows.w["y"]), **EXACT
    )


def double_sum(rows, jacobian):
    """Σ_t Σ_{k=1..t} of the closed form, (dW_xh, dW_hh), stream by stream, with a given J_t as a function of (t, b)."""
    h, do = rows_forward(rows)
    dW_xh, dW_hh = np.zeros((M, D)), np.zeros((D, D))
    for b in range(B):
        for t in range(T):
            row = do[t][b] @ rows.w["hy"].T
            for k in range(t, -1, -1):
                da = row * (1 - h[k + 1][b] ** 2)  # ∂h_k/∂w at fixed h_{k-1}
                dW_xh += np.outer(rows.X[k][b], da)
                dW_hh += np.outer(h[k][b], da)
                row = row @ jacobian(h, k, b)
    return dW_xh, dW_hh


def test_d1_double_sum_holds_with_the_right_jacobian_and_fails_with_the_printed_one(rows):
    """Printed J = diag(φ') W_hh: wrong for its own forward, which multiplies by W_hhᵀ; right: diag(φ') W_hhᵀ."""
    truth = [derivative(lambda w: rows.loss(xh=w), rows.w["xh"]), derivative(lambda w: rows.loss(hh=w), rows.w["hh"])]
    right = double_sum(rows, lambda h, k, b: np.diag(1 - h[k + 1][b] ** 2) @ rows.w["hh"].T)
    printed = double_sum(rows, lambda h, k, b: np.diag(1 - h[k + 1][b] ** 2) @ rows.w["hh"])
    for found, expected in zip(right, truth, strict=True):
        np.testing.assert_allclose(found, expected, **EXACT)
    assert max(np.abs(found - expected).max() for found, expected in zip(printed, truth, strict=True)) > 0.01


def test_d1_the_jacobian_itself(rows):
    """∂h_{j+1}/∂h_j for columns h' = tanh(W_xhᵀ x + W_hhᵀ h + b)."""
    w, x, h = rows.w, rows.X[0][0], rows.h0[0]
    truth = derivative(lambda h: np.tanh(w["xh"].T @ x + w["hh"].T @ h + w["h"]), h)
    slope = np.diag(1 - np.tanh(w["xh"].T @ x + w["hh"].T @ h + w["h"]) ** 2)
    np.testing.assert_allclose(slope @ w["hh"].T, truth, **EXACT)
    assert np.abs(slope @ w["hh"] - truth).max() > 0.1


def test_d1_sums_run_to_t_and_include_every_earlier_step(rows):
    """k = 1 ... t+1 for L_{t+1}: the double sum, not the one step that the text shows first."""
    one_step_only = double_sum(rows, lambda h, k, b: np.zeros((D, D)))
    assert np.abs(one_step_only[1] - derivative(lambda w: rows.loss(hh=w), rows.w["hh"])).max() > 0.01


@pytest.mark.parametrize(("name", "γ"), [("tanh", 1.0), ("sigmoid", 0.25)])
def test_d1_largest_slope(name, γ):
    """Printed: tanh' is at most 0.25 and always less than 1. It is 1 at 0; 0.25 is the sigmoid's."""
    h, slope = np.zeros(1), np.zeros(1)
    NONLINEARITIES[name].apply(np.zeros(1), h)
    NONLINEARITIES[name].slope(h, slope)
    assert slope[0] == γ


def test_d1_the_dominant_eigenvalue_decides_the_linear_case_only():
    """All eigenvalues at 0.5, and yet a product of Jacobians grows for a while: singular values bound it, times γ."""
    W = np.array([[0.5, 10.0], [0.0, 0.5]])
    growth = [np.linalg.norm(np.linalg.matrix_power(W, n), 2) for n in range(1, 40)]
    assert np.abs(np.linalg.eigvals(W)).max() == 0.5
    assert growth[0] > 5
    assert growth[-1] < 1e-8
    assert all(g <= np.linalg.norm(W, 2) ** n for n, g in enumerate(growth, 1))


# ---------------------------------------------------------------- D2, scalar


class Scalar:
    """D2 section 1: a binary classifier with one unit."""

    def __init__(self):
        random = np.random.default_rng(2)
        self.U, self.W, self.V, self.s0 = 0.7, 1.3, -0.9, 0.4
        self.x, self.y = [None, *random.normal(size=T)], [None, 1, 0, 1, 0]

    def state(self, t, U=None, W=None):
        U, W, s = self.U if U is None else U, self.W if W is None else W, self.s0
        for i in range(1, t + 1):
            s = np.tanh(U * self.x[i] + W * s)
        return s

    def loss(self, t, U=None, W=None, V=None):
        """Binary cross-entropy, both classes."""
        p = sigm((self.V if V is None else V) * self.state(t, U, W))
        return -self.y[t] * np.log(p) - (1 - self.y[t]) * np.log(1 - p)


@pytest.fixture
def scalar():
    return Scalar()


def test_d2_3_the_printed_loss_never_learns_the_negative_class(scalar):
    """E = -y log ŷ is 0 with gradient 0 for y = 0; with -(1-y) log(1-ŷ) added, dE/dV = (ŷ - y) s, (4)."""
    for t in (1, 2):
        printed = derivative(lambda V, t=t: -scalar.y[t] * np.log(sigm(V * scalar.state(t))), scalar.V)
        whole = derivative(lambda V, t=t: scalar.loss(t, V=V), scalar.V)
        np.testing.assert_allclose(whole, (sigm(scalar.V * scalar.state(t)) - scalar.y[t]) * scalar.state(t), **EXACT)
        assert (printed == 0) == (scalar.y[t] == 0)


def immediate(scalar, k, by):
    """∂s_k/∂W (or U) at fixed s_{k-1}."""
    return (1 - scalar.state(k) ** 2) * (scalar.state(k - 1) if by == "W" else scalar.x[k])


def test_d2_5_to_13_the_scalar_sum_over_paths_holds(scalar):
    """(5)-(13): Σ_k ∂s_t/∂s_k ∂s_k/∂W, with the total derivative of (6)-(7)."""

    def path(k):
        return np.prod([scalar.W * (1 - scalar.state(i) ** 2) for i in range(k + 1, T + 1)])

    total = sum(path(k) * immediate(scalar, k, "W") for k in range(1, T + 1))
    np.testing.assert_allclose(total, derivative(lambda W: scalar.state(T, W=W), scalar.W), **EXACT)


@pytest.mark.parametrize("by", ["W", "U"])
def test_d2_14_to_18_powers_of_w_alone_lack_the_tanh_factors(scalar, by):
    """Printed ∂s_t/∂s_k = W^{t-k}: wrong; right: W^{t-k} Π_{i=k+1..t} (1 - s_i²)."""
    truth = derivative(lambda w: scalar.state(T, **{by: w}), getattr(scalar, by))
    printed = sum(scalar.W ** (T - k) * immediate(scalar, k, by) for k in range(1, T + 1))
    right = sum(
        scalar.W ** (T - k)
        * np.prod([1 - scalar.state(i) ** 2 for i in range(k + 1, T + 1)])
        * immediate(scalar, k, by)
        for k in range(1, T + 1)
    )
    np.testing.assert_allclose(right, truth, **EXACT)
    assert abs(printed - truth) > 0.1


def test_the_scalar_classifier_is_the_network_with_one_unit(scalar):
    """σ(V s) is a softmax over the logits 0 and V s; a scalar x_t in {x_a, x_b} is a look-up of U x_a or U x_b."""
    x_a, x_b = 0.8, -0.5
    ids = np.array([0, 1, 1, 0])
    scalar.x = [None, *np.array([x_a, x_b])[ids]]
    parameters = Parameters(Architecture(2, 1).shapes(), np.float64)
    parameters["W_xh"][:] = [[scalar.U * x_a], [scalar.U * x_b]]
    parameters["W_hh"][:], parameters["W_hy"][:] = scalar.W, [[0, scalar.V]]
    network = Network(Architecture(2, 1), parameters)
    ws, gradient = network.workspace(T, 1), parameters.zeros_like()
    loss = network.forward(ids[:, None], np.array(scalar.y[1:])[:, None], np.full((1, 1, 1), scalar.s0), ws)
    network.backward(1, ws, gradient)

    def total(**w):
        return sum(scalar.loss(t, **w) for t in range(1, T + 1))

    assert loss == pytest.approx(total(), rel=1e-14)
    np.testing.assert_allclose(gradient["W_hh"][0, 0], derivative(lambda W: total(W=W), scalar.W), **EXACT)
    np.testing.assert_allclose(gradient["W_hy"][0, 1], derivative(lambda V: total(V=V), scalar.V), **EXACT)
    by_U = x_a * gradient["W_xh"][0, 0] + x_b * gradient["W_xh"][1, 0]
    np.testing.assert_allclose(by_U, derivative(lambda U: total(U=U), scalar.U), **EXACT)


# ---------------------------------------------------------------- D2, vector


def test_d2_23_and_30_two_ways_to_write_the_loss(rnn):
    y_hat = softmax(rnn.V @ rnn.states()[2])
    assert rnn.loss(2) == pytest.approx(-sum(rnn.y[2][i] * np.log(y_hat[i]) for i in range(C)), rel=1e-14)


def test_d2_31_32_and_38_to_42_the_loss_by_each_probability(rnn):
    """(32) -y/ŷ, and the sum (39)-(42) that it enters: hold."""
    g = rnn.V @ rnn.states()[2]
    y, y_hat = rnn.y[2], softmax(g)
    np.testing.assert_allclose(derivative(lambda p: -y @ np.log(p), y_hat), -y / y_hat, **EXACT)
    summed = [-sum(y[k] * ((k == i) - y_hat[i]) for k in range(C)) for i in range(C)]
    np.testing.assert_allclose(summed, y.sum() * y_hat - y, **EXACT)


def test_d2_34_to_37_the_softmax_jacobian(rnn):
    """(34) is printed with i = j under the sum, a slip; (35), (36) hold: ŷ_i (1(i=j) - ŷ_j)."""
    g = rnn.V @ rnn.states()[2]
    y_hat = softmax(g)
    np.testing.assert_allclose(y_hat, np.exp(g) / np.exp(g).sum(), rtol=1e-13)
    np.testing.assert_allclose(derivative(softmax, g), y_hat[:, None] * (np.eye(C) - y_hat), **EXACT)


def test_d2_33_43_and_44_softmax_and_cross_entropy_together(rnn):
    """∂L/∂g = (ŷ - y)ᵀ"""
    g = rnn.V @ rnn.states()[2]
    np.testing.assert_allclose(derivative(lambda g: -rnn.y[2] @ np.log(softmax(g)), g), softmax(g) - rnn.y[2], **EXACT)


def test_d2_45_to_54_the_gradient_of_v_is_an_outer_product(rnn):
    """(47)-(53) element by element, (54) (ŷ - y) sᵀ: hold."""
    truth = derivative(lambda V: rnn.loss(3, V=V), rnn.V)
    np.testing.assert_allclose(np.outer(rnn.error(3), rnn.states()[3]), truth, **EXACT)


def test_d2_55_and_56_the_loss_by_the_state(rnn):
    """∂L/∂s = (ŷ - y)ᵀ V"""
    truth = derivative(lambda s: rnn.loss(3, s=s), rnn.states()[3])
    np.testing.assert_allclose(rnn.error(3) @ rnn.V, truth, **EXACT)


def test_d2_57_to_62_products_of_jacobians_in_descending_order(rnn):
    """(57)-(62): ∂s_t/∂s_k = Π_{i=k+1..t} diag_i W, the latest first: hold."""
    for k in range(T + 1):
        product = np.eye(D)
        for i in range(T, k, -1):
            product = product @ rnn.diag(i) @ rnn.W
        np.testing.assert_allclose(product, rnn.jacobian(T, k), **EXACT)


def test_d2_63_w_does_not_move_out_of_the_product(rnn):
    """Printed Π diag_i W = W^{t-k} Π diag_i: matrices do not commute."""
    k = T - 3
    printed = np.linalg.matrix_power(rnn.W, T - k)
    for i in range(T, k, -1):
        printed = printed @ rnn.diag(i)
    assert np.abs(printed - rnn.jacobian(T, k)).max() > 0.1


def closed_form(rnn, t, source, path):
    """Σ_{k=1..t} of outer products: ((ŷ-y)ᵀ V path(t, k) diag_k)ᵀ ⊗ source(k)."""
    total = 0
    for k in range(1, t + 1):
        row = rnn.error(t) @ rnn.V @ path(t, k) @ rnn.diag(k)
        total = total + np.outer(row, source(k))
    return total


@pytest.mark.parametrize("by", ["W", "U"])
def test_d2_64_to_69_the_closed_form_keeps_its_order(rnn, by):
    """Printed with W^{t-k} Π_{i=k..t} diag_i: wrong; right: (ŷ-y)ᵀ V diag_t W ... diag_{k+1} W diag_k."""
    s = rnn.states()
    source = (lambda k: s[k - 1]) if by == "W" else (lambda k: rnn.x[k])

    def printed(t, k):
        product = np.linalg.matrix_power(rnn.W, t - k)
        for i in range(k + 1, t + 1):
            product = product @ rnn.diag(i)
        return product

    truth = derivative(lambda w: rnn.loss(T, **{by: w}), getattr(rnn, by))
    np.testing.assert_allclose(closed_form(rnn, T, source, rnn.jacobian), truth, **EXACT)
    assert np.abs(closed_form(rnn, T, source, printed) - truth).max() > 0.05


def test_d2_46_and_70_a_product_backwards():
    """Given y = W x and ∂L/∂y (a row): ∂L/∂W = (x ∂L/∂y)ᵀ holds."""
    random = np.random.default_rng(3)
    W, x, row = random.normal(size=(C, D)), random.normal(size=D), random.normal(size=C)
    np.testing.assert_allclose(np.outer(x, row).T, derivative(lambda W: row @ W @ x, W), **EXACT)


@pytest.mark.parametrize("by", ["V", "W", "U"])
def test_d2_71_to_73_the_gradients_are_summed_over_time(rnn, by):
    whole = derivative(lambda w: sum(rnn.loss(t, **{by: w}) for t in range(1, T + 1)), getattr(rnn, by))
    parts = [derivative(lambda w, t=t: rnn.loss(t, **{by: w}), getattr(rnn, by)) for t in range(1, T + 1)]
    np.testing.assert_allclose(sum(parts), whole, **EXACT)


def test_the_single_sequence_without_biases_is_the_network_with_one_stream():
    """D2 section 2 for one-hot x: U = W_xhᵀ, W = W_hhᵀ, V = W_hyᵀ, biases zero, B = 1."""
    network = Network.fresh(Architecture(C, D), np.random.default_rng(4), np.float64)
    p, ids = network.parameters, np.random.default_rng(5).integers(0, C, T + 1)
    ws, gradient = network.workspace(T, 1), p.zeros_like()
    s0 = np.random.default_rng(6).normal(size=D)
    loss = network.forward(ids[:-1, None], ids[1:, None], s0[None, None], ws)
    network.backward(1, ws, gradient)

    def plain(U, W, V):
        s, total = s0, 0
        for t in range(T):
            s = np.tanh(U @ np.eye(C)[ids[t]] + W @ s)
            total -= np.log(softmax(V @ s))[ids[t + 1]]
        return total

    U, W, V = p["W_xh"].T, p["W_hh"].T, p["W_hy"].T
    assert loss == pytest.approx(plain(U, W, V), rel=1e-13)
    np.testing.assert_allclose(gradient["W_xh"].T, derivative(lambda U: plain(U, W, V), U), **EXACT)
    np.testing.assert_allclose(gradient["W_hh"].T, derivative(lambda W: plain(U, W, V), W), **EXACT)
    np.testing.assert_allclose(gradient["W_hy"].T, derivative(lambda V: plain(U, W, V), V), **EXACT)


def test_d2_section_3_multiple_data_points(rows):
    """The section that is only a title, derived.

    Let B sequences be the rows of X_t (B, M), of h_t (B, D) and of Y_t (B, C), with shared weights. Row b of

        h_t = tanh(X_t W_xh + h_{t-1} W_hh + b_h)        ŷ_t = softmax(h_t W_hy + b_y)

    is sequence b's own equation: no row reads another. So L = Σ_b L^b, and every gradient is the sum over b of the
    single-sequence ones. For a weight that enters as X W, sequence b adds the outer product of its row of X and its row
    of the gradient; the sum over rows of outer products is a product of matrices, and the sum for a bias is a sum of rows:

        do_t = ŷ_t - Y_t                 dh_t = do_t W_hyᵀ + da_{t+1} W_hhᵀ       da_t = dh_t ∘ (1 - h_t²)
        dW_hy = Σ_t h_tᵀ do_t            dW_hh = Σ_t h_{t-1}ᵀ da_t                dW_xh = Σ_t X_tᵀ da_t
        db_y = Σ_t 1ᵀ do_t               db_h = Σ_t 1ᵀ da_t                       dh_0 = da_1 W_hhᵀ
    """
    (h, do), w = rows_forward(rows), rows.w
    found = {name: np.zeros_like(value) for name, value in w.items()}
    from_later = np.zeros((B, D))
    for t in reversed(range(T)):
        da = (do[t] @ w["hy"].T + from_later) * (1 - h[t + 1] ** 2)
        from_later = da @ w["hh"].T
        for name, share in (
            ("hy", h[t + 1].T @ do[t]),
            ("y", do[t].sum(0)),
            ("hh", h[t].T @ da),
            ("xh", rows.X[t].T @ da),
            ("h", da.sum(0)),
        ):
            found[name] += share
    for name, value in w.items():
        np.testing.assert_allclose(found[name], derivative(lambda v, name=name: rows.loss(**{name: v}), value), **EXACT)


def test_summed_and_averaged_loss_differ_by_their_count():
    network = Network.fresh(Architecture(C, D), np.random.default_rng(7), np.float64)
    ids = np.random.default_rng(8).integers(0, C, (T + 1, B))
    gradients = []
    for count in (1, T * B):
        ws, gradient = network.workspace(T, B), network.parameters.zeros_like()
        network.forward(ids[:-1], ids[1:], network.zero_state(B), ws)
        network.backward(count, ws, gradient)
        gradients.append(gradient.flat)
    np.testing.assert_allclose(gradients[0], T * B * gradients[1], **EXACT)


# ---------------------------------------------------------------- D3


def test_d3_tanh_as_printed():
    """tanh x = 2 / (1 + e^{-2x}) - 1: holds; it is also why one tanh serves for every gate."""
    x = np.linspace(-3, 3, 13)
    np.testing.assert_allclose(2 / (1 + np.exp(-2 * x)) - 1, np.tanh(x), **EXACT)


def test_d3_1_1_to_1_3_the_gradient_of_v(rnn):
    """(1.1)-(1.3) hold, their indices read as meant; the sums begin at t = 0 in places, at 1 where there is an output."""
    found = sum(np.outer(rnn.error(i), rnn.states()[i]) for i in range(1, T + 1))
    np.testing.assert_allclose(
        found, derivative(lambda V: sum(rnn.loss(t, V=V) for t in range(1, T + 1)), rnn.V), **EXACT
    )


def test_d3_the_update_of_v_starts_from_v(rnn):
    """Printed V = U - α ∂L/∂V: the shapes alone forbid it."""
    assert rnn.V.shape != rnn.U.shape
    step = rnn.V - 0.01 * derivative(lambda V: rnn.loss(2, V=V), rnn.V)
    assert rnn.loss(2, V=step) < rnn.loss(2)


def test_d3_the_jacobian_is_printed_transposed(rnn):
    """Printed ∂h_m/∂h_{m-1} = Wᵀ diag(1 - tanh²): the transpose of the Jacobian diag W, which acts on column gradients."""
    printed = rnn.W.T @ rnn.diag(2)
    np.testing.assert_allclose(printed.T, rnn.jacobian(2, 1), **EXACT)
    assert np.abs(printed - rnn.jacobian(2, 1)).max() > 0.1


def test_d3_2_1_to_2_3_the_double_sum_with_immediate_derivatives(rnn):
    """(2.1)-(2.3), the explicit part h⁺ read as the derivative at fixed h_{k-1}: hold."""
    s = rnn.states()
    found = sum(closed_form(rnn, i, lambda k: s[k - 1], rnn.jacobian) for i in range(1, T + 1))
    np.testing.assert_allclose(
        found, derivative(lambda W: sum(rnn.loss(t, W=W) for t in range(1, T + 1)), rnn.W), **EXACT
    )


@pytest.mark.parametrize("by", ["W", "U"])
def test_d3_2_4_and_2_5_lack_the_readout_and_a_diagonal(rnn, by):
    """Printed (ŷ-y) (Π Wᵀ diag_m) ⊗ h_{k-1}: V is missing, and so is diag_k. Right, for column gradients:

    diag_k (Π_{m=k+1..i} Wᵀ diag_m) Vᵀ (ŷ_i - y_i) ⊗ h_{k-1}   (or x_k), m ascending from left to right.
    """
    s = rnn.states()

    def total(with_diag):
        found = np.zeros_like(getattr(rnn, by))
        for i in range(1, T + 1):
            for k in range(1, i + 1):
                product = np.eye(D)
                for m in range(k + 1, i + 1):
                    product = product @ rnn.W.T @ rnn.diag(m)
                column = product @ rnn.V.T @ rnn.error(i)
                found += np.outer(rnn.diag(k) @ column if with_diag else column, s[k - 1] if by == "W" else rnn.x[k])
        return found

    truth = derivative(lambda w: sum(rnn.loss(t, **{by: w}) for t in range(1, T + 1)), getattr(rnn, by))
    np.testing.assert_allclose(total(with_diag=True), truth, **EXACT)
    assert np.abs(total(with_diag=False) - truth).max() > 0.05
    with pytest.raises(ValueError, match="mismatch"):
        np.eye(D) @ rnn.error(1)  # without Vᵀ the shapes do not fit
