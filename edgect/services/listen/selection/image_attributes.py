"""What rules look at in an image, before anything of it is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag, Tag

from edgect.scans.decoder_logs import silenced
from edgect.scans.dicom import series_label
from edgect.scans.dicom.dataset import MAX_ELEMENTS
from edgect.scans.dicom.series_label import SeriesLabel
from edgect.services.listen.results.character_sets import decode_elements

_TEXTS = {"modality": "Modality", "body_part": "BodyPartExamined", "series_description": "SeriesDescription"}
_REQUEST = ("RequestedProcedureDescription", "ScheduledProcedureStepDescription")
_SEQUENCES = (
    "RequestAttributesSequence",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
_KEYWORDS = (
    *("SpecificCharacterSet", "StudyInstanceUID", "SeriesInstanceUID", "NumberOfFrames", "SliceThickness"),
    *(*_TEXTS.values(), *_REQUEST, *_SEQUENCES, *series_label.KEYWORDS, *series_label.NAMES),
)
_TAGS: list[BaseTag | int] = [Tag(keyword) for keyword in _KEYWORDS]
_PIXEL_DATA = Tag("PixelData")


@dataclass(frozen=True)
class ImageAttributes:
    """texts: by the key of a rule; several where an image has several, one empty where it has none.

    slice_thickness: in millimetres, None where it is not told. slices: frames, or 1. study, series: UIDs.
    """

    label: SeriesLabel
    texts: dict[str, tuple[str, ...]]
    slice_thickness: float | None
    slices: int
    study: str
    series: str


def read_attributes(path: Path) -> ImageAttributes:
    """As far as the file can be read: damage is told by its row, once it is classified. Raises OSError."""
    dataset = Dataset()
    with silenced:
        with path.open("rb") as file, suppress(Exception):
            dataset = _read(file)
        return _attributes(dataset)


def _read(file: Any) -> Dataset:
    count = 0

    def stop(tag: BaseTag, vr: str | None, length: int) -> bool:
        nonlocal count
        count += 1
        return count > MAX_ELEMENTS or int(tag) >= int(_PIXEL_DATA)

    return read_partial(file, stop_when=stop, force=True, specific_tags=_TAGS)


def _attributes(dataset: Dataset) -> ImageAttributes:
    decoded = decode_elements(dataset, (*_TEXTS.values(), *_REQUEST)).values
    texts = {key: (decoded.get(keyword, ""),) for key, keyword in _TEXTS.items()}
    request = [decoded.get(keyword, "") for keyword in _REQUEST]
    for item in _items(dataset, "RequestAttributesSequence"):
        request += [_text(item, keyword) for keyword in _REQUEST]
    groups = [dataset]
    for sequence in _SEQUENCES[1:]:
        groups += _items(dataset, sequence)
    reconstructions = _nested(groups, "CTReconstructionSequence")
    kernels = [kernel for item in reconstructions for kernel in series_label.kernels(item)]
    thicknesses = (_number(item, "SliceThickness") for item in _nested(groups, "PixelMeasuresSequence"))
    return ImageAttributes(
        series_label.series_label(dataset),
        {**texts, "kernel": _distinct(kernels), "requested_procedure": _distinct(request)},
        next((thickness for thickness in thicknesses if thickness is not None), None),
        max(1, int(_number(dataset, "NumberOfFrames") or 1)),
        _text(dataset, "StudyInstanceUID"),
        _text(dataset, "SeriesInstanceUID"),
    )


def _nested(groups: list[Dataset], sequence: str) -> Iterator[Dataset]:
    """The data sets in which an attribute of that functional group may stand."""
    for group in groups:
        yield group
        yield from _items(group, sequence)


def _distinct(texts: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text)) or ("",)


def _items(dataset: Dataset, keyword: str) -> list[Dataset]:
    with suppress(Exception):
        return list(dataset.get(keyword) or ())
    return []


def _text(dataset: Dataset, keyword: str) -> str:
    with suppress(Exception):
        return str(dataset.get(keyword) or "")
    return ""


def _number(dataset: Dataset, keyword: str) -> float | None:
    with suppress(Exception):
        return float(str(dataset.get(keyword)))
    return None
