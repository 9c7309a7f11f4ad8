import numpy as np
import pytest

from charrnn.models.mixture import components
from charrnn.models.mixture.components import NetworkComponent, NGramComponent, NGramScorer, TableScorer, scorers
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.ngram.kneser_ney import fit
from charrnn.training.surprisal import mean_loss

IDS = np.random.default_rng(1).integers(0, 9, (2, 300)).astype(np.uint8)


def network_component():
    return NetworkComponent("a", Network.fresh(Architecture(9, 12), np.random.default_rng(0), np.float64))


@pytest.mark.parametrize("order", [1, 2, 5])
@pytest.mark.parametrize("cuts", [[1], [2, 3], [100, 101, 299]])
def test_an_n_gram_reads_in_blocks_as_in_one_and_remembers_no_more_than_it_needs(order, cuts):
    ngram = fit(list(IDS), 9, order)
    whole, scorer = NGramScorer(ngram).score(IDS), NGramScorer(ngram)
    found = np.concatenate([scorer.score(block) for block in np.split(IDS, cuts, axis=1)], axis=1)
    np.testing.assert_allclose(found, whole, rtol=1e-12)
    np.testing.assert_allclose(whole[0], ngram.surprisals(IDS[0], 1), rtol=1e-12)
    assert scorer._before.shape == (2, order - 1)


@pytest.mark.parametrize("order", [1, 2, 5])
@pytest.mark.parametrize("cuts", [[], [1], [2, 3, 60]])
def test_an_n_gram_continues_from_the_characters_before(order, cuts):
    ngram = fit(list(IDS), 9, order)
    scorer = NGramScorer(ngram, IDS[:, 31:40])
    found = np.concatenate([scorer.score(block) for block in np.split(IDS[:, 40:], cuts, axis=1)], axis=1)
    np.testing.assert_allclose(found, [ngram.surprisals(row, 41) for row in IDS], rtol=1e-12)


def test_a_table_charges_every_character_but_the_first():
    table, scorer = np.arange(9.0), TableScorer(np.arange(9.0))
    found = np.concatenate([scorer.score(block) for block in np.split(IDS, [1, 50], axis=1)], axis=1)
    np.testing.assert_array_equal(found, table[IDS[:, 1:]])


def test_a_short_text_is_read_by_one_process_and_a_long_one_by_as_many_as_are_fastest(monkeypatch):
    chosen, closed = [], []
    monkeypatch.setattr(components, "fastest_threads", lambda *sizes: chosen.append(sizes) or 2)
    monkeypatch.setattr(components, "SHORT", 600)
    close = components.DataParallel.close
    monkeypatch.setattr(components.DataParallel, "close", lambda split: closed.append(split) or close(split))
    component = network_component()
    for characters, asked in ((599, 0), (600, 1), (None, 2)):
        with component.scorer(characters) as scorer:
            assert scorer.score(IDS).mean() == pytest.approx(mean_loss(component.network, IDS))
        assert len(chosen) == asked
    assert len(closed) == 3


def test_the_scorers_of_all_members_are_open_together():
    ngram = NGramComponent(fit(list(IDS), 9, 3))
    with scorers([network_component(), ngram], IDS.size) as reading:
        assert [scorer.score(IDS).shape for scorer in reading] == [(2, 299)] * 2
