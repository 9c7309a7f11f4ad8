"""Where the server listens, under which names it has its models, and how it ends."""

import errno
import ipaddress
import logging
import signal
import socket
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import cast

import uvicorn

from charrnn.errors import OptionError
from charrnn.package import BUILTIN
from charrnn.server.app import Service
from charrnn.server.connection import BACKLOG, Connection
from charrnn.system.signals import graceful_stop
from charrnn.words import parameter

GRACE = 5  # seconds for what is being written after a signal


def model_names(runs: Sequence[Path]) -> list[str]:
    """The name of each run's model: the last part of its path, or builtin:NAME. Raises OptionError for two alike."""
    names = [
        str(run) if str(run).startswith(BUILTIN) else run.resolve().name.removesuffix(".safetensors") for run in runs
    ]
    if double := [name for name in names if names.count(name) > 1]:
        raise OptionError(f"two runs are called {double[0]}; requests name a model by this, so rename one")
    return names


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises OptionError."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=1024)
    except (OSError, UnicodeError) as error:
        where = f"{parameter('host')} {host} {parameter('port')} {port}"
        reason = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
        is_the_port = getattr(error, "errno", None) in (errno.EADDRINUSE, errno.EACCES)
        hint = f"; {parameter('port')} 0 takes any free port" if is_the_port else ""
        raise OptionError(f"{where}: {reason}{hint}") from None


def is_loopback(sock: socket.socket) -> bool:
    """Whether only this machine reaches it."""
    return ipaddress.ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback


def url(sock: socket.socket) -> str:
    """Where a client finds it."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(service: Service, sock: socket.socket) -> None:
    """Serve until a signal comes; then finish or cut what is being written, and raise the signal. A second one ends it
    at once.
    """

    class Server(uvicorn.Server):
        def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]
            return nullcontext()  # `graceful_stop` has them

        async def on_tick(self, counter: int) -> bool:
            for connection in list(self.server_state.connections):
                cast(Connection, connection).tend(service.limits.seconds)
            return await super().on_tick(counter) or stop.is_set()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            service.close(GRACE)
            await super().shutdown(sockets)

    config = uvicorn.Config(
        service.app,
        http=Connection,
        ws="none",
        workers=1,  # not what the environment says
        backlog=BACKLOG,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2 * GRACE,
    )
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # its tracebacks help no user
    with graceful_stop() as stop:
        Server(config).run(sockets=[sock])
    if stop.signal:
        signal.raise_signal(stop.signal)
