"""A request that is not carried out, and why."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from edgect.errors import EdgectError

LINGER = 2.0  # seconds in which the rest of a request is read, so that the client comes to read the answer
RETRY = 1  # seconds after which it is worth to ask again


class Refused(EdgectError):
    """status: of HTTP. The message is for whoever sent the request: what was wrong, and what to do."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, dict(headers or {})


def busy(message: str) -> Refused:
    return Refused(503, message, {"Retry-After": str(RETRY)})


class Refusal(Response):
    """Sent at once; then what still arrives of the request is thrown away for a moment.

    A connection that is closed on unread data is reset, and the client may never see the answer.
    """

    media_type = "application/json"

    def __init__(self, refused: Refused, whole: Callable[[], bool]) -> None:
        """whole: whether all of the request has been received."""
        body = json.dumps({"error": str(refused)}).encode()
        self._whole = whole
        super().__init__(body, refused.status, {**refused.headers, "Connection": "close"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send(start)
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                while not self._whole() and (await receive())["type"] == "http.request":
                    pass
        await send({"type": "http.response.body", "body": b""})
