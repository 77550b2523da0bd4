"""All that is made of a series' result: DICOM objects, by the names of their files."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from functools import partial
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

LOG = logging.getLogger("edgect.services.listen")


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
    """The report first. What else cannot be made is left out and named in the log."""
    shown = shown_slices(result)
    for kind, name in (("sr", "report"), ("sr3d", "3d-report")):
        if kind in options.kinds:
            yield name, structured_report(result, shown, last, options.every_slice, kind == "sr3d")
    others: list[tuple[str, str, Callable[[], Dataset | None]]] = [
        *(("sc", f"heat-map-{each.rank}", partial(secondary_capture, result, each, last)) for each in shown),
        ("pmap", "evidence-map", partial(parametric_map, result, shown, last)),
        ("ko", "key-images", partial(key_images, result, last)),
    ]
    for kind, name, make in others:
        if kind in options.kinds:
            try:
                if (dataset := make()) is not None:
                    yield name, dataset
            except Exception as error:  # whose message may quote what an image holds
                LOG.error("no %s of a series can be made (%s)", name, type(error).__name__)


def _encoded(dataset: Dataset) -> bytes:
    file = io.BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()
