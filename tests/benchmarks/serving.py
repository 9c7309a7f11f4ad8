"""Clients of `charrnn serve`, compared with the same texts written by `sample` in one process.

The clients are one more process, which speaks HTTP by hand: it must not be slower than what it measures.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from charrnn import api
from charrnn.config.resolve import resolve

CLIENTS, FEW, LENGTH = 64, 16, 1000
PROMPTS = [f"It was the {number}th day, and the wind from the sea was cold. " for number in range(FEW)]
GRU = ("model.cell=gru", "model.hidden_size=256", "training.steps=2", "training.eval_every=2")


def run(rounds: int) -> None:
    """64 clients at once beside `sample --count 64`; the first character of a stream, with 16 clients at once."""
    print(
        "| model | sample --count 64, characters/s | 64 clients | share | 64 streams | share | first character, 16 clients: median; 95 % within |"
    )
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        gru = Path(folder) / "gru256"
        for _ in api.start(api.plan((), resolve(None, GRU).config), gru).events():
            pass
        for name, path in (("builtin:english (gru 640, deep)", "builtin:english"), ("gru 256", str(gru))):
            with server(path) as port:
                _measure(name, path, port, rounds)


def _measure(name: str, path: str, port: int, rounds: int) -> None:
    model = api.load(path)
    request = model.request("", LENGTH, api_options())
    alone, whole, streamed, first = [], [], [], []
    for _ in range(rounds):
        began = time.perf_counter()
        model.generator().sample(request, range(CLIENTS))
        alone.append(CLIENTS * LENGTH / (time.perf_counter() - began))
        for stream, found in ((False, whole), (True, streamed)):
            began = time.perf_counter()
            written = asyncio.run(_all(port, [{"seed": i, "stream": stream} for i in range(CLIENTS)], LENGTH))
            found.append(sum(count for count, _ in written) / (time.perf_counter() - began))
        waits = asyncio.run(_closed_loops(port))
        first.append((statistics.median(waits) * 1e3, statistics.quantiles(waits, n=20)[-1] * 1e3))
    ours, theirs, events = (statistics.median(each) for each in (alone, whole, streamed))
    share, of_streams = (
        statistics.median(a / b for a, b in zip(each, alone, strict=True)) for each in (whole, streamed)
    )
    median, late = (statistics.median(each) for each in zip(*first, strict=True))
    print(
        f"| {name} | {ours:,.0f} | {theirs:,.0f} | {share:.2f} | {events:,.0f} | {of_streams:.2f} | {median:.0f} ms; {late:.0f} ms |",
        flush=True,
    )


def api_options():
    from charrnn.generation.sampling import SamplingOptions

    return SamplingOptions(0.8)


async def _all(port, bodies, length):
    """Each request at once: the characters and the seconds to the first one."""
    return await asyncio.gather(*(ask(port, {**body, "max_tokens": length}) for body in bodies))


async def _closed_loops(port, requests=6):
    """16 clients, each with one request after the other: the seconds to the first character of each."""

    async def client(number):
        await asyncio.sleep(number * 0.02)
        texts = [
            await ask(port, {"prompt": PROMPTS[(number + i) % FEW], "max_tokens": 200, "stream": True})
            for i in range(requests)
        ]
        return [wait for _, wait in texts]

    return [wait for waits in await asyncio.gather(*map(client, range(FEW))) for wait in waits]


async def ask(port, body):
    """One request: how many characters came, and the seconds to the first."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    data = json.dumps(body).encode()
    writer.write(
        b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(data) + data
    )
    received, first = b"", None
    while part := await reader.read(1 << 16):
        received += part
        if first is None and b'"text":"' in received:
            first = time.perf_counter() - began
    writer.close()
    assert received.startswith(b"HTTP/1.1 200"), received[:500]
    if body.get("stream"):
        lines = [line for line in received.split(b"\n") if line.startswith(b"data: {")]
        return sum(len(json.loads(line[6:])["choices"][0]["text"]) for line in lines), first
    return len(json.loads(received[received.index(b"\r\n\r\n") + 4 :])["choices"][0]["text"]), first


@contextmanager
def server(*runs: str, options=()):
    """A server of these runs in a process of its own; yields its port."""
    command = [sys.executable, "-m", "charrnn", "serve", *runs, "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield int(line.rpartition(":")[2])
    finally:
        process.terminate()
        process.communicate(timeout=30)
