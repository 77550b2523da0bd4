"""The outermost middleware: a line in the access log, metrics, and a response whatever happens inside."""

from __future__ import annotations

import logging
from time import perf_counter

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgect.services.serve.config import ServerConfig
from edgect.services.serve.http.access_control import check_site
from edgect.services.serve.http.errors import ErrorResponse, HTTPError
from edgect.services.serve.metrics import Metrics

LOG = logging.getLogger("edgect.services.serve")
LOG_FIELDS = "edgect"  # key of the scope under which endpoints put what the log may say
MAX_HEADER_BYTES = 16 * 1024  # bytes of a request's headers, at most
UNKNOWN = "unknown"  # for routes that are not there: what was asked for may hold anything


class AccessLog:
    """Logs hold the method, the route as the program spells it, numbers, and nothing that a client sent."""

    def __init__(self, app: ASGIApp, config: ServerConfig, metrics: Metrics) -> None:
        self._app, self._config, self._metrics = app, config, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = scope[LOG_FIELDS] = {"route": UNKNOWN, "files": 0}
        scope["app"] = self._app  # so that routes raise a 405 rather than write it themselves
        start, status, sent_bytes, is_received = perf_counter(), 0, 0, False

        async def send_counted(message: Message) -> None:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                sent_bytes += len(message.get("body", b""))
            await send(message)

        async def receive_watched() -> Message:
            nonlocal is_received
            message = await receive()
            is_received = is_received or not message.get("more_body", False)
            return message

        async def respond(error: HTTPError) -> None:
            await ErrorResponse(error, lambda: is_received)(scope, receive_watched, send_counted)

        try:
            try:
                if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
                    raise HTTPError(431, f"the headers of a request may have {MAX_HEADER_BYTES:,} bytes")
                check_site(Request(scope), self._config)
                await self._app(scope, receive_watched, send_counted)
            except HTTPException as error:  # a method, or a file of the page, that is not there
                await respond(HTTPError(error.status_code, error.detail, error.headers))
            except HTTPError as error:
                await respond(error)
        except Exception as error:  # never its text, which may hold anything
            LOG.error("failed: %s at %s", type(error).__name__, raise_location(error))
            if not status:
                await respond(HTTPError(500, "the server failed; its log says where"))
        finally:
            seconds = perf_counter() - start
            self._metrics.requests.labels(fields["route"], status).inc()
            self._metrics.seconds.labels(fields["route"]).observe(seconds)
            LOG.info(
                "%s %s %d, %d files, %d bytes sent, %.0f ms",
                scope["method"] if fields["route"] != UNKNOWN else UNKNOWN,
                fields["route"],
                status,
                fields["files"],
                sent_bytes,
                1000 * seconds,
            )


def raise_location(error: Exception) -> str:
    """File and line in which it was raised: all that a log may say of it."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"
