"""Norms of products of Jacobians, ∂s_t/∂s_k = J_t J_{t-1} ... J_{k+1}, by the lag t - k.

A loss at step t reaches what happened `lag` steps before through such a product alone: a gradient g at t is g
J_t ... J_{k+1} at k. Two norms measure what is left of it:

    rms       ‖∂h_t/∂h_k‖_F / √H     the factor for a gradient of random direction, root mean square
    largest   ‖∂h_t/∂h_k‖_2          the factor for the direction that it scales most; at least rms

Both are 1 at lag 0, and for an orthogonal product. They are kept as natural logarithms: each product is divided by its
largest entry at each lag, so nothing under- or overflows over any number of lags.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from charrnn.diagnostics.gradflow.jacobians import Jacobians
from charrnn.network.arrays import Array

DIRECTIONS, ROUNDS, CLOSE = 8, 50, 1e-6  # of subspace iteration: until σ changes by a share below CLOSE, or ROUNDS
SEED = 0  # of the first directions, and of those that are followed


@dataclass(frozen=True)
class Norms:
    """Natural logarithms by lag, (T + 1, P) each; -inf where nothing is left."""

    rms: Array
    largest: Array


def norms_by_lag(jacobians: Jacobians, T: int, P: int, H: int, S: int) -> tuple[list[Norms], Array]:
    """From the last of T steps back, in P streams: the norms of each state by itself (h, for the LSTM then c: the
    diagonal blocks of the product), and log ‖·‖_F of the whole product, (T + 1, P).
    """
    start = np.broadcast_to(np.eye(S * H), (P, S * H, S * H)).copy()
    followers = [_LargestSingularValue(P, H) for _ in range(S)]
    whole = np.zeros((T + 1, P))
    norms = [Norms(np.zeros((T + 1, P)), np.zeros((T + 1, P))) for _ in range(S)]
    for lag, product, scale in _products(jacobians, T, start):
        whole[lag] = scale + _log(np.linalg.norm(product, axis=(1, 2)))
        for number, (found, follower) in enumerate(zip(norms, followers, strict=True)):
            own = slice(number * H, (number + 1) * H)
            block = product[:, own, own]
            found.rms[lag] = scale + _log(np.linalg.norm(block, axis=(1, 2)) / np.sqrt(H))
            found.largest[lag] = scale + _log(follower(block))
    return norms, whole


def rms_by_lag(jacobians: Jacobians, T: int, P: int, S: int, directions: Array) -> tuple[list[Array], Array]:
    """`rms` and the whole, as in norms_by_lag, estimated by orthonormal directions, (K, H), in each state; exact for
    K = H. Each (T + 1, P).
    """
    K, H = directions.shape
    start = np.zeros((P, S * K, S * H), directions.dtype)
    for state in range(S):
        start[:, state * K : (state + 1) * K, state * H : (state + 1) * H] = directions
    whole, rms = np.zeros((T + 1, P)), [np.zeros((T + 1, P)) for _ in range(S)]
    for lag, product, scale in _products(jacobians, T, start):
        whole[lag] = scale + _log(np.linalg.norm(product, axis=(1, 2)))
        for number, found in enumerate(rms):
            block = product[:, number * K : (number + 1) * K, number * H : (number + 1) * H]
            found[lag] = scale + _log(np.linalg.norm(block, axis=(1, 2)) / np.sqrt(K))
    return rms, whole


def random_directions(K: int, H: int) -> Array:
    """K orthonormal rows, (K, H), at most H; always the same.

    >>> random_directions(8, 3).shape
    (3, 3)
    """
    return np.asarray(np.linalg.qr(np.random.default_rng(SEED).standard_normal((H, min(K, H)))).Q.T)


def _products(jacobians: Jacobians, T: int, start: Array) -> Iterator[tuple[int, Array, Array]]:
    """For each lag: the lag, `start` J_T J_{T-1} ..., (P, ., .), divided by its largest entry at each lag, and the
    logarithm of what it was divided by, (P,).
    """
    product, scale = start, np.zeros(len(start))
    yield 0, product, scale
    for lag in range(1, T + 1):
        product = jacobians(T - lag).after(product)
        size = np.maximum(product.max(axis=(1, 2)), -product.min(axis=(1, 2)))
        size[size == 0] = 1
        product /= size[:, np.newaxis, np.newaxis]
        scale += np.log(size)
        yield lag, product, scale


class _LargestSingularValue:
    """Subspace iteration on M Mᵀ, from the directions of the lag before: J_t ... J_k and J_t ... J_{k+1} stretch nearly
    the same ones. Several at once, because the largest singular values are often close together.
    """

    def __init__(self, P: int, H: int) -> None:
        self._u = np.random.default_rng(SEED).standard_normal((P, min(DIRECTIONS, H), H))

    def __call__(self, M: Array) -> Array:
        """The largest singular value of each matrix of (P, H, H), (P,)."""
        before, lives = np.full(len(M), np.inf), M.any(axis=(1, 2))
        for _ in range(ROUNDS):
            v = np.linalg.qr((self._u @ M).swapaxes(1, 2)).Q.swapaxes(1, 2)
            u = v @ M.swapaxes(1, 2)  # as rows: M vᵀ
            σ = np.asarray(np.linalg.norm(u, 2, axis=(1, 2)))
            if not σ[lives].all():  # the first directions were orthogonal to all that comes through
                return np.asarray(np.linalg.norm(M, 2, axis=(1, 2)))
            self._u = u
            if (np.abs(σ - before) <= CLOSE * σ).all():
                break
            before = σ
        return σ


def _log(values: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(values))
