"""The communicator of one process; tests/ranks has larger ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.config.schema import SizedConfig
from charrnn.errors import RunError
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.runs.planning.rank_agreement import agree_on_threads, require_divisible, require_same_inputs
from charrnn.text.windows import Windows
from charrnn.training.parallel.communicator import Communicator
from charrnn.training.parallel.data_parallel import DataParallel


class Rank(Communicator):
    """One rank of several, for methods that need no other rank."""

    cores = 1

    def __init__(self, rank, size):
        self.rank, self.size = rank, size


@given(st.integers(0, 200), st.integers(1, 40))
def test_the_ranks_divide_all_streams_evenly_and_in_order(count, size):
    shares = [Rank(rank, size).local_streams(count) for rank in range(size)]
    assert [stream for share in shares for stream in range(count)[share]] == list(range(count))
    lengths = {share.stop - share.start for share in shares}
    assert max(lengths) - min(lengths) <= 1


def test_a_single_process_has_everything_and_its_stop_counts_at_once():
    alone = Communicator()
    gradient = alone.gradient_buffer(3, np.float32)
    gradient[:] = 1, 2, 3
    assert alone.all_reduce(gradient, 4.0) == 4.0
    assert gradient.tolist() == [1, 2, 3]
    assert (alone.any_rank_stopping(True), alone.any_rank_stopping(False)) == (True, False)
    assert alone.all_gather(5) == [5]
    assert alone.on_root(lambda: 6) == alone.on_every_rank(lambda: 6) == 6
    assert alone.all_gather_concat(gradient, axis=0) is gradient


def test_the_windows_of_the_ranks_are_the_parts_of_one_window():
    ids = np.random.default_rng(0).integers(0, 5, 600)
    options = {"stride": 3, "reset_probability": 0.5, "seed": 1, "end_id": 4}
    whole = Windows(ids, 6, 8, **options)
    parts = [Windows(ids, 6, 8, **options, streams=Rank(rank, 3).local_streams(6)) for rank in range(3)]
    for _ in range(40):
        window, shares = next(whole), [next(part) for part in parts]
        assert [share.target_count for share in shares] == [window.target_count] * 3
        for name in ("inputs", "targets", "fresh_streams"):
            assert (np.concatenate([getattr(share, name) for share in shares], -1) == getattr(window, name)).all(), name
        resets = [np.zeros((8, 2), bool) if share.reset_mask is None else share.reset_mask for share in shares]
        assert (np.concatenate(resets, 1) == (window.reset_mask if window.reset_mask is not None else False)).all()


@pytest.mark.parametrize("accumulate", [2, 3, 5])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_batch_in_shares_has_the_gradient_of_the_whole(accumulate, threads):
    network = Network.fresh(Architecture(7, 5, "lstm", num_layers=2), np.random.default_rng(0), np.float64)
    ids = np.random.default_rng(1).integers(0, 7, 500)
    found = []
    for shares in (1, accumulate):
        split, windows, state = DataParallel(network, threads, None, shares), Windows(ids, 5, 8), network.zero_state(5)
        losses = [split.loss_and_gradient(next(windows), state) for _ in range(3)]
        found.append((losses, split.gradient.flat.copy(), state))
        split.close()
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("B", "size", "nearest"), [(12, 5, "10 or 15"), (3, 4, "4"), (4, 3, "3 or 6"), (7, 2, "6 or 8")]
)
def test_streams_must_be_divided_evenly(B, size, nearest):
    training = SizedConfig().with_values("training", batch_size=B).training
    with pytest.raises(RunError, match=f"{B} streams .* {size} ranks; use `settings` training.batch_size={nearest}"):
        require_divisible(training, Rank(0, size))


def test_a_rank_cannot_make_more_shares_than_it_has_streams():
    training = SizedConfig().with_values("training", batch_size=8, accumulate=4).training
    require_divisible(training, Rank(0, 2))
    with pytest.raises(
        RunError, match=r"accumulate is 4, but a rank has 2 streams; use at most `settings` training.accumulate=2"
    ):
        require_divisible(training, Rank(0, 4))


@pytest.mark.parametrize("cores", [8, 4, 1])
def test_a_rank_has_as_many_threads_as_it_has_cores(cores):
    training, ranks = SizedConfig().with_values("training", batch_size=64).training, Rank(0, 4)
    ranks.cores = cores
    assert agree_on_threads(Architecture(65, 512), training, ranks) == cores


class Two(Communicator):
    """Two ranks; the other rank has the same facts except for some."""

    def __init__(self, **other):
        self.other = other

    def all_gather(self, given):
        return [given, {**given, **self.other}]


def test_ranks_begin_with_the_same_weights():
    name = "the SHA-256 of the weights of the base"
    require_same_inputs(SizedConfig(), "a" * 64, Two(), "1" * 64)
    with pytest.raises(RunError, match=f"rank 1 differs from rank 0: {name} is 2222, not 1111"):
        require_same_inputs(SizedConfig(), "a" * 64, Two(**{name: "2222"}), "1111")
