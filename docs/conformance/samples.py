"""Results of a small series, from which the statement tells what objects hold."""

from __future__ import annotations

import importlib
import io
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.sr.coding import Code
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from edgect.pipeline import Pipeline
from edgect.services.listen import results
from edgect.services.listen.results.codes import SCHEME
from edgect.services.listen.results.files import result_files
from edgect.services.listen.results.options import KINDS, ResultOptions
from edgect.services.listen.results.series_result import classify_images, series_result

SCAN = Path(__file__).parents[2] / "examples/scans/covid-saopaulo-0001.webp"
SLICES = 6
IDENTIFYING_GROUPS = (0x0008, 0x0010, 0x0020)  # of patient, study and series: what results take over


def sample_image(number: int) -> Dataset:
    """A CT image of an invented patient: an example scan, as the lung window makes it."""
    grey = cv2.imdecode(np.fromfile(SCAN, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 100"
    image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, f"1.2.3.4.{number + 1}"
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = "1.2.3", "1.2.3.4", "1.2.3.5"
    image.StudyDate, image.StudyTime, image.StudyID, image.AccessionNumber = "20260101", "120000", "1", "2"
    image.ReferringPhysicianName, image.StudyDescription = "Roe^Richard", "CT thorax"
    image.PatientName, image.PatientID, image.PatientBirthDate, image.PatientSex = (
        "Doe^Jane",
        "3",
        "19600101",
        "F",
    )
    image.Modality, image.SeriesNumber, image.InstanceNumber = "CT", 4, number + 101
    image.SeriesDescription, image.ConvolutionKernel = "Thorax 5.0 B60f", "B60f"
    image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 5 * number]
    image.PixelSpacing, image.SliceThickness = [0.7, 0.7], 5
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.Rows, image.Columns = grey.shape
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 0
    image.RescaleSlope, image.RescaleIntercept, image.RescaleType = 1, -1350, "HU"
    image.PixelData = (grey.astype(np.float64) / 255 * 1500 + number).round().astype("<u2").tobytes()
    image["PixelData"].VR = "OW"
    return image


@lru_cache(1)
def sample_results() -> tuple[Dataset, dict[str, Dataset]]:
    """An image, and an object of every kind that the node makes of its series, by kind."""
    classifier = Pipeline(backend="onnxruntime", threads=1, include_identifiers=True)
    with TemporaryDirectory() as folder:
        paths = [_written(Path(folder), sample_image(number)) for number in range(SLICES)]
        options = ResultOptions.of(KINDS, every_slice=True)
        result = series_result(
            classifier, list(classify_images(classifier, paths, lambda: True)), options.highest
        )
        files, _ = result_files(result, None, options, "NAME")
    objects: dict[str, Dataset] = {}
    for name, content in files.items():  # of several of a kind, which are numbered, the first
        kind = re.sub(r"(-\d+)?-NAME\.dcm$", "", name)
        objects.setdefault(kind, dcmread(io.BytesIO(content)))
    return sample_image(0), objects


def _written(folder: Path, image: Dataset) -> Path:
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path = folder / f"{image.InstanceNumber}.dcm"
    dcmwrite(path, image, enforce_file_format=True)
    return path


def private_codes() -> dict[str, str]:
    """Meaning by value of every code of edgect's own scheme that a module of results has."""
    found: dict[str, str] = {}
    for module in pkgutil.iter_modules(results.__path__, f"{results.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            found |= {code.value: code.meaning for code in _codes(value) if code.scheme_designator == SCHEME}
    return dict(sorted(found.items(), key=lambda item: (item[0][0], int(item[0][1:]))))


def _codes(value: Any) -> Iterator[Any]:
    if isinstance(value, Code) or hasattr(value, "CodeMeaning"):
        yield value
    elif isinstance(value, Mapping):
        yield from (code for inner in value.values() for code in _codes(inner))
    elif isinstance(value, list | tuple):
        yield from (code for inner in value for code in _codes(inner))


def content_rows(items: Iterable[Dataset], depth: int = 0) -> Iterator[tuple[str, str, str, str]]:
    """Of a content tree: depth and relationship, value type, concept, template.

    Items that are alike but for their values make one row.
    """
    groups: dict[tuple[str, str, str, str], list[Dataset]] = {}
    for item in items:
        concepts = item.get("ConceptNameCodeSequence") or [None]
        template = (item.get("ContentTemplateSequence") or [Dataset()])[0].get("TemplateIdentifier", "")
        key = item.get("RelationshipType", ""), item.ValueType, _concept(concepts[0]), template
        groups.setdefault(key, []).append(item)
    for (relationship, value_type, concept, template), alike in groups.items():
        yield (
            f"{'>' * depth} {relationship}".strip(),
            value_type,
            concept,
            f"TID {template}" if template else "",
        )
        inner = [child for item in alike for child in item.get("ContentSequence") or ()]
        yield from content_rows(inner, depth + 1)


def _concept(code: Any) -> str:
    if code is None:
        return ""
    return f"({code.CodeValue}, {code.CodingSchemeDesignator}, {code.CodeMeaning})"


def attribute_rows(image: Dataset, dataset: Dataset) -> Iterator[tuple[str, str, str, str]]:
    """Of the attributes of an object: tag, name, VR, and where its value comes from."""
    for element in dataset:
        empty = element.value in (None, "") or (element.VR == "SQ" and not len(element.value))
        from_image = (
            element.tag.group in IDENTIFYING_GROUPS
            and element.keyword in image
            and image[element.keyword].value == element.value
        )
        origin = "empty" if empty else "of the images" if from_image else "of edgect"
        tag = f"({element.tag.group:04X},{element.tag.element:04X})"
        yield tag, element.name, element.VR, origin
