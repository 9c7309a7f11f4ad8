"""All commands and API functions run matrix products on one thread each, and restore the threads afterwards."""

import numpy as np
import pytest
from blas import MANY, many_threads, threads

from charrnn import api
from charrnn.generation.sample_request import SampleRequest
from charrnn.models.mixture.fit_weights import fit_weights
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network

WATCHED = [(np, "matmul"), (np, "einsum"), (np.linalg, "qr"), (np.linalg, "svd"), (np.linalg, "norm")]


@pytest.fixture
def seen(monkeypatch):
    """The threads that each product of NumPy's had. Before, and afterwards, there are MANY."""
    with many_threads():
        found = []
        for module, name in WATCHED:
            product = getattr(module, name)

            def watched(*given, product=product, **options):
                found.append(threads())
                return product(*given, **options)

            monkeypatch.setattr(module, name, watched)
        yield found
        assert threads() == {MANY}


TEXT = "the cat sat on the mat. why?\n" * 20


def score_file(run):
    file, model = run / "other.txt", api.load(run)
    file.write_text(TEXT, "utf-8")
    return list(model.score_in_pieces(model.read([str(file)], once=True)))


@pytest.mark.parametrize(
    "verb",
    [
        lambda run: api.load(run).sample("the", 5),
        lambda run: api.load(run).generator().sample(SampleRequest("the", 5), [1, 2]),
        lambda run: api.load(run).generator().sample(SampleRequest("the", 5), [1, 2], scored=True),
        lambda run: list(api.load(run).generator().stream(SampleRequest("the", 5), 1)),
        lambda run: list(api.load(run).generator().stream_pieces(SampleRequest("the", 5), 1)),
        lambda run: api.load(run).score(TEXT),
        score_file,
        lambda run: api.load(run).evaluate(TEXT),
        lambda run: api.load(run).evaluate(TEXT, learning_rate=0.1),
        lambda run: api.load(run, run, ngram=True),
        lambda run: api.gradflow(run, lags=3, positions=2),
        lambda run: api.gradcheck(run=run, oracles=["closed-form"], entries=1),
        lambda run: Network.fresh(Architecture(5, 4, initialisation="orthogonal"), np.random.default_rng(0)),
        lambda run: api.start(api.plan([str(run.parent / "text.txt")]), run.parent / "another"),
    ],
)
def test_the_verbs_of_a_program(tiny_run, seen, verb):
    verb(tiny_run)
    assert seen
    assert all(found == {1} for found in seen)


@pytest.mark.parametrize(
    "command",
    [
        ["sample", "RUN", "-n", "5"],
        ["sample", "RUN", "-n", "5", "--count", "3"],
        ["sample", "RUN", "-n", "5", "--rerank", "3", "--ngram"],
        ["score", "RUN", "TEXT"],
        ["eval", "RUN", "TEXT"],
        ["eval", "RUN", "--dynamic"],
        ["view", "RUN", "TEXT", "-o", "page.html"],
        ["gradflow", "RUN", "--lags", "3"],
        ["gradcheck", "--entries", "1"],
        ["gradcheck", "--run", "RUN", "--entries", "1"],
        ["train", "TEXT", "--steps", "2", "-q"],
    ],
    ids=" ".join,
)
def test_the_commands(charrnn, tiny_run, text_file, seen, command):
    places = {"RUN": tiny_run, "TEXT": text_file}
    result = charrnn(*(places.get(word, word) for word in command))
    assert result.exit_code == 0, result.stderr
    assert seen
    assert all(found == {1} for found in seen)


def test_weights_of_a_mixture_are_fitted_on_one_thread(seen):
    class Watched(np.ndarray):
        def __rmatmul__(self, other):
            seen.append(threads())
            return other @ np.asarray(self)

    fit_weights(np.random.default_rng(0).random((2, 50)).view(Watched))
    assert seen
    assert all(found == {1} for found in seen)


def test_a_text_that_is_not_read_to_its_end_lets_the_threads_go(tiny_run, seen):
    generator = api.load(tiny_run).generator()
    first, second = (generator.stream(SampleRequest("the", 0), seed) for seed in (1, 2))
    next(first), next(second)
    assert threads() == {1}
    del first
    assert threads() == {1}
    del second
    assert threads() == {MANY}
