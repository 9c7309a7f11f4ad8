"""The answer to one request: whole, or as server-sent events while it is written."""

import asyncio
import json
import secrets
import time
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from charrnn.server.choice import Choice
from charrnn.server.engine import Job
from charrnn.server.requests import ApiError, CompletionRequest
from charrnn.text.vocabulary import Vocabulary

GONE = ApiError(499, "the client has gone")


class Completion(Response):
    """Of a job that an engine has. In the end the job's texts are no longer written, however that came."""

    def __init__(self, job: Job, wanted: CompletionRequest, model: str, vocabulary: Vocabulary, seconds: float) -> None:
        self._job, self._wanted, self._seconds = job, wanted, seconds
        self._choices = [Choice(index, text, vocabulary, wanted.echo) for index, text in enumerate(job.texts)]
        made = {"id": f"cmpl-{secrets.token_hex(12)}", "object": "text_completion", "created": int(time.time())}
        self._head = {**made, "model": model}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        late = ApiError(504, f"not written within {self._seconds:g} s; ask for fewer characters", code="timeout")
        timer = asyncio.get_running_loop().call_later(self._seconds, self._job.stop, late)
        watcher = asyncio.create_task(self._stop_when_gone(receive))
        try:
            if self._wanted.stream:
                await self._stream(send)
                return
            while not await self._news():
                pass
            choices = [choice.take() for choice in self._choices]
            await json_response({**self._head, "choices": choices, "usage": self._usage()})(scope, receive, send)
        finally:
            timer.cancel()
            watcher.cancel()
            self._job.stop()

    async def _stream(self, send: Send) -> None:
        done = await self._news()
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        last = b"data: [DONE]\n\n"
        try:
            while True:
                new = [choice.take() for choice in self._choices]
                events = b"".join(_event({**self._head, "choices": [each]}) for each in new if each)
                await send({"type": "http.response.body", "body": events, "more_body": True})
                if done:
                    break
                done = await self._news()
            if self._wanted.stream_options.get("include_usage"):
                last = _event({**self._head, "choices": [], "usage": self._usage()}) + last
        except ApiError as error:
            last = _event(error.body) + last
        await send({"type": "http.response.body", "body": last})

    async def _news(self) -> bool:
        """Wait for something to send. Returns whether every text has ended. Raises ApiError."""
        await self._job.news.wait()
        self._job.news.clear()
        if self._job.error:
            raise self._job.error
        return self._job.done

    async def _stop_when_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._job.stop(GONE)

    def _usage(self) -> dict[str, int]:
        read = sum(len(group[0].prompt_ids) for group in self._job.groups)
        drawn = sum(len(text.ids) for text in self._job.texts)
        return {"prompt_tokens": read, "completion_tokens": drawn, "total_tokens": read + drawn}


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response of JSON in ASCII, in which a lone surrogate can stand too."""
    return Response(_dump(value), status, headers, "application/json")


def _event(value: object) -> bytes:
    return b"data: " + _dump(value) + b"\n\n"


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
