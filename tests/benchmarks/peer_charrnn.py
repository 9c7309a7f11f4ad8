"""charrnn's own trainer and generator."""

from collections.abc import Callable

import numpy as np
from common import V, charrnn_trainer
from threadpoolctl import threadpool_limits

from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NetworkPredictor
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.sampling import SamplingOptions
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.text.vocabulary import Vocabulary
from charrnn.training.parallel.data_parallel import DataParallel


def training(cell: str, H: int, B: int, T: int, threads: int) -> Callable[[], object]:
    """One update of the trainer."""
    trainer = charrnn_trainer(cell, H, B, T, threads)
    split = DataParallel(trainer.network, threads)
    threadpool_limits(1, user_api="blas")  # for the life of this process, as during a training
    return lambda: trainer.step(split)


def sampling(cell: str, H: int, B: int, T: int, threads: int) -> Callable[[], object]:
    """T characters for each of B texts."""
    network = Network.fresh(Architecture(V, H, cell), np.random.default_rng(0))
    predictor = NetworkPredictor(network, exact=False)  # as PyTorch: one batched product for all texts
    generator = Generator(predictor, Vocabulary.from_text("".join(map(chr, range(33, 33 + V)))))
    options, seeds = SamplingOptions(temperature=0.8), range(B)
    if B == 1:
        return lambda: "".join(generator.stream(SampleRequest("!", T, options), 0))
    return lambda: generator.sample(SampleRequest("!", T, options), seeds)
