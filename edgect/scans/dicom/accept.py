"""What of DICOM is a CT slice in Hounsfield units, and why the rest is not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
)

from edgect.errors import ScanError
from edgect.scans.dicom.dataset import value

ENHANCED = (EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage)
CT = (CTImageStorage, *ENHANCED)
NO_CODE = "(not a code)"
GREY = ("MONOCHROME1", "MONOCHROME2")
INDEX_REASON = "DICOMDIR, an index: the files that it lists are answered on by themselves"
EMPTY_INDEX_REASON = "DICOMDIR, an index that lists no files"
# words of ImageType as the standard (PS3.3, C.8.2.1.1.1, C.8.16.2.1) and vendors spell them
LOCALIZERS = ("LOCALIZER", "SCOUT", "TOPOGRAM", "TOPO", "SURVIEW", "SCANOGRAM")
SCREEN_PICTURES = ("SCREEN SAVE", "DOSE INFO", "DOSE REPORT", "PROT")
_SLABS = ("MIP", "MINIP", "MAXIP", "AIP", "MAX IP", "MIN IP", "AVE IP", "AVG IP", "RAYSUM", "RAY SUM")
_STATISTICS = ("AVERAGE", "AVG", "MEAN", "MAXIMUM", "MINIMUM", "PROJECTION")
_REFORMATS = ("MPR", "MPVR", "CPR", "REFORMAT", "REFORMATTED")
_RENDERINGS = ("VRT", "VR", "RENDER", "RENDERED", "RENDERING", "SSD", "3D")
_ARITHMETIC = ("ADDITION", "SUBTRACTION", "MULTIPLICATION", "DIVISION", "STD DEVIATION", "QUANTITY")
_MATERIALS = (
    *("MAT SPECIFIC", "MAT FRACTIONAL", "MAT VALUE BASED", "IODINE"),
    *("EFF ATOMIC NUM", "ELECTRON DENSITY"),
)
_PERFUSION = ("PERFUSION", "RCBF", "RCBV", "CBF", "CBV", "MTT", "TTP", "TMAX")
REJECTED_TYPES = {
    "not a slice: {word}": LOCALIZERS,
    "not a slice: a picture of a screen ({type})": SCREEN_PICTURES,
    "not a slice: a projection ({type})": (*_SLABS, *_STATISTICS, *_REFORMATS, *_RENDERINGS),
    "not in Hounsfield units: calculated from slices ({type})": (*_ARITHMETIC, *_MATERIALS, *_PERFUSION),
}


def check_object(dataset: Dataset) -> None:
    """Raises ScanError unless the object is a CT image with pixel data in one grey channel."""
    sop_class = UID(str(value(dataset, "SOPClassUID") or ""))
    modality = code(value(dataset, "Modality"))
    if is_index(dataset):
        raise ScanError(
            INDEX_REASON if value(dataset, "DirectoryRecordSequence") else EMPTY_INDEX_REASON, "rejected"
        )
    if not sop_class and modality not in ("", "CT"):
        raise ScanError(f"not CT: modality {modality}", "rejected")
    if not sop_class:
        raise ScanError("no SOP Class UID: damaged, or cut short before it says what it is")
    if sop_class not in CT:
        kind = sop_class.name if sop_class.name != sop_class else f"object of class {_uid(sop_class)}"
        raise ScanError(f"not CT: {kind}" + (f", modality {modality}" if modality else ""), "rejected")
    if modality not in ("", "CT"):
        raise ScanError(f"not CT: modality {modality}", "rejected")
    check_image_type(dataset, "ImageType")
    if value(dataset, "PixelData") is None:
        other = "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset
        raise ScanError("pixel data in floating point" if other else "no pixel data", "rejected")
    samples, photometric = (
        value(dataset, "SamplesPerPixel"),
        code(value(dataset, "PhotometricInterpretation")),
    )
    if samples != 1 or photometric not in GREY:
        grey_or_colour = photometric or "no photometric interpretation"
        raise ScanError(f"not in grey ({grey_or_colour}, {samples or 'no'} samples a pixel)", "rejected")


def is_index(dataset: Dataset) -> bool:
    """Whether it is a DICOMDIR, whose SOP class stands in the file meta information alone."""
    return "DirectoryRecordSequence" in dataset


def check_image_type(dataset: Dataset, keyword: str) -> None:
    """What an image, or a frame by its frame type, is besides CT. Raises ScanError for what is no slice.

    keyword: of its type. A reformat is none, even if axial: its thickness and noise are not the scanner's.
    """
    for type_value in (
        *_type_values(dataset, keyword),
        *_type_values(dataset, "VolumeBasedCalculationTechnique"),
    ):
        if reason := _reason_against(type_value):
            raise ScanError(reason, "rejected")
    if (volume := code(value(dataset, "VolumetricProperties"))) in ("SAMPLED", "DISTORTED"):
        raise ScanError(f"not a slice: a projection (its volume is {volume})", "rejected")


@lru_cache(maxsize=256)  # slices of a series have the same
def _reason_against(type_value: str) -> str:
    for reason, words in REJECTED_TYPES.items():
        if word := _first_word(type_value, words):
            shown = word if code(type_value) == NO_CODE else code(type_value)
            return reason.format(word=word.lower(), type=shown)
    return ""


def _type_values(dataset: Dataset, keyword: str) -> list[str]:
    element = value(dataset, keyword)
    return [str(part) for part in ([element] if isinstance(element, str) else element or ())]


def _first_word(type_value: str, words: Iterable[str]) -> str:
    """The first of `words` that stands in a value as a word, or as several; empty where none does."""
    text = f" {' '.join(re.findall('[A-Z0-9]+', type_value.upper()))} "
    return next((word for word in words if f" {word} " in text), "")


def code(element: object) -> str:
    """A code string as it may stand in a reason, in capitals: nothing that is none gets there."""
    text = str(element or "").strip().upper()
    return text if re.fullmatch(r"[A-Z0-9_ ]{0,16}", text) else NO_CODE


def _uid(uid: str) -> str:
    """The registered part of a UID; a private one may say where it comes from."""
    return uid if re.fullmatch(r"1\.2\.840\.10008[0-9.]{0,50}", uid) else "that is not registered"
