"""The verbs of charrnn, assembled from its rooms; the command line and Python programs call these."""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.checks import gradcheck as checks
from charrnn.checks.oracles import ORACLES
from charrnn.errors import CheckpointError, NetworkError, RunError
from charrnn.generation.generator import Generator
from charrnn.generation.sampling import Options
from charrnn.learning.clipping import Clipping
from charrnn.learning.events import Evaluated, Event, Sampled, Stepped
from charrnn.learning.optimizers import OPTIMIZERS, Optimizer
from charrnn.learning.parallel import StreamSplit, available_cores, one_blas_thread
from charrnn.learning.schedules import Schedule
from charrnn.learning.trainer import Progress, Trainer
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.runs import checkpoint, configuration, directory
from charrnn.runs.checkpoint import Checkpoint, TextRecord
from charrnn.runs.config import Config
from charrnn.text import corpus as corpora
from charrnn.text import windows
from charrnn.text.corpus import Corpus
from charrnn.text.source import DEFAULT_SOURCE

STREAMS_PER_THREAD = 8  # fewer, and handing out the work costs more than a further thread brings
SAMPLE_LENGTH = 200  # characters shown now and then while training


@dataclass(frozen=True)
class Plan:
    """A training that could begin: every number is decided, nothing is written."""

    config: Config
    corpus: Corpus
    sources: tuple[str, ...]
    notes: tuple[str, ...]  # what was decided differently from what was asked

    @property
    def windows_per_epoch(self) -> int:
        """Updates in one pass over the training split."""
        training = self.config.training
        return windows.Windows(self.corpus.split("train"), training.batch_size, training.sequence_length).per_epoch

    @property
    def steps(self) -> int:
        """Updates in all."""
        return self.config.training.steps or max(1, math.ceil(self.config.training.epochs * self.windows_per_epoch))

    @property
    def parameters(self) -> int:
        """Numbers to learn."""
        return sum(map(math.prod, self._architecture.shapes().values()))

    def memory(self) -> int:
        """Bytes of all arrays of the training, the interpreter and its libraries not counted."""
        training = self.config.training
        network = Network(self._architecture, Parameters(self._architecture.shapes(), training.precision))
        split = StreamSplit(network, training.sequence_length, training.batch_size, self.threads)
        optimizer = _optimizer(self.config, network)
        split.close()
        vectors = 2 + len(optimizer.moments)  # the weights, and the optimizer's room to work in
        return split.nbytes + vectors * network.parameters.flat.nbytes + self.corpus.ids.nbytes

    @property
    def threads(self) -> int:
        """Threads that share the streams."""
        return self.config.runtime.threads or 1

    @property
    def _architecture(self) -> Any:
        return self.config.model.architecture(len(self.corpus.vocabulary))


class Run:
    """A training with its directory, ready to go on."""

    def __init__(self, plan: Plan, path: Path, trainer: Trainer) -> None:
        self.plan, self.path, self.trainer = plan, path, trainer

    def events(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Train, sample, save and log; yield each fact as it comes. Stopping at any of them loses nothing but what
        came after the last save.

        Raises DivergedError, and RunError when the directory cannot be written.
        """
        training = self.plan.config.training
        events = self.trainer.train(self.plan.steps, should_stop)
        events = self._sampling(events, training.sample_every)
        events = directory.saving(events, self.checkpoint, self.path, training.save_every)
        with one_blas_thread():
            yield from directory.logged(events, self.path)

    def checkpoint(self) -> Checkpoint:
        """The training as it stands."""
        trainer, plan = self.trainer, self.plan
        return Checkpoint(
            config=plan.config,
            vocabulary=plan.corpus.vocabulary,
            network=trainer.network,
            moments=trainer.optimizer.moments,
            updates=trainer.optimizer.updates,
            state=trainer.state,
            position=trainer.windows.position,
            progress=trainer.progress,
            text=TextRecord(plan.sources, plan.corpus.sha256, len(plan.corpus.ids)),
        )

    def _sampling(self, events: Iterable[Event], every: int | None) -> Iterator[Event]:
        """Pass the events on, with a sample after each evaluation, or after every so many steps (0: never)."""
        for event in events:
            yield event
            due = (
                isinstance(event, Evaluated)
                if every is None
                else isinstance(event, Stepped) and every and event.step % every == 0
            )
            if due:
                yield Sampled(event.step, self._sample(event.step))

    def _sample(self, step: int) -> str:
        generator = Generator(self.trainer.network, self.plan.corpus.vocabulary)
        seed = (self.plan.config.training.seed, step)
        return "".join(generator.generate("", SAMPLE_LENGTH, Options(), seed))


def plan(sources: Sequence[str] = (), config: Config | None = None) -> Plan:
    """Read the sources (none: the built-in text) and decide on every number.

    Raises TextError, VocabularyError and NetworkError.
    """
    config = config or Config()
    sources = tuple(sources) or (DEFAULT_SOURCE,)
    text = corpora.read_text(sources, config.data.unit, config.data.encoding)
    corpus = corpora.build(text, text.vocabulary(config.data.min_count), config.data.split)
    config, notes = _fitted(config, len(corpus.split("train")))
    return Plan(config, corpus, tuple(map(_absolute, sources)), notes)


def start(plan: Plan, out: Path | None = None) -> Run:
    """Make the run directory (none named: the next free one below runs/) and a fresh network.

    Raises RunError when the directory holds something or cannot be made.
    """
    config = plan.config
    path = out or directory.next_free(Path("runs"), _run_name(plan.sources[0]))
    directory.create(path, configuration.to_yaml(config))
    generator = np.random.default_rng(config.training.seed)
    architecture = config.model.architecture(len(plan.corpus.vocabulary))
    network = _allocated(lambda: Network.fresh(architecture, generator, config.training.precision))
    return Run(plan, path, _trainer(plan, network))


def resume(path: Path, sources: Sequence[str] = (), steps: int | None = None, epochs: float | None = None) -> Run:
    """Take up a run where its last checkpoint stands; `steps` or `epochs` may set a new end.

    Raises RunError where there is nothing to resume or the text has changed, and CheckpointError.
    """
    saved = directory.load_last(path)
    resumed = _plan_again(saved, sources, path)
    old_end = resumed.steps
    if steps is not None or epochs is not None:
        config = saved.config.replaced("training", steps=steps, epochs=epochs or saved.config.training.epochs)
        resumed = Plan(config, resumed.corpus, resumed.sources, ())
        resumed = Plan(config, resumed.corpus, resumed.sources, _new_end(old_end, resumed.steps, config))
        directory.rewrite_config(path, configuration.to_yaml(config))
    trainer = _trainer(resumed, saved.network)
    trainer.windows.position, trainer.state, trainer.progress = saved.position, saved.state, saved.progress
    _restore(trainer.optimizer, saved)
    return Run(resumed, path, trainer)


def sample(run: Path, which: str | None = None) -> tuple[Generator, Path]:
    """A generator for a run directory or checkpoint, and the file that it came from. `which`: best, last, or None for
    the best there is.

    Raises RunError and CheckpointError.
    """
    path = directory.find_checkpoint(run, which)
    loaded = checkpoint.load(path)
    return Generator(loaded.network, loaded.vocabulary), path


def gradcheck(
    config: Config | None = None,
    run: Path | None = None,
    oracles: Sequence[str] = (),
    tolerance: float | None = None,
    seed: int = 0,
    entries: int | None = None,
) -> Iterator[checks.Check]:
    """Compare the hand-written gradients with the oracles (none named: all): for a small network of the configuration's
    kind, or for the trained weights of a run.

    Raises CheckError, RunError and CheckpointError.
    """
    if run is None:
        case = checks.small_case((config or Config()).model.architecture(checks.V), seed)
    else:
        network = checkpoint.load(directory.find_checkpoint(run)).network
        case = checks.random_window(network, np.random.default_rng(seed))
    yield from checks.gradcheck(case, tuple(oracles) or tuple(ORACLES), tolerance, entries, seed)


def _fitted(config: Config, characters: int) -> tuple[Config, tuple[str, ...]]:
    """The configuration with batch, window and threads as this text and this machine allow, and what to say of it."""
    asked = config.training.batch_size, config.training.sequence_length
    B, T = windows.fit(characters, *asked)
    notes = []
    if (B, T) != asked:
        notes.append(
            f"the training split has {characters:,} characters, too few for {asked[0]} streams x {asked[1]} characters: "
            f"reading {B} streams x {T} characters"
        )
    threads = config.runtime.threads or max(1, min(available_cores(), B // STREAMS_PER_THREAD))
    config = config.replaced("training", batch_size=B, sequence_length=T).replaced("runtime", threads=threads)
    return config, tuple(notes)


def _trainer(plan: Plan, network: Network) -> Trainer:
    training, corpus = plan.config.training, plan.corpus
    return Trainer(
        network=network,
        windows=windows.Windows(corpus.split("train"), training.batch_size, training.sequence_length),
        state=network.zero_state(training.batch_size),
        valid=corpus.split("valid"),
        optimizer=_optimizer(plan.config, network),
        schedule=Schedule(training.schedule, training.learning_rate, plan.steps, training.warmup_steps),
        clipping=Clipping(training.max_grad_norm, training.max_grad_value),
        eval_every=training.eval_every,
        patience=training.patience,
        threads=plan.threads,
        progress=Progress(),
    )


def _optimizer(config: Config, network: Network) -> Optimizer:
    return OPTIMIZERS[config.training.optimizer](network.parameters.flat, config.training.weight_decay)


def _restore(optimizer: Optimizer, saved: Checkpoint) -> None:
    if saved.moments.keys() != optimizer.moments.keys():
        raise CheckpointError(
            f"the checkpoint holds the moments {sorted(saved.moments)}; its optimizer needs {sorted(optimizer.moments)}"
        )
    for name, moment in optimizer.moments.items():
        moment[:] = saved.moments[name]
    optimizer.updates = saved.updates


def _plan_again(saved: Checkpoint, sources: Sequence[str], path: Path) -> Plan:
    """The plan of a run that is resumed: the same text, or an error that says what differs."""
    if not sources and "-" in saved.text.sources:
        raise RunError(
            f"--resume {path}: its text came from standard input; give it again: charrnn train --resume {path} - < TEXT"
        )
    sources = tuple(sources) or saved.text.sources
    text = corpora.read_text(sources, saved.config.data.unit, saved.config.data.encoding)
    if text.sha256 != saved.text.sha256:
        raise RunError(
            f"--resume {path}: the text differs from the one it was trained on: {', '.join(sources)} has {len(text.content):,} "
            f"characters, SHA-256 {text.sha256[:12]}...; the run's had {saved.text.characters:,}, {saved.text.sha256[:12]}..."
        )
    return Plan(
        saved.config, corpora.build(text, saved.vocabulary, saved.config.data.split), tuple(map(_absolute, sources)), ()
    )


def _new_end(old: int, new: int, config: Config) -> tuple[str, ...]:
    if old == new:
        return ()
    return (
        f"the end moves from step {old:,} to {new:,}; the {config.training.schedule} schedule now runs over {new:,} steps",
    )


def _absolute(source: str) -> str:
    return source if source == "-" or source.startswith("builtin:") else os.path.abspath(source)


def _run_name(source: str) -> str:
    name = "stdin" if source == "-" else Path(source.removeprefix("builtin:")).name.split(".")[0]
    return "".join(character if character.isalnum() or character in "-_" else "-" for character in name) or "run"


def _allocated(make: Callable[[], Network]) -> Network:
    try:
        return make()
    except MemoryError:
        raise NetworkError("the network does not fit into this machine's memory; lower model.hidden_size") from None
