"""Models of documents: evaluated, scored, mixed and fine-tuned as documents."""

import json

import numpy as np
import pytest
from tiny import TINY, trained

from charrnn import api
from charrnn.cli.reports.samples import show_samples
from charrnn.config.resolve import resolve
from charrnn.errors import ConfigError, TextError
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.samples import Sample
from charrnn.models import encoded_text
from charrnn.network.readout import log_softmax
from charrnn.text.source_text import SourceText
from charrnn.text.vocabulary import END

NAMES = ["Ada", "Bea", "Cleo", "Dora", "Eva", "Ida", "Lea", "Mia"] * 25


@pytest.fixture
def names(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("\n".join(NAMES), "utf-8")
    return path


@pytest.fixture
def run(tmp_path, names):
    return trained(tmp_path / "run", names, r"data.boundary=\n", "data.shuffle=false")


def plainly(model, document):
    """The surprisals of a document's characters and of its end, read alone from the zero state."""
    end = model.vocabulary.end_id
    ids = np.array([end, *model.vocabulary.encode(document), end], np.intp)
    network = model.components[0].network
    ws = network.workspace(len(ids) - 1, 1)
    network.logits(ids[:-1, np.newaxis], network.zero_state(1), ws)
    return -log_softmax(ws.logits[:, 0])[np.arange(len(ids) - 1), ids[1:]]


def test_the_loss_of_a_split_is_that_of_each_document_alone(run):
    model = api.load(run)
    documents = NAMES[-10:]
    corpus = model.training_text.corpus
    assert corpus.vocabulary.decode(corpus.split("test")) == "".join(documents)
    expected = np.concatenate([plainly(model, document) for document in documents])
    found = model.evaluate(split="test")
    assert found.loss == pytest.approx(expected.mean(), rel=1e-5)
    assert found.characters == found.read == found.characters_read == len("".join(documents)) + 10
    assert found.bits_per_byte == pytest.approx(found.bpc)  # an end counts as a line's end
    assert model.evaluate(split="valid").loss == model.saved.progress.best_loss
    assert found.baselines.ngram < found.baselines.unigram < found.baselines.uniform


def test_another_text_is_cut_into_documents_and_scored_with_their_ends(run):
    model = api.load(run)
    expected = np.concatenate([plainly(model, "Ada"), plainly(model, "Dora")])
    found = model.evaluate("Ada\nDora\n", counted=False)
    assert found.loss == pytest.approx(expected.mean(), rel=1e-5)
    assert found.bits_per_byte == pytest.approx(found.bpc)  # an end counts as a line's end
    scored = model.score("Ada\nDora\n")
    assert scored.characters == ["A", "d", "a", END, "D", "o", "r", "a", END]
    np.testing.assert_allclose(scored.surprisals, expected, rtol=1e-4)


def test_a_compressor_reads_a_byte_for_each_document_end(run):
    """The number of characters that the loss is divided by."""
    model = api.load(run)
    corpus = model.training_text.corpus
    split = encoded_text.from_split(corpus, "test")
    assert split.content().decode() == "\n".join(["", *NAMES[-10:], ""])
    text = encoded_text.from_text(SourceText.from_content("Ada\nDora"), model.vocabulary, model.saved.config.data)
    assert text.content() == b"\nAda\nDora\n"
    assert [len(each.content()) for each in (split, text)] == [each.characters for each in (split, text)]


def test_a_text_without_documents_is_refused(run):
    with pytest.raises(TextError, match="holds no document"):
        api.load(run).evaluate("\n\n")


def test_weights_that_follow_the_text_forget_at_the_end_of_a_document_too(run):
    model = api.load(run)
    still = model.evaluate("\n".join(NAMES), counted=False).loss
    assert model.evaluate("\n".join(NAMES), counted=False, learning_rate=0).loss == pytest.approx(still, rel=1e-5)
    assert model.evaluate("\n".join(NAMES), counted=False, learning_rate=0.3).loss < still - 0.1


def test_a_mixture_writes_documents(run):
    model = api.load(run, ngram=True)
    samples = model.generator().sample(SampleRequest("", 100), range(40))
    assert "stop" in {sample.finish for sample in samples}
    assert sum(sample.text in NAMES for sample in samples) > 10  # the n-gram knows them by heart


def test_samples_on_the_command_line_are_one_a_line(charrnn, run):
    result = charrnn("sample", run, "--count", 5, "--seed", 1, "--ngram")
    assert len(result.stdout.splitlines()) == 5
    assert "sample 1" not in result.stdout
    assert len(json.loads(charrnn("sample", run, "--count", 3, "-n", 0, "--ngram", "--json").stdout)) == 3


@pytest.mark.parametrize(("texts", "shown"), [(["a", "b"], "a\nb\n"), (["a\nb", "c", "d"], "a\nb\n\nc\n\nd\n")])
def test_documents_of_several_lines_have_an_empty_line_between_them(capsys, texts, shown):
    samples = [Sample(text, seed, "stop", len(text)) for seed, text in enumerate(texts)]
    show_samples(samples, "", json=False, colour=False, headings=False)
    assert capsys.readouterr().out == shown


def test_scores_on_the_command_line(charrnn, run):
    result = charrnn("score", run, "--json", stdin=b"Ada\nDora\n")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["line"], line["column"], line["character"]) for line in lines[3:5]] == [(1, 4, END), (2, 1, "D")]
    both = charrnn("score", run, "--against", run / "last.safetensors", stdin=b"Ada\nDora\n")
    assert "is likelier to have written this" in both.stdout


def test_models_that_read_other_documents_are_not_compared(charrnn, run, tmp_path, names):
    other = trained(tmp_path / "other", names)
    result = charrnn("score", run, "--against", other, stdin=b"Ada")
    assert result.exit_code == 1
    assert r'data.boundary is "\\n" for the one model, null for the other' in result.stderr


def test_a_network_of_documents_is_fine_tuned_on_documents(run, tmp_path, names):
    base = api.load_base(run)
    names.write_text("\n".join(["Zoë", *NAMES]), "utf-8")
    config = resolve(None, TINY, defaults=base.settings).config
    assert config.data.boundary == "\\n"
    tuned = api.plan([str(names)], config, base=base)
    assert tuned.corpus.vocabulary.symbols[-1] == END
    assert "Z" in tuned.corpus.vocabulary.symbols
    with pytest.raises(ConfigError, match=r"data.boundary is set in the base, and null here"):
        api.plan([str(names)], resolve(None, [*TINY, "data.boundary=null"], defaults=base.settings).config, base=base)


def test_a_network_of_one_long_text_learns_that_documents_end(tmp_path, names):
    base = api.load_base(trained(tmp_path / "long", names))
    config = resolve(None, [*TINY, r"data.boundary=\n"], defaults=base.settings).config
    run = api.start(api.plan([str(names)], config, base=base), tmp_path / "tuned")
    list(run.events())
    assert api.load(run.path).vocabulary.symbols[-1] == END
