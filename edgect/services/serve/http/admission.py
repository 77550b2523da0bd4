"""Who may come in: a bounded number of requests, of bounded size together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from edgect.services.serve.classification.uploads import too_long
from edgect.services.serve.config import Settings
from edgect.services.serve.http.errors import busy


class Admission:
    """Requests in hand and the bytes that are kept free for them. Used by one event loop alone."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.requests = 0
        self.held = 0
        self.stopping = False

    @property
    def full(self) -> bool:
        return self.requests >= self._settings.requests

    @contextmanager
    def place(self, request: Request) -> Iterator[None]:
        """A place for a request, from before its body is read until its answer has been sent.

        Raises Refused at once, where it cannot have one: nobody waits outside.
        """
        if self.stopping:
            raise busy("the server is stopping")
        length = self._length(request)
        if self.full:
            raise busy(f"{self.requests} requests are in hand, and no more are taken: ask again")
        if self.held + length > self._settings.held:
            raise busy("the memory for scans is taken: ask again")
        self.requests += 1
        self.held += length
        try:
            yield
        finally:
            self.requests -= 1
            self.held -= length

    def _length(self, request: Request) -> int:
        """Of the body; of one that does not say, as much as it may have."""
        given = request.headers.get("content-length")
        length = self._settings.bytes if given is None else int(given)  # h11 has looked at it
        if length > self._settings.bytes:
            raise too_long(self._settings)
        return length
