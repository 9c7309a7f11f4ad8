import numpy as np
import pytest
from slow import mostly_slow

from charrnn.errors import TextError
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.network.readout import log_softmax
from charrnn.training import surprisal
from charrnn.training.parallel.data_parallel import DataParallel
from charrnn.training.surprisal import SCORING_WINDOW, STREAMS, NetworkScorer, StoppedError, mean_loss, windows_read


@pytest.fixture(autouse=True)
def short_warm_up(monkeypatch):
    """Makes short texts have many streams; these networks forget soon."""
    monkeypatch.setattr(surprisal, "WARM_UP", 256)


def surprisals(network, ids):
    """The definition: -ln p of each character after the first, from logits, one stream from its first character to its last."""
    ws = network.workspace(len(ids) - 1, 1)
    network.logits(ids[:-1, np.newaxis].astype(np.intp), network.zero_state(1), ws)
    return -log_softmax(ws.logits[:, 0])[np.arange(len(ids) - 1), ids[1:]]


def one_pass(network, ids):
    """The definition: one stream, from the first character to the last."""
    inputs = ids.astype(np.intp)[:, np.newaxis]
    ws = network.workspace(len(ids) - 1, 1)
    return network.forward(inputs[:-1], inputs[1:], network.zero_state(1), ws) / (len(ids) - 1)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.slow
def test_side_by_side_equals_one_pass_over_the_whole_text(threads):
    network = Network.fresh(Architecture(9, 12), np.random.default_rng(0), np.float64)
    split = DataParallel(network, threads)
    for length in (2, 3, 63, 65, 66, 1023, 1025, 2050, 2051, 5000, 10_007):
        ids = np.random.default_rng(1).integers(0, 9, length).astype(np.uint8)
        assert mean_loss(network, ids, split) == pytest.approx(one_pass(network, ids), rel=1e-7)
    split.close()


def test_without_warm_up_the_streams_would_start_cold(monkeypatch):
    """Shows that the test above can fail."""
    network = Network.fresh(Architecture(9, 12), np.random.default_rng(0), np.float64)
    ids = np.random.default_rng(1).integers(0, 9, 10_007).astype(np.uint8)
    monkeypatch.setattr(surprisal.NetworkScorer, "_warm_states", lambda *_: network.zero_state(8))
    assert mean_loss(network, ids) != pytest.approx(one_pass(network, ids), rel=1e-7)


def test_a_text_is_not_read_in_more_streams_than_is_fast():
    network, widths = Network.fresh(Architecture(9, 12), np.random.default_rng(0)), set()

    class Watched(DataParallel):
        def surprisals(self, inputs, *others):
            widths.add(inputs.shape[1])
            return super().surprisals(inputs, *others)

    mean_loss(network, np.zeros(8 * STREAMS * surprisal.WARM_UP, np.uint8), Watched(network))
    assert max(widths) == STREAMS


def test_single_precision_is_added_up_in_double():
    network = Network.fresh(Architecture(9, 12), np.random.default_rng(0), np.float32)
    ids = np.random.default_rng(1).integers(0, 9, 5000).astype(np.uint8)
    each = NetworkScorer(network).score(ids[np.newaxis])
    assert mean_loss(network, ids) == pytest.approx(each.mean(dtype=np.float64), rel=1e-12)


def test_it_stops_before_the_window_at_which_it_is_asked_to():
    network, asked = Network.fresh(Architecture(9, 12), np.random.default_rng(0)), []

    def should_stop():
        asked.append(True)
        return len(asked) == 3

    ids = np.zeros(10 * SCORING_WINDOW, np.uint8)
    with pytest.raises(StoppedError):
        mean_loss(network, ids, should_stop=should_stop)
    assert len(asked) == 3


def test_one_character_has_no_loss():
    network = Network.fresh(Architecture(9, 12), np.random.default_rng(0))
    with pytest.raises(TextError, match="length 2 or more; found length 1"):
        mean_loss(network, np.zeros(1, np.uint8))


@pytest.mark.parametrize("threads", [1, 2])
@mostly_slow("blocks", [[2500, 1, 2499], [5000], [1, 4999], [3, 1023, 1025, 2949]], one_in=4)
def test_a_text_read_in_blocks_gives_each_character_its_surprisal(blocks, threads):
    network = Network.fresh(Architecture(9, 12, "gru"), np.random.default_rng(0), np.float64)
    ids = np.random.default_rng(1).integers(0, 9, 5000).astype(np.uint8)
    split = DataParallel(network, threads)
    scorer, ends = NetworkScorer(network, split), np.cumsum(blocks)
    found = [scorer.score(ids[np.newaxis, end - size : end]) for size, end in zip(blocks, ends, strict=True)]
    split.close()
    assert [block.shape for block in found] == [(1, blocks[0] - 1), *((1, size) for size in blocks[1:])]
    np.testing.assert_allclose(np.concatenate(found, axis=1)[0], surprisals(network, ids), rtol=1e-6)


def test_several_texts_are_read_side_by_side_each_from_its_beginning():
    network = Network.fresh(Architecture(9, 12, "lstm"), np.random.default_rng(0), np.float64)
    texts = np.random.default_rng(1).integers(0, 9, (3, 150)).astype(np.uint8)
    scorer = NetworkScorer(network)
    found = np.concatenate([scorer.score(texts[:, :70]), scorer.score(texts[:, 70:])], axis=1)
    np.testing.assert_allclose(found, [surprisals(network, text) for text in texts], rtol=1e-12)
    assert mean_loss(network, texts) == pytest.approx(found.mean(), rel=1e-12)


def test_a_long_text_is_evaluated_in_blocks(monkeypatch):
    network = Network.fresh(Architecture(9, 12), np.random.default_rng(0), np.float64)
    ids = np.random.default_rng(1).integers(0, 9, 5000).astype(np.uint8)
    monkeypatch.setattr(surprisal, "BLOCK", 1700)
    assert mean_loss(network, ids) == pytest.approx(one_pass(network, ids), rel=1e-7)


@pytest.mark.parametrize("threads", [1, 2])
def test_each_document_is_scored_from_the_zero_state(threads):
    """For any division into streams."""
    network = Network.fresh(Architecture(9, 12), np.random.default_rng(0), np.float64)
    network.parameters.flat[:] *= 2  # so that it matters much what was read before
    generator, split = np.random.default_rng(1), DataParallel(network, threads)
    documents = [[8, *generator.integers(0, 8, generator.integers(1, 100)), 8] for _ in range(120)]
    alone = sum(one_pass(network, np.array(document)) * (len(document) - 1) for document in documents)
    ids = np.array([8] + [i for document in documents for i in document[1:]], np.uint8)
    assert mean_loss(network, ids, split, end_id=8) == pytest.approx(alone / (len(ids) - 1), rel=1e-12)
    assert mean_loss(network, ids, split) != pytest.approx(alone / (len(ids) - 1), rel=1e-4)
    split.close()


@pytest.mark.parametrize("texts", [1, 3])
@pytest.mark.parametrize("length", [2, 64, 66, 1023, 2050, 5000, 10_007, 70_000])
def test_the_predicted_window_shapes_are_read(texts, length):
    class Watched(DataParallel):
        def surprisals(self, inputs, *rest):
            found.add(inputs.shape)
            return super().surprisals(inputs, *rest)

    found = set()
    network = Network.fresh(Architecture(3, 2), np.random.default_rng(0))
    mean_loss(network, np.random.default_rng(1).integers(0, 3, (texts, length)).astype(np.uint8), Watched(network))
    assert windows_read(texts, length) == found


@pytest.mark.parametrize("threads", [1, 2])
def test_shares_in_turn_read_the_same_in_less_memory(threads, monkeypatch):
    widths, allocate = set(), Network.workspace
    monkeypatch.setattr(Network, "workspace", lambda self, T, B, *rest: widths.add(B) or allocate(self, T, B, *rest))
    network = Network.fresh(Architecture(9, 12, "lstm"), np.random.default_rng(0), np.float64)
    ids = np.random.default_rng(1).integers(0, 9, 5000).astype(np.uint8)
    split = DataParallel(network, threads, accumulate=2)
    try:
        found = mean_loss(network, ids, split)
        B, narrow = surprisal.cut_in_streams(len(ids) - 1)[0], set(widths)
        assert found == pytest.approx(mean_loss(network, ids), rel=1e-14)
    finally:
        split.close()
    assert max(narrow) == -(-B // 2 // threads) < B
