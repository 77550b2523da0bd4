"""The handler of every route."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edgect.machine.version import __version__
from edgect.pipeline import Pipeline
from edgect.rows import NOTICE
from edgect.rows.prediction import Prediction
from edgect.rows.series import SeriesRows
from edgect.scans import Limits
from edgect.services.serve.classification.json_lines import JSONLinesResponse, json_line
from edgect.services.serve.classification.pictures import heat_map
from edgect.services.serve.classification.upload_classifier import UploadClassifier
from edgect.services.serve.classification.uploads import read_body, read_uploads
from edgect.services.serve.config import ServerConfig
from edgect.services.serve.http.access_log import LOG_FIELDS
from edgect.services.serve.http.admission import Admission
from edgect.services.serve.http.errors import HTTPError, service_unavailable
from edgect.services.serve.metrics import CONTENT_TYPE, Metrics
from edgect.services.serve.openapi import document

MAX_SERIES_BYTES = 8 * 2**20  # of rows, some 10,000; as Python objects they may take twenty times as many
TRUE, FALSE = ("true", "1"), ("", "false", "0")
_WITHOUT_PROBABILITY = {"rejected": "no answer", "error": "an error"}


class Endpoints:
    """Each method answers a request, or raises HTTPError. The response is sent by whoever calls it."""

    def __init__(self, classifier: Pipeline, limits: Limits, config: ServerConfig) -> None:
        self.admission, self._config, self._limits = Admission(config), config, limits
        self._classifier = classifier
        self._upload_classifier = UploadClassifier(classifier, limits, config.timeout, config.max_held_bytes)
        self._series_lock = asyncio.Lock()
        self._scale = float(classifier.bundle.manifest.heat_map_scale)
        engine = classifier.engine
        self._model = {
            "model": classifier.bundle.name,
            "bundle": classifier.bundle.digest[:12],
            "backend": engine.backend,
            "engine": engine.version,
            "precision": engine.precision,
        }
        self.metrics = Metrics(
            lambda: self.admission.active_requests, lambda: self.admission.reserved_bytes, self._model
        )

    def stop(self) -> None:
        """Accept no more, and have the requests in progress end before the server does."""
        self.admission.stopping = True
        self._upload_classifier.stop_after(0.8 * self._config.stop_timeout)

    def close(self) -> None:
        self._upload_classifier.close()

    async def classify(self, request: Request) -> Response:
        """`POST /v1/classify`: a row for every file and frame."""
        scale = self._scale if _flag(request, "pictures") else None
        uploads = await self._uploads(request)

        def to_line(number: int, prediction: Prediction) -> bytes:
            self.metrics.row(prediction)
            return json_line(number, prediction, scale)

        async def lines() -> AsyncGenerator[bytes]:
            async with aclosing(
                self._upload_classifier.classify(uploads, scale is not None, to_line)
            ) as rows:
                async for row in rows:
                    yield row

        return JSONLinesResponse(lines(), self._config.timeout + self._config.stall_timeout)

    async def heat_map(self, request: Request) -> Response:
        """`POST /v1/heat-map`: the picture of one slice."""
        frame = request.query_params.get("frame", "")
        if frame and not (frame.isascii() and frame.isdigit() and len(frame) < 10):
            raise HTTPError(400, "frame must be a number from 0")
        uploads = await self._uploads(request)
        if len(uploads) != 1:
            raise HTTPError(400, "a heat map shows one file: send exactly one")

        def to_picture(_: int, prediction: Prediction) -> bytes | str:
            """A picture, or why there is none; nothing for another frame."""
            if prediction.frame not in (None, int(frame or 0)):
                return b""
            if prediction.evidence is None:
                return f"{_WITHOUT_PROBABILITY[prediction.status]}: {prediction.reason}"
            return heat_map(prediction, self._scale)

        async with aclosing(self._upload_classifier.classify(uploads, True, to_picture)) as pictures:
            async for picture in pictures:
                if isinstance(picture, str):
                    raise HTTPError(422, picture)
                if picture:
                    return Response(picture, media_type="image/png")
                if await request.is_disconnected():
                    break
        raise HTTPError(422, f"there is no frame {frame}")

    async def series(self, request: Request) -> Response:
        """`POST /v1/series`: a summary of rows by series, by a rule that is no diagnosis."""
        body = await read_body(
            request,
            replace(self._config, max_request_bytes=min(self._config.max_request_bytes, MAX_SERIES_BYTES)),
        )
        try:
            async with self._series_lock:
                return JSONResponse({"series": await asyncio.to_thread(self._series, body)})
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
            raise HTTPError(
                400, 'the body must be {"rows": […]}, with rows as /v1/classify gives them'
            ) from None

    async def model(self, _: Request) -> Response:
        """`GET /v1/model`: the bundle's manifest."""
        return JSONResponse(self._classifier.bundle.manifest.document)

    async def settings(self, _: Request) -> Response:
        """`GET /v1/settings`: what the page needs to send requests and to label its results."""
        decision, config = self._classifier.decision, self._config
        return JSONResponse(
            {
                "edgect": __version__,
                **self._model,
                "threshold": decision.threshold,
                "operating_point": decision.operating_point,
                "error_rate": decision.error_rate,
                "labels": list(decision.labels),
                "heat_map_scale": self._scale,
                "idle_seconds": config.idle_seconds,
                "max_files": config.max_files,
                "max_request_bytes": config.max_request_bytes,
                "max_file_bytes": self._limits.bytes,
                "token_needed": bool(config.token),
                "research_notice": NOTICE,
            }
        )

    async def health(self, _: Request) -> Response:
        """`GET /healthz`: the process is alive."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """`GET /readyz`: another request would be accepted."""
        if self.admission.stopping or self.admission.full:
            raise service_unavailable(f"the server is {'stopping' if self.admission.stopping else 'busy'}")
        return JSONResponse({"status": "ready"})

    async def prometheus(self, _: Request) -> Response:
        """`GET /metrics`: Prometheus text."""
        return Response(self.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    async def openapi(self, _: Request) -> Response:
        """`GET /openapi.json`: this list, for programs."""
        return JSONResponse(document(bool(self._config.token)))

    async def _uploads(self, request: Request) -> list[Any]:
        uploads = await read_uploads(request, self._config, self._limits)
        request.scope[LOG_FIELDS]["files"] = len(uploads)
        return uploads

    def _series(self, body: bytes) -> list[dict[str, Any]]:
        series = SeriesRows(self._classifier.decision)
        for row in json.loads(body)["rows"]:
            series.add(row)
        return series.rows()


def _flag(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "").lower()
    if value not in TRUE + FALSE:
        raise HTTPError(400, f"{name} must be true or false")
    return value in TRUE
