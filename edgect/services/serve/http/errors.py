"""HTTP errors: why a request is not carried out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from edgect.errors import EdgectError

LINGER = 2.0  # seconds in which the rest of a request is read, so that the client comes to read the response
RETRY_AFTER = 1  # seconds


class HTTPError(EdgectError):
    """status: of HTTP. The message tells the client what was wrong, and what to do."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, dict(headers or {})


def service_unavailable(message: str) -> HTTPError:
    return HTTPError(503, message, {"Retry-After": str(RETRY_AFTER)})


def content_too_large(max_bytes: int) -> HTTPError:
    return HTTPError(413, f"a request may have {max_bytes:,} bytes: send less at a time")


class ErrorResponse(Response):
    """Sent at once; then what still arrives of the request is discarded for a moment.

    A connection that is closed on unread data is reset, and the client may never see the response.
    """

    media_type = "application/json"

    def __init__(self, error: HTTPError, is_received: Callable[[], bool]) -> None:
        """is_received: whether all of the request has been received."""
        body = json.dumps({"error": str(error)}).encode()
        self._is_received = is_received
        super().__init__(body, error.status, {**error.headers, "Connection": "close"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send(start)
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                while not self._is_received() and (await receive())["type"] == "http.request":
                    pass
        await send({"type": "http.response.body", "body": b""})
