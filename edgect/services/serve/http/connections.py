"""Connections that nobody can hold open for ever: uvicorn's HTTP/1.1, with an end to its patience."""

from __future__ import annotations

import asyncio
import json

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from edgect.services.serve.config import Settings
from edgect.services.serve.http.security_headers import HEADERS


def protocol(settings: Settings) -> type[asyncio.Protocol]:
    """uvicorn's own waits for ever for a head, for a body after its answer, and for clients to read."""

    class Guarded(H11Protocol):
        _waiting: asyncio.TimerHandle | None = None
        _watching: asyncio.TimerHandle | None = None
        _unread = 0  # bytes for a client that could take no more when it was last looked at

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._watch()
            if len(self.connections) > settings.connections:
                self._refuse(b"503 Service Unavailable", "all connections are taken: ask again")
                return
            self._wait()

        def data_received(self, data: bytes) -> None:
            if self.transport.is_closing():
                return
            super().data_received(data)
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._rest()
            if self._watching is not None:
                self._watching.cancel()
            super().connection_lost(exc)

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._wait()

        def resume_writing(self) -> None:
            self._unread = 0
            super().resume_writing()

        def send_400_response(self, msg: str) -> None:
            if self.cycle is not None and not self.cycle.response_complete and self.cycle.response_started:
                self.transport.close()  # in the midst of an answer
            else:
                self._refuse(b"400 Bad Request", "this is no HTTP/1.1 request")

        def _refuse(self, status: bytes, message: str) -> None:
            self.transport.write(_answer(status, message))
            self.transport.close()

        def _wait(self) -> None:
            """Until a head has come: a client that sends none, or by the drop, is cut off."""
            if not self._expecting():
                self._rest()
            elif self._waiting is None:
                self._waiting = self.loop.call_later(settings.stall, self._cut)

        def _expecting(self) -> bool:
            """A head, or what is left of a request that has its answer already."""
            return self.conn.their_state is h11.IDLE or self.conn.our_state is h11.DONE

        def _rest(self) -> None:
            if self._waiting is not None:
                self._waiting.cancel()
                self._waiting = None

        def _cut(self) -> None:
            self._waiting = None
            if not self.transport.is_closing() and self._expecting():
                self.transport.close()

        def _watch(self) -> None:
            """A client that has taken nothing since it was last looked at, though there is something."""
            blocked = self.flow.write_paused or self.transport.is_closing()
            unread = self.transport.get_write_buffer_size() if blocked else 0
            if 0 < self._unread <= unread:
                self.transport.abort()
                return
            self._unread = unread
            self._watching = self.loop.call_later(settings.stall, self._watch)

    return Guarded


def _answer(status: bytes, message: str) -> bytes:
    body = json.dumps({"error": message}).encode()
    headers = {
        **HEADERS,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    if status.startswith(b"503"):
        headers["Retry-After"] = "1"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
    return b"HTTP/1.1 " + status + b"\r\n" + lines + b"\r\n" + body
