"""A DICOMDIR: the files that it lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydicom.dataset import Dataset

from edgect.errors import ScanError
from edgect.scans.decoder_logs import silenced
from edgect.scans.dicom import dataset as elements
from edgect.scans.dicom.accept import is_index
from edgect.scans.options import Limits

_UNSAFE = re.compile(r"[\0-\x1f/\\:]")  # ends a name, or leads out of its folder on some system


def files_of_index(content: bytes, limits: Limits) -> list[tuple[str, ...]]:
    """Each file as its folders and name beneath the index's own folder, in the order of the index.

    An empty list where the content is no index that can be read, or lists nothing.
    """
    try:
        with silenced:
            dataset, _ = elements.read(content, limits)
            return list(_listed_files(dataset)) if is_index(dataset) else []
    except Exception:  # its row will say
        return []


def _listed_files(dataset: Dataset) -> Iterator[tuple[str, ...]]:
    for record in elements.value(dataset, "DirectoryRecordSequence") or ():
        try:
            file_id = elements.value(record, "ReferencedFileID")
        except ScanError:
            continue
        if file_id is not None:
            yield tuple(map(_safe_name, [file_id] if isinstance(file_id, str) else file_id))


def _safe_name(component: object) -> str:
    """A name that leads nowhere else: a file of that name is then missing."""
    text = _UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", str(component))
    return text if text.strip(". ") else text.replace(".", "%2E")
