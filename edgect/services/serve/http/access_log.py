"""What is round every request: its line in the log, its count, and an answer whatever happens within."""

from __future__ import annotations

import logging
from time import perf_counter

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgect.services.serve.config import Settings
from edgect.services.serve.http.access_control import check_site
from edgect.services.serve.http.errors import Refusal, Refused
from edgect.services.serve.metrics import Metrics

LOG = logging.getLogger("edgect.services.serve")
NOTES = "edgect"  # key of the scope under which endpoints note what the log may say
HEAD = 16 * 1024  # bytes of a request's headers, at most
UNKNOWN = "unknown"  # for routes that are not there: what was asked for may hold anything


class Outermost:
    """Logs hold the method, the route as the program spells it, numbers, and nothing that a client sent."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        notes = scope[NOTES] = {"route": UNKNOWN, "files": 0}
        scope["app"] = self._app  # by which routes know that a 405 may be raised, not written by themselves
        start, status, sent, whole = perf_counter(), 0, 0, False

        async def counted(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                sent += len(message.get("body", b""))
            await send(message)

        async def watched() -> Message:
            nonlocal whole
            message = await receive()
            whole = whole or not message.get("more_body", False)
            return message

        async def refuse(refused: Refused) -> None:
            await Refusal(refused, lambda: whole)(scope, watched, counted)

        try:
            try:
                if sum(len(name) + len(value) for name, value in scope["headers"]) > HEAD:
                    raise Refused(431, f"the head of a request may have {HEAD:,} bytes")
                check_site(Request(scope), self._settings)
                await self._app(scope, watched, counted)
            except HTTPException as missing:  # a method, or a file of the page, that is not there
                await refuse(Refused(missing.status_code, missing.detail, missing.headers))
            except Refused as refused:
                await refuse(refused)
        except Exception as error:  # never its text, which may hold anything
            LOG.error("failed: %s at %s", type(error).__name__, place(error))
            if not status:
                await refuse(Refused(500, "the server failed: its log says where"))
        finally:
            seconds = perf_counter() - start
            self._metrics.requests.labels(notes["route"], status).inc()
            self._metrics.seconds.labels(notes["route"]).observe(seconds)
            LOG.info(
                "%s %s %d, %d files, %d bytes sent, %.0f ms",
                scope["method"] if notes["route"] != UNKNOWN else UNKNOWN,
                notes["route"],
                status,
                notes["files"],
                sent,
                1000 * seconds,
            )


def place(error: Exception) -> str:
    """File and line in which it was raised: all that a log may say of it."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"
