"""A server under mixed load: clients that read, that leave, that are slow, that send nonsense. Every response is
well-formed, each text is what its seed gives, and memory, files and threads stay flat.
"""

import asyncio
import json
import random
import re
import signal
import time
from pathlib import Path

from faults.common import Result, Tally, end, finish, skipped, spawn, start, write_text
from faults.soak import growth, halves, look

from charrnn import api

CLIENTS = 24
PATIENCE = 20  # seconds until a server has closed what clients left open
KINDS = ("whole", "stream", "leave", "leave at once", "slow", "malformed", "not HTTP", "many", "long prompt")
CHARACTERS = "the cat sat on the mat. a dog ran.\nwhy?\n"


def serving(seconds: float, folder: Path, seed: int, interval: float = 1.0) -> Result:
    """A server for `seconds`, with 24 clients at once."""
    name = "a server under load"
    if not Path("/proc/self/statm").is_file():
        return skipped(name, "needs /proc")
    run, tally = folder / "run", Tally(name, seed)
    finish(start(write_text(folder), run, "training.epochs=1"))
    child = spawn(["serve", str(run), "--port", "0", "--max-batch", "16", "--max-queue", "16", "--max-time", "20"])
    try:
        port = int(child.stdout.readline().rpartition(":")[2])
        load = Load(api.load(run), port, tally, random.Random(seed))
        samples = asyncio.run(load.run(child.pid, seconds, interval))
        child.send_signal(signal.SIGTERM)
        _, error = child.communicate(timeout=60)
    finally:
        end(child)
    wrong = [] if child.returncode == 143 else [f"ended with code {child.returncode}"]
    if error.count("\n") != 1:  # the line at its start
        wrong.append(error[-300:])
    earlier, later = halves(samples)
    wrong += growth(earlier, later, counts=["threads"])
    if load.files_after > load.files_before:  # meanwhile each client has one open
        wrong.append(f"files grew from {load.files_before} to {load.files_after}")
    tally.record(f"{seconds:,.0f} s", wrong)
    memory = [sorted(sample.memory for sample in half)[len(half) // 2] / 1e6 for half in (earlier, later)]
    return tally.result(
        f"{seconds / 60:.1f} min, {sum(load.statuses.values()):,} responses {dict(sorted(load.statuses.items()))}; "
        f"memory {memory[0]:.1f} MB, later {memory[1]:.1f} MB; {min(sample.threads for sample in later)} threads"
    )


class Load:
    """Clients of all kinds, each with one request after another."""

    def __init__(self, model, port: int, tally: Tally, generator: random.Random) -> None:
        self._model, self._port, self._tally, self._random = model, port, tally, generator
        self.statuses: dict[int, int] = {}

    async def run(self, process: int, seconds: float, interval: float):
        await self._one("whole")  # its event loop has files, too
        until, samples = time.monotonic() + seconds, []
        self.files_before = look([process]).files
        clients = [asyncio.create_task(self._client(until)) for _ in range(CLIENTS)]
        while time.monotonic() < until:
            samples.append(look([process]))
            await asyncio.sleep(interval)
        await asyncio.gather(*clients)
        patience = time.monotonic() + PATIENCE
        while (files := look([process]).files) > self.files_before and time.monotonic() < patience:
            await asyncio.sleep(0.1)
        self.files_after = files
        return samples

    async def _client(self, until: float) -> None:
        while time.monotonic() < until:
            kind = self._random.choice(KINDS)
            try:
                wrong = await asyncio.wait_for(self._one(kind), 60)
            except Exception as error:
                wrong = [repr(error)]
            self._tally.record(kind, wrong)

    async def _one(self, kind: str) -> list[str]:
        draw, seed = self._random, self._random.randrange(100)
        body = {"prompt": "the cat", "seed": seed, "max_tokens": draw.randint(0, 300), "stream": draw.random() < 0.5}
        if kind in ("leave", "leave at once", "slow"):
            body |= {"max_tokens": 30_000 if kind != "slow" else 3000, "stream": True}
        if kind == "many":
            body |= {"n": draw.randint(2, 20), "logprobs": 2, "echo": True}
        if kind == "long prompt":
            body |= {"prompt": "the cat " * draw.randint(1, 4000), "max_tokens": 3}
        content = json.dumps(body).encode()
        if kind == "malformed":
            content = self._spoil(body, content)
        head = (
            f"POST /v1/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        if kind == "not HTTP":
            head, content = "", bytes(draw.randrange(256) for _ in range(draw.randrange(1, 300))) + b"\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(head.encode() + content)
            if kind == "leave at once":
                return []
            if kind == "leave":
                await reader.read(draw.randint(1, 5000))
                return []
            received = b""
            while part := await reader.read(500 if kind == "slow" else 1 << 16):
                received += part
                if kind == "slow":
                    await asyncio.sleep(draw.random() * 0.02)
        finally:
            writer.close()
        return self._check(kind, body, received)

    def _spoil(self, body: dict, content: bytes) -> bytes:
        draw = self._random
        name, value = (
            draw.choice([*body, "n", "stop", "x"]),
            draw.choice([None, -1, 1e999, [], {}, "x" * 999, [[]], True]),
        )
        place = draw.randrange(len(content))
        cut = content[:place]
        flipped = bytearray(content)
        flipped[place] ^= 1 << draw.randrange(8)
        return draw.choice(
            [cut, bytes(flipped), json.dumps({**body, name: value}).encode(), b"[" * 5000, b" " * (1 << 21)]
        )

    def _check(self, kind: str, body: dict, received: bytes) -> list[str]:
        """What is wrong with a response."""
        head, _, content = received.partition(b"\r\n\r\n")
        match = re.match(rb"HTTP/1\.1 (\d\d\d) ", head)
        if not match:
            return [f"no response: {received[:80]!r}"] if kind != "not HTTP" else []
        status = int(match[1])
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if kind == "not HTTP":
            return [] if status == 400 else [f"status {status}"]
        if b"transfer-encoding: chunked" in head.lower():
            content, ended = _unchunk(content)
            if not ended:
                return ["the response is cut"]
        if b"text/event-stream" in head:
            *events, done, rest = content.decode().split("\n\n")
            texts = [json.loads(event[6:]) for event in events]
            if (done, rest) != ("data: [DONE]", "") or any("error" in each for each in texts):
                return [f"a stream ends with {content[-80:]!r}"]
            text = "".join(choice["text"] for each in texts for choice in each["choices"] if choice["index"] == 0)
        else:
            answer = json.loads(content)
            if status != 200:
                allowed = {"malformed": (400, 404, 413, 429), "many": (400, 429)}.get(kind, (429,))
                shape = set(answer) == {"error"} and set(answer["error"]) == {"message", "type", "param", "code"}
                return [] if shape and status in allowed else [f"status {status}: {content[:200]!r}"]
            text = answer["choices"][0]["text"]
        if kind in ("whole", "stream", "slow", "long prompt") and body["max_tokens"]:
            expected = self._model.sample(body["prompt"], body["max_tokens"], seed=body["seed"])
            return [] if text == expected else ["the text is not what its seed gives"]
        return []


def _unchunk(content: bytes) -> tuple[bytes, bool]:
    """What the chunks hold, and whether the last one came."""
    found = b""
    while content:
        size, _, content = content.partition(b"\r\n")
        if not (length := int(size, 16)):
            return found, content == b"\r\n"
        found, content = found + content[:length], content[length + 2 :]
    return found, False
