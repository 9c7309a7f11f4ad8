"""charrnn's own trainer and generator."""

from collections.abc import Callable

import numpy as np
from common import RATE, WINDOWS, V
from threadpoolctl import threadpool_limits

from charrnn.generation.generator import Generator
from charrnn.generation.sampling import Options
from charrnn.learning.clipping import Clipping
from charrnn.learning.optimizers import Adam
from charrnn.learning.parallel import StreamSplit
from charrnn.learning.schedules import Schedule
from charrnn.learning.trainer import Trainer
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.text.vocabulary import Vocabulary
from charrnn.text.windows import Windows


def training(cell: str, H: int, B: int, T: int, threads: int) -> Callable[[], None]:
    """One update of the trainer."""
    ids = np.random.default_rng(0).integers(0, V, WINDOWS * B * T + 1).astype(np.uint8)
    network = Network.fresh(Architecture(V, H, cell), np.random.default_rng(0))
    trainer = Trainer(
        network=network,
        windows=Windows(ids, B, T),
        state=network.zero_state(B),
        valid=ids[:0],
        optimizer=Adam(network.parameters.flat),
        schedule=Schedule("constant", RATE, 1),
        clipping=Clipping(1.0),
        eval_every=1,
        threads=threads,
    )
    split = StreamSplit(network, threads)

    threadpool_limits(1, user_api="blas")  # for the life of this process, as during a training
    return lambda: trainer.step(split)


def sampling(cell: str, H: int, B: int, T: int, threads: int) -> Callable[[], object]:
    """T characters for each of B texts."""
    network = Network.fresh(Architecture(V, H, cell), np.random.default_rng(0))
    generator = Generator(network, Vocabulary.of_text("".join(map(chr, range(33, 33 + V)))))
    options, seeds = Options(temperature=0.8), range(B)
    if B == 1:
        return lambda: "".join(generator.generate("!", T, options, 0))
    return lambda: generator.generate_many("!", T, options, seeds)
