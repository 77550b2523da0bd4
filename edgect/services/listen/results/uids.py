"""UIDs of results, derived from what they are about, so that the same result has the same UID."""

from __future__ import annotations

import uuid

from pydicom import Dataset
from pydicom.uid import UID

from edgect.machine.version import __version__
from edgect.services.listen.results.image_headers import grouping_key
from edgect.services.listen.results.series_result import SeriesResult

REPORTS, CAPTURES, REPORTS_3D, MAPS, KEY_IMAGES = 1, 2, 3, 4, 5
"""Kinds of results, each of which is a series of its own."""
_NAMESPACE = uuid.UUID("6f1c5f7e-6f0a-5d0c-9a37-2a4e1a6f0e11")
_OFFSET = 10_000  # above the numbers that scanners give to series


def uid(*parts: str) -> UID:
    """Of the root 2.25, by a UUID of version 5 (DICOM PS3.5, annex B.2)."""
    return UID(f"2.25.{uuid.uuid5(_NAMESPACE, chr(0).join(parts)).int}")


def result_uid(kind: str, result: SeriesResult, *parts: str) -> UID:
    """The UID of an object in the result of this version and bundle on a series."""
    return uid(
        kind, grouping_key(result.reference_image), __version__, result.classifier.bundle.digest, *parts
    )


def series_number(image: Dataset, kind: int) -> int:
    """A number that the study is not likely to have yet; kind: such as `REPORTS`."""
    try:
        source = int(image.get("SeriesNumber") or 0)
    except (TypeError, ValueError):
        source = 0
    return _OFFSET * kind + (source if 0 < source < _OFFSET else 0)
