"""POST /v1/completions: the texts that `sample` writes, in the shape of OpenAI's interface."""

import json
import math

import pytest
from serving import client

import charrnn
from charrnn.generation.sampling import SamplingOptions
from charrnn.runs.storage.directory import LAST

PATH = "/v1/completions"


@pytest.fixture(scope="module")
def run(trained_once):
    return trained_once


@pytest.fixture(scope="module")
def model(run):
    return charrnn.load(run)


@pytest.fixture(scope="module")
def http(run):
    with client(run) as made:
        yield made


@pytest.fixture(scope="module")
def byte_run(tmp_path_factory):
    from tiny import trained

    folder = tmp_path_factory.mktemp("bytes")
    (folder / "text.txt").write_text("naïve café — ünïcödé ☃ " * 40, "utf-8")
    return trained(folder / "bytes", folder / "text.txt", "data.unit=byte")


@pytest.fixture(scope="module")
def document_run(tmp_path_factory):
    from tiny import trained

    folder = tmp_path_factory.mktemp("documents")
    (folder / "text.txt").write_text("anna\nbob\ncarla\ndora\n" * 40, "utf-8")
    return trained(folder / "names", folder / "text.txt", "data.boundary=\\n")


def ask(http, **body):
    answer = http.post(PATH, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def events(http, **body):
    answer = http.post(PATH, json={**body, "stream": True})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    *found, last, rest = answer.text.split("\n\n")
    assert (last, rest) == ("data: [DONE]", "")
    return [json.loads(event.removeprefix("data: ")) for event in found]


def joined(chunks, index=0):
    return "".join(c["text"] for chunk in chunks for c in chunk["choices"] if c["index"] == index)


def test_a_text_is_what_its_seed_gives(http, model):
    got = ask(http, model="run", prompt="the c", max_tokens=40, seed=7)
    assert got["choices"] == [
        {"index": 0, "text": model.sample("the c", 40, seed=7), "logprobs": None, "finish_reason": "length"}
    ]
    assert got["usage"] == {"prompt_tokens": 5, "completion_tokens": 40, "total_tokens": 45}
    assert (got["object"], got["model"], got["id"][:5]) == ("text_completion", "run", "cmpl-")


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ({"temperature": 0}, {"temperature": 0}),
        ({"temperature": 1.5, "top_k": 5}, {"temperature": 1.5, "top_k": 5}),
        ({"top_p": 0.9, "min_p": 0.01}, {"top_p": 0.9, "min_p": 0.01}),
        ({"top_k": 0, "min_p": 0, "repeat_penalty": 1}, {}),
        ({"top_k": -1, "stop": None, "temperature": None, "best_of": 1, "user": "x", "presence_penalty": 0}, {}),
        ({"frequency_penalty": 0.0, "logit_bias": {}, "suffix": None, "logprobs": None}, {}),
        ({"stop": ["at", "dog"]}, {"stops": ["at", "dog"]}),
        ({"stop": "o"}, {"stops": ["o"]}),
    ],
)
def test_options_are_those_of_sample(http, model, body, options):
    got = ask(http, prompt="the ", max_tokens=60, seed=3, **body)
    assert got["choices"][0]["text"] == model.sample("the ", 60, seed=3, **options)


@pytest.mark.parametrize("name", ["repetition_penalty", "repeat_penalty"])
def test_the_guard_against_repetition(http, model, name):
    from charrnn.generation.repetition_penalty import RepetitionPenalty

    options = SamplingOptions(0, repetition=RepetitionPenalty(1e9))
    (sample,) = model.generator().sample(model.request("the cat", 400, options), [5])
    assert sample.text != model.sample("the cat", 400, temperature=0, seed=5)  # the guard matters
    got = ask(http, prompt="the cat", max_tokens=400, seed=5, temperature=0, **{name: 1e9})
    assert got["choices"][0]["text"] == sample.text


def test_several_prompts_and_several_texts_of_each(http, model):
    got = ask(http, prompt=["the", "a d"], n=3, seed=10, max_tokens=20)
    expected = [model.sample(prompt, 20, seed=seed) for prompt in ("the", "a d") for seed in (10, 11, 12)]
    assert [choice["text"] for choice in got["choices"]] == expected
    assert [choice["index"] for choice in got["choices"]] == [0, 1, 2, 3, 4, 5]
    assert got["usage"] == {"prompt_tokens": 6, "completion_tokens": 120, "total_tokens": 126}


def test_without_a_seed_texts_differ_and_the_length_is_that_of_sample(http):
    one, other = (ask(http)["choices"][0]["text"] for _ in range(2))
    assert one != other
    assert len(one) == 500


def test_a_stop_string_is_left_out(http):
    got = ask(http, prompt="the ", max_tokens=300, seed=1, stop=["a"])
    choice = got["choices"][0]
    assert (choice["finish_reason"], "a" in choice["text"]) == ("stop", False)
    assert got["usage"]["completion_tokens"] == len(choice["text"]) + 1


@pytest.mark.parametrize("stop", [[], ["at"], ["t\n", "dog. "], ["zz"]])
def test_a_stream_is_the_whole_text_in_pieces(http, stop):
    body = {"prompt": ["the ", "a"], "n": 2, "seed": 4, "max_tokens": 100, "stop": stop, "echo": True}
    whole, chunks = ask(http, **body), events(http, **body)
    for choice in whole["choices"]:
        assert joined(chunks, choice["index"]) == choice["text"]
        ends = [c["finish_reason"] for chunk in chunks for c in chunk["choices"] if c["index"] == choice["index"]]
        assert ends[-1] == choice["finish_reason"]
        assert not any(ends[:-1])
    assert len({chunk["id"] for chunk in chunks}) == 1


def test_the_usage_of_a_stream(http):
    *_, last = events(http, prompt="the", max_tokens=9, stream_options={"include_usage": True})
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 12)


@pytest.mark.parametrize("stream", [True, False])
def test_log_probabilities(http, model, stream):
    body = {"prompt": "the c", "max_tokens": 50, "seed": 2, "logprobs": 3, "stop": "g."}
    if stream:
        parts = [c["logprobs"] for chunk in events(http, **body) for c in chunk["choices"]]
        found = {name: [each for part in parts for each in part[name]] for name in parts[0]}
        text = ask(http, **body)["choices"][0]["text"]
    else:
        choice = ask(http, **body)["choices"][0]
        found, text = choice["logprobs"], choice["text"]
    assert "".join(found["tokens"]) == text
    assert found["text_offset"] == list(range(len(text)))
    scored = model.score("the c" + text).surprisals[5:]
    assert found["token_logprobs"] == pytest.approx([-each for each in scored], abs=1e-5)
    for token, log_p, top in zip(found["tokens"], found["token_logprobs"], found["top_logprobs"], strict=True):
        assert top[token] == log_p
        assert len(top) in (3, 4)
        assert max(top.values()) <= 0
        assert sum(map(math.exp, top.values())) <= 1.0001


def test_echo_scores_the_prompt(http, model):
    choice = ask(http, prompt="the cat", max_tokens=0, echo=True, logprobs=0)["choices"][0]
    assert (choice["text"], choice["finish_reason"]) == ("the cat", "length")
    assert choice["logprobs"]["tokens"] == list("the cat")
    expected = [-each for each in model.score("the cat").surprisals]
    assert choice["logprobs"]["token_logprobs"] == pytest.approx(expected, abs=1e-5)
    assert choice["logprobs"]["top_logprobs"][0] == {"t": choice["logprobs"]["token_logprobs"][0]}
    both = ask(http, prompt="the cat", max_tokens=5, n=2, echo=True, logprobs=2)["choices"]
    for each in both:
        assert len(each["text"]) == len(each["logprobs"]["tokens"]) == 12
        assert each["logprobs"]["text_offset"] == list(range(12))


def test_nothing_is_asked_for(http):
    assert ask(http, prompt="the", max_tokens=0)["choices"][0]["text"] == ""
    assert joined(events(http, prompt="the", max_tokens=0, echo=True)) == "the"


def test_a_model_of_bytes(byte_run):
    model = charrnn.load(byte_run)
    with client(byte_run) as http:
        for seed in range(6):
            got = ask(http, prompt="é", max_tokens=33, seed=seed, temperature=1.5, logprobs=1, echo=True)
            choice = got["choices"][0]
            assert choice["text"] == "é" + model.sample("é", 33, temperature=1.5, seed=seed)
            assert got["usage"]["prompt_tokens"] == 2
            assert choice["logprobs"]["tokens"][:2] == ["bytes:\\xc3", "bytes:\\xa9"]
            assert choice["logprobs"]["text_offset"][:3] == [0, 0, 1]
            assert max(choice["logprobs"]["text_offset"]) < len(choice["text"])
            body = {"prompt": "é", "max_tokens": 33, "seed": seed, "temperature": 1.5}
            assert "é" + joined(events(http, **body)) == choice["text"]
        lone = http.post(PATH, content=b'{"prompt": "\\ud800", "max_tokens": 3, "echo": true}')
        assert lone.status_code == 200


def test_a_model_of_documents(document_run):
    model = charrnn.load(document_run)
    with client(document_run) as http:
        got = ask(http, prompt="a", max_tokens=200, seed=3, logprobs=0)
        (sample,) = model.generator().sample(model.request("a", 200, SamplingOptions(0.8)), [3])
        assert (got["choices"][0]["text"], got["choices"][0]["finish_reason"]) == (sample.text, "stop")
        assert got["usage"]["completion_tokens"] == len(sample.text) + 1
        assert "".join(got["choices"][0]["logprobs"]["tokens"]) == sample.text
        assert joined(events(http, prompt="a", max_tokens=200, seed=3)) == sample.text


def test_two_models(run, document_run):
    with client(run, document_run) as http:
        assert [each["id"] for each in http.get("/v1/models").json()["data"]] == ["run", "names"]
        for path, text in ((run, "the"), (document_run, "bob")):
            expected = charrnn.load(path).sample(text, 20, seed=1)
            got = ask(http, model=path.name, prompt=text, max_tokens=20, seed=1)
            assert got["choices"][0]["text"] == expected
        assert http.get("/v1/models/names").json()["object"] == "model"
        assert http.get("/v1/models/nobody").status_code == 404


def test_it_goes_on_when_the_run_has_gone(trained_once, tmp_path):
    path = tmp_path / "run"
    path.mkdir()
    (path / LAST).write_bytes((trained_once / LAST).read_bytes())
    with client(path) as http:
        (path / LAST).unlink()
        assert ask(http, max_tokens=5)["usage"]["completion_tokens"] == 5
