"""A trainer built from a plan, captured in a checkpoint, and restored from one."""

import numpy as np

from charrnn.network.network import Network
from charrnn.network.weight_dropout import WeightDropout
from charrnn.runs.planning.plan import Plan
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.runs.storage.checkpoint_record import TextRecord, versions
from charrnn.runs.storage.text_place import parent_from_text
from charrnn.system.files.folder_handle import Folder
from charrnn.text.windows import Windows
from charrnn.training.optim.clipping import Clipping
from charrnn.training.optim.ema import WeightEMA
from charrnn.training.optim.freezing import FrozenParameters
from charrnn.training.optim.l2_sp import L2SP
from charrnn.training.optim.look_up_rate import LookUpRate
from charrnn.training.optim.schedules import Schedule
from charrnn.training.trainer import Trainer


def capture(trainer: Trainer, plan: Plan, folder: Folder | None = None) -> Checkpoint:
    """The state of a training of this plan, with the streams of all ranks: what `restore` puts back. `folder` is its
    run directory.
    """
    return Checkpoint(
        config=plan.config,
        vocabulary=plan.corpus.vocabulary,
        network=trainer.result,
        learning=trainer.network.parameters.flat if trainer.ema else None,
        base_weights=trainer.l2_sp.base if trainer.l2_sp else None,
        moments=trainer.optimizer.moments,
        updates=trainer.optimizer.updates,
        state=trainer.ranks.all_gather_concat(trainer.state, axis=1),
        position=trainer.windows.position,
        progress=trainer.progress,
        text=TextRecord(plan.sources, plan.corpus.sha256, len(plan.corpus.ids)),
        versions=versions(plan.ranks.size),
        base=plan.lineage,
        run_parent=parent_from_text(plan.sources, folder.path) if folder else None,
    )


def restore(trainer: Trainer, saved: Checkpoint) -> None:
    """Put a trainer into the state of a checkpoint, with this rank's streams."""
    if trainer.ema:  # first: a run that is resumed learns with the very network of its checkpoint
        trainer.ema.flat[:] = saved.network.parameters.flat
    trainer.network.parameters.flat[:] = saved.network.parameters.flat if saved.learning is None else saved.learning
    if trainer.l2_sp:
        trainer.l2_sp.base[:] = saved.base_weights
    for name, moment in trainer.optimizer.moments.items():
        moment[:] = saved.moments[name]
    trainer.optimizer.updates = saved.updates
    trainer.windows.position, trainer.progress = saved.position, saved.progress
    trainer.state = np.ascontiguousarray(saved.state[:, trainer.windows.streams])


def build_trainer(plan: Plan, network: Network) -> Trainer:
    """The trainer of a plan, before its first step. In a fine-tune, `network` has the weights of the base."""
    training, corpus = plan.config.training, plan.corpus
    streams = plan.ranks.local_streams(training.batch_size)
    return Trainer(
        network=network,
        windows=Windows(
            corpus.split("train"),
            training.batch_size,
            training.sequence_length,
            training.stride,
            reset_probability=training.reset_probability,
            seed=training.seed,
            end_id=corpus.vocabulary.end_id,
            streams=streams,
        ),
        state=network.zero_state(streams.stop - streams.start),
        valid=plan.valid,
        optimizer=plan.optimizer(network),
        schedule=Schedule(training.schedule, training.learning_rate, plan.steps, training.warmup_steps),
        clipping=Clipping(training.max_grad_norm, training.max_grad_value),
        eval_every=plan.eval_every,
        patience=training.patience,
        threads=plan.threads,
        dropout=plan.config.model.dropout,
        label_smoothing=training.label_smoothing,
        seed=training.seed,
        weight_dropout=WeightDropout.from_network(network, plan.config.model.weight_dropout, training.seed),
        ema=WeightEMA(network, training.ema_decay) if training.ema_decay else None,
        l2_sp=L2SP(network.parameters.flat.copy(), training.l2_sp) if training.l2_sp else None,
        frozen=FrozenParameters.from_network(network, training.freeze),
        look_up_rate=LookUpRate.from_network(network, training.look_up_rate),
        accumulate=training.accumulate,
        is_fine_tune=plan.lineage is not None,
        ranks=plan.ranks,
    )
