"""Run by mpiexec: compare the gradient of one step over all ranks with that of one process, for each kind of training."""

import itertools
import json
import sys

import numpy as np

from charrnn.config.resolve import resolve
from charrnn.network.architecture import CELLS
from charrnn.network.dropout import Dropout
from charrnn.runs.planning.new_plan import make_plan
from charrnn.runs.run import initial_network
from charrnn.runs.trainer_state import build_trainer
from charrnn.training.parallel.communicator import Communicator
from charrnn.training.parallel.data_parallel import DataParallel
from charrnn.training.parallel.mpi import MPICommunicator

KINDS = {
    "plain": [],
    "dropout": ["model.dropout=0.3", "model.num_layers=3"],
    "deep": ["model.readout=deep", "model.num_layers=2"],
    "stride": ["training.stride=3"],
    "documents": ["data.boundary=\n"],
    "accumulate": ["training.accumulate=2"],
    "resets": ["training.reset_probability=0.5"],
    "smoothed": ["training.label_smoothing=0.1"],
}


def step(text, settings, ranks):
    """The loss and the gradient of the third window."""
    plan = make_plan([text], resolve(None, settings).config, ranks=ranks)
    trainer = build_trainer(plan, initial_network(plan))
    split = DataParallel(trainer.network, 1, ranks, plan.config.training.accumulate)
    for number in range(3):
        window = next(trainer.windows)
        trainer.state[:, window.fresh_streams] = 0
        dropout = Dropout(0.3, 0, number, trainer.windows.streams.start) if plan.config.model.dropout else None
        loss = split.loss_and_gradient(window, trainer.state, dropout, trainer.label_smoothing)
    return loss, split.gradient.flat.copy(), ranks.all_gather_concat(trainer.state, axis=1)


def main():
    text, comm, found = sys.argv[1], MPICommunicator(), {}
    for cell, precision, (kind, more) in itertools.product(CELLS, ("float32", "float64"), KINDS.items()):
        settings = [f"model.cell={cell}", f"training.precision={precision}", *sys.argv[2:], *more]
        settings = [
            setting
            for setting in settings
            if not (setting.startswith("training.precision=float64") and precision == "float32")
        ]
        loss, gradient, state = step(text, settings, comm)
        alone = step(text, settings, Communicator())
        scale = np.abs(alone[1]).max()
        found[f"{cell} {precision} {kind}"] = (
            float(np.abs(gradient - alone[1]).max() / scale),
            abs(loss - alone[0]),
            float(np.abs(state - alone[2]).max()),
            float(scale),
        )
    same = len({gradient.tobytes() for gradient in comm.all_gather(gradient)}) == 1
    if comm.rank == 0:
        print(json.dumps({"same": same, "size": comm.size, "errors": found}))


main()
