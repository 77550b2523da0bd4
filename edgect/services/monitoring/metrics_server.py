"""Metrics and health over HTTP, for a service that has no HTTP of its own: `/metrics` and `/healthz`."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import BoundedSemaphore, Thread
from typing import Any

from edgect.errors import UsageError
from edgect.services.monitoring.answer_metrics import CONTENT_TYPE

MAX_CONNECTIONS = 16  # at once; whoever watches needs one
STALL = 5.0  # seconds without a byte, after which a client is cut off


class MetricsServer:
    """Answers in threads of its own until it is closed.

    `GET /metrics` gives metrics; `GET /healthz` 200 where nothing is wrong, else 503 and what is.
    """

    def __init__(
        self, host: str, port: int, metrics: Callable[[], bytes], problems: Callable[[], Sequence[str]]
    ) -> None:
        """Raises UsageError where it cannot listen on the address; port 0 takes a free one."""

        class Handler(_Handler):
            pages = {"/metrics": lambda: _metrics(metrics), "/healthz": lambda: _health(problems)}  # noqa: RUF012

        try:
            self._server = _Server(host, port, Handler)
        except OSError as error:
            where = f"--metrics-host {host} --metrics-port {port}"
            raise UsageError(f"{where}: cannot listen on this address ({error.strerror or error})") from error
        self._thread = Thread(target=self._server.serve_forever, name="edgect-metrics", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


Answer = tuple[HTTPStatus, str, bytes]


def _metrics(metrics: Callable[[], bytes]) -> Answer:
    return HTTPStatus.OK, CONTENT_TYPE, metrics()


def _health(problems: Callable[[], Sequence[str]]) -> Answer:
    found = list(problems())
    status = HTTPStatus.SERVICE_UNAVAILABLE if found else HTTPStatus.OK
    content = {"status": "failing" if found else "ok", "problems": found}
    return status, "application/json", json.dumps(content).encode() + b"\n"


class _Handler(BaseHTTPRequestHandler):
    """pages: what is answered on a path."""

    pages: dict[str, Callable[[], Answer]]
    timeout = STALL
    server_version, sys_version = "edgect", ""

    def do_GET(self) -> None:
        page = self.pages.get(self.path.partition("?")[0])
        if page is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        status, content_type, content = page()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        """Says nothing: somebody asks every few seconds."""


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self.address_family = family
        self._free = BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__(address[:2], handler)  # type: ignore[arg-type]

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return self._free.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: the base class prints a traceback whenever a client hangs up."""
