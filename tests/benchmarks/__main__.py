"""Compare charrnn with PyTorch, JAX and plain NumPy. Peers take turns, each in its own process; figures are medians and ratios.

    pip install --group peers
    python tests/benchmarks                      all sections, about thirty minutes on two cores
    python tests/benchmarks training sampling    only these sections; see --help
    python tests/benchmarks shakespeare --help   comparisons with published results: shakespeare, lengths, sizes, contest, clipping, temporal-order
    python tests/benchmarks base --help          a base and short texts: base-text, base, base-words, base-novelty, base-samples, base-kinds

A peer that is not installed is skipped. The ratios are not checked: a machine may be busy.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Callable

import busy
import growth
import lines
import links
import machine
import page
import ranks
import saving
import serving
import writing
from base import by_kind, measure, novelty, prepare, samples, words
from published import by_length, by_size, clipping, contest, shakespeare, temporal_order
from rounds import ratio, time_peers

CORES = os.cpu_count() or 1
CELLS = ("rnn", "gru", "lstm")  # those that PyTorch has
SIZES = ((128, 50, 50), (256, 64, 64), (512, 64, 64))
PEERS = ("pytorch", "pytorch_compiled", "jax")


def training(rounds: int) -> None:
    """One update (forward, backward, clipping by norm, Adam), compared with PyTorch and JAX."""
    print(
        "| cell | H, B, T | charrnn, ms | PyTorch | compiled | JAX | characters/s | times the fastest peer (lowest to highest) |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for cell in CELLS:
        for sizes in SIZES:
            times = time_peers(["charrnn", *PEERS], "training", cell, (*sizes, CORES), rounds, length=0.5)
            medians = {name: statistics.median(values) * 1e3 for name, values in times.items()}
            ours, shown = medians.pop("charrnn"), []
            for name in PEERS:
                shown.append(f"{medians[name]:.1f}" if name in medians else "-")
            _, B, T = sizes
            print(
                f"| {cell} | {', '.join(map(str, sizes))} | {ours:.1f} | {' | '.join(shown)} | {B * T / ours * 1e3:,.0f} "
                f"| {_against_fastest(times, medians)} |",
                flush=True,
            )


def naive(rounds: int) -> None:
    """One stream, T = 25, H = 100, compared with the shortest NumPy loop."""
    times = time_peers(["charrnn", "naive"], "training", "rnn", (100, 1, 25, CORES), 3 * rounds, length=0.2)
    ours, theirs = (statistics.median(times[name]) * 1e3 for name in ("charrnn", "naive"))
    print(
        f"rnn, H 100, B 1, T 25: charrnn {ours:.3f} ms, the loop {theirs:.3f} ms: {_format_ratio(ratio(times['charrnn'], times['naive']))} times"
    )


def limit(rounds: int) -> None:
    """One update, compared with the time of its matrix products at the speed of one large product."""
    for cell in CELLS:
        sizes = (512, 128, 64, CORES)
        times = time_peers(["charrnn", "peak"], "training", cell, sizes, rounds, length=1.0)
        median, low, high = ratio(times["peak"], times["charrnn"])
        update, products = (statistics.median(times[name]) * 1e3 for name in ("charrnn", "peak"))
        print(
            f"{cell}, H 512, B 128, T 64: {update:.0f} ms, its products at the peak {products:.0f} ms: {median:.2f} times ({low:.2f} to {high:.2f})",
            flush=True,
        )


def sampling(rounds: int) -> None:
    """Characters sampled, one text or 64 at once, H = 256."""
    print(
        "| texts | cell | charrnn, characters/s | PyTorch | times PyTorch (lowest to highest) |\n|---|---|---|---|---|"
    )
    for B, T in ((1, 1000), (64, 200)):
        for cell in CELLS:
            times = time_peers(["charrnn", "pytorch"], "sampling", cell, (256, B, T, CORES), 2 * rounds, length=0.3)
            rates = {name: B * T / statistics.median(values) for name, values in times.items()}
            theirs = f"{rates['pytorch']:,.0f}" if "pytorch" in rates else "-"
            print(
                f"| {B} | {cell} | {rates['charrnn']:,.0f} | {theirs} | {_against_fastest(times, {'pytorch': 1.0} if 'pytorch' in times else {})} |",
                flush=True,
            )


def onnx(rounds: int) -> None:
    """See onnx_graphs.py; it needs onnx and onnxruntime."""
    import onnx_graphs

    onnx_graphs.run(rounds)


SECTIONS: dict[str, Callable[[int], None]] = {
    "training": training,
    "naive": naive,
    "limit": limit,
    "sampling": sampling,
    "busy": busy.run,
    "growth": growth.run,
    "saving": saving.run,
    "write": writing.run,
    "serve": serving.run,
    "ranks": ranks.run,
    "links": links.run,
    "lines": lines.run,
    "onnx": onnx,
    "page": page.run,
}

PUBLISHED = {
    "shakespeare": shakespeare.main,
    "lengths": by_length.main,
    "sizes": by_size.main,
    "contest": contest.main,
    "clipping": clipping.main,
    "temporal-order": temporal_order.main,
    "base-text": prepare.main,
    "base": measure.main,
    "base-words": words.main,
    "base-novelty": novelty.main,
    "base-samples": samples.main,
    "base-kinds": by_kind.main,
}


def _against_fastest(times: dict[str, list[float]], medians: dict[str, float]) -> str:
    if not medians:
        return "-"
    return _format_ratio(ratio(times["charrnn"], times[min(medians, key=medians.__getitem__)]))


def _format_ratio(found: tuple[float, float, float]) -> str:
    median, low, high = found
    return f"{median:.2f} ({low:.2f} to {high:.2f})"


def main() -> None:
    if sys.argv[1:] and sys.argv[1] in PUBLISHED:
        PUBLISHED[sys.argv[1]](sys.argv[2:], machine.describe())
        return
    parser = argparse.ArgumentParser(
        prog="python tests/benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    if unknown := set(arguments.sections) - set(SECTIONS):
        parser.error(f"no section {unknown.pop()}; there are {', '.join(SECTIONS)}")
    print(machine.describe())
    for name in arguments.sections or SECTIONS:
        print(f"\n{name}: {SECTIONS[name].__doc__}\n", flush=True)
        SECTIONS[name](arguments.rounds)


if __name__ == "__main__":
    main()
