"""One connection over HTTP/1.1: what uvicorn leaves open to clients that ask nothing, take nothing or speak nonsense."""

import asyncio
import http
import time

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from charrnn.server.completion import json_response
from charrnn.server.requests import ApiError
from charrnn.system.platform_features import MOST_OPEN_FILES

MOST = MOST_OPEN_FILES // 2  # connections
BACKLOG = MOST_OPEN_FILES // 8  # connections that are accepted at once
PATIENCE = 30  # seconds for a client to say what it asks, and to take the rest of an answer


class Connection(H11Protocol):
    """When there are too many, the one that has waited longest for its client's words gives way."""

    since = 0.0  # when it was its client's turn

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(transport)
        self.since = time.monotonic()
        if len(self.connections) > MOST:
            others = [each for each in self.connections if isinstance(each, Connection) and each.waits]
            min(others, key=lambda each: each.since).transport.abort()

    def on_response_complete(self) -> None:
        """It is the client's turn again."""
        self.since = time.monotonic()
        super().on_response_complete()

    @property
    def waits(self) -> bool:
        """Whether it waits for its client's words."""
        has_none = self.cycle is None or self.cycle.response_complete or self.cycle.more_body
        return has_none and not self.transport.is_closing()

    def tend(self, seconds: float) -> None:
        """End it if its client says too little, or is too slow to take what is written within `seconds`."""
        waited = time.monotonic() - self.since
        if self.waits and waited > PATIENCE:
            if self.conn.our_state is h11.IDLE:  # a browser may open connections to use them later
                self.transport.close()
            self._refuse(ApiError(408, f"the request did not come within {PATIENCE} s", code="timeout"))
        elif waited > seconds + 2 * PATIENCE:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        self._refuse(ApiError(400, "this is not a request of HTTP/1.1"))

    def _refuse(self, error: ApiError) -> None:
        """End it with this error, if there is no answer yet."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE) and not self.transport.is_closing():
            answer = json_response(error.body, error.status, {"connection": "close"})
            reason = http.HTTPStatus(error.status).phrase
            head = h11.Response(status_code=error.status, headers=answer.raw_headers, reason=reason)
            for event in (head, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
