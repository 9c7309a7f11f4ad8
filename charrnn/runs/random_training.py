"""A training of a configuration on random characters: what a benchmark times, without a text."""

import numpy as np

from charrnn.config import sizing
from charrnn.config.schema import Config
from charrnn.network.network import Network
from charrnn.runs.planning.memory_estimate import describe_network, require_memory
from charrnn.runs.planning.plan import Plan
from charrnn.runs.trainer_state import build_trainer
from charrnn.stages import OnStage, ignore_stage
from charrnn.text.characters.unit_names import amount
from charrnn.text.corpus import Corpus
from charrnn.text.splits import Cuts
from charrnn.text.vocabulary import Ids, Vocabulary
from charrnn.training.optim.schedules import Schedule
from charrnn.training.parallel.data_parallel import fastest_threads
from charrnn.training.trainer import Trainer

VOCABULARIES = {"char": Vocabulary(tuple(map(chr, range(32, 32 + 65)))), "byte": Vocabulary.from_bytes()}
"""As many characters as English prose has with its punctuation, and the 256 bytes."""
WINDOWS = 10  # of random text, read repeatedly
LEARNING_RATE = 1e-3  # constant, so that a measurement does not diverge


def random_trainer(config: Config, on_stage: OnStage = ignore_stage) -> Trainer:
    """A trainer of a configuration, before its first step. Sizes that are null are those for a text of a million
    characters.

    `on_stage` is called with its network. Raises NetworkError, also if this machine has too little memory.
    """
    sized = sizing.fill_sizes(config, sizing.TYPICAL_LENGTH)
    training, vocabulary = sized.training, VOCABULARIES[sized.data.unit]
    architecture = sized.model.architecture(len(vocabulary))
    B, T = training.batch_size, training.sequence_length
    threads = sized.runtime.threads or fastest_threads(architecture, T, max(1, B // training.accumulate))
    length = WINDOWS * B * T + 1
    cuts = Cuts(slices=1, length=length, bounds=(0, length, length, length))  # all of it to train on
    ids = np.empty(length, np.uint32)  # filled once all fits into the memory
    corpus = Corpus(ids, vocabulary, cuts, sha256="")
    plan = Plan(sized.with_values("runtime", threads=threads), corpus, sources=(), notes=())
    require_memory(plan)
    on_stage(f"{describe_network(plan)}, {B:,} streams x {amount(T, sized.data.unit)}")
    ids[:] = random_text(len(vocabulary), length)
    trainer = build_trainer(plan, Network.fresh(architecture, np.random.default_rng(0), training.precision))
    trainer.schedule = Schedule("constant", LEARNING_RATE, steps=1)
    return trainer


def random_text(vocab_size: int, length: int) -> Ids:
    """Ids, (length,), as uneven as the characters of English: each half as frequent as the one six ranks ahead."""
    p = 0.5 ** (np.arange(vocab_size) / 6)
    return np.random.default_rng(0).choice(vocab_size, length, p=p / p.sum()).astype(np.uint32)
