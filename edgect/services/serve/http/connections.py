"""uvicorn's HTTP/1.1 protocol with timeouts, so that no client can hold a connection open for ever."""

from __future__ import annotations

import asyncio
import json

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from edgect.services.serve.config import ServerConfig
from edgect.services.serve.http.security_headers import SECURITY_HEADERS


def http_protocol(config: ServerConfig) -> type[asyncio.Protocol]:
    """uvicorn's own waits for ever for headers, for a body after its response, and for clients to read."""

    class TimeoutProtocol(H11Protocol):
        _header_timer: asyncio.TimerHandle | None = None
        _write_timer: asyncio.TimerHandle | None = None
        _unread = 0  # bytes that the client had not read at the last check

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._check_unread()
            if len(self.connections) > config.max_connections:
                self._refuse(b"503 Service Unavailable", "all connections are in use: ask again later")
                return
            self._start_header_timer()

        def data_received(self, data: bytes) -> None:
            if self.transport.is_closing():
                return
            super().data_received(data)
            self._start_header_timer()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_header_timer()
            if self._write_timer is not None:
                self._write_timer.cancel()
            super().connection_lost(exc)

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._start_header_timer()

        def resume_writing(self) -> None:
            self._unread = 0
            super().resume_writing()

        def send_400_response(self, msg: str) -> None:
            if self.cycle is not None and not self.cycle.response_complete and self.cycle.response_started:
                self.transport.close()  # in the middle of a response
            else:
                self._refuse(b"400 Bad Request", "this is not an HTTP/1.1 request")

        def _refuse(self, status: bytes, message: str) -> None:
            self.transport.write(_response(status, message))
            self.transport.close()

        def _start_header_timer(self) -> None:
            """Until the headers have come: a client that sends none, or one byte at a time, is cut off."""
            if not self._awaits_request():
                self._stop_header_timer()
            elif self._header_timer is None:
                self._header_timer = self.loop.call_later(config.stall_timeout, self._close_stalled)

        def _awaits_request(self) -> bool:
            """Headers, or what is left of a request that has its response already."""
            return self.conn.their_state is h11.IDLE or self.conn.our_state is h11.DONE

        def _stop_header_timer(self) -> None:
            if self._header_timer is not None:
                self._header_timer.cancel()
                self._header_timer = None

        def _close_stalled(self) -> None:
            self._header_timer = None
            if not self.transport.is_closing() and self._awaits_request():
                self.transport.close()

        def _check_unread(self) -> None:
            """Abort a client that has read nothing since the last check, though there was something."""
            blocked = self.flow.write_paused or self.transport.is_closing()
            unread = self.transport.get_write_buffer_size() if blocked else 0
            if 0 < self._unread <= unread:
                self.transport.abort()
                return
            self._unread = unread
            self._write_timer = self.loop.call_later(config.stall_timeout, self._check_unread)

    return TimeoutProtocol


def _response(status: bytes, message: str) -> bytes:
    body = json.dumps({"error": message}).encode()
    headers = {
        **SECURITY_HEADERS,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    if status.startswith(b"503"):
        headers["Retry-After"] = "1"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
    return b"HTTP/1.1 " + status + b"\r\n" + lines + b"\r\n" + body
