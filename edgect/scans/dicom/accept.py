"""What of DICOM is a CT slice in Hounsfield units, and why the rest is not."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
INDEX = "DICOMDIR, an index: the files that it lists are answered on by themselves"
PICTURES = ("LOCALIZER", "SCOUT", "TOPOGRAM", "SURVIEW", "SCANOGRAM")
# words as the standard (PS3.3, C.8.16.2.1) and vendors spell them: several slices as one, or another cut
_SLABS = ("MIP", "MINIP", "MAXIP", "AIP", "MAX IP", "MIN IP", "AVE IP", "AVG IP", "RAYSUM", "RAY SUM")
_STATISTICS = ("AVERAGE", "AVG", "MEAN", "MAXIMUM", "MINIMUM", "PROJECTION")
_REFORMATS = ("MPR", "MPVR", "CPR", "REFORMAT", "REFORMATTED")
_RENDERINGS = ("VRT", "VR", "RENDER", "RENDERED", "RENDERING", "SSD", "3D")
PROJECTIONS = (*_SLABS, *_STATISTICS, *_REFORMATS, *_RENDERINGS)
CALCULATED = ("ADDITION", "SUBTRACTION", "MULTIPLICATION", "DIVISION", "STD DEVIATION", "QUANTITY")


def check_kind(dataset: Dataset) -> None:
    """Raises ScanError unless the object is a CT image with pixel data in one grey channel."""
    sop_class = UID(str(value(dataset, "SOPClassUID") or ""))
    modality = code(value(dataset, "Modality"))
    if is_index(dataset):
        raise ScanError(INDEX, "rejected")
    if not sop_class:
        raise ScanError("no SOP Class UID: damaged, or cut short before it says what it is")
    if sop_class not in CT:
        kind = sop_class.name if sop_class.name != sop_class else f"object of class {_uid(sop_class)}"
        raise ScanError(f"not CT: {kind}" + (f", modality {modality}" if modality else ""), "rejected")
    if modality not in ("", "CT"):
        raise ScanError(f"not CT: modality {modality}", "rejected")
    check_type(dataset, "ImageType")
    if "PixelData" not in dataset:
        other = "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset
        raise ScanError("pixel data in floating point" if other else "no pixel data", "rejected")
    samples, photometric = value(dataset, "SamplesPerPixel"), value(dataset, "PhotometricInterpretation")
    if samples != 1 or photometric not in GREY:
        named = code(photometric) or "no photometric interpretation"
        raise ScanError(f"not in grey ({named}, {samples or 'no'} samples a pixel)", "rejected")


def is_index(dataset: Dataset) -> bool:
    """Whether it is a DICOMDIR, whose SOP class stands in the file meta information alone."""
    return "DirectoryRecordSequence" in dataset


def check_type(dataset: Dataset, keyword: str) -> None:
    """What an image, or a frame by its frame type, is besides CT. Raises ScanError for what is no slice.

    keyword: of its type. A reformat is none, even if axial: its thickness and noise are not the scanner's.
    """
    for named in (*_values(dataset, keyword), *_values(dataset, "VolumeBasedCalculationTechnique")):
        if word := _word(named, PICTURES):
            raise ScanError(f"not a slice: {word.lower()}", "rejected")
        if word := _word(named, PROJECTIONS):
            raise ScanError(f"not a slice: a projection ({_shown(named, word)})", "rejected")
        if word := _word(named, CALCULATED):
            raise ScanError(f"not a slice: calculated from others ({_shown(named, word)})", "rejected")
    if (volume := code(value(dataset, "VolumetricProperties"))) in ("SAMPLED", "DISTORTED"):
        raise ScanError(f"not a slice: a projection (its volume is {volume})", "rejected")


def _values(dataset: Dataset, keyword: str) -> list[str]:
    found = value(dataset, keyword)
    return [str(each) for each in ([found] if isinstance(found, str) else found or ())]


def _word(named: str, words: Iterable[str]) -> str:
    """The first of `words` that stands in a value as a word, or as several; empty where none does."""
    text = f" {' '.join(re.findall('[A-Z0-9]+', named.upper()))} "
    return next((word for word in words if f" {word} " in text), "")


def _shown(named: str, word: str) -> str:
    return shown if (shown := code(named)) != NO_CODE else word


def code(found: object) -> str:
    """A code string as it may stand in a reason, in capitals: nothing that is none gets there."""
    text = str(found or "").strip().upper()
    return text if re.fullmatch(r"[A-Z0-9_ ]{0,16}", text) else NO_CODE


def _uid(uid: str) -> str:
    """The registered part of a UID; a private one may say where it comes from."""
    return uid if re.fullmatch(r"1\.2\.840\.10008[0-9.]{0,50}", uid) else "that is not registered"
