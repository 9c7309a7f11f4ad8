"""What the ranks of a training must have in common before its first step."""

from charrnn.config.resolve import flatten
from charrnn.config.schema import Config, Training, required
from charrnn.errors import RunError
from charrnn.network.architecture import Architecture
from charrnn.runs.storage.checkpoint_record import versions
from charrnn.training.parallel import data_parallel
from charrnn.training.parallel.communicator import Communicator
from charrnn.words import parameter


def require_same_inputs(config: Config, sha256: str, ranks: Communicator, weights_sha256: str | None = None) -> None:
    """Raises RunError where a rank has another text, another configuration, other versions or, of a fine-tune, other weights than
    the first.
    """
    facts = {"the text's SHA-256": sha256, "that of the weights to begin with": str(weights_sha256), **versions()}
    facts |= {key: str(value) for key, value in flatten(config)}
    first, *others = ranks.all_gather(facts)
    for rank, found in enumerate(others, start=1):
        for name, value in first.items():
            if found.get(name) != value:
                raise RunError(f"rank {rank} differs from rank 0: {name} is {found.get(name)} there, and {value} here")


def require_divisible(training: Training, ranks: Communicator) -> None:
    """Raises RunError where the streams cannot be shared out evenly among the ranks, or hold not enough shares."""
    B, size = required(training.batch_size), ranks.size
    if B % size:
        below = B - B % size
        nearest = [str(count) for count in (below, below + size) if count]
        raise RunError(
            f"{B} streams cannot be shared out evenly among {size} ranks; {parameter('settings')} training.batch_size={' or '.join(nearest)} can"
        )
    if training.accumulate > B // size:
        here = f"a rank has {B // size}" if size > 1 else f"there are {B}"
        raise RunError(
            f"training.accumulate {training.accumulate} shares are more than streams, of which {here}; {parameter('settings')} training.accumulate={B // size} is the most"
        )


def fastest_threads(architecture: Architecture, T: int, B: int, ranks: Communicator) -> int:
    """How many cores shall share the streams of each rank; as many on all, by what the first finds on its machine."""
    cores = ranks.cores
    return ranks.on_root(lambda: data_parallel.fastest_threads(architecture, T, max(1, B // ranks.size), cores))
