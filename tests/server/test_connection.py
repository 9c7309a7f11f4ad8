"""Connections whose clients ask nothing, take nothing or speak nonsense."""

import asyncio
import json
import logging
from contextlib import asynccontextmanager

import pytest
import uvicorn
from uvicorn.server import ServerState

from charrnn.server import connection
from charrnn.server.completion import json_response
from charrnn.server.connection import PATIENCE, Connection

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
BEGUN = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"


class Listening:
    """An event loop's server, with the connections that it has."""

    def __init__(self):
        self.let_go, self.state, self.made = asyncio.Event(), ServerState(), []
        self.kept = []

    def connection(self):
        self.made.append(Connection(self.config, self.state, {}))
        return self.made[-1]

    async def _app(self, scope, receive, send):
        if scope["path"] == "/wait":
            await self.let_go.wait()
        if scope["path"] == "/body":
            while (message := await receive()).get("more_body"):
                pass
            assert message["type"] == "http.disconnect"
        await json_response("x" * 10_000_000 if scope["path"] == "/long" else "fine")(scope, receive, send)

    async def open(self, words=b""):
        count = len(self.made)
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.kept.append(writer)  # one that nobody has closes its connection
        writer.write(words)
        await self.until(lambda: len(self.made) > count and self.made[-1].transport)
        return reader, writer

    async def until(self, true):
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.001)


@asynccontextmanager
async def listening():
    made = Listening()
    made.config = uvicorn.Config(made._app, interface="asgi3", ws="none", log_level="critical")
    made.config.load()
    server = await asyncio.get_running_loop().create_server(made.connection, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        for writer in made.kept:
            writer.close()
        made.let_go.set()
        for each in list(made.state.connections):
            each.transport.abort()
        server.close()


async def ended(reader):
    try:
        async with asyncio.timeout(10):
            return await reader.read() == b""
    except ConnectionResetError:
        return True


def test_silent_clients_give_way_to_others_the_longest_first(monkeypatch):
    monkeypatch.setattr(connection, "MOST", 3)

    async def work():
        async with listening() as made:
            busy, _ = await made.open(b"GET /wait HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            await made.until(lambda: made.state.tasks)
            half, _ = await made.open(BEGUN)
            await made.until(lambda: len(made.state.tasks) == 2)
            first = await made.open()
            reader, _ = await made.open(GET)
            assert await ended(half)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            await made.open()
            assert await ended(first[0])
            made.let_go.set()
            assert (await busy.read()).endswith(b'"fine"')

    asyncio.run(work())


def test_who_says_nothing_is_left_alone_for_a_while_and_then_shut_out():
    async def work():
        async with listening() as made:
            silent, writer = await made.open()
            writer.write(b"GET / HTTP/1.1\r\nHos")
            (idle,) = made.state.connections
            half, _ = await made.open(BEGUN)
            await made.until(lambda: made.state.tasks)
            busy, _ = await made.open(b"GET /wait HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            await made.until(lambda: len(made.state.tasks) == 2)
            for each in list(made.state.connections):
                each.tend(300)
            assert not idle.transport.is_closing()
            for each in list(made.state.connections):
                each.since -= PATIENCE + 1
                each.tend(300)
            assert await ended(silent)
            answer = await half.read()
            assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
            assert b"the request did not come within 30 s" in answer
            made.let_go.set()
            assert (await busy.read()).endswith(b'"fine"')

    asyncio.run(work())


def test_an_answer_that_nobody_takes_is_given_up_in_the_end():
    async def work():
        async with listening() as made:
            await made.open(b"GET /long HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            (slow,) = made.state.connections
            await made.until(slow.transport.is_closing)
            slow.since -= 359
            slow.tend(300)
            assert made.state.connections
            slow.since -= 2
            slow.tend(300)
            await made.until(lambda: not made.state.connections)

    asyncio.run(work())


@pytest.mark.parametrize(
    "words", [b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n"]
)
def test_what_is_not_http_gets_an_error_in_shape(words):
    async def work():
        async with listening() as made:
            reader, _ = await made.open(words)
            return await reader.read()

    head, _, body = asyncio.run(work()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-type: application/json" in head
    assert json.loads(body)["error"]["message"] == "this is not a request of HTTP/1.1"


def test_nonsense_after_an_answer_only_ends_the_connection(caplog):
    async def work():
        async with listening() as made:
            post = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
            reader, writer = await made.open(post)
            async with asyncio.timeout(10):
                answer = await reader.readuntil(b'"fine"')
            writer.write(b"zz\r\n")
            return answer, await ended(reader)

    with caplog.at_level(logging.ERROR):
        answer, was_closed = asyncio.run(work())
    assert answer.startswith(b"HTTP/1.1 200")
    assert was_closed
    assert not caplog.records
