"""Which kinds of CT images are slices in Hounsfield units, by the words that vendors use for them."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset

from edgect.scans import Frame, Window, read_frames
from tests.edgect.scans.dicom_files import ct, enhanced, hounsfield, in_syntax, with_frames, write

pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR CS")


def only(dataset: Dataset) -> Frame:
    (frame,) = read_frames(write(dataset))
    return frame


def refused(frame: Frame) -> str:
    assert frame.error is not None
    assert frame.error.status == "rejected"
    return str(frame.error)


PROJECTIONS = [
    r"DERIVED\PRIMARY\AXIAL\CT_SOM5 MIP",
    r"DERIVED\PRIMARY\AXIAL\CT_SOM7 MIP",
    r"DERIVED\PRIMARY\AXIAL\CT_SOM5 MPR",
    r"DERIVED\SECONDARY\AXIAL\MAX IP",
    r"DERIVED\SECONDARY\AXIAL\MIN IP",
    r"DERIVED\SECONDARY\AXIAL\MINIP",
    r"DERIVED\SECONDARY\REFORMATTED\AVERAGE",
    r"DERIVED\SECONDARY\REFORMATTED",
    r"DERIVED\SECONDARY\MPR",
    r"DERIVED\SECONDARY\OTHER\CSA MPR",
    r"DERIVED\PRIMARY\VOLUME\MAX_IP",
    r"DERIVED\PRIMARY\VOLUME\CURVED_MPR",
    r"DERIVED\PRIMARY\VOLUME\VOLUME_RENDER",
    r"DERIVED\PRIMARY\AXIAL\MEAN",
    r"DERIVED\PRIMARY\AXIAL\MINIMUM",
    r"DERIVED\SECONDARY\AXIAL\VRT",
    r"DERIVED\SECONDARY\AXIAL\mip",
    r"DERIVED\SECONDARY\AXIAL\THICK_MIP",
    r"DERIVED\SECONDARY\AXIAL\MIP_0.7",
    r"DERIVED\SECONDARY\AXIAL\MaxIP",
    r"DERIVED\SECONDARY\AXIAL\CPR",
    r"DERIVED\SECONDARY\3D",
    r"DERIVED\SECONDARY\PROJECTION IMAGE",
]
SLICES = [
    r"ORIGINAL\PRIMARY\AXIAL",
    r"ORIGINAL\PRIMARY\AXIAL\CT_SOM5 SPI",
    r"ORIGINAL\PRIMARY\AXIAL\CT_SOM7 SPI DUAL",
    r"DERIVED\PRIMARY\AXIAL\CT_SOM5 SEQ",
    r"ORIGINAL\PRIMARY\AXIAL\HELIX",
    r"DERIVED\PRIMARY\AXIAL\VNC",
    r"ORIGINAL\PRIMARY\AXIAL\LOW DOSE",
    r"ORIGINAL\PRIMARY\VOLUME\RESAMPLED",
    r"DERIVED\SECONDARY\AXIAL\IMPRINT",  # holds MPR, which is no word of it
    r"DERIVED\SECONDARY\AXIAL\MINIPIG",
]


@pytest.mark.parametrize("image_type", PROJECTIONS)
def test_a_projection_is_no_slice(image_type: str) -> None:
    assert "a projection" in refused(only(ct(ImageType=image_type.split("\\"))))


@pytest.mark.parametrize("image_type", SLICES)
def test_a_slice_is_one(image_type: str) -> None:
    assert only(ct(ImageType=image_type.split("\\"))).error is None


@pytest.mark.parametrize(
    "word",
    [
        *("SUBTRACTION", "STD_DEVIATION", "PERFUSION", "RCBF", "MAT_SPECIFIC"),
        *("EFF_ATOMIC_NUM", "ELECTRON_DENSITY", "DUAL IODINE"),
    ],
)
def test_what_is_calculated_from_slices_is_none(word: str) -> None:
    assert "calculated" in refused(only(ct(ImageType=["DERIVED", "PRIMARY", "AXIAL", word])))


@pytest.mark.parametrize("word", ["localizer", "SCOUT VIEW", "TOPO", "SCREEN SAVE", "DOSE_INFO"])
def test_a_picture_for_planning_or_of_a_screen_is_none(word: str) -> None:
    assert "not a slice" in refused(only(ct(ImageType=["DERIVED", "SECONDARY", word])))


@pytest.mark.parametrize(
    ("keyword", "value", "fine"),
    [
        ("VolumetricProperties", "VOLUME", True),
        ("VolumetricProperties", "SAMPLED", False),
        ("VolumetricProperties", "DISTORTED", False),
        ("VolumeBasedCalculationTechnique", "NONE", True),
        ("VolumeBasedCalculationTechnique", "MIN_IP", False),
        ("VolumeBasedCalculationTechnique", "MPR", False),
    ],
)
def test_how_a_frame_was_calculated_is_heeded(keyword: str, value: str, fine: bool) -> None:
    """Stated of one frame, and of the file as a whole."""
    dataset = enhanced([hounsfield(seed) for seed in range(2)])
    setattr(dataset.PerFrameFunctionalGroupsSequence[1].CTImageFrameTypeSequence[0], keyword, value)
    first, second = read_frames(write(dataset))
    assert first.error is None
    assert fine == (second.error is None)
    frames = list(read_frames(write(enhanced([hounsfield()], **{keyword: value}))))
    assert fine == (frames[0].error is None)


@pytest.mark.parametrize("unit", ["US", "hu", " HU ", "Hu", "UNSPECIFIED", "", None])
def test_units_that_are_not_told_are_hounsfield_units(unit: str | None) -> None:
    """GDCM and all that is built on it write US, which is unspecified."""
    np.testing.assert_array_equal(only(ct(RescaleType=unit)).pixels, Window().grey(hounsfield()))


def test_whether_they_are_is_told_by_the_air() -> None:
    assert "no air" in refused(only(ct(RescaleType="US", RescaleIntercept=0)))


@pytest.mark.parametrize(
    ("unit", "named"),
    [
        ("OD", "OD (optical density)"),
        ("Z_EFF", "Z_EFF (effective atomic number)"),
        ("HU_MOD", "HU_MOD (modified Hounsfield units)"),
        ("ED", "ED (electron density)"),
        ("mgml", "MGML (milligrams a millilitre)"),
        ("XYZ", "RescaleType is XYZ"),
        ("ü^°", "RescaleType is (not a code)"),
    ],
)
def test_other_units_are_named(unit: str, named: str) -> None:
    reason = refused(only(ct(RescaleType=unit, SpecificCharacterSet="ISO_IR 192")))
    assert reason.startswith("not in Hounsfield units")
    assert named in reason


def test_without_a_slope_units_do_not_help() -> None:
    assert "no RescaleSlope" in refused(only(ct(RescaleType="US", RescaleSlope=None)))


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.8.1", "1.2.840.99999.1.2", uid.MPEG2MPML]
)
def test_what_is_not_ct_is_so_in_any_transfer_syntax(syntax: str) -> None:
    dataset = ct(SOPClassUID=uid.SegmentationStorage, Modality="SEG")
    (frame,) = read_frames(in_syntax(with_frames(dataset, [b"\0\0"], uid.RLELossless), syntax))
    assert refused(frame).startswith("not CT: Segmentation")
