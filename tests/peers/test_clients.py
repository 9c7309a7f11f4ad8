"""Programs of others against a real server: the official `openai` client and `llm`."""

import os
import subprocess
import sys

import pytest
from serving import server

import charrnn

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def served(trained_once):
    with server(trained_once, CHARRNN_API_KEY="sesame") as (_, url):
        yield f"{url}/v1"


@pytest.fixture(scope="module")
def model(trained_once):
    return charrnn.load(trained_once)


@pytest.fixture(scope="module")
def client(served):
    openai = pytest.importorskip("openai", reason="needs the client: pip install --group clients")
    with openai.OpenAI(base_url=served, api_key="sesame", max_retries=0) as made:
        yield made


def test_the_session(client, model):
    assert [each.id for each in client.models.list()] == ["run"]
    assert client.models.retrieve("run").owned_by == "charrnn"
    got = client.completions.create(model="run", prompt="the c", max_tokens=40, seed=7, temperature=0.8)
    assert got.choices[0].text == model.sample("the c", 40, seed=7)
    assert (got.choices[0].finish_reason, got.usage.total_tokens) == ("length", 45)


def test_a_stream(client, model):
    stream = client.completions.create(
        model="run", prompt="the", max_tokens=300, seed=3, stream=True, stream_options={"include_usage": True}
    )
    *chunks, last = stream
    assert "".join(chunk.choices[0].text for chunk in chunks) == model.sample("the", 300, seed=3)
    assert last.usage.completion_tokens == 300


def test_options_and_several_texts(client, model):
    got = client.completions.create(
        model="run", prompt=["the", "a"], n=2, max_tokens=30, seed=1, temperature=0.5, top_p=0.9, stop=["."], logprobs=2,
        echo=True, presence_penalty=0, frequency_penalty=0, best_of=2, user="me", extra_body={"top_k": 5, "min_p": 0.01},
    )  # fmt: skip
    expected = [
        prompt + model.sample(prompt, 30, 0.5, 5, 0.9, 0.01, stops=["."], seed=seed)
        for prompt in ("the", "a")
        for seed in (1, 2)
    ]
    assert [choice.text for choice in got.choices] == expected
    assert "".join(got.choices[0].logprobs.tokens) == expected[0]
    assert got.choices[0].logprobs.text_offset[-1] == len(expected[0]) - 1


def test_errors_are_those_of_the_client(client, served):
    import openai

    with pytest.raises(openai.NotFoundError, match="no model 'gpt-4' here"):
        client.completions.create(model="gpt-4", prompt="")
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(model="run", prompt="é")
    assert caught.value.param == "prompt"
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=served, api_key="wrong").models.list()


def test_a_stream_that_is_given_up(client):
    with client.completions.create(model="run", prompt="the", max_tokens=30_000, stream=True) as stream:
        assert next(iter(stream)).choices[0].text
    assert client.completions.create(model="run", prompt="the", max_tokens=1).choices[0].text


def test_llm(served, model, tmp_path):
    pytest.importorskip("llm", reason="needs llm: pip install --group clients")
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- model_id: harbour\n  model_name: run\n  api_base: {served}\n  api_key_name: harbour\n  completion: true\n",
        "utf-8",
    )
    command = [sys.executable, "-m", "llm", "-m", "harbour", "--key", "sesame", "the c"]
    environment = {**os.environ, "LLM_USER_PATH": str(tmp_path)}
    for extra in ([], ["--no-stream"]):
        options = ["-o", "seed", "4", "-o", "temperature", "0.8", "-o", "max_tokens", "30", *extra]
        done = subprocess.run([*command, *options], env=environment, capture_output=True, encoding="utf-8")
        assert done.stderr == ""
        assert done.stdout.rstrip("\n") == model.sample("the c", 30, seed=4).rstrip("\n")
