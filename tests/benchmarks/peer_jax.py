"""Idiomatic JAX: the whole update in one jit, the recurrence as a scan, the input as a look-up, Adam from optax."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from common import RATE, WINDOWS, V, windows

Weights = dict[str, jax.Array]
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def training(cell: str, H: int, B: int, T: int, threads: int) -> Callable[[], None]:
    """One update; XLA uses all threads of the machine."""
    w = _weights(cell, H)
    adam = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(RATE))
    text = windows(B, T).astype(np.int32)
    carried: dict[str, Any] = {"w": w, "moments": adam.init(w), "state": _zero(cell, B, H), "window": 0}

    @partial(jax.jit, donate_argnums=(0, 1, 2))
    def update(w: Weights, moments: Any, state: Any, window: jax.Array) -> Any:
        (loss, state), gradient = jax.value_and_grad(partial(_loss, cell), has_aux=True)(w, state, window)
        change, moments = adam.update(gradient, moments, w)
        return optax.apply_updates(w, change), moments, state, loss

    def step() -> None:
        window = text[carried["window"] % WINDOWS]
        carried["window"] += 1
        carried["w"], carried["moments"], carried["state"], loss = update(
            carried["w"], carried["moments"], carried["state"], window
        )
        float(loss)

    return step


def _loss(cell: str, w: Weights, state: Any, window: jax.Array) -> tuple[jax.Array, Any]:
    state, h = jax.lax.scan(partial(_step, cell, w), state, w["W_xh"][window[:-1]] + w["b_h"])
    log_p = jax.nn.log_softmax(h @ w["W_hy"] + w["b_y"])
    return -jnp.take_along_axis(log_p, window[1:, :, None], axis=-1).mean(), state


def _step(cell: str, w: Weights, state: Any, x_a: jax.Array) -> tuple[Any, jax.Array]:
    if cell == "rnn":
        h = jnp.tanh(x_a + state @ w["W_hh"])
        return h, h
    if cell == "gru":
        (x_r, x_z, x_n), (h_r, h_z, h_n) = (jnp.split(a, 3, axis=-1) for a in (x_a, state @ w["W_hh"] + w["b_hh"]))
        r, z = jax.nn.sigmoid(x_r + h_r), jax.nn.sigmoid(x_z + h_z)
        n = jnp.tanh(x_n + r * h_n)
        h = n + z * (state - n)
        return h, h
    h, c = state
    a_i, a_f, a_o, a_g = jnp.split(x_a + h @ w["W_hh"], 4, axis=-1)
    c = jax.nn.sigmoid(a_f) * c + jax.nn.sigmoid(a_i) * jnp.tanh(a_g)
    h = jax.nn.sigmoid(a_o) * jnp.tanh(c)
    return (h, c), h


def _weights(cell: str, H: int) -> Weights:
    random, G = np.random.default_rng(0), GATES[cell]
    bound = H**-0.5
    shapes = {"W_xh": (V, G * H), "W_hh": (H, G * H), "b_h": (G * H,), "W_hy": (H, V), "b_y": (V,)}
    if cell == "gru":
        shapes["b_hh"] = (G * H,)
    return {name: jnp.asarray(random.uniform(-bound, bound, shape), jnp.float32) for name, shape in shapes.items()}


def _zero(cell: str, B: int, H: int) -> Any:
    return (jnp.zeros((B, H)), jnp.zeros((B, H))) if cell == "lstm" else jnp.zeros((B, H))
