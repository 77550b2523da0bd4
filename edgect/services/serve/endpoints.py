"""The handler of every route."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edgect.audit.contents import NEW, PICTURE, answer
from edgect.audit.trail import Trail
from edgect.machine.version import __version__
from edgect.rows import NOTICE
from edgect.rows.prediction import Prediction
from edgect.rows.series import SeriesRows
from edgect.scans import Limits
from edgect.services.current_model import CurrentModel
from edgect.services.monitoring.answer_metrics import CONTENT_TYPE, model_labels
from edgect.services.serve.classification.json_lines import JSONLinesResponse, json_line
from edgect.services.serve.classification.pictures import heat_map
from edgect.services.serve.classification.upload_classifier import UploadClassifier
from edgect.services.serve.classification.uploads import read_body, read_uploads
from edgect.services.serve.config import ServerConfig
from edgect.services.serve.http.access_log import LOG_FIELDS
from edgect.services.serve.http.admission import Admission
from edgect.services.serve.http.errors import HTTPError, service_unavailable
from edgect.services.serve.metrics import Metrics
from edgect.services.serve.openapi import document

MAX_SERIES_BYTES = 8 * 2**20  # of rows, some 10,000; as Python objects they may take twenty times as many
BUNDLE_HEADER = "Edgect-Bundle"  # of a heat map, which has no columns: name and digest
TRUE, FALSE = ("true", "1"), ("", "false", "0")
_WITHOUT_PROBABILITY = {"rejected": "no answer", "error": "an error"}


class Endpoints:
    """Each method answers a request, or raises HTTPError. The response is sent by whoever calls it."""

    def __init__(
        self, model: CurrentModel, limits: Limits, config: ServerConfig, trail: Trail | None = None
    ) -> None:
        self.admission, self._config, self._limits = Admission(config), config, limits
        self._current, self._trail = model, trail
        threads = model.pipeline.parallel_files(many=True)
        self._upload_classifier = UploadClassifier(
            threads, limits, config.timeout, config.max_held_bytes, config.show_patient
        )
        self._series_lock = asyncio.Lock()
        self.metrics = Metrics(
            lambda: self.admission.active_requests,
            lambda: self.admission.reserved_bytes,
            lambda: model_labels(self._current.pipeline),
        )

    def stop(self) -> None:
        """Accept no more, and have the requests in progress end before the server does."""
        self.admission.stopping = True
        self._upload_classifier.stop_after(0.8 * self._config.stop_timeout)

    def close(self) -> None:
        self._upload_classifier.close()

    async def classify(self, request: Request) -> Response:
        """`POST /v1/classify`: a row for every file and frame."""
        with_pictures = _flag(request, "pictures")
        uploads = await self._uploads(request)

        classifier = self._current.pipeline  # for the whole of the request

        def to_line(number: int, prediction: Prediction, patient: Mapping[str, str]) -> bytes:
            self.metrics.row(prediction)
            self._audit(prediction, NEW)
            return json_line(number, prediction, classifier.bundle if with_pictures else None, patient)

        async def lines() -> AsyncGenerator[bytes]:
            async with aclosing(
                self._upload_classifier.classify(classifier, uploads, with_pictures, to_line)
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
        classifier = self._current.pipeline
        scale = classifier.bundle.manifest.heat_map_scale
        headers = {BUNDLE_HEADER: f"{quote(classifier.bundle.name)} {classifier.bundle.digest}"}

        def to_picture(_: int, prediction: Prediction, __: Mapping[str, str]) -> bytes | str:
            """A picture, or why there is none; nothing for another frame."""
            if prediction.frame not in (None, int(frame or 0)):
                return b""
            self._audit(prediction, PICTURE)
            if prediction.evidence is None:
                return f"{_WITHOUT_PROBABILITY[prediction.status]}: {prediction.reason}"
            return heat_map(prediction, scale)

        async with aclosing(
            self._upload_classifier.classify(classifier, uploads, True, to_picture)
        ) as pictures:
            async for picture in pictures:
                if isinstance(picture, str):
                    raise HTTPError(422, picture)
                if picture:
                    return Response(picture, media_type="image/png", headers=headers)
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
        """`GET /v1/model`: the bundle's manifest, and under `bundle` what is known of the bundle.

        `refused`: why the bundle that the registry names now is not in use; empty where it is.
        """
        bundle = self._current.pipeline.bundle
        known = {
            "digest": bundle.digest,
            "state": bundle.state,
            "key": bundle.key_id,
            "refused": self._current.refused,
        }
        return JSONResponse({**bundle.manifest.document, "bundle": known})

    async def settings(self, _: Request) -> Response:
        """`GET /v1/settings`: what the page needs to send requests and to label its results."""
        classifier, config = self._current.pipeline, self._config
        decision, bundle = classifier.decision, classifier.bundle
        return JSONResponse(
            {
                "edgect": __version__,
                **model_labels(classifier),
                "bundle_state": bundle.state,
                "bundle_key": bundle.key_id,
                "threshold": decision.threshold,
                "operating_point": decision.operating_point,
                "error_rate": decision.error_rate,
                "labels": list(decision.labels),
                "heat_map_scale": bundle.manifest.heat_map_scale,
                "contact": config.contact,
                "shows_patient": config.show_patient,
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

    def _audit(self, prediction: Prediction, outcome: str) -> None:
        """Before it is sent. Raises AuditError, so that there is no answer without its line."""
        if self._trail is not None:
            self._trail.append(answer(prediction.row(), self._trail.identifiers, "http", outcome))

    def _series(self, body: bytes) -> list[dict[str, Any]]:
        rows, decision = json.loads(body)["rows"], self._current.pipeline.decision
        # rows may be of an earlier bundle
        thresholds = {float(row.get("threshold", decision.threshold)) for row in rows}
        if len(thresholds) == 1:
            decision = replace(decision, threshold=thresholds.pop())
        series = SeriesRows(decision)
        for row in rows:
            series.add(row)
        return series.rows()


def _flag(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "").lower()
    if value not in TRUE + FALSE:
        raise HTTPError(400, f"{name} must be true or false")
    return value in TRUE
