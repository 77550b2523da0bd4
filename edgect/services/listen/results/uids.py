"""Identifiers of results: made of what they are about, so that no result is made twice."""

from __future__ import annotations

import uuid

from pydicom import Dataset
from pydicom.uid import UID

from edgect.machine.version import __version__
from edgect.services.listen.results.image_headers import belongs
from edgect.services.listen.results.series_result import Answer

REPORTS, CAPTURES = 1, 2
_SPACE = uuid.UUID("6f1c5f7e-6f0a-5d0c-9a37-2a4e1a6f0e11")
_ABOVE = 10_000  # that scanners number their series to


def uid(*parts: str) -> UID:
    """Of the root 2.25, by a UUID of version 5 (DICOM PS3.5, annex B.2)."""
    return UID(f"2.25.{uuid.uuid5(_SPACE, chr(0).join(parts)).int}")


def answer_uid(kind: str, answer: Answer, *parts: str) -> UID:
    """Of something of an answer by this version and bundle on the series."""
    return uid(kind, belongs(answer.newest), __version__, answer.classifier.bundle.digest, *parts)


def series_number(image: Dataset, kind: int) -> int:
    """A number that the study is not likely to have yet; kind: REPORTS or CAPTURES."""
    try:
        source = int(image.get("SeriesNumber") or 0)
    except (TypeError, ValueError):
        source = 0
    return _ABOVE * kind + (source if 0 < source < _ABOVE else 0)
