"""What is wrong with a request is said in the interface's shape, with the right status."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving import client

PATH = "/v1/completions"


@pytest.fixture(scope="module")
def http(trained_once):
    with client(trained_once, length=1000, batch=4, queue=4, body=20_000) as made:
        yield made


def error_of(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == ("invalid_request_error" if status < 500 else "server_error")
    assert "\n" not in error["message"]
    return error["message"], error["param"], error["code"]


VALUE, UNKNOWN, UNSUPPORTED = "invalid_value", "unknown_parameter", "unsupported_parameter"
WRONG = [
    ({"max_tokens": -1}, "max_tokens: Input should be greater than or equal to 0; found -1", "max_tokens", VALUE),
    ({"max_tokens": "9"}, 'max_tokens: Input should be a valid integer; found "9"', "max_tokens", VALUE),
    ({"max_tokens": 1001}, "max_tokens: at most 1,000 characters; found 1001", "max_tokens", VALUE),
    ({"max_tokens": True}, "max_tokens: Input should be a valid integer; found true", "max_tokens", VALUE),
    ({"temperature": -1}, "temperature: Input should be greater than or equal to 0; found -1", "temperature", VALUE),
    ({"top_p": 0}, "top_p: Input should be greater than 0; found 0", "top_p", VALUE),
    ({"top_p": 1.1}, "top_p: Input should be less than or equal to 1; found 1.1", "top_p", VALUE),
    ({"min_p": 2}, "min_p: Input should be less than or equal to 1; found 2", "min_p", VALUE),
    ({"repeat_penalty": 0.9}, "repeat_penalty: Input should be greater than or equal to 1; found 0.9", "repeat_penalty", VALUE),
    ({"n": 0}, "n: Input should be greater than or equal to 1; found 0", "n", VALUE),
    ({"n": 5}, "n: at most 4, and 8 for all prompts; found 5 for each of 1 prompt", "n", VALUE),
    ({"n": 3, "prompt": ["the"] * 3}, "n: at most 4, and 8 for all prompts; found 3 for each of 3 prompts", "n", VALUE),
    ({"best_of": 2}, "best_of: must be n, 1, or left out; found 2", "best_of", VALUE),
    (
        {"n": 4, "prompt": ["the "] * 2, "max_tokens": 996, "echo": True, "logprobs": 20},
        "logprobs: at most 100,000 figures in one answer; found 168,000, for 8,000 characters", "logprobs", VALUE,
    ),
    ({"logprobs": 21}, "logprobs: Input should be less than or equal to 20; found 21", "logprobs", VALUE),
    ({"seed": -1}, "seed: Input should be greater than or equal to 0; found -1", "seed", VALUE),
    ({"stop": ""}, 'stop: String should have at least 1 character; found ""', "stop", VALUE),
    ({"stop": ["a"] * 17}, "stop: List should have at most 16 items after validation, not 17; found " + json.dumps(["a"] * 17)[:60] + "...", "stop", VALUE),
    ({"prompt": []}, "prompt: List should have at least 1 item after validation, not 0; found []", "prompt", VALUE),
    ({"prompt": [1, 2]}, "prompt: Input should be a valid string; found 1", "prompt", VALUE),
    ({"prompt": {"a": 1}}, 'prompt: Input should be a valid list; found {"a": 1}', "prompt", VALUE),
    ({"prompt": "a" * 1001}, "prompt: at most 1,000 characters; found 1,001", "prompt", "context_length_exceeded"),
    ({"temprature": 1}, "temprature: no such parameter; leave it out", "temprature", UNKNOWN),
    ({"a\nb": 1}, "a\u240ab: no such parameter; leave it out", "a\nb", UNKNOWN),
    ({"presence_penalty": 0.5}, "presence_penalty: not supported; leave it out", "presence_penalty", UNSUPPORTED),
    ({"logit_bias": {"50256": -100}}, "logit_bias: not supported; leave it out", "logit_bias", UNSUPPORTED),
    ({"suffix": "end"}, "suffix: not supported; leave it out", "suffix", UNSUPPORTED),
    ({"stream": 1}, "stream: Input should be a valid boolean; found 1", "stream", VALUE),
]  # fmt: skip


@pytest.mark.parametrize(("body", "message", "param", "code"), WRONG)
def test_wrong_values(http, monkeypatch, body, message, param, code):
    monkeypatch.setattr("charrnn.server.app.MAX_FIGURES", 100_000)
    assert error_of(http.post(PATH, json=body), 400) == (message, param, code)


def test_a_prompt_that_the_model_does_not_know(http):
    message, param, _ = error_of(http.post(PATH, content=b'{"prompt": "the \\u00e9\\ud800"}'), 400)
    assert message.startswith("'é' (U+00E9) at character 5 and '\\ud800' (U+D800) at character 6 are not among the 18 ")
    assert param == "prompt"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "the body is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"", "the body is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"[]", "the body must be a JSON object; found []"),
        (b"\xff\xfe\xfd", None),
        (b'"' + b"[" * 9000, None),
        (b"[" * 9000, None),
        (b'{"seed": ' + b"9" * 9000 + b"}", None),
        (b'{"temperature": NaN}', "temperature: Input should be a finite number; found NaN"),
        (b'{"temperature": 1e999}', "temperature: Input should be a finite number; found Infinity"),
    ],
)
def test_bodies_that_are_no_requests(http, content, message):
    found, _, _ = error_of(http.post(PATH, content=content, headers={"content-type": "application/json"}), 400)
    assert found == message or message is None


def test_other_statuses(http):
    assert error_of(http.post(PATH, json={"model": "other"}), 404) == (
        "no model 'other' here; there is run", "model", "model_not_found",
    )  # fmt: skip
    assert error_of(http.post(PATH + "/", json={}, follow_redirects=False), 404)[0] == f"POST {PATH}/: Not Found"
    assert error_of(http.get("/v2"), 404)[0] == "GET /v2: Not Found"
    answer = http.get(PATH)
    assert error_of(answer, 405)[0] == f"GET {PATH}: Method Not Allowed"
    assert answer.headers["allow"] == "POST"
    assert error_of(http.post(PATH, content="max_tokens=3", headers={"content-type": "text/plain"}), 415)[0] == (
        "Content-Type must be application/json; found text/plain"
    )
    assert error_of(http.post(PATH, content=b" " * 20_001), 413)[2] == "body_too_large"
    assert error_of(http.get("/v1/models/no"), 404)[2] == "model_not_found"


def test_a_key(trained_once):
    with client(trained_once, key="sesame") as http:
        for given in (
            {},
            {"authorization": "Bearer sesam"},
            {"authorization": "sesame"},
            {"authorization": "Bearer \xe9"},
        ):
            headers = {name: value.encode("latin-1") for name, value in given.items()}
            for answer in (http.post(PATH, json={}, headers=headers), http.get("/v1/models", headers=headers)):
                assert error_of(answer, 401)[2] == "invalid_api_key"
            assert http.get("/", headers=headers).status_code == 401
        assert http.get("/health").json() == {"status": "ok"}
        right = {"authorization": "Bearer sesame"}
        assert http.post(PATH, json={"max_tokens": 1}, headers=right).status_code == 200


def test_other_origins_only_if_asked(trained_once):
    origin = {"origin": "https://example.org"}
    preflight = {**origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    with client(trained_once) as http:
        assert "access-control-allow-origin" not in http.get("/health", headers=origin).headers
        assert error_of(http.options(PATH, headers=preflight), 405)
    with client(trained_once, key="k", cors="https://example.org") as http:
        assert http.get("/health", headers=origin).headers["access-control-allow-origin"] == "https://example.org"
        assert http.options(PATH, headers=preflight).status_code == 200
        assert "access-control-allow-origin" not in http.get("/health", headers={"origin": "https://a.b"}).headers


def test_the_page(http):
    assert http.get("/").text == "<p>page"
    assert http.get("/").headers["content-type"] == "text/html; charset=utf-8"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = ["model", "prompt", "max_tokens", "temperature", "top_k", "top_p", "min_p", "repetition_penalty", "n", "stop"]
NAMES += ["seed", "logprobs", "echo", "stream", "stream_options", "user", "logit_bias", "best_of"]
SMALL = st.fixed_dictionaries({"max_tokens": st.integers(0, 5)}, optional={"prompt": st.text("the cat\n", max_size=9)})
BODIES = st.builds(
    lambda small, odd: {**small, **odd}, SMALL, st.dictionaries(st.sampled_from(NAMES), JSON, max_size=2)
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BODIES)
def test_whatever_is_asked_the_answer_is_well_formed(http, body):
    answer = http.post(PATH, content=json.dumps(body).encode())
    if answer.status_code != 200:
        error_of(answer, 404 if answer.status_code == 404 else 400)
    elif answer.headers["content-type"].startswith("text/event-stream"):
        assert answer.text.endswith("data: [DONE]\n\n")
    else:
        assert answer.json()["choices"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_sent_the_answer_is_well_formed(http, content):
    answer = http.post(PATH, content=content)
    if answer.status_code != 200:
        error_of(answer, 404 if answer.status_code == 404 else 400)
