"""The HTTP interface: OpenAI's completions, `GET /v1/models`, `/health`, and a page."""

import asyncio
import hmac
import html
import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from charrnn.errors import CharrnnError
from charrnn.generation.batch import BatchedText
from charrnn.models.model import Model
from charrnn.server.choice import Choice
from charrnn.server.engine import Engine, Job
from charrnn.server.requests import ApiError, CompletionRequest, parse
from charrnn.text.characters.unit_names import unit_name

MAX_NEW_SEED = 1_000_000
SLOW = 10  # seconds that a reader has to take what is left when the time of its request is over
GONE = ApiError(499, "the client has gone")
OPEN = ("/health",)  # needs no key


@dataclass(frozen=True)
class Limits:
    """What one client may ask of the server."""

    max_length: int = 32_768  # characters of a prompt, and of a text
    max_batch: int = 64  # texts that are written at once, for each model
    max_queue: int = 256  # texts that wait
    max_body: int = 1 << 20  # bytes
    max_time: float = 300.0  # seconds of a request


class Service:
    """Models by name, behind one ASGI application, `app`."""

    def __init__(
        self, models: Mapping[str, Model], limits: Limits, page: bytes | None = None, key: str = "", cors: str = ""
    ) -> None:
        self._engines = {name: Engine(model, limits.max_batch, limits.max_queue) for name, model in models.items()}
        self._limits, self._page, self._created = limits, page, int(time.time())
        self._jobs, self._closing = set[Job](), False
        allowed = {"allow_origins": [cors], "allow_methods": ["GET", "POST"], "allow_headers": ["*"]}
        self.app = Starlette(
            routes=[
                Route("/", self._show_page),
                Route("/health", self._health),
                Route("/v1/models", self._list),
                Route("/v1/models/{name:path}", self._describe),
                Route("/v1/completions", self._complete, methods=["POST"]),
            ],
            middleware=[
                *([Middleware(CORSMiddleware, **allowed)] if cors else []),
                *([Middleware(_KeyCheck, key=key)] if key else []),
            ],
            exception_handlers={
                ApiError: _answer_error,
                HTTPException: _answer_http_error,
                ClientDisconnect: lambda *_: Response(status_code=GONE.status),
                Exception: lambda *_: _json(ApiError(500, "internal error").body, 500),
            },
            lifespan=self._lifespan,
        )

    def close(self, seconds: float) -> None:
        """Refuse further requests, and cut what is being written when so many seconds have passed."""
        self._closing = True
        error = ApiError(503, "the server is shutting down", code="shutting_down")
        asyncio.get_running_loop().call_later(seconds, lambda: [job.stop(error) for job in [*self._jobs]])

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        for engine in self._engines.values():
            engine.start(asyncio.get_running_loop())
        yield
        for engine in self._engines.values():
            engine.close()

    async def _health(self, _: Request) -> Response:
        return _json({"status": "shutting down" if self._closing else "ok"}, 503 if self._closing else 200)

    async def _list(self, _: Request) -> Response:
        return _json({"object": "list", "data": [self._model_object(name) for name in self._engines]})

    async def _describe(self, request: Request) -> Response:
        name = request.path_params["name"]
        self._engine(name)
        return _json(self._model_object(name))

    def _model_object(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": self._created, "owned_by": "charrnn"}

    def _engine(self, name: str) -> Engine:
        if name not in self._engines:
            message = f"no model {name[:99]!r} is served here; there is {', '.join(self._engines)}"
            raise ApiError(404, message, "model", "model_not_found")
        return self._engines[name]

    async def _show_page(self, request: Request) -> Response:
        if self._page is not None:
            return HTMLResponse(self._page)
        call = f"curl {request.base_url}v1/completions -H 'Content-Type: application/json' -d '{{\"prompt\": \"\"}}'"
        shown = html.escape(f"Served by charrnn: {', '.join(self._engines)}\n\n{call}")
        return HTMLResponse(f'<!doctype html><meta charset="utf-8"><title>charrnn</title><pre>{shown}</pre>')

    async def _complete(self, request: Request) -> Response:
        if self._closing:
            raise ApiError(503, "the server is shutting down", code="shutting_down")
        wanted = parse(await self._read(request))
        name = wanted.model if wanted.model is not None else next(iter(self._engines))
        engine = self._engine(name)
        try:
            job = Job(self._texts(wanted, engine.model), wanted.stream)
        except CharrnnError as error:
            raise ApiError(400, str(error), "prompt", "invalid_value") from None
        engine.submit(job)
        return _Completion(self._jobs, job, wanted, name, engine.model, self._limits.max_time)

    async def _read(self, request: Request) -> bytes:
        """The body of a request. Raises ApiError if it is too large, too slow or no JSON."""
        kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ApiError(415, f"the body must be application/json; found {kind[:60]}")
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.max_time):
                async for part in request.stream():
                    body += part
                    if len(body) > self._limits.max_body:
                        raise ApiError(413, f"the body has more than {self._limits.max_body:,} bytes", code="too_large")
        except TimeoutError:
            raise ApiError(408, "the body did not arrive in time", code="timeout") from None
        return bytes(body)

    def _texts(self, wanted: CompletionRequest, model: Model) -> list[list[BatchedText]]:
        limits, unit = self._limits, unit_name(model.vocabulary.unit)
        if wanted.max_tokens > limits.max_length:
            message = f"max_tokens must be at most {limits.max_length:,} {unit}; found {wanted.max_tokens:,}"
            raise ApiError(400, message, "max_tokens", "invalid_value")
        if wanted.n > limits.max_batch or wanted.n * len(wanted.prompt) > limits.max_batch + limits.max_queue:
            message = f"n must be at most {limits.max_batch}, and n times the number of prompts {limits.max_batch + limits.max_queue}"
            raise ApiError(400, message, "n", "invalid_value")
        first = secrets.randbelow(MAX_NEW_SEED) if wanted.seed is None else wanted.seed
        groups = []
        for prompt in wanted.prompt:
            if len(prompt) <= limits.max_length:
                asked = model.request(prompt, wanted.max_tokens, wanted.options, wanted.stop)
                groups.append(
                    [
                        BatchedText(model.vocabulary, asked, first + number, wanted.logprobs, wanted.echo)
                        for number in range(wanted.n)
                    ]
                )
            if (
                found := len(groups[-1][0].prompt_ids) if len(prompt) <= limits.max_length else len(prompt)
            ) > limits.max_length:
                message = f"a prompt has at most {limits.max_length:,} {unit}; found {found:,}"
                raise ApiError(400, message, "prompt", "context_length_exceeded")
        return groups


class _Completion(Response):
    """The answer to one request: whole, or as server-sent events while it is written."""

    def __init__(
        self, jobs: set[Job], job: Job, wanted: CompletionRequest, name: str, model: Model, max_time: float
    ) -> None:
        self._jobs, self._job, self._wanted, self._max_time = jobs, job, wanted, max_time
        self._choices = [Choice(i, text, model.vocabulary, wanted.echo) for i, text in enumerate(job.texts)]
        kind, made = "text_completion", int(time.time())
        self._head = {"id": f"cmpl-{secrets.token_hex(12)}", "object": kind, "created": made, "model": name}
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        job, loop, seconds = self._job, asyncio.get_running_loop(), self._max_time
        late = ApiError(504, f"not finished within {seconds:g} s; ask for fewer characters", code="timeout")
        timer = loop.call_later(seconds, job.stop, late)
        watcher = asyncio.create_task(_stop_when_gone(receive, job))
        self._jobs.add(job)
        try:
            async with asyncio.timeout(seconds + SLOW):
                await (self._send_events(send) if self._wanted.stream else self._send_whole(scope, receive, send))
        finally:
            timer.cancel()
            watcher.cancel()
            job.stop()
            self._jobs.discard(job)

    async def _news(self) -> bool:
        """Wait for something to send. Returns whether every text has ended. Raises ApiError."""
        await self._job.news.wait()
        self._job.news.clear()
        if self._job.error:
            raise self._job.error
        return self._job.done

    async def _send_whole(self, scope: Scope, receive: Receive, send: Send) -> None:
        while not await self._news():
            pass
        choices = [choice.take() for choice in self._choices]
        await _json({**self._head, "choices": choices, "usage": self._usage()})(scope, receive, send)

    async def _send_events(self, send: Send) -> None:
        done = await self._news()
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            while True:
                new = [choice.take() for choice in self._choices]
                events = b"".join(_event({**self._head, "choices": [each]}) for each in new if each)
                await send({"type": "http.response.body", "body": events, "more_body": True})
                if done:
                    break
                done = await self._news()
            last = b""
            if self._wanted.stream_options.get("include_usage"):
                last = _event({**self._head, "choices": [], "usage": self._usage()})
        except ApiError as error:
            last = _event(error.body)
        await send({"type": "http.response.body", "body": last + b"data: [DONE]\n\n", "more_body": False})

    def _usage(self) -> dict[str, int]:
        read, drawn = (
            sum(len(group[0].prompt_ids) for group in self._job.groups),
            sum(len(t.ids) for t in self._job.texts),
        )
        return {"prompt_tokens": read, "completion_tokens": drawn, "total_tokens": read + drawn}


class _KeyCheck:
    """Refuses whoever does not know the key."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app, self._expected = app, f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN:
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                error = ApiError(401, "a key is needed: Authorization: Bearer KEY", code="invalid_api_key")
                await _json(error.body, 401, {"www-authenticate": "Bearer"})(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _stop_when_gone(receive: Receive, job: Job) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    job.stop(GONE)


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()  # ASCII: lone surrogates too


def _event(value: object) -> bytes:
    return b"data: " + _dump(value) + b"\n\n"


def _json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(_dump(value), status, headers, "application/json")


async def _answer_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return _json(error.body, error.status)


async def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"{request.method} {request.url.path[:99]}: {error.detail}"
    return _json(ApiError(error.status_code, message).body, error.status_code, error.headers)
