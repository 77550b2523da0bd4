"""The server: uvicorn, with connections that cannot be held open for ever, and an end that waits."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from edgect.errors import UsageError
from edgect.serve.endpoints import Endpoints
from edgect.serve.outermost import HEAD
from edgect.serve.settings import Settings

BACKLOG = 1024  # connections that the system keeps until they are looked at


def listen(settings: Settings) -> socket.socket:
    """Raises UsageError where the address cannot be listened on."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
        except BaseException:
            listening.close()
            raise
    except OSError as error:
        where, why = f"--host {settings.host} --port {settings.port}", error.strerror or error
        raise UsageError(f"{where}: cannot be listened on ({why})") from error
    return listening


def url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def run(
    app: ASGIApp,
    endpoints: Endpoints,
    settings: Settings,
    listening: socket.socket,
    ready: Callable[[], None],
) -> None:
    """Serves until SIGTERM or SIGINT; then finishes what is in hand, and at a second signal does not.

    ready: called once requests are taken.
    """
    config = uvicorn.Config(
        app,
        http=_protocol(settings),
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=max(1, round(settings.stall)),
        timeout_graceful_shutdown=max(1, round(settings.stop)),
        h11_max_incomplete_event_size=HEAD,
    )
    _Server(config, endpoints, ready).run(sockets=[listening])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, endpoints: Endpoints, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._endpoints, self._ready = endpoints, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = self._endpoints.admission.stopping = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but no signal is raised again: a server that stopped when told to has not failed."""
        before = {sig: signal.signal(sig, self.handle_exit) for sig in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)


def _protocol(settings: Settings) -> type[asyncio.Protocol]:
    """uvicorn's HTTP/1.1, which by itself waits for ever for the head of a request, and takes any number."""

    class Guarded(H11Protocol):
        _waiting: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if len(self.connections) > settings.connections:
                transport.write(_TOO_MANY)
                transport.close()
                return
            self._wait()

        def data_received(self, data: bytes) -> None:
            if self.transport.is_closing():
                return
            super().data_received(data)
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._rest()
            super().connection_lost(exc)

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self.conn.trailing_data[0]:  # the head of a next request has begun
                self._wait()

        def _wait(self) -> None:
            """Until a head has come: a client that sends none, or by the drop, is cut off."""
            if self.conn.their_state is not h11.IDLE:
                self._rest()
            elif self._waiting is None:
                self._waiting = self.loop.call_later(settings.stall, self._cut)

        def _rest(self) -> None:
            if self._waiting is not None:
                self._waiting.cancel()
                self._waiting = None

        def _cut(self) -> None:
            self._waiting = None
            if not self.transport.is_closing() and self.conn.their_state is h11.IDLE:
                self.transport.close()

    return Guarded


_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)
