"""The OpenAPI document, its row made of the columns that every output has."""

from __future__ import annotations

from typing import Any

from edgect.machine.version import __version__
from edgect.model.bundles.bundle import RELEASED, SIGNED, UNKNOWN_KEY, UNSIGNED
from edgect.rows.columns import SERIES_COLUMNS, SLICE_COLUMNS, object_schema
from edgect.services.serve.classification.json_lines import CONTENT_TYPE
from edgect.services.serve.classification.uploads import FIELD

_FILE = {"type": "integer", "minimum": 0, "description": "The number of the upload, counted from 0."}
_PNG = {"type": ["string", "null"], "contentEncoding": "base64", "contentMediaType": "image/png"}
_BUNDLE = {
    "bundle_state": {"type": "string", "enum": [RELEASED, SIGNED, UNKNOWN_KEY, UNSIGNED]},
    "bundle_key": {"type": "string", "description": "The id of the key of the bundle's signature, or empty."},
}
_PATIENT = {
    "patient_name": {"type": "string", "description": "Of a DICOM header, only with `--show-patient`."},
    "patient_birth_date": {"type": "string", "description": "Likewise, as `YYYY-MM-DD`."},
}
_ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
_ERROR_STATUSES = {
    "400": "The request is damaged, or is not what this path takes.",
    "401": "A token is needed.",
    "403": "The request comes from a page of another site, or names another host.",
    "408": "The request did not arrive in time.",
    "413": "The request is too long, or holds too many files.",
    "415": "The request is not multipart/form-data.",
    "503": "The server is busy: ask again after as many seconds as the header Retry-After says.",
}


def document(token: bool) -> dict[str, Any]:
    """The document. token: whether the server wants one."""
    files = {
        "type": "object",
        "properties": {FIELD: {"type": "array", "items": {"type": "string", "format": "binary"}}},
        "required": [FIELD],
    }
    upload = {"required": True, "content": {"multipart/form-data": {"schema": files}}}
    rows = {"type": "object", "properties": {"rows": {"type": "array", "items": _ref("Row")}}}
    series = {"type": "object", "properties": {"series": {"type": "array", "items": _ref("SeriesRow")}}}
    paths = {
        "/v1/classify": _post(
            "A row for every file and frame, in order and as soon as it is known.",
            upload,
            {CONTENT_TYPE: {"schema": _ref("Row")}},
            [_query("pictures", "boolean", "Add pictures to each row.")],
        ),
        "/v1/heat-map": _post(
            "The heat map of one slice, or status 422 where there is no answer to draw.",
            upload,
            {"image/png": {}},
            [_query("frame", "integer", "The number of the frame, counted from 0.")],
        ),
        "/v1/series": _post(
            "What rows of /v1/classify say together, by a rule that is no validated diagnosis.",
            {"required": True, "content": {"application/json": {"schema": rows}}},
            {"application/json": {"schema": series}},
            [],
        ),
        "/v1/model": _get("The manifest of the loaded bundle, and in `bundle` its digest, state and key."),
        "/v1/settings": _get("The settings that a page needs to ask and to explain the answers."),
        "/healthz": _get("Whether the process is alive."),
        "/readyz": _get("Whether the server would take another request."),
        "/metrics": _get("Metrics as Prometheus reads them."),
    }
    schemes = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "edgect",
            "version": __version__,
            "description": "Says whether CT slices of the chest look like COVID-19. "
            "For research use only: not a medical device.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Row": _row(), "SeriesRow": object_schema(SERIES_COLUMNS), "Error": _ERROR},
            "securitySchemes": schemes,
        },
        "security": [{"token": []}] if token else [],
    }


def _row() -> dict[str, Any]:
    row = object_schema(SLICE_COLUMNS)
    row["properties"] |= {
        "file": _FILE,
        "slice": _PNG,
        "soft_tissue": _PNG,
        "activation": _PNG,
        **_BUNDLE,
        **_PATIENT,
    }
    return row


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _query(name: str, type_: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": type_}, "description": description}


def _post(
    summary: str, body: dict[str, Any], content: dict[str, Any], parameters: list[dict[str, Any]]
) -> dict[str, Any]:
    errors = {
        status: {"description": why, "content": {"application/json": {"schema": _ref("Error")}}}
        for status, why in _ERROR_STATUSES.items()
    }
    responses = {"200": {"description": "The answer.", "content": content}, **errors}
    return {
        "post": {"summary": summary, "parameters": parameters, "requestBody": body, "responses": responses}
    }


def _get(summary: str) -> dict[str, Any]:
    return {"get": {"summary": summary, "responses": {"200": {"description": "The answer."}}}}
