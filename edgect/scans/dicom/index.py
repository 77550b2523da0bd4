"""A DICOMDIR: the files that it lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydicom.dataset import Dataset

from edgect.errors import ScanError
from edgect.scans.dicom import dataset as elements
from edgect.scans.dicom.accept import is_index
from edgect.scans.limits import Limits
from edgect.scans.quiet import quiet

_LEADS = re.compile(r"[\0-\x1f/\\:]")  # ends a name, or leads out of its folder on some system


def files_of_index(content: bytes, limits: Limits) -> list[tuple[str, ...]]:
    """Each file as its folders and name beneath the index's own folder, in the order of the index.

    Empty where the content is no index that can be read, or lists nothing.
    """
    try:
        with quiet:
            dataset, _ = elements.read(content, limits)
            return list(_listed(dataset)) if is_index(dataset) else []
    except Exception:  # its row will say
        return []


def _listed(dataset: Dataset) -> Iterator[tuple[str, ...]]:
    for record in elements.value(dataset, "DirectoryRecordSequence") or ():
        try:
            named = elements.value(record, "ReferencedFileID")
        except ScanError:
            continue
        if named is not None:
            yield tuple(map(_safe, [named] if isinstance(named, str) else named))


def _safe(component: object) -> str:
    """A name that leads nowhere else: a file of that name is then missing."""
    text = _LEADS.sub(lambda found: f"%{ord(found[0]):02X}", str(component))
    return text if text.strip(". ") else text.replace(".", "%2E")
