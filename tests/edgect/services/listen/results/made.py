"""What a node makes of a folder of images, without the network and the spool."""

from __future__ import annotations

import io
from pathlib import Path

from pydicom import Dataset, dcmread

from edgect.pipeline import Pipeline
from edgect.services.listen.results.files import result_files
from edgect.services.listen.results.options import KINDS, ResultOptions
from edgect.services.listen.results.series_result import SeriesResult, classify_images, series_result

SUMMARY = ResultOptions(frozenset(KINDS))


def made(pipeline: Pipeline, folder: Path, options: ResultOptions = SUMMARY) -> dict[str, Dataset]:
    """Data sets by kind, such as `report` and `heat-map-1`."""
    files = result_files(result_of(pipeline, folder, options), None, options, "name").files
    return {name.removesuffix("-name.dcm"): dcmread(io.BytesIO(content)) for name, content in files.items()}


def result_of(pipeline: Pipeline, folder: Path, options: ResultOptions = SUMMARY) -> SeriesResult:
    slices = list(classify_images(pipeline, sorted(folder.glob("*.dcm")), lambda: True))
    return series_result(pipeline, slices, options.highest)


def items(report: Dataset, value_type: str) -> list[Dataset]:
    """The content items of a type, in order, wherever in the tree."""
    found = []
    for item in report.get("ContentSequence", ()):
        found += [item] if item.ValueType == value_type else []
        found += items(item, value_type)
    return found


def groups(report: Dataset) -> dict[str, Dataset]:
    """Measurement groups by their tracking identifiers."""
    (measurements,) = [item for item in report.ContentSequence if concept(item) == "126010"]
    return {
        next(part.TextValue for part in group.ContentSequence if concept(part) == "112039"): group
        for group in measurements.ContentSequence
    }


def concept(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)
