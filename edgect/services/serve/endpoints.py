"""What can be asked for, route by route."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edgect.classifier import Classifier
from edgect.machine.version import __version__
from edgect.rows.notice import NOTICE
from edgect.rows.prediction import Prediction
from edgect.rows.series import SeriesRows
from edgect.scans import Limits
from edgect.services.serve.admission import Admission
from edgect.services.serve.answers import Answers
from edgect.services.serve.metrics import TYPE, Metrics
from edgect.services.serve.openapi import document
from edgect.services.serve.outermost import NOTES
from edgect.services.serve.pictures import heat_map
from edgect.services.serve.refusal import Refused, busy
from edgect.services.serve.rows import Lines, line
from edgect.services.serve.settings import Settings
from edgect.services.serve.uploads import read_body, read_uploads

SERIES = 8 * 2**20  # bytes of rows, some 10,000; as Python objects they may take twenty times as many
TRUE, FALSE = ("true", "1"), ("", "false", "0")
_NO_ANSWER = {"rejected": "no answer", "error": "an error"}


class Endpoints:
    """Each method answers a request, or raises Refused. The response is sent by whoever calls it."""

    def __init__(self, classifier: Classifier, limits: Limits, settings: Settings) -> None:
        self.admission, self._settings, self._limits = Admission(settings), settings, limits
        self._classifier = classifier
        self._answers = Answers(classifier, limits, settings.timeout, settings.held)
        self._one_series = asyncio.Lock()
        self._scale = float(classifier.bundle.manifest.heat_map_scale)
        engine = classifier.engine
        self._model = {
            "model": classifier.bundle.name,
            "bundle": classifier.bundle.digest[:12],
            "backend": engine.backend,
            "engine": engine.version,
            "precision": engine.precision,
        }
        self.metrics = Metrics(lambda: self.admission.requests, lambda: self.admission.held, self._model)

    def stop(self) -> None:
        """Takes no more, and sees to it that what is in hand ends before the server does."""
        self.admission.stopping = True
        self._answers.end(0.8 * self._settings.stop)

    def close(self) -> None:
        self._answers.close()

    async def classify(self, request: Request) -> Response:
        """`POST /v1/classify`: a row for every file and frame."""
        scale = self._scale if _flag(request, "pictures") else None
        uploads = await self._uploads(request)

        def made(number: int, prediction: Prediction) -> bytes:
            self.metrics.row(prediction)
            return line(number, prediction, scale)

        async def lines() -> AsyncGenerator[bytes]:
            async with aclosing(self._answers.of(uploads, scale is not None, made)) as answers:
                async for one in answers:
                    yield one

        return Lines(lines(), self._settings.timeout + self._settings.stall)

    async def heat_map(self, request: Request) -> Response:
        """`POST /v1/heat-map`: the picture of one slice."""
        wanted = request.query_params.get("frame", "")
        if wanted and not (wanted.isascii() and wanted.isdigit() and len(wanted) < 10):
            raise Refused(400, "frame must be a number from 0")
        uploads = await self._uploads(request)
        if len(uploads) != 1:
            raise Refused(400, "a heat map is of one file")

        def made(_: int, prediction: Prediction) -> bytes | str:
            """A picture, or why there is none; nothing for another frame."""
            if prediction.frame not in (None, int(wanted or 0)):
                return b""
            if prediction.evidence is None:
                return f"{_NO_ANSWER[prediction.status]}: {prediction.reason}"
            return heat_map(prediction, self._scale)

        async with aclosing(self._answers.of(uploads, True, made)) as answers:
            async for picture in answers:
                if isinstance(picture, str):
                    raise Refused(422, picture)
                if picture:
                    return Response(picture, media_type="image/png")
                if await request.is_disconnected():
                    break
        raise Refused(422, f"there is no frame {wanted}")

    async def series(self, request: Request) -> Response:
        """`POST /v1/series`: what rows say together, by a rule that is no diagnosis."""
        body = await read_body(request, replace(self._settings, bytes=min(self._settings.bytes, SERIES)))
        try:
            async with self._one_series:
                return JSONResponse({"series": await asyncio.to_thread(self._series, body)})
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
            raise Refused(400, 'this takes {"rows": […]}, with rows as /v1/classify gives them') from None

    async def model(self, _: Request) -> Response:
        """`GET /v1/model`: the bundle's manifest."""
        return JSONResponse(self._classifier.bundle.manifest.document)

    async def settings(self, _: Request) -> Response:
        """`GET /v1/settings`: what a page must know to ask, and to say what it shows."""
        decision, settings = self._classifier.decision, self._settings
        return JSONResponse(
            {
                "edgect": __version__,
                **self._model,
                "threshold": decision.threshold,
                "operating_point": decision.point,
                "error_rate": decision.error_rate,
                "labels": list(decision.labels),
                "heat_map_scale": self._scale,
                "idle_seconds": settings.idle,
                "max_files": settings.files,
                "max_request_bytes": settings.bytes,
                "max_file_bytes": self._limits.bytes,
                "token_needed": bool(settings.token),
                "research_notice": NOTICE,
            }
        )

    async def health(self, _: Request) -> Response:
        """`GET /healthz`: the process lives."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """`GET /readyz`: another request would be taken."""
        if self.admission.stopping or self.admission.full:
            raise busy("stopping" if self.admission.stopping else "as many requests are in hand as are taken")
        return JSONResponse({"status": "ready"})

    async def measured(self, _: Request) -> Response:
        """`GET /metrics`: Prometheus text."""
        return Response(self.metrics.text(), headers={"Content-Type": TYPE})

    async def openapi(self, _: Request) -> Response:
        """`GET /openapi.json`: this list, for programs."""
        return JSONResponse(document(bool(self._settings.token)))

    async def _uploads(self, request: Request) -> list[Any]:
        uploads = await read_uploads(request, self._settings, self._limits)
        request.scope[NOTES]["files"] = len(uploads)
        return uploads

    def _series(self, body: bytes) -> list[dict[str, Any]]:
        found = SeriesRows(self._classifier.decision.labels, self._classifier.threshold)
        for row in json.loads(body)["rows"]:
            found.add(row)
        return found.rows()


def _flag(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "").lower()
    if value not in TRUE + FALSE:
        raise Refused(400, f"{name} must be true or false")
    return value in TRUE
