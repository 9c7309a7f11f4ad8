"""What a client asks for, checked, and the error that it gets instead."""

import json
import logging
import traceback
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from charrnn.errors import CharrnnError
from charrnn.generation.repetition_penalty import RepetitionPenalty
from charrnn.generation.sampling import SamplingOptions
from charrnn.text.characters.printable import printable_line

MAX_TOP, MAX_STOPS, MAX_STOP_CHARS = 20, 16, 256
MAX_SHOWN = 60  # characters of a wrong value
WITHOUT_EFFECT = {"presence_penalty": 0, "frequency_penalty": 0, "logit_bias": {}, "suffix": ""}  # with these values


class ApiError(Exception):
    """An error as the interface has it: a status, and what is wrong with which parameter."""

    def __init__(self, status: int, message: str, param: str | None = None, code: str | None = None) -> None:
        kind = "invalid_request_error" if status < 500 else "server_error"
        error = {"message": printable_line(message), "type": kind, "param": param, "code": code}
        self.status, self.body = status, {"error": error}


def internal_error(error: Exception) -> ApiError:
    """The error for the client; who serves reads where it came from, without what was asked."""
    if isinstance(error, CharrnnError):  # such as a network that diverged
        return ApiError(500, str(error))
    *_, place = traceback.extract_tb(error.__traceback__) or [None]
    where = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}" if place else repr(error)
    logging.getLogger("charrnn").error("error: internal error: %s", where)
    return ApiError(500, "internal error")


_as_list = BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
_Stop = Annotated[str, Field(min_length=1, max_length=MAX_STOP_CHARS)]


class CompletionRequest(BaseModel):
    """The body of POST /v1/completions. What is left out or null is as in `charrnn sample`."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    model: str = ""
    prompt: Annotated[list[str], _as_list] = Field([""], min_length=1)
    max_tokens: int = Field(500, ge=0)
    temperature: float = Field(0.8, ge=0)
    top_k: int = 0
    top_p: float | None = Field(None, gt=0, le=1)
    min_p: float = Field(0, ge=0, le=1)
    repetition_penalty: float = Field(1, ge=1)
    repeat_penalty: float = Field(1, ge=1)
    n: int = Field(1, ge=1)
    best_of: int | None = None
    stop: Annotated[list[_Stop], _as_list] = Field([], max_length=MAX_STOPS)
    seed: int | None = Field(None, ge=0)
    logprobs: int | None = Field(None, ge=0, le=MAX_TOP)
    echo: bool = False
    stream: bool = False
    stream_options: dict[str, bool] = {}
    user: str = ""

    @property
    def options(self) -> SamplingOptions:
        """How to draw. As in llama.cpp, a top_k of 0 or less and a min_p of 0 are off."""
        penalty = max(self.repetition_penalty, self.repeat_penalty)
        repetition = RepetitionPenalty(penalty) if penalty > 1 else None
        top_k = self.top_k if self.top_k > 0 else None
        return SamplingOptions(self.temperature, top_k, self.top_p, self.min_p or None, repetition)


def parse(body: bytes) -> CompletionRequest:
    """Raises ApiError, which names the first parameter that is wrong."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, f"the body is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise ApiError(400, f"the body must be a JSON object; found {show(given)}")
    given = {name: value for name, value in given.items() if value is not None}
    for name, value in WITHOUT_EFFECT.items():
        if given.pop(name, value) != value:
            raise invalid(name, "not supported; leave it out", "unsupported_parameter")
    try:
        wanted = CompletionRequest.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name, unknown = str(first["loc"][0])[:MAX_SHOWN], first["type"] == "extra_forbidden"
        wrong = "no such parameter; leave it out" if unknown else f"{first['msg']}; found {show(first['input'])}"
        raise invalid(name, wrong, "unknown_parameter" if unknown else "invalid_value") from None
    if wanted.best_of not in (None, wanted.n):
        raise invalid("best_of", f"must be n, {show(wanted.n)}, or left out; found {show(wanted.best_of)}")
    return wanted


def invalid(name: str, wrong: str, code: str = "invalid_value") -> ApiError:
    """The error for a parameter."""
    return ApiError(400, f"{name}: {wrong}", name, code)


def show(value: Any) -> str:
    """A value in a message."""
    shown = json.dumps(value)
    return shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}..."
