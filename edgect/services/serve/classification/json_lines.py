"""Rows as JSON lines, sent as they come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from edgect.model.bundles.bundle import Bundle
from edgect.rows.prediction import Prediction
from edgect.services.serve.classification.pictures import pictures

CONTENT_TYPE = "application/x-ndjson"


def json_line(
    number: int, prediction: Prediction, bundle: Bundle | None, patient: Mapping[str, str]
) -> bytes:
    """number: of the upload, from 0. bundle: whose prediction it is; None for a row without pictures.

    patient: what is to be shown of the file's, beside the columns of the row.
    """
    row: dict[str, Any] = prediction.row()
    if bundle is not None:
        state = {"bundle_state": bundle.state, "bundle_key": bundle.key_id}
        row |= {"file": number, **state, **patient}
        row |= pictures(prediction, bundle.manifest.heat_map_scale)
    return json.dumps(row).encode() + b"\n"


class JSONLinesResponse(StreamingResponse):
    """Ends with its client or at its timeout: a client that does not read must not keep its slot."""

    media_type = CONTENT_TYPE

    def __init__(self, lines: AsyncGenerator[bytes], timeout: float) -> None:
        super().__init__(lines)
        self._lines, self._timeout = lines, timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._lines), asyncio.timeout(self._timeout):
            await super().__call__(scope, receive, send)
