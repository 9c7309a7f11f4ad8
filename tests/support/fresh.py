"""Checkpoints of networks that were never trained."""

from dataclasses import replace

import numpy as np

from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.runs.storage.checkpoint import load


def checkpoint(run, vocabulary, smoothing=0.0, scale=1.5, **architecture):
    """The checkpoint of a run with another network: with random weights and biases, and another vocabulary."""
    saved = load(run / "best.safetensors")
    random = np.random.default_rng(0)
    network = Network.fresh(Architecture(len(vocabulary), **{"hidden_size": 24} | architecture), random)
    network.parameters.flat[:] *= scale
    if network.architecture.bias:
        for name, weight in network.parameters.items():
            weight += name.startswith("b") * random.normal(0, 0.5, weight.shape).astype(weight.dtype)
    training = saved.config.training.model_copy(update={"label_smoothing": smoothing})
    config = saved.config.model_copy(update={"training": training})
    return replace(saved, network=network, vocabulary=vocabulary, config=config)
