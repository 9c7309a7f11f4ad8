"""Where the server listens, under which names, and how it ends."""

import ipaddress
import socket
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from charrnn.errors import OptionError
from charrnn.package import BUILTIN
from charrnn.server.app import Service
from charrnn.words import parameter

GRACE = 5.0  # seconds for what is being written, after SIGTERM or Ctrl-C


def model_names(runs: Sequence[Path]) -> list[str]:
    """The name of each run's model: the last part of its path, or builtin:NAME. Raises OptionError for two alike."""
    names = [str(run) if str(run).startswith(BUILTIN) else run.resolve().with_suffix("").name for run in runs]
    for name in names:
        if names.count(name) > 1:
            raise OptionError(f"two runs have the name {name}; a model is asked for by its name, so rename one")
    return names


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises OptionError."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        where = f"{parameter('host')} {host} {parameter('port')} {port}"
        raise OptionError(
            f"{where}: {error.strerror or error}; {parameter('port')} 0 takes any port that is free"
        ) from None


def url(sock: socket.socket) -> str:
    """Where a browser finds it."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_open(sock: socket.socket) -> bool:
    """Whether other machines reach it."""
    return not ipaddress.ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback


def serve(service: Service, sock: socket.socket) -> None:
    """Serve until a signal comes; then refuse, finish or cut what is being written, and raise the signal again."""
    config = uvicorn.Config(
        service.app,
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(2 * GRACE),
    )
    _Server(config, service).run(sockets=[sock])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """After a signal."""
        self._service.close(GRACE)
        await super().shutdown(sockets)
