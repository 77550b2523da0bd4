"""Admission control: a bounded number of requests at once, of bounded size together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from edgect.services.serve.config import ServerConfig
from edgect.services.serve.http.errors import content_too_large, service_unavailable


class Admission:
    """Requests in progress and the bytes that are reserved for them. Used by one event loop alone."""

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        self.active_requests = 0
        self.reserved_bytes = 0
        self.stopping = False

    @property
    def full(self) -> bool:
        return self.active_requests >= self._config.max_requests

    @contextmanager
    def slot(self, request: Request) -> Iterator[None]:
        """Admit a request, from before its body is read until its response has been sent.

        Raises HTTPError at once where there is no room: there is no queue.
        """
        if self.stopping:
            raise service_unavailable("the server is stopping")
        length = self._length(request)
        if self.full:
            raise service_unavailable(
                f"{self.active_requests} requests are in progress, the maximum: ask again later"
            )
        if self.reserved_bytes + length > self._config.max_held_bytes:
            raise service_unavailable("the memory for scans is in use: ask again later")
        self.active_requests += 1
        self.reserved_bytes += length
        try:
            yield
        finally:
            self.active_requests -= 1
            self.reserved_bytes -= length

    def _length(self, request: Request) -> int:
        """Of the body; the maximum where the request does not say."""
        declared = request.headers.get("content-length")
        length = self._config.max_request_bytes if declared is None else int(declared)  # h11 has checked it
        if length > self._config.max_request_bytes:
            raise content_too_large(self._config.max_request_bytes)
        return length
