"""Characters per second of a training step: charrnn beside PyTorch, alternated in one process, medians.

    pip install torch==2.13.0        (the peer; never needed by charrnn)
    python tests/benchmarks/against_torch.py [--cells rnn lstm] [--sizes 128,50,50 256,64,64]

Both do the same update: forward, backward, clipping by norm, Adam; one-hot input as a good user of `nn.RNN`, `nn.GRU`, `nn.LSTM` has it,
`CrossEntropyLoss`, `clip_grad_norm_`, fused Adam; the same number of threads.
"""

import argparse
import itertools
import os
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np

V = 65
STEPS = 10  # in each round, of each peer
RATE = 2e-3


def charrnn_stepper(cell: str, H: int, B: int, T: int, threads: int) -> Callable[[], None]:
    """One update of charrnn's own trainer."""
    from charrnn.learning.clipping import Clipping
    from charrnn.learning.optimizers import Adam
    from charrnn.learning.parallel import StreamSplit
    from charrnn.learning.schedules import Schedule
    from charrnn.learning.trainer import Trainer
    from charrnn.network.architecture import Architecture
    from charrnn.network.network import Network
    from charrnn.text.windows import Windows

    ids = np.random.default_rng(0).integers(0, V, 10 * B * T + 1).astype(np.uint8)
    network = Network.fresh(Architecture(V, H, cell), np.random.default_rng(0))
    trainer = Trainer(
        network=network,
        windows=Windows(ids, B, T),
        state=network.zero_state(B),
        valid=ids[:0],
        optimizer=Adam(network.parameters.flat),
        schedule=Schedule("constant", RATE, 1),
        clipping=Clipping(1.0),
        eval_every=1,
        threads=threads,
    )
    split = StreamSplit(network, T, B, threads)
    return lambda: trainer._step(split)


def torch_stepper(cell: str, H: int, B: int, T: int, threads: int) -> Callable[[], None]:
    """One update of a plain PyTorch training loop."""
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    rnn, readout = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](V, H), nn.Linear(H, V)
    parameters = [*rnn.parameters(), *readout.parameters()]
    adam = torch.optim.Adam(parameters, RATE, fused=True)
    cross_entropy = nn.CrossEntropyLoss()
    text = torch.randint(0, V, (10, T + 1, B))
    zero = torch.zeros(1, B, H)
    carried = {"state": (zero, zero) if cell == "lstm" else zero, "window": 0}

    def step() -> None:
        window = text[carried["window"] % 10]
        carried["window"] += 1
        adam.zero_grad()
        out, state = rnn(nn.functional.one_hot(window[:-1], V).float(), carried["state"])
        loss = cross_entropy(readout(out).view(-1, V), window[1:].reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        adam.step()
        carried["state"] = tuple(part.detach() for part in state) if cell == "lstm" else state.detach()
        loss.item()

    return step


def seconds(step: Callable[[], None]) -> float:
    """Of one step, over a round."""
    began = time.perf_counter()
    for _ in range(STEPS):
        step()
    return (time.perf_counter() - began) / STEPS


def main() -> None:
    from charrnn.learning.parallel import one_blas_thread

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", nargs="+", default=["rnn", "gru", "lstm"])
    parser.add_argument("--sizes", nargs="+", default=["128,50,50", "256,64,64", "512,64,64"], metavar="H,B,T")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {arguments.threads} threads, NumPy {np.__version__}")
    print(
        "| cell | H, B, T | charrnn, ms | PyTorch, ms | charrnn, characters/s | ratio, median (lowest to highest) |\n|---|---|---|---|---|---|"
    )
    for cell, size in itertools.product(arguments.cells, arguments.sizes):
        H, B, T = map(int, size.split(","))
        ours, theirs = (make(cell, H, B, T, arguments.threads) for make in (charrnn_stepper, torch_stepper))
        pairs = []
        for _ in range(arguments.rounds + 1):
            with one_blas_thread():
                mine = seconds(ours)
            pairs.append((mine, seconds(theirs)))
        mine, peer = (statistics.median(times) for times in zip(*pairs[1:], strict=True))
        ratios = [theirs / ours for ours, theirs in pairs[1:]]
        print(
            f"| {cell} | {H}, {B}, {T} | {mine * 1e3:.1f} | {peer * 1e3:.1f} | {B * T / mine:,.0f} "
            f"| {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |"
        )


if __name__ == "__main__":
    main()
