"""What of DICOM is a CT slice in Hounsfield units, and why the rest is not."""

from __future__ import annotations

import re

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
GREY = ("MONOCHROME1", "MONOCHROME2")
INDEX = "DICOMDIR, an index: the files that it lists are answered on by themselves"
PICTURES = ("LOCALIZER", "SCOUT", "TOPOGRAM")
PROJECTIONS = ("MIP", "MAX_IP", "MIN_IP", "MINIP", "PROJECTION IMAGE", "VOLUME_RENDER", "SURFACE_RENDER")


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
    check_type(value(dataset, "ImageType"))
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


def check_type(image_type: object) -> None:
    """image_type: ImageType, or FrameType of a frame. Raises ScanError for what is no slice."""
    values = [image_type] if isinstance(image_type, str) else list(image_type or ())  # type: ignore[call-overload]
    for named in map(code, values):
        if named in PICTURES:
            raise ScanError(f"not a slice: {named.lower()}", "rejected")
        if named in PROJECTIONS:
            raise ScanError(f"not a slice: a projection ({named})", "rejected")


def code(found: object) -> str:
    """A code string as it may stand in a reason: nothing that is none gets there."""
    text = str(found or "")
    return text if re.fullmatch(r"[A-Z0-9_ ]{1,16}", text) else "that is no code" if text else ""


def _uid(uid: str) -> str:
    """The registered part of a UID; a private one may say where it comes from."""
    return uid if re.fullmatch(r"1\.2\.840\.10008[0-9.]{0,50}", uid) else "that is not registered"
