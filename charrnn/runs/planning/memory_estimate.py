"""Estimate a training's memory before it starts."""

from charrnn.errors import NetworkError
from charrnn.network.arrays import nbytes
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.runs.planning.plan import Plan
from charrnn.system.memory import total_memory
from charrnn.training.parallel.data_parallel import even_slices
from charrnn.training.surprisal import windows_read


def estimate_memory(plan: Plan) -> int:
    """Bytes of all arrays of a training, its validations and its workers, without the interpreter and its libraries."""
    network = Network(plan.architecture, Parameters(plan.architecture.shapes(), plan.config.training.precision))
    buffers = sum(nbytes(network.workspace(T, B, dropout)) for T, B, dropout in _read_at_once(plan))
    text = 0 if plan.corpus.path else plan.corpus.ids.nbytes
    return buffers + _vectors(plan, network) * network.parameters.flat.nbytes + text


def require_memory(plan: Plan) -> int:
    """The estimate for a training. Raises NetworkError if this machine has less memory."""
    try:
        needed, has = estimate_memory(plan), total_memory()
    except MemoryError:
        raise NetworkError(
            "the network does not fit into this machine's memory; lower model.hidden_size or training.batch_size"
        ) from None
    if has is not None and needed > has:
        raise NetworkError(
            f"this training takes about {needed / 1e6:,.0f} MB of memory, and this machine has {has / 1e6:,.0f} MB; lower model.hidden_size, training.batch_size or training.sequence_length"
        )
    return needed


def describe_network(plan: Plan) -> str:
    """The network of a plan in a few words, with its memory."""
    model = plan.config.model
    layers = f"{model.num_layers} layers of " if model.num_layers > 1 else ""
    memory = f"about {estimate_memory(plan) / 1e6:,.0f} MB"
    return f"{model.cell} of {layers}{model.hidden_size:,} units, {plan.parameters:,} parameters, {memory}"


def _vectors(plan: Plan, network: Network) -> int:
    """The number of arrays as large as the parameters.

    They are the weights, the optimizer's moments and its scratch space; for each thread a gradient and a copy of the
    weights in the order that matrix products want; shared weights, the plan's own, averages, the base's, and the sum of
    accumulated gradients.
    """
    training = plan.config.training
    threads = min(plan.threads, _own(plan, training.batch_size))
    vectors = 2 + len(plan.optimizer(network).moments) + 2 * threads + (threads > 1) + (plan.weights is not None)
    return vectors + 2 * (training.ema_decay is not None) + (training.l2_sp > 0) + (training.accumulate > 1)


def _read_at_once(plan: Plan) -> list[tuple[int, int, bool]]:
    """Steps, streams, and whether dropout is on, for each window that a thread holds, in updates and validations."""
    texts, length = plan.valid.shape
    validated = windows_read(texts, length) if length > 1 else set()
    updates = [
        (plan.config.training.sequence_length, B, plan.config.model.dropout > 0)
        for B in _parts(plan, plan.config.training.batch_size)
    ]
    return updates + [(T, B, False) for T, streams in validated for B in _parts(plan, streams)]


def _parts(plan: Plan, streams: int) -> list[int]:
    """How many of the streams each thread of a rank reads at once; both numbers if they cannot be divided evenly."""
    shares = even_slices(_own(plan, streams), plan.config.training.accumulate)
    at_once = {share.stop - share.start for share in shares}
    return [part.stop - part.start for each in at_once for part in even_slices(each, plan.threads)]


def _own(plan: Plan, streams: int) -> int:
    """The largest number of these streams that one rank reads."""
    return -(-streams // plan.ranks.size)
