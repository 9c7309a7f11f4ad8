"""The plan of a training: every number is decided, nothing is written."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from charrnn.config.schema import SizedConfig
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.runs.planning.run_name import run_name
from charrnn.runs.storage.checkpoint_record import Lineage
from charrnn.text import windows
from charrnn.text.corpus import Corpus
from charrnn.text.reading.folder import Files
from charrnn.text.vocabulary import Ids
from charrnn.training.optim.optimizers import OPTIMIZERS, Optimizer
from charrnn.training.parallel.communicator import Communicator

MAX_EVAL_EVERY = 500  # updates between validations, where none is given
VALIDATIONS = 10  # of a short training, where no interval is given


@dataclass(frozen=True)
class Plan:
    """A training that could start: every number is decided, nothing is written."""

    config: SizedConfig
    corpus: Corpus
    sources: tuple[str, ...]
    notes: tuple[str, ...]  # what the user should know, such as what differs from the request
    text_notes: tuple[str, ...] = ()  # about how the text was read
    files: Mapping[str, Files] = field(default_factory=dict)  # those of each folder and pattern among the sources
    weights: Network | None = None  # to start with, in place of fresh ones
    lineage: Lineage | None = None  # where the weights of a fine-tune come from
    ranks: Communicator = field(default_factory=Communicator)  # the processes that train together
    warning: str | None = None  # the note that speaks against this training, if there is one

    @property
    def windows_per_epoch(self) -> int:
        """Number of updates in one pass over the training split."""
        training = self.config.training
        return windows.Windows(
            self.corpus.split("train"), training.batch_size, training.sequence_length, training.stride
        ).per_epoch

    @property
    def steps(self) -> int:
        """Number of updates in all."""
        training = self.config.training
        return training.steps or max(1, math.ceil(training.epochs * self.windows_per_epoch))

    @property
    def eval_every(self) -> int:
        """Number of updates between validations."""
        return self.config.training.eval_every or min(MAX_EVAL_EVERY, max(1, self.steps // VALIDATIONS))

    @property
    def parameters(self) -> int:
        """Number of parameters that learn or are frozen; biases that are held at 0 do not count."""
        shapes = self.architecture.shapes()
        held = {name: shapes[name] for name in self.architecture.held_biases()}
        return Parameters.size(shapes) - Parameters.size(held)

    @property
    def valid(self) -> Ids:
        """The ids that a validation reads, (slices, characters of each): the beginning of each slice."""
        slices, most = self.corpus.slices("valid"), self.config.training.eval_characters
        return slices if most is None else slices[:, : max(2, most // len(slices))]

    @property
    def threads(self) -> int:
        """Number of threads that share the streams."""
        return self.config.runtime.threads or 1

    def optimizer(self, network: Network) -> Optimizer:
        """A fresh optimizer for the parameters of `network`."""
        training = self.config.training
        return OPTIMIZERS[training.optimizer](network.parameters.flat, training.weight_decay)

    @property
    def name(self) -> str:
        """The name of a run on this text."""
        return run_name(self.sources[0])

    @property
    def architecture(self) -> Architecture:
        """The network that is trained."""
        return self.config.model.architecture(len(self.corpus.vocabulary))

    def with_steps(self, steps: int, *notes: str, eval_every: int | None = None) -> "Plan":
        """The same plan with another number of steps in all, and notes of why. `eval_every`: None keeps the plan's."""
        every = eval_every or self.config.training.eval_every
        config = self.config.with_values("training", steps=steps, eval_every=every)
        return replace(self, config=config).with_notes(*notes)

    def with_notes(self, *notes: str | None) -> "Plan":
        """The same plan with further notes; None adds nothing."""
        return replace(self, notes=(*self.notes, *filter(None, notes)))
