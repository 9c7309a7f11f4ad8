"""The engine's places and queue, what a client that leaves or is slow does to others, limits of time, and the end."""

import asyncio
import json
import threading
import time

import pytest
from serving import client

import charrnn
from charrnn.errors import DivergedError
from charrnn.generation.batch import Batch, BatchedText
from charrnn.generation.sampling import SamplingOptions
from charrnn.server.app import Limits, Service
from charrnn.server.engine import Engine, Job
from charrnn.server.requests import ApiError

PATH = "/v1/completions"


@pytest.fixture(scope="module")
def model(trained_once):
    return charrnn.load(trained_once)


def texts(model, count=1, length=20, prompt="the", seed=0):
    request = model.request(prompt, length, SamplingOptions(0.8))
    return [BatchedText(model.vocabulary, request, seed + number) for number in range(count)]


class Running:
    """An engine on its thread, and an event loop for its clients."""

    def __init__(self, model, batch, queue):
        self.engine = Engine(model, batch, queue)

    async def __aenter__(self):
        self._thread = threading.Thread(target=self.engine.run, args=[asyncio.get_running_loop()])
        self._thread.start()
        return self.engine

    async def __aexit__(self, *_):
        self.engine.close()
        await asyncio.to_thread(self._thread.join, 10)
        assert not self._thread.is_alive()


async def end_of(job):
    while not job.done:
        await job.news.wait()
        job.news.clear()


def test_more_texts_than_places_are_written_in_turn(model, monkeypatch):
    advance, most = Batch.advance, []

    def count(self):
        most.append(len(self))
        advance(self)

    monkeypatch.setattr(Batch, "advance", count)

    async def work():
        async with Running(model, 3, 100) as engine:
            jobs = [Job([texts(model, 2, seed=10 * n)], n % 2 == 0) for n in range(9)]
            for job in jobs:
                engine.submit(job)
            await asyncio.gather(*map(end_of, jobs))
            return jobs

    for n, job in enumerate(asyncio.run(work())):
        assert max(most) <= 3
        for i, text in enumerate(job.texts):
            assert model.vocabulary.decode(text.ids) == model.sample("the", 20, seed=10 * n + i)


def test_a_full_queue(model):
    engine = Engine(model, 2, 3)  # not running: nothing leaves
    engine.submit(Job([texts(model, 2), texts(model, 2)], False))
    with pytest.raises(ApiError) as caught:
        engine.submit(Job([texts(model, 2)], False))
    assert (caught.value.status, caught.value.body["error"]["code"]) == (429, "queue_full")
    assert caught.value.body["error"]["message"] == "4 texts are written or wait; try again later"
    gone = Job([texts(model, 1)], False)
    engine.submit(gone)
    gone.stop()
    engine.submit(Job([texts(model, 1)], False))  # who has left holds no place


def test_a_text_that_is_left_makes_room(model):
    async def work():
        async with Running(model, 1, 10) as engine:
            long, short = Job([texts(model, 1, 10**9)], True), Job([texts(model, 1, 5)], False)
            engine.submit(long)
            engine.submit(short)
            await long.news.wait()
            long.stop()
            await asyncio.wait_for(end_of(short), 30)
            return long.texts[0], short.texts[0]

    long, short = asyncio.run(work())
    assert (long.finish, short.finish, len(short.ids)) == ("cut", "length", 5)


def test_who_has_left_holds_nobody_up(model):
    async def work():
        async with Running(model, 4, 10) as engine:
            long, gone, short = (
                Job([texts(model, 1, 10**9)], True),
                Job([texts(model, 4)], False),
                Job([texts(model)], False),
            )
            engine.submit(long)
            await long.news.wait()  # it has one of four places
            engine.submit(gone)
            gone.stop()
            engine.submit(short)
            await asyncio.wait_for(end_of(short), 30)
            long.stop()
            return gone.texts

    assert [text.ids for text in asyncio.run(work())] == [[]] * 4


def test_nothing_to_write_is_answered_without_a_place(model):
    assert Job([texts(model, 2, 0)], False).news.is_set()
    assert not Job([texts(model, 2, 1)], False).news.is_set()


@pytest.mark.parametrize("where", ["advance", "join"])
def test_a_network_that_diverged_fails_its_requests_and_the_next_ones_are_tried(model, monkeypatch, where):
    method, failing = getattr(Batch, where), [True]

    def fail(*arguments):
        if failing:
            failing.pop()
            raise DivergedError("not finite")
        method(*arguments)

    monkeypatch.setattr(Batch, where, fail)

    async def work():
        async with Running(model, 4, 4) as engine:
            first, second = (Job([texts(model)], False) for _ in range(2))
            engine.submit(first)
            await end_of(first)
            engine.submit(second)
            await end_of(second)
            return first, second

    first, second = asyncio.run(work())
    assert (first.error.status, first.error.body["error"]["message"]) == (500, "not finite")
    assert (second.error, second.texts[0].finish) == (None, "length")


def call(app, body, receive_more=None, send=None):
    """An ASGI call: the messages that were sent. `receive_more`: what a client sends after the body."""
    sent, begun = [], asyncio.Event()

    async def receive():
        if not begun.is_set():
            begun.set()
            return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}
        await (receive_more or asyncio.Event().wait)()
        return {"type": "http.disconnect"}

    async def keep(message):
        sent.append(message)
        if send:
            await send(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "POST",
        "path": PATH, "raw_path": PATH.encode(), "root_path": "", "scheme": "http", "query_string": b"",
        "headers": [], "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 5),
    }  # fmt: skip
    return app(scope, receive, keep), sent


def served(model, **limits):
    return Service({"run": model}, Limits(**{"length": 10**9, **limits}), "page")


async def idle(service, seconds=20):
    (engine,) = service._engines.values()
    until = time.monotonic() + seconds
    while engine._writing or engine._waiting:
        assert time.monotonic() < until, "it is still writing"
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("stream", [True, False])
def test_who_leaves_is_no_longer_written_for(model, stream):
    service, leaves = served(model), asyncio.Event()

    async def work():
        async with service._lifespan(service.app):
            running, sent = call(service.app, {"max_tokens": 10**8, "stream": stream}, leaves.wait)
            task = asyncio.create_task(running)
            await asyncio.sleep(0.1)
            leaves.set()
            await asyncio.wait_for(task, 20)
            await idle(service)
            return sent

    sent = asyncio.run(work())
    assert not stream or sent[0]["status"] == 200


def test_whose_connection_breaks_is_no_longer_written_for(model):
    service = served(model)

    async def fail(_):
        raise OSError("broken")

    async def work():
        async with service._lifespan(service.app):
            running, _ = call(service.app, {"max_tokens": 10**8, "stream": True}, send=fail)
            with pytest.raises(OSError, match="broken"):
                await asyncio.wait_for(running, 20)
            await idle(service)

    asyncio.run(work())


def test_a_slow_reader_stalls_nobody(model):
    service, blocked = served(model), asyncio.Event()

    async def wait(_):
        await blocked.wait()

    async def work():
        async with service._lifespan(service.app):
            slow, received = call(service.app, {"max_tokens": 300, "stream": True, "seed": 5}, send=wait)
            task = asyncio.create_task(slow)
            quick, sent = call(service.app, {"max_tokens": 400, "seed": 6})
            await asyncio.wait_for(quick, 20)
            assert not task.done()
            blocked.set()
            await asyncio.wait_for(task, 20)
            await idle(service)
            return received, sent

    received, sent = asyncio.run(work())
    events = b"".join(each.get("body", b"") for each in received).split(b"\n\n")
    text = "".join(json.loads(event[6:])["choices"][0]["text"] for event in events[:-2])
    assert text == model.sample("", 300, seed=5)
    assert json.loads(sent[-1]["body"])["choices"][0]["text"] == model.sample("", 400, seed=6)


def test_out_of_time(trained_once):
    with client(trained_once, length=10**9, seconds=0.1) as http:
        answer = http.post(PATH, json={"max_tokens": 10**8})
        assert answer.status_code == 504
        assert answer.json()["error"]["message"] == "not written within 0.1 s; ask for fewer characters"
        answer = http.post(PATH, json={"max_tokens": 10**8, "stream": True})
        *_, error, done, rest = answer.text.split("\n\n")
        assert json.loads(error[6:])["error"]["code"] == "timeout"
        assert (done, rest) == ("data: [DONE]", "")


@pytest.mark.parametrize("stream", [True, False])
def test_at_the_end_what_is_written_is_cut_well_formed(model, stream):
    service = served(model)

    async def work():
        async with service._lifespan(service.app):
            running, sent = call(service.app, {"max_tokens": 10**8, "stream": stream})
            task = asyncio.create_task(running)
            await asyncio.sleep(0.1)
            service.close(0.1)
            late, refused = call(service.app, {"max_tokens": 5})
            await late
            await asyncio.wait_for(task, 20)
            return sent, refused

    sent, refused = asyncio.run(work())
    assert refused[0]["status"] == 503
    last = sent[-1]["body"]
    if stream:
        error, done, rest = last.split(b"\n\n")
        assert (done, rest, sent[-1].get("more_body", False)) == (b"data: [DONE]", b"", False)
        last = error[6:]
    else:
        assert sent[0]["status"] == 503
    assert json.loads(last)["error"]["code"] == "shutting_down"


def test_an_error_inside_is_an_error_in_shape(trained_once, monkeypatch, caplog):
    with client(trained_once) as http:
        monkeypatch.setattr("charrnn.server.app.parse", lambda body: 1 / 0)
        answer = http.post(PATH, json={})
        assert answer.status_code == 500
        assert answer.json()["error"]["message"] == "internal error"
    assert "error: internal error: ZeroDivisionError in test_engine.py, line " in caplog.text
