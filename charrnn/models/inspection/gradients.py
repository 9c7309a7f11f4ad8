"""The gradient of a text's loss, as the network's own backward pass computes it."""

import numpy as np

from charrnn.errors import TextError
from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network
from charrnn.network.window_options import WindowOptions
from charrnn.system.blas_threads import one_blas_thread


@one_blas_thread()
def text_gradients(network: Network, ids: Ids, end_id: int | None = None) -> tuple[float, dict[str, Array]]:
    """The mean loss of ids[1:], (n - 1,), each predicted from those before it, from a state of 0; and its gradient by
    every parameter, in its shape. In float64. `end_id`: the end of a document, which resets the state. Raises TextError
    for fewer than 2 characters.
    """
    if len(ids) < 2:
        raise TextError(f"a gradient needs a text of at least 2 characters; found {len(ids)}")
    network, steps = network.astype(np.float64), len(ids) - 1
    inputs, targets = (part.astype(np.intp)[:, np.newaxis] for part in (ids[:-1], ids[1:]))
    options = WindowOptions(reset_mask=None if end_id is None else inputs == end_id)
    ws, gradient = network.workspace(steps, 1), network.parameters.zeros_like()
    loss = network.forward(inputs, targets, network.zero_state(1), ws, options)
    network.backward(steps, ws, gradient, options)
    return float(loss) / steps, dict(gradient.items())
