"""The four documents, and the systems that come from them, by their names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from charrnn.derivations.equation import Equation
from charrnn.derivations.equations import mean_loss, mini_batch, multiple, scalar, update_rules, vanishing, vector
from charrnn.derivations.systems.mean_loss import MeanLoss
from charrnn.derivations.systems.mini_batch import MiniBatch
from charrnn.derivations.systems.multiple import Multiple
from charrnn.derivations.systems.scalar import Scalar
from charrnn.derivations.systems.update_rules import UpdateRules
from charrnn.derivations.systems.vanishing import Recurrence
from charrnn.derivations.systems.vector import Vector


@dataclass(frozen=True)
class Document:
    """One of the four sources."""

    author: str
    title: str
    year: int


DOCUMENTS = {
    "D0": Document("Qazi Zarif Ul Islam", "Backpropagation through time for RNN", 2024),
    "D1": Document("M. M. A.", "Backpropagation Through Time for Recurrent Neural Network", 2019),
    "D2": Document("Yongqiang Huang", "Back Propagation Through Time", 2019),
    "D3": Document("Nemo", "Notes on Forward and Back-Propagation in RNNs", 2023),
}


@dataclass(frozen=True)
class System:
    """A system: its name, document and title, how to make one, its equations, and the settings that it reads."""

    name: str
    document: str
    title: str
    make: Callable[..., Any]  # (case, random) -> an instance
    equations: Callable[[Any], Iterator[Equation]]
    reads: tuple[str, ...]  # of Case


SYSTEMS = {
    system.name: system
    for system in (
        System(
            "mean-loss",
            "D0",
            "mean loss over time, stacked weight, any φ_h, φ_o and loss",
            MeanLoss.random,
            mean_loss.equations,
            ("T", "M", "D", "C", "one_hot", "averaged", "given", "φ_h", "φ_o", "ell"),
        ),
        System(
            "mini-batch",
            "D1",
            "mini-batch with biases, tanh or logistic, softmax",
            MiniBatch.random,
            mini_batch.equations,
            ("T", "M", "D", "C", "B", "one_hot", "averaged", "given", "φ_h"),
        ),
        System(
            "vanishing",
            "D1",
            "products of Jacobians: vanishing, exploding, clipping",
            Recurrence.random,
            vanishing.equations,
            ("T", "M", "D", "one_hot", "given", "φ_h"),
        ),
        System(
            "scalar",
            "D2",
            "section 1: scalar form, a binary classifier",
            Scalar.random,
            scalar.equations,
            ("T", "averaged", "given"),
        ),
        System(
            "vector",
            "D2",
            "section 2: vector form, single data point, no biases",
            Vector.random,
            vector.equations,
            ("T", "M", "D", "C", "one_hot", "averaged", "given"),
        ),
        System(
            "multiple",
            "D2",
            "section 3: vector form, multiple data points; derived here",
            Multiple.random,
            multiple.equations,
            ("T", "M", "D", "C", "B", "one_hot", "averaged", "given"),
        ),
        System(
            "update-rules",
            "D3",
            "the form U, V, W from t = 0, and the update rules",
            UpdateRules.random,
            update_rules.equations,
            ("T", "M", "D", "C", "one_hot", "averaged", "given"),
        ),
    )
}
