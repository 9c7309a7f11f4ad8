"""The HTTP interface: OpenAI's completions and models, `/health`, and a page at `/`."""

import asyncio
import hmac
import secrets
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from charrnn.errors import CharrnnError
from charrnn.generation.batch import BatchedText
from charrnn.models.model import Model
from charrnn.server.completion import Completion, json_response
from charrnn.server.engine import Engine, Job
from charrnn.server.requests import ApiError, CompletionRequest, internal_error, invalid, parse, show
from charrnn.text.characters.unit_names import amount
from charrnn.words import plural

MAX_NEW_SEED = 1_000_000
MAX_FIGURES = 1 << 18  # of logprobs, in one answer: 5 MB, for which all others wait a third of a second
READ_ON = 64  # times the largest body: most clients look at an answer only when all is sent


class Limits(NamedTuple):
    """What clients may ask for."""

    length: int = 32_768  # characters of a prompt, and of a text
    batch: int = 64  # texts that a model writes at once
    queue: int = 256  # texts that wait
    body: int = 1 << 20  # bytes
    seconds: float = 300.0  # of a request


class Service:
    """Models by name behind one ASGI application, `app`."""

    def __init__(self, models: Mapping[str, Model], limits: Limits, page: str, key: str = "", cors: str = "") -> None:
        self._engines = {name: Engine(model, limits.batch, limits.queue) for name, model in models.items()}
        self.limits, self._page, self._key = limits, page, key
        made = {"object": "model", "created": int(time.time()), "owned_by": "charrnn"}
        self._described = {name: {"id": name, **made} for name in models}
        self._closing = False
        allow: Any = {"allow_origins": [cors], "allow_methods": ["GET", "POST"], "allow_headers": ["*"]}
        self.app = Starlette(
            routes=[
                Route("/", self._show_page),
                Route("/health", self._health),
                Route("/v1/models", self._models),
                Route("/v1/models/{name:path}", self._model),
                Route("/v1/completions", self._complete, methods=["POST"]),
            ],
            middleware=[Middleware(CORSMiddleware, **allow)] if cors else [],
            exception_handlers=dict.fromkeys((ApiError, HTTPException, Exception), _answer),
            lifespan=self._lifespan,
        )
        self.app.router.redirect_slashes = False  # it would send clients to whatever host they name

    def close(self, seconds: float) -> None:
        """Refuse further requests, and after `seconds` cut what is still being written."""
        self._closing = True
        for engine in self._engines.values():
            asyncio.get_running_loop().call_later(seconds, engine.cut, _closing())

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        for engine in self._engines.values():
            threading.Thread(target=engine.run, args=[asyncio.get_running_loop()], daemon=True).start()
        yield
        for engine in self._engines.values():
            engine.close()

    async def _show_page(self, request: Request) -> Response:
        self._require_key(request)
        return HTMLResponse(self._page)

    async def _health(self, _: Request) -> Response:
        if self._closing:
            raise _closing()
        return json_response({"status": "ok"})

    async def _models(self, request: Request) -> Response:
        self._require_key(request)
        return json_response({"object": "list", "data": list(self._described.values())})

    async def _model(self, request: Request) -> Response:
        self._require_key(request)
        self._engine(name := request.path_params["name"])
        return json_response(self._described[name])

    async def _complete(self, request: Request) -> Response:
        self._require_key(request)
        wanted = parse(await self._read(request))
        name = wanted.model or next(iter(self._engines))
        engine = self._engine(name)
        if self._closing:
            raise _closing()
        try:
            job = Job(self._texts(wanted, engine.model), wanted.stream)
        except CharrnnError as error:
            raise ApiError(400, str(error), "prompt", "invalid_value") from None
        engine.submit(job)
        return Completion(job, wanted, name, engine.model.vocabulary, self.limits.seconds)

    def _require_key(self, request: Request) -> None:
        given, expected = request.headers.get("authorization", ""), f"Bearer {self._key}"
        if self._key and not hmac.compare_digest(given.encode(), expected.encode()):
            raise ApiError(401, "this needs the header Authorization: Bearer KEY", code="invalid_api_key")

    def _engine(self, name: str) -> Engine:
        if name not in self._engines:
            served = ", ".join(self._engines)
            raise ApiError(404, f"no model {name[:99]!r} here; there is {served}", "model", "model_not_found")
        return self._engines[name]

    async def _read(self, request: Request) -> bytes:
        """The body of a request."""
        kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind != "application/json":  # a web page of anybody's can send other types without asking
            raise ApiError(415, f"Content-Type must be application/json; found {kind[:99]}")
        body, size, most = bytearray(), 0, self.limits.body
        async for part in request.stream():
            size += len(part)
            if size <= most:
                body += part
            elif size > READ_ON * most:
                break
        if size > most:
            raise ApiError(413, f"the body may have at most {most:,} bytes", code="body_too_large")
        return bytes(body)

    def _texts(self, wanted: CompletionRequest, model: Model) -> list[list[BatchedText]]:
        """The texts of each prompt."""
        limits, unit, vocabulary = self.limits, model.vocabulary.unit, model.vocabulary
        most, room, n, length = amount(limits.length, unit), limits.batch + limits.queue, wanted.n, wanted.max_tokens
        if length > limits.length:
            raise invalid("max_tokens", f"at most {most}; found {show(length)}")
        if n > limits.batch or n * len(wanted.prompt) > room:
            found = f"{show(n)} for each of {plural(len(wanted.prompt), 'prompt')}"
            raise invalid("n", f"at most {limits.batch}, and {room} for all prompts; found {found}")
        sizes = [len(each if unit == "char" else each.encode("utf-8", "surrogatepass")) for each in wanted.prompt]
        if max(sizes) > limits.length:
            raise invalid("prompt", f"at most {most}; found {max(sizes):,}", "context_length_exceeded")
        scored = n * sum(length + size * wanted.echo for size in sizes)
        if wanted.logprobs is not None and (figures := scored * (1 + wanted.logprobs)) > MAX_FIGURES:
            found = f"{figures:,}, for {amount(scored, unit)}"
            raise invalid("logprobs", f"at most {MAX_FIGURES:,} figures in one answer; found {found}")
        first = secrets.randbelow(MAX_NEW_SEED) if wanted.seed is None else wanted.seed
        asked = [model.request(prompt, wanted.max_tokens, wanted.options, wanted.stop) for prompt in wanted.prompt]
        return [
            [BatchedText(vocabulary, each, first + i, wanted.logprobs, wanted.echo) for i in range(n)] for each in asked
        ]


def _closing() -> ApiError:
    return ApiError(503, "the server is shutting down", code="shutting_down")


async def _answer(request: Request, error: Exception) -> Response:
    """Any error in the shape of the interface."""
    headers = None
    if isinstance(error, HTTPException):
        headers, message = error.headers, f"{request.method} {request.url.path[:99]}: {error.detail}"
        error = ApiError(error.status_code, message)
    elif not isinstance(error, ApiError):
        error = internal_error(error)
    return json_response(error.body, error.status, headers)
