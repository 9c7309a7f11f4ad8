"""What all ranks of a training must agree on before its first step."""

from charrnn.config.resolve import flatten
from charrnn.config.schema import Config, SizedTraining
from charrnn.errors import RunError
from charrnn.network.architecture import Architecture
from charrnn.runs.storage.checkpoint_record import versions
from charrnn.training.parallel import data_parallel
from charrnn.training.parallel.communicator import Communicator
from charrnn.words import parameter


def require_same_inputs(config: Config, sha256: str, ranks: Communicator, weights_sha256: str | None = None) -> None:
    """Raises RunError if a rank has another text, another configuration, other versions or, for a fine-tune, other
    weights than rank 0.
    """
    facts = {"the text's SHA-256": sha256, "the SHA-256 of the weights of the base": str(weights_sha256), **versions()}
    facts |= {key: str(value) for key, value in flatten(config)}
    first, *others = ranks.all_gather(facts)
    for rank, found in enumerate(others, start=1):
        for name, value in first.items():
            if found.get(name) != value:
                raise RunError(f"rank {rank} differs from rank 0: {name} is {found.get(name)}, not {value}")


def require_divisible(training: SizedTraining, ranks: Communicator) -> None:
    """Raises RunError if the streams cannot be divided among the ranks, or are fewer than `accumulate`."""
    B, size = training.batch_size, ranks.size
    if B % size:
        below = B - B % size
        nearest = [str(count) for count in (below, below + size) if count]
        raise RunError(
            f"{B} streams cannot be divided evenly among {size} ranks; use {parameter('settings')} training.batch_size={' or '.join(nearest)}"
        )
    if training.accumulate > B // size:
        has = f"a rank has {B // size}" if size > 1 else f"there are {B}"
        raise RunError(
            f"training.accumulate is {training.accumulate}, but {has} streams; use at most {parameter('settings')} training.accumulate={B // size}"
        )


def agree_on_threads(architecture: Architecture, training: SizedTraining, ranks: Communicator) -> int:
    """The number of threads for the streams of each rank: the same on all, measured by rank 0 on its machine."""
    cores, T = ranks.cores, training.sequence_length
    B = max(1, training.batch_size // training.accumulate // ranks.size)
    return ranks.on_root(lambda: data_parallel.fastest_threads(architecture, T, B, cores))
