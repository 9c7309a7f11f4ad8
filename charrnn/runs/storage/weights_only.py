"""A checkpoint of weights alone: to give away, and to begin from.

It has the parameters (the average, where a run has one), the vocabulary, the configuration, and how good it is. It has
nothing that only a training needs which goes on: no moments, no hidden states. And it says of no folder what it is
called: of the text, and of the base of a fine-tune, it has the bare names.
"""

from dataclasses import replace
from pathlib import PureWindowsPath

import numpy as np

from charrnn.config.data import Data
from charrnn.errors import NetworkError
from charrnn.network.arrays import Array
from charrnn.package import BUILTIN
from charrnn.runs.storage.checkpoint import HALF, PARAMETERS, Checkpoint
from charrnn.runs.storage.directory import BEST, LAST, PREVIOUS
from charrnn.training.trainer import Progress
from charrnn.words import parameter

LARGEST = float(np.finfo(HALF).max)


def weights_alone(saved: Checkpoint) -> Checkpoint:
    """The same network as a checkpoint of weights alone."""
    network, progress = saved.network, saved.progress
    return replace(
        saved,
        config=saved.config.model_copy(update={"data": _with_bare_names(saved.config.data)}),
        moments={},
        updates=0,
        state=np.zeros(network.architecture.state_shape(1), network.parameters.flat.dtype),
        position=0,
        progress=Progress(step=progress.step, best_loss=progress.best_loss, best_step=progress.best_step),
        text=replace(saved.text, sources=tuple(map(bare_name, saved.text.sources))),
        base=saved.base and saved.base.model_copy(update={"path": _base_name(saved.base.path)}),
        learning=None,
        base_weights=None,
        run_parent=None,
        folder=None,
        weights_only=True,
    )


def halved(tensors: dict[str, Array]) -> dict[str, Array]:
    """Parameters by the names of their tensors, in half precision. Raises NetworkError for one that is too large."""
    found = {}
    for name, tensor in tensors.items():
        with np.errstate(over="ignore"):
            found[name] = tensor.astype(HALF)
        if not np.isfinite(found[name]).all():
            raise NetworkError(
                f"{name.removeprefix(PARAMETERS)} has a weight of {np.abs(tensor).max():,.0f}, and {HALF} ends at "
                f"{LARGEST:,.0f}; leave out {parameter('half')}"
            )
    return found


def bare_name(source: str) -> str:
    """The name of a source without its folders.

    >>> bare_name("/home/june/letters/*.txt"), bare_name("C:\\\\june\\\\play.txt"), bare_name("builtin:harbour")
    ('*.txt', 'play.txt', 'builtin:harbour')
    """
    return source if source.startswith(BUILTIN) else PureWindowsPath(source).name or "text"


def _base_name(path: str) -> str:
    """The bare name of a base: the run's, if it is a checkpoint of one."""
    name, run = bare_name(path), PureWindowsPath(path).parent.name
    return run if run and name in (BEST, LAST, PREVIOUS) else name


def _with_bare_names(data: Data) -> Data:
    """The encodings of single files name them: FILE=NAME."""
    if isinstance(data.encoding, str):
        return data.model_copy(update={"encoding": _with_bare_name(data.encoding)})
    return data.model_copy(update={"encoding": tuple(map(_with_bare_name, data.encoding))})


def _with_bare_name(entry: str) -> str:
    file, equals, name = entry.rpartition("=")
    return f"{bare_name(file)}={name}" if equals else entry
