"""Where the documents print what does not hold: their own LaTeX, or words, spaces aside."""

BOXED = r"""\boxed{\frac{\partial h_t}{\partial w_h} = \frac{\partial h_t}{\partial w_h} + \sum_{i=1}^{t-1} \prod_{j-1=i}^{t}
    (\frac{\partial h_j}{\partial h_{j-1}}) \frac{\partial h_i}{\partial w_h}}"""
D1_LOSS = r"\frac{\partial L_{t+1}}{\partial \hat{y}_{t+1}} \frac{\partial \hat{y}_{t+1}}{\partial h_{t+1}}"
PRODUCT = r"(\hat{y_i} - {y_i})\left(\prod_{m=k+1}^{i} W^Tdiag(1-\tanh^2(Ux_m + Wh_{m-1}))\right)\otimes"
STEP_BEFORE = (
    r"\frac{\partial L_{t+1}}{\partial W_{hh}} = "
    + D1_LOSS
    + r"\frac{\partial h_{t+1}}{\partial h_{t}} \frac{\partial h_{t}}{\partial W_{hh}} $$"
)
TO_K = r"\frac{\partial h_{t+1}}{\partial h_{k}} \frac{\partial h_{k}}{\partial W_{NAME}}"


def sum_to_k(name):
    """D1's sum over k."""
    return (r"\frac{\partial L_{t+1}}{\partial W_{NAME}} = \sum_{k=1}^{t+1} " + D1_LOSS + TO_K).replace("NAME", name)


def double_sum(name):
    """D1's sum over t and k."""
    return (r"\sum_{t}^{T} \sum_{k=1}^{t+1} " + D1_LOSS + TO_K).replace("NAME", name)


FRAGMENTS = {
    ("mean-loss", "(10), total", 0): r"""= \frac{\partial h_t}{\partial w_h}
        + \frac{\partial h_t}{\partial h_{t-1}} \frac{\partial h_{t-1}}{\partial w_h}
        + \frac{\partial h_t}{\partial h_{t-1}} \frac{\partial h_{t-1}}{\partial h_{t-2}} \frac{\partial h_{t-2}}{\partial w_h}""",
    ("mean-loss", "boxed, total", 0): BOXED,
    ("mean-loss", "boxed, j = i", 0): BOXED,
    ("mean-loss", "boxed, j rising", 0): BOXED,
    ("mini-batch", "note 1", 0): "The weight matrices $W_{xh}$ and $W_{yh}$ are often concatenated vertically",
    ("mini-batch", "shapes 5, 7, 8", 0): r"$W_{yh}$ is an $n_{neurons} \times n_{neurons}$ matrix",
    ("mini-batch", "∂L_t+1/∂W_hh", 0): r"\frac{\partial L_{t+1}}{\partial W_{hh}} = "
    + D1_LOSS
    + r"\frac{\partial h_{t+1}}{\partial W_{hh}} $$",
    ("mini-batch", "∂L_t+1/∂W_hh", 2): STEP_BEFORE,
    ("mini-batch", "∂L_t+1/∂W_hh", 3): STEP_BEFORE,
    ("mini-batch", "∂L_t+1/∂W_hh", 5): sum_to_k("hh"),
    ("mini-batch", "∂L/∂W_hh", 1): double_sum("hh"),
    ("mini-batch", "∂L_t+1/∂W_xh", 0): r"\frac{\partial L_{t+1}}{\partial W_{xh}} = "
    + D1_LOSS
    + r"\frac{\partial h_{t+1}}{\partial W_{xh}} $$",
    ("mini-batch", "∂L_t+1/∂W_xh", 2): r"\frac{\partial L_{t+1}}{\partial W_{xh}} = "
    + D1_LOSS
    + r"\frac{\partial h_{t+1}}{\partial W_{xh}} + "
    + D1_LOSS
    + r"\frac{\partial h_{t+1}}{\partial h_{t}} \frac{\partial h_{t}}{\partial W_{xh}} $$",
    ("mini-batch", "∂L_t+1/∂W_xh", 5): sum_to_k("xh"),
    ("mini-batch", "∂L/∂W_xh", 1): double_sum("xh"),
    ("vanishing", "∂h_t/∂h_k, j rising", 0): r"""\prod^{t}_{j=k} \frac{\partial h_{j+1}}{\partial h_{j}}
        = \frac{\partial h_{t+1}}{\partial h_k}""",
    ("vanishing", "∂h_{j+1}/∂h_j", 0): r"""\frac{\partial h_{j+1}}{\partial h_{j}} =
        diag(\phi_{h}^{\prime}(W_{xh}^{T} \cdot X_{j+1} + W_{hh}^{T}\cdot h_{j} +b_{h}))W_{hh}""",
    ("vanishing", "Π ∂h_{j+1}/∂h_j", 0): r"""\prod^{t}_{j=k} \frac{\partial h_{j+1}}{\partial h_{j}} = \prod^{t}_{j=k}
        diag(\phi_{h}^{\prime}(W_{xh}^{T} \cdot X_{j+1} + W_{hh}^{T}\cdot h_{j} +b_{h}))W_{hh}""",
    ("vanishing", "λ_i, n steps", 0): "will result in scaling the change with a factor equivalent to λti",
    ("vanishing", "max tanh'", 0): "hyperbolic tangent whose derivative is at most $0.25$",
    ("vanishing", "|λ_1| < 1", 0): "If it is less than 1, the gradient vanishes",
    (
        "vanishing",
        "|λ_1| > 1",
        0,
    ): "the dominant eigenvalue of the matrix $W_{hh}$ is greater than 1, the gradient explodes",
    ("scalar", "(3)", 0): r"E_t = -y_t \log \hat{y}_t \tag{3}",
    ("scalar", "(3), learned", 0): r"E_t = -y_t \log \hat{y}_t \tag{3}",
    ("vector", "(57), total", 0): r"""\frac{\partial L_t}{\partial W} = \sum_{k=1}^t \frac{\partial L_t}{\partial s_t}
        \frac{\partial s_t}{\partial s_k} \frac{\partial s_k}{\partial W}$$ (57)""",
    ("vector", "(68), total", 0): r"""\frac{\partial L_t}{\partial U} = \sum_{k=1}^t \frac{\partial L_t}{\partial s_t}
        \frac{\partial s_t}{\partial s_k} \frac{\partial s_k}{\partial U}$$ (68)""",
    ("scalar", "(11), total", 0): r"""\frac{\partial s_t}{\partial W} = \sum_{1 \le k \le t}
        \frac{\partial s_t}{\partial s_k} \frac{\partial s_k}{\partial W} \tag{11}""",
    ("scalar", "(14), (15)", 0): r"""= W \cdot W \cdot W \cdots \frac{\partial s_k}{\partial W} \tag{14}$$
        $$=W^{t-k}\frac{\partial s_k}{\partial W}\tag{15}""",
    ("scalar", "(16)", 0): r"""\frac{\partial s_t}{\partial W} = \sum_{1 \le k \le t} W^{t-k}
        \frac{\partial s_k}{\partial W} \tag{16}""",
    ("scalar", "(18)", 0): r"""\frac{\partial s_t}{\partial U} = \sum_{1 \le k \le t} W^{t-k}
        \frac{\partial s_k}{\partial U} \tag{18}""",
    ("vector", "(34)", 0): r"\hat{y}_{t,i} = \frac{\exp(g_{t,i})}{\sum_{i=j}^{C} \exp(g_{t,j})}$$ (34)",
    ("vector", "(59), (60), i rising", 0): r"""= \prod_{i=k+1}^{t} \frac{\partial s_i}{\partial s_{i-1}} \tag{59}$$
        $$= \prod_{i=k+1}^{t} \frac{\partial s_i}{\partial z_i} \frac{\partial z_i}{\partial s_{i-1}} \tag{60}""",
    ("vector", "(63)", 0): r"""\prod_{i=k+1}^t \frac{\partial s_i}{\partial z_i} W
        = W^{t-k} \prod_{i=k+1}^t \frac{\partial s_i}{\partial z_i}$$ (63)""",
    (
        "vector",
        "(66), (67)",
        0,
    ): r"""\frac{\partial L_t}{\partial W} = \sum_{k=1}^t \frac{\partial L_t}{\partial s_t} W^{t-k}
        \left(\prod_{i=k}^t \frac{\partial s_i}{\partial z_i} \right) \frac{\partial z_k}{\partial W}$$ (67)""",
    ("vector", "(69)", 0): r"""= \sum_{k=1}^{t} \frac{\partial L_{t}}{\partial s_{t}} W^{t-k}
        \left(\prod_{i=k}^{t} \frac{\partial s_{i}}{\partial z_{i}} \right) \frac{\partial z_{k}}{\partial U} $$ (69)""",
    ("update-rules", "L_t", 1): r"\{L_t} = -\{y_t}\log\hat{\{y_t}}",
    ("update-rules", "V ←", 0): r"\{V} = \{U} - \alpha{\frac{\partial L}{\partial V}}",
    ("update-rules", "(1.3), up to k", 0): r"-\{y_k} + \hat{y_k}\left(\sum_{i=1}^{k}{\{y_i}}\right)",
    ("update-rules", "(2.3), W", 0): r"""\frac{\partial {L}}{\partial {W}} = \sum_{i=1}^{T}\sum_{k=1}^{i}
        \frac{\partial {L_i}}{\partial \hat{y_i}}\frac{\partial \hat{y_i}}{\partial {h_i}}
        \frac{\partial {h_i}}{\partial {h_k}}\frac{\partial \{h_k^+}}{\partial {W}}""",
    ("update-rules", "(2.3), U", 0): r"can be derived in the same manner as \(W\)",
    ("update-rules", "∂h_m/∂h_{m-1}", 0): r"""\frac{\partial h_m}{\partial h_{m-1}} =
        W^Tdiag(1-\tanh^2(Ux_m + Wh_{m-1}))""",
    ("update-rules", "∂L_i/∂h_i", 0): r"""\frac{\partial {L_i}}{\partial \hat{y_i}}
        \frac{\partial \hat{y_i}}{\partial {h_i}} = \hat{y_i} - {y_i}""",
    (
        "update-rules",
        "∂h_k⁺/∂W",
        0,
    ): r"the explicit derivative is \(\frac{\partial {h_k^+}}{\partial {W}} = {h_{k-1}}\)",
    ("update-rules", "∂h_k⁺/∂U", 0): r"\frac{\partial {h_k^+}}{\partial {U}} = {x_{k}}",
    ("update-rules", "(2.4)", 0): PRODUCT + r" {h_{k-1}}",
    ("update-rules", "(2.4), V", 0): PRODUCT + r" {h_{k-1}}",
    ("update-rules", "(2.4), Vᵀ", 0): PRODUCT + r" {h_{k-1}}",
    ("update-rules", "(2.5)", 0): PRODUCT + r" {x_k}",
    ("update-rules", "(2.5), V", 0): PRODUCT + r" {x_k}",
    ("update-rules", "(2.5), Vᵀ", 0): PRODUCT + r" {x_k}",
}


def without_spaces(text: str) -> str:
    """All spaces and line ends left out: they mean nothing in LaTeX's formulas."""
    return "".join(text.split())
