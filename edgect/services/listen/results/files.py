"""All that is made of a series' result: DICOM objects, by the names of their files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

from pydicom import Dataset, dcmwrite

from edgect.services.listen.results.evidence import shown_slices
from edgect.services.listen.results.key_images import key_images
from edgect.services.listen.results.options import ResultOptions
from edgect.services.listen.results.parametric_map import parametric_map
from edgect.services.listen.results.record import ResultRecord
from edgect.services.listen.results.secondary_capture import secondary_capture
from edgect.services.listen.results.series_result import SeriesResult
from edgect.services.listen.results.structured_report import structured_report


class ResultFiles(NamedTuple):
    """report: the one that later reports on the series name as the one before."""

    files: dict[str, bytes]
    report: Dataset


def result_files(
    result: SeriesResult, last: ResultRecord | None, options: ResultOptions, name: str
) -> ResultFiles:
    """last: what was made of the series before. name: of the result, in the names of files."""
    objects = dict(_objects(result, last, options))
    files = {f"{kind}-{name}.dcm": _encoded(dataset) for kind, dataset in objects.items()}
    return ResultFiles(files, next(iter(objects.values())))


def _objects(
    result: SeriesResult, last: ResultRecord | None, options: ResultOptions
) -> Iterator[tuple[str, Dataset]]:
    """The report first."""
    shown = shown_slices(result)
    for kind, name in (("sr", "report"), ("sr3d", "report-3d")):
        if kind in options.kinds:
            yield name, structured_report(result, shown, last, options.every_slice, kind == "sr3d")
    if "sc" in options.kinds:
        for each in shown:
            yield f"heat-map-{each.rank}", secondary_capture(result, each, last)
    if "pmap" in options.kinds and (values := parametric_map(result, shown, last)) is not None:
        yield "evidence-map", values
    if "ko" in options.kinds and (selection := key_images(result, last)) is not None:
        yield "key-images", selection


def _encoded(dataset: Dataset) -> bytes:
    file = io.BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()
