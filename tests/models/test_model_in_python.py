"""What a loaded model does for a program: stream, states, gradients, many texts, novelty."""

import unicodedata

import numpy as np
import pytest
import tiny

import charrnn
from charrnn.models.inspection.activations import inspect
from charrnn.network.network import Network


@pytest.fixture
def model(tiny_run):
    return charrnn.load(tiny_run)


@pytest.mark.parametrize(
    "asked",
    [
        {"seed": 3},
        {"prompt": "the cat ", "length": 30, "temperature": 0.5, "top_k": 5, "seed": 9},
        {"prompt": "a", "length": 200, "stops": ["\n", "t"], "top_p": 0.9},
        {"only": "letters", "min_p": 0.01, "length": 40},
    ],
)
def test_the_pieces_of_a_stream_are_the_sample(model, asked):
    text = model.sample(**asked)
    assert "".join(model.stream(**asked)) == text
    assert not text.startswith(asked.get("prompt") or "\0")


def test_a_stream_comes_piece_by_piece_and_may_have_no_end(model):
    pieces = model.stream("the", length=0, seed=1)
    assert "".join(next(pieces) for _ in range(30)) == model.sample("the", length=30, seed=1)


def test_a_stream_refuses_at_once(model):
    with pytest.raises(charrnn.CharrnnError, match="`length` must be at least 0"):
        model.stream(length=-1)
    with pytest.raises(charrnn.CharrnnError, match="not among the 18 characters that the model knows"):
        model.stream("ß")
    with pytest.raises(charrnn.CharrnnError, match="temperature"):
        model.stream(temperature=-1)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_prompt_is_printed_by_the_command_and_is_in_no_text(charrnn, tiny_run, options):
    import json

    import charrnn as package

    done = charrnn("sample", tiny_run, "-p", "the cat\\n", "-n", "20", "--seed", "4", *options)
    text = package.load(tiny_run).sample("the cat\n", length=20, seed=4)
    found = json.loads(done.stdout)[0]["text"] if options else done.stdout
    assert found == (text if options else f"the cat\n{text}\n")


def test_a_prompt_may_have_another_unicode_form(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text(unicodedata.normalize("NFC", "café olé. " * 120), "utf-8")
    model = charrnn.load(tiny.trained(tmp_path / "run", text))
    composed, decomposed = (unicodedata.normalize(form, "café ") for form in ("NFC", "NFD"))
    assert model.sample(decomposed, length=9) == model.sample(composed, length=9)
    assert model.sample(length=99, stops=[unicodedata.normalize("NFD", "é")]) == model.sample(length=99, stops=["é"])


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (["model.cell=rnn"], {"h"}),
        (["model.cell=lstm", "model.num_layers=2"], {*"hcifog", *(f"{name}_2" for name in "hcifog")}),
        (["data.unit=byte"], {"h"}),
    ],
)
def test_states_are_those_that_view_shows(tmp_path, text_file, settings, names):
    model, text = charrnn.load(tiny.trained(tmp_path / "run", text_file, *settings)), "the cat sat. ☃\n"
    states = model.states(text)
    assert set(states) == names
    assert {values.shape for values in states.values()} == {(len(text), 16)}
    assert {values.dtype for values in states.values()} == {np.dtype(np.float32)}
    shown = inspect(model.saved.network, model.vocabulary, model._block(text)).activations
    for name, values in shown.items():
        np.testing.assert_array_equal(states[name].astype(np.float16), values)


def test_states_and_gradients_need_a_text(model):
    for use, words in ((model.states, "at least 1"), (model.gradients, "at least 1")):
        with pytest.raises(charrnn.CharrnnError, match=words):
            use("")
    with pytest.raises(charrnn.CharrnnError, match="at least 2 characters; found 1"):
        model.gradients("a")
    with pytest.raises(
        charrnn.CharrnnError, match=r"the model does not know '☃' \(U\+2603\): the text has no gradient"
    ):
        model.gradients("the ☃")


@pytest.mark.parametrize("settings", [[], ["model.cell=lstm"], ["data.unit=byte"], [r"data.boundary=\n"]])
def test_gradients_are_those_of_the_loss(tmp_path, text_file, settings):
    """Beside finite differences of the loss that it returns, in the direction of the gradient."""
    model, text = charrnn.load(tiny.trained(tmp_path / "run", text_file, *settings)), "the cat\nwhy? a dog"
    loss, gradients = model.gradients(text)
    assert {found.dtype for found in gradients.values()} == {np.dtype(np.float64)}
    assert {name: found.shape for name, found in gradients.items()} == {
        name: weight.shape for name, weight in model.parameters.items()
    }
    ε, size = 1e-4, sum((found**2).sum() for found in gradients.values())
    losses = []
    exact = model.saved.network.astype(np.float64)
    for sign in (1, -1):
        moved = Network(exact.architecture, exact.parameters.astype(np.float64))
        for name, view in moved.parameters.items():
            view += sign * ε * gradients[name]
        changed = type(model.saved)(**{**vars(model.saved), "network": moved})
        losses.append(type(model)(**{**vars(model), "saved": changed}).gradients(text)[0])
    assert (losses[0] - losses[1]) / (2 * ε) == pytest.approx(size, rel=1e-5)
    assert losses[1] < loss < losses[0]


def test_a_document_begins_in_a_gradient_as_in_a_score(tmp_path, text_file):
    model = charrnn.load(tiny.trained(tmp_path / "run", text_file, r"data.boundary=\n"))
    first, both = (model.gradients(text)[0] * steps for text, steps in (("a\n", 1), ("a\nthe cat", 9)))
    assert both - first == pytest.approx(model.score("the cat").surprisals.sum(), rel=1e-5)


def test_parameters_are_copies(model):
    model.parameters["W_hh"][:] = 0
    assert model.parameters["W_hh"].any()
    assert model.parameters["W_xh"].shape == (18, 16)


def test_many_scores_are_those_of_each(model):
    texts = ["the cat", "a dog ran.\n", "why?"]
    found = model.score_many(iter(texts))
    for text, scored in zip(texts, found, strict=True):
        np.testing.assert_allclose(scored.surprisals, model.score(text).surprisals, atol=1e-5)
    np.testing.assert_allclose(found.nats, [model.score(text).nats for text in texts], rtol=1e-6)
    assert model.score_many([]) == []
    assert model.score_many([]).nats.shape == (0,)
    with pytest.raises(charrnn.CharrnnError, match="at least 1 character"):
        model.score_many(["a", ""])


def test_novelty_looks_a_text_up_in_the_training_text(model):
    found = model.novelty(["the cat sat on the mat", "ttttttttt"])
    assert found.samples[0].longest.length == 22
    assert found.samples[1].longest.length == 1
