"""Whether a manifest is of a finished bundle and as it was written: its keys `state` and `seal`.

The seal is a checksum, which finds what was changed by accident or by hand; whoever means to deceive can
write another. Against that there are signatures (`edgect.model.bundles.signature`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgect.errors import ModelError

STATE, SEAL, REASON = "state", "seal", "refused_because"
UNFINISHED, REFUSED, FINISHED = "unfinished", "refused", "finished"


class UnfinishedError(ModelError):
    """A bundle that is still being made, or whose making was interrupted."""


class RefusedError(ModelError):
    """A bundle that did not pass when it was made."""


def text_of(document: Mapping[str, Any]) -> str:
    """A manifest's text, as its file has it."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def unfinished(document: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of a bundle that is still being made, which nothing loads but what makes it."""
    return _without_seal(document) | {STATE: UNFINISHED}


def refused(document: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """The manifest of a bundle that did not pass, which nothing loads."""
    return _without_seal(document) | {STATE: REFUSED, REASON: reason}


def finished(document: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of a whole bundle, sealed: the SHA-256 of all else is its last key. Written last."""
    whole = _without_seal(document) | {STATE: FINISHED}
    return whole | {SEAL: _seal(whole)}


def check(document: Mapping[str, Any], file: Path) -> None:
    """Raises ModelError, which names `file`, unless the bundle is finished and its seal is right.

    It is an UnfinishedError or a RefusedError where the bundle itself says so.
    """
    state = document.get(STATE)
    if state == UNFINISHED:
        raise UnfinishedError(
            f"{file}: the bundle is unfinished: what makes it was interrupted, or is still at work; "
            "let that finish, and use the bundle that it leaves"
        )
    if state == REFUSED:
        raise RefusedError(
            f"{file}: the bundle was refused when it was made: {document.get(REASON)}; use another bundle"
        )
    if state != FINISHED:
        raise ModelError(
            f"{file}: the bundle is altered: it is none of the released ones, and does not say that it is "
            "finished; copy it again from where it was made, or make it again"
        )
    if document.get(SEAL) != _seal(document):
        raise ModelError(
            f"{file}: the bundle is altered: the manifest is not what was sealed when the bundle was made; "
            "copy it again from where it was made"
        )


def _seal(document: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in document.items() if key != SEAL}
    return hashlib.sha256(text_of(rest).encode()).hexdigest()


def _without_seal(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in (STATE, SEAL, REASON)}
