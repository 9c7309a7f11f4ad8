"""`serve`: what it prints and refuses, and how it ends; a real server each time."""

import http.client
import json
import re
import shutil
import signal
import socket
import sys
import time
import urllib.request

import pytest
from refusals import refused
from serving import server
from slow import mostly_exhaustive

from charrnn.system.optional_libraries import install_command
from charrnn.system.shell import shell_word

ENDINGS = [(number, 128 + number) for number in (1, signal.SIGTERM, signal.SIGINT)]  # 1: a closed terminal
posix = pytest.mark.skipif(sys.platform == "win32", reason="sends SIGTERM")


def post(url, **body):
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/v1/completions", data, {"Content-Type": "application/json"})
    return urllib.request.urlopen(request, timeout=60)


@pytest.mark.slow
def test_it_serves(trained_once, tmp_path):
    with server(trained_once, WEB_CONCURRENCY="x") as (process, url):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        assert json.load(post(url, max_tokens=5))["usage"]["completion_tokens"] == 5
        process.send_signal(signal.SIGTERM)
        rest, notes = process.communicate(timeout=60)
    assert rest == ""
    assert notes == (
        f"serving run; try: curl {url}/v1/completions -H 'Content-Type: application/json' -d '{{\"max_tokens\": 200}}'\n"
    )


@posix
@pytest.mark.slow
@mostly_exhaustive(("number", "code"), ENDINGS, one_in=3)
def test_a_signal_lets_what_is_written_end(trained_once, number, code):
    with server(trained_once, "--max-length", 10**6) as (process, url):
        answer = post(url, max_tokens=20_000, stream=True, seed=1)
        first = answer.readline()
        process.send_signal(number)
        rest = answer.read().decode()
        assert process.wait(60) == code
    assert first.startswith(b"data: {")
    assert rest.endswith("data: [DONE]\n\n")
    assert '"finish_reason":"length"' in rest


@posix
@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_signal_cuts_what_takes_long(trained_once):
    with server(trained_once, "--max-length", 10**9) as (process, url):
        answer = post(url, max_tokens=10**9, stream=True)
        answer.readline()
        process.send_signal(signal.SIGTERM)
        rest = answer.read().decode()
        assert process.wait(60) == 143
    assert rest.endswith("data: [DONE]\n\n")
    assert '"code":"shutting_down"' in rest


@posix
@pytest.mark.slow
@mostly_exhaustive(("number", "code"), ENDINGS, one_in=3)
def test_a_second_signal_ends_it_at_once(trained_once, number, code):
    with server(trained_once, "--max-length", 10**9) as (process, url):
        answer = post(url, max_tokens=10**9, stream=True)
        answer.readline()
        process.send_signal(number)
        time.sleep(0.5)
        process.send_signal(number)
        assert process.wait(60) == code
        assert process.stderr.read().count("\n") == 1
    with pytest.raises(http.client.IncompleteRead):
        answer.read()


@pytest.mark.slow
@pytest.mark.parametrize("key", ["", "sesame"])
def test_other_machines(trained_once, key):
    with server(trained_once, "--host", "0.0.0.0", CHARRNN_API_KEY=key) as (process, _):
        process.send_signal(signal.SIGTERM)
        _, notes = process.communicate(timeout=60)
    warning = "warning: other machines can use this server without a key; CHARRNN_API_KEY=SECRET sets one\n"
    assert notes.startswith(warning) == (not key)
    assert ('-H "Authorization: Bearer $CHARRNN_API_KEY"' in notes) == bool(key)
    assert key == "" or key not in notes


@pytest.mark.parametrize("key", ["é", "two words", "\udcff", "\t"])
def test_a_key_that_no_client_can_send(charrnn, trained_once, monkeypatch, key):
    monkeypatch.setenv("CHARRNN_API_KEY", key)
    refused(
        charrnn("serve", trained_once, "--port", 0), 1,
        "CHARRNN_API_KEY must be letters, digits and signs of ASCII, without spaces",
    )  # fmt: skip


def test_refusals(charrnn, trained_once, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(
            charrnn("serve", trained_once, "--port", port), 1,
            f"--host 127.0.0.1 --port {port}: ", "; --port 0 takes any free port",
        )  # fmt: skip
    refused(charrnn("serve", tmp_path / "none"), 1, f"{tmp_path / 'none'}: no such run")
    other = shutil.copytree(trained_once, tmp_path / "b" / "run")
    refused(
        charrnn("serve", trained_once, other), 1,
        "two runs are called run; requests name a model by this, so rename one",
    )  # fmt: skip
    refused(
        charrnn("serve", trained_once, "--host", "no.such.host.invalid"), 1, "--host no.such.host.invalid --port 8000"
    )
    for option in ("--port", "--max-batch", "--max-queue", "--max-length", "--max-body", "--max-time"):
        assert charrnn("serve", trained_once, option, "-1").exit_code in (1, 2)
        assert charrnn("serve", trained_once, option, "x").exit_code == 2
    for origin in ("example.org", "https://example.org/", "https://a b", "x*"):
        message = f"--cors {shell_word(origin)}: must be * or the origin of a web page, such as https://example.org"
        refused(charrnn("serve", trained_once, "--cors", origin), 2, message)
    refused(charrnn("serve", trained_once, "--port", 65536), 2, "--port 65536: must be at most 65,535")


def test_a_missing_library_is_named(charrnn, trained_once, monkeypatch):
    from charrnn import server as room

    monkeypatch.delitem(sys.modules, "charrnn.server.listening", raising=False)
    monkeypatch.delattr(room, "listening", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    refused(charrnn("serve", trained_once), 1, f"charrnn serve needs starlette and uvicorn: {install_command('serve')}")


@posix
@pytest.mark.slow
def test_connections_that_say_nothing_do_not_hold_it_up(trained_once):
    with server(trained_once) as (process, url):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as idle, socket.create_connection((host, int(port))) as half:
            half.sendall(b"POST /v1/completions HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
            time.sleep(0.2)
            assert json.load(post(url, max_tokens=3))["choices"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 143
            assert idle.recv(1) == b""
