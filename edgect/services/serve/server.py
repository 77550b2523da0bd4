"""The server: uvicorn, with connections that cannot be held open for ever, and an end that waits."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from edgect.errors import UsageError
from edgect.services.serve.config import ServerConfig
from edgect.services.serve.endpoints import Endpoints
from edgect.services.serve.http.access_log import MAX_HEADER_BYTES
from edgect.services.serve.http.connections import http_protocol

BACKLOG = 1024  # connections that the system keeps until they are looked at


def listen(config: ServerConfig) -> socket.socket:
    """Open the listening socket. Raises UsageError where it cannot listen on the address."""
    try:
        addresses = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = addresses[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(BACKLOG)  # a second server hears of it now, not once its model is loaded
        except BaseException:
            listening.close()
            raise
    except OSError as error:
        options, reason = f"--host {config.host} --port {config.port}", error.strerror or error
        raise UsageError(f"{options}: cannot listen on this address ({reason})") from error
    return listening


def url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def run(
    app: ASGIApp,
    endpoints: Endpoints,
    config: ServerConfig,
    listening: socket.socket,
    ready: Callable[[], None],
) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests in progress; a second signal ends at once.

    ready: called once requests are accepted.
    """
    uvicorn_config = uvicorn.Config(
        app,
        http=http_protocol(config),
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=max(1, round(config.stall_timeout)),
        timeout_graceful_shutdown=max(1, round(config.stop_timeout)),
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
    )
    _Server(uvicorn_config, endpoints, ready).run(sockets=[listening])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, endpoints: Endpoints, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._endpoints, self._ready = endpoints, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True
        self._endpoints.stop()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but no signal is raised again: a server that stopped when told to has not failed."""
        before = {sig: signal.signal(sig, self.handle_exit) for sig in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)
