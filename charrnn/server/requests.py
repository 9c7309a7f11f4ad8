"""What a client asks for, checked, and the error that it gets instead."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from charrnn.generation.repetition_penalty import RepetitionPenalty
from charrnn.generation.sampling import SamplingOptions

MAX_TOP, MAX_STOPS, MAX_STOP_CHARS = 20, 16, 256
MAX_SHOWN = 60  # characters of a wrong value
WITHOUT_EFFECT: dict[str, tuple[Any, ...]] = {  # parameters of the interface, and the values that change nothing
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logit_bias": ({},),
    "suffix": ("",),
}


class ApiError(Exception):
    """An error as the interface has them: a status, and in the body what is wrong with which parameter."""

    def __init__(self, status: int, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status, kind = status, "invalid_request_error" if status < 500 else "server_error"
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_list)]


class CompletionRequest(BaseModel):
    """The body of POST /v1/completions. What is left out or null is as in `charrnn sample`."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    model: str | None = None
    prompt: Texts = Field([""], min_length=1)
    max_tokens: int = Field(500, ge=0)
    temperature: float = Field(0.8, ge=0)
    top_k: int | None = None
    top_p: float | None = Field(None, gt=0, le=1)
    min_p: float | None = Field(None, ge=0, le=1)
    repetition_penalty: float = Field(1, ge=1)
    repeat_penalty: float = Field(1, ge=1)
    n: int = Field(1, ge=1)
    best_of: int | None = None
    stop: Annotated[list[Annotated[str, Field(min_length=1, max_length=MAX_STOP_CHARS)]], BeforeValidator(_list)] = (
        Field([], max_length=MAX_STOPS)
    )
    seed: int | None = Field(None, ge=0)
    logprobs: int | None = Field(None, ge=0, le=MAX_TOP)
    echo: bool = False
    stream: bool = False
    stream_options: dict[str, bool] = {}
    user: str = ""

    @property
    def options(self) -> SamplingOptions:
        """How to draw. As in llama.cpp a top_k of 0 or less and a min_p of 0 are off."""
        penalty = max(self.repetition_penalty, self.repeat_penalty)
        repetition = RepetitionPenalty(penalty) if penalty > 1 else None
        top_k = self.top_k if self.top_k and self.top_k > 0 else None
        return SamplingOptions(self.temperature, top_k, self.top_p, self.min_p or None, repetition)


def parse(body: bytes) -> CompletionRequest:
    """Raises ApiError, which names the first parameter that is wrong."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, f"the body is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise ApiError(400, f"the body must be a JSON object; found {_show(given)}")
    given = {name: value for name, value in given.items() if value is not None}
    for name, allowed in WITHOUT_EFFECT.items():
        if (value := given.pop(name, allowed[0])) not in allowed:
            raise ApiError(400, f"{name} is not supported; leave it out", name, "unsupported_parameter")
    try:
        wanted = CompletionRequest.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            raise ApiError(
                400, f"{name[:MAX_SHOWN]} is no parameter here; leave it out", name, "unknown_parameter"
            ) from None
        raise ApiError(400, f"{name}: {first['msg']}; found {_show(first['input'])}", name, "invalid_value") from None
    if wanted.best_of not in (None, wanted.n):
        raise ApiError(400, f"best_of must be n, {wanted.n}, or left out; found {wanted.best_of}", "best_of")
    return wanted


def _show(value: Any) -> str:
    shown = json.dumps(value)
    return shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}..."
