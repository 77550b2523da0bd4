"""What of DICOM gets an answer, how it is turned, and why the rest gets none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import uid
from pydicom.dataset import Dataset

from edgect.scans import Frame, Limits, Window, read_frames
from tests.edgect.scans.dicom_files import CANARY, ct, enhanced, hounsfield, write

FILES = Path(pydicom.__file__).parent / "data" / "test_files"


def only(dataset: Dataset, **options: Any) -> Frame:
    (frame,) = read_frames(write(dataset), **options)
    return frame


@given(
    slope=st.floats(0.1, 4),
    intercept=st.floats(-3000, 0),
    level=st.floats(-1000, 400),
    width=st.floats(10, 4000),
)
def test_stored_values_become_greys_by_rescale_and_window(
    slope: float, intercept: float, level: float, width: float
) -> None:
    stored = np.linspace(0, 4095, 64 * 64).astype(np.uint16).reshape(64, 64)
    slope, intercept = float(f"{slope:.6g}"), float(f"{intercept:.6g}")
    dataset = ct(PixelData=stored.tobytes(), Rows=64, Columns=64)
    dataset.RescaleSlope, dataset.RescaleIntercept = slope, intercept
    frame = only(dataset, window=Window(level, width))
    hounsfield_values = np.maximum(stored * slope + intercept, -1024)
    exact = np.clip((hounsfield_values - (level - width / 2)) / width, 0, 1) * 255
    if intercept > -500:
        assert "no air" in str(frame.error)
    elif frame.error is not None:
        assert "blank" in str(frame.error)
        assert np.ptp(exact) < 1
    else:
        assert frame.pixels is not None
        assert np.abs(frame.pixels - exact).max() <= 0.51


def test_padding_is_air_and_monochrome1_inverts_nothing() -> None:
    values = hounsfield()
    expected = Window().grey(values)
    values[:10], expected[:10] = -3000, Window().grey(-1024)
    assert np.array_equal(only(ct(values, 0, True)).pixels, expected)
    values[:10] = 2000
    padded = ct(values, 0, True, PixelPaddingValue=1990, PixelPaddingRangeLimit=2010)
    assert np.array_equal(only(padded).pixels, expected)
    assert np.array_equal(only(ct(PhotometricInterpretation="MONOCHROME1")).pixels, only(ct()).pixels)


def test_the_files_own_window_is_not_used() -> None:
    assert np.array_equal(only(ct(WindowCenter=40, WindowWidth=80)).pixels, only(ct()).pixels)


@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        ([-1, 0, 0, 0, 1, 0], lambda image: image[:, ::-1]),
        ([1, 0, 0, 0, -1, 0], lambda image: image[::-1]),
        ([-1, 0, 0, 0, -1, 0], lambda image: image[::-1, ::-1]),
        ([0, 1, 0, 1, 0, 0], lambda image: image.T),
        ([0, -1, 0, 1, 0, 0], lambda image: image[::-1].T),
    ],
)
def test_a_slice_stored_turned_or_mirrored_is_set_right(
    orientation: list[int], stored: Callable[[Any], Any]
) -> None:
    turned = np.ascontiguousarray(stored(hounsfield()))
    frame = only(ct(turned, ImageOrientationPatient=orientation))
    assert np.array_equal(frame.pixels, Window().grey(hounsfield()))
    assert frame.origin is not None
    assert frame.origin.normal == (0, 0, 1)


def tilted(degrees: float) -> list[float]:
    return [1, 0, 0, 0, float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))]


def test_a_gantry_tilts_up_to_thirty_degrees() -> None:
    assert only(ct(ImageOrientationPatient=tilted(-30))).error is None
    assert "not axial" in str(only(ct(ImageOrientationPatient=tilted(31))).error)


def test_position_lies_along_the_normal_towards_the_head() -> None:
    frame = only(ct(ImagePositionPatient=[-200, 30, -55.5]))
    assert frame.origin is not None
    assert frame.origin.position == -55.5
    mirrored = only(ct(ImageOrientationPatient=[1, 0, 0, 0, -1, 0], ImagePositionPatient=[0, 0, 7]))
    assert mirrored.origin is not None
    assert mirrored.origin.position == 7


def test_pixels_that_are_not_square_are_made_so() -> None:
    frame = only(ct(PixelSpacing=[1.4, 0.7]))
    assert frame.pixels is not None
    assert frame.pixels.shape == (192, 112)
    assert "as long as wide" in str(only(ct(PixelSpacing=[7, 0.7])).error)
    assert "over the limit" in str(only(ct(PixelSpacing=[1.4, 0.7]), limits=Limits(pixels=11_000)).error)


def test_an_enhanced_file_is_read_frame_by_frame() -> None:
    volume = [hounsfield(seed) for seed in range(3)]
    frames = list(read_frames(write(enhanced(volume))))
    for index, (frame, values) in enumerate(zip(frames, volume, strict=True)):
        assert frame.index == index
        np.testing.assert_array_equal(frame.pixels, Window().grey(values))
        assert frame.origin is not None
        assert frame.origin.position == 2.5 * index


def test_a_frame_that_is_no_slice_is_rejected_alone() -> None:
    dataset = enhanced([hounsfield(seed) for seed in range(4)])
    groups = dataset.PerFrameFunctionalGroupsSequence
    groups[0].CTImageFrameTypeSequence[0].FrameType = ["ORIGINAL", "PRIMARY", "LOCALIZER", "NONE"]
    del groups[2].PixelValueTransformationSequence
    frames = list(read_frames(write(dataset)))
    assert [frame.error and frame.error.status for frame in frames] == ["rejected", None, "rejected", None]
    assert "localizer" in str(frames[0].error)
    assert "RescaleSlope" in str(frames[2].error)


def test_fewer_functional_groups_than_frames_is_an_error() -> None:
    dataset = enhanced([hounsfield()] * 3)
    del dataset.PerFrameFunctionalGroupsSequence[2]
    (frame,) = read_frames(write(dataset))
    assert frame.error is not None
    assert frame.error.status == "error"


REJECTED: list[tuple[dict[str, Any], str]] = [
    ({"SOPClassUID": uid.MRImageStorage, "Modality": "MR"}, "MR Image Storage, modality MR"),
    ({"SOPClassUID": uid.SecondaryCaptureImageStorage}, "Secondary Capture"),
    ({"SOPClassUID": uid.SegmentationStorage}, "Segmentation"),
    ({"SOPClassUID": uid.BasicTextSRStorage}, "Basic Text SR"),
    ({"SOPClassUID": uid.EncapsulatedPDFStorage}, "Encapsulated PDF"),
    ({"SOPClassUID": uid.GrayscaleSoftcopyPresentationStateStorage}, "Presentation State"),
    ({"SOPClassUID": uid.PositronEmissionTomographyImageStorage}, "Positron"),
    ({"Modality": "PT"}, "modality PT"),
    ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "localizer"),
    ({"ImageType": ["DERIVED", "SECONDARY", "SCOUT"]}, "scout"),
    ({"ImageType": ["DERIVED", "SECONDARY", "MIP"]}, "projection"),
    ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "RGB"),
    ({"PhotometricInterpretation": "PALETTE COLOR"}, "PALETTE COLOR"),
    ({"PixelData": None}, "no pixel data"),
    ({"RescaleSlope": None}, "RescaleSlope"),
    ({"RescaleIntercept": None}, "RescaleIntercept"),
    ({"RescaleSlope": 0}, "rescale"),
    ({"ImageOrientationPatient": None}, "ImageOrientationPatient"),
    ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, "not axial"),
    ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, "not axial"),
    ({"ImageOrientationPatient": [0.7071, 0.7071, 0, -0.7071, 0.7071, 0]}, "turned in its plane"),
]


@pytest.mark.parametrize(("changes", "reason"), REJECTED, ids=[reason for _, reason in REJECTED])
def test_rejected_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    frame = only(ct(**changes))
    assert frame.error is not None
    assert frame.error.status == "rejected"
    assert reason in str(frame.error)


ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"PixelData": b"\0" * 100}, "pixel data"),
    ({"Rows": 20_000, "Columns": 20_000}, "over the limit"),
    ({"NumberOfFrames": 5000}, "frames are over the limit"),
    ({"BitsStored": 17}, "bits stored"),
    ({"Rows": None}, "Rows"),
    ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "orientation"),
]


@pytest.mark.parametrize(("changes", "reason"), ERRORS)
def test_damaged_is_an_error(changes: dict[str, Any], reason: str) -> None:
    frame = only(ct(**changes))
    assert frame.error is not None
    assert frame.error.status == "error"
    assert reason in str(frame.error)


def test_a_deflated_bomb_is_over_the_limit() -> None:
    content = write(ct(PixelData=bytes(10_000_000)), uid.DeflatedExplicitVRLittleEndian)
    assert len(content) < 100_000
    (frame,) = read_frames(content, limits=Limits(bytes=1_000_000))
    assert "over the limit" in str(frame.error)


def test_garbage_named_like_dicom_is_an_error() -> None:
    for content in (b"x" * 500, bytes(128) + b"DICM" + b"\xff" * 300):
        (frame,) = read_frames(content, "scan.dcm")
        assert frame.error is not None
        assert frame.error.status == "error"


def test_without_pydicom_the_row_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in [name for name in sys.modules if name.startswith(("edgect.scans.dicom", "pydicom"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("edgect.scans.dicom", raising=False)
    content = write(ct())
    for name in [name for name in sys.modules if name.startswith("pydicom")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    (frame,) = read_frames(content)
    assert frame.error is not None
    assert frame.error.status == "error"
    assert "DICOM needs pydicom, which is not installed: pip install 'highdicom>=" in str(frame.error)


def test_a_malformed_value_is_not_quoted() -> None:
    dataset = ct()
    content = write(dataset).replace(b"-1024", CANARY[:5].encode())
    (frame,) = read_frames(content)
    assert frame.error is not None
    assert "RescaleIntercept" in str(frame.error)
    assert CANARY[:5] not in str(frame.error)


@pytest.mark.parametrize("file", sorted(FILES.rglob("*")), ids=lambda file: file.name)
def test_pydicoms_own_files_each_get_a_sensible_row(file: Path) -> None:
    if not file.is_file():
        pytest.skip("a folder")
    frames = list(read_frames(file.read_bytes(), str(file)))
    assert frames
    fine = {"693_J2KI.dcm", "CT_small.dcm", "J2K_pixelrep_mismatch.dcm"}
    unclear = {"no_meta.dcm"}  # nothing in it says that it is DICOM, but its name
    for frame in frames:
        status = frame.error.status if frame.error else "ok"
        bad = file.name in unclear or any(
            phrase in str(frame.error) for phrase in ("truncated", "no SOP Class")
        )
        assert status == ("ok" if file.name in fine else "error" if bad else "rejected"), frame.error


def test_an_element_that_stands_twice_with_two_values_is_an_error() -> None:
    """One of them is wrong, and readers differ in which they take."""
    content = write(ct())
    at = content.index(b"\x28\0\x52\x10DS")
    element = content[at : content.index(b"\x28\0\x53\x10DS")]
    (same,) = read_frames(content[:at] + element + content[at:])
    assert same.error is None
    (frame,) = read_frames(content[:at] + element.replace(b"-1024", b"-2048") + content[at:])
    assert frame.error is not None
    assert frame.error.status == "error"
    assert "RescaleIntercept stands twice" in str(frame.error)
    mr = content.replace(b"\x60\0CS\x02\0CT", b"\x60\0CS\x02\0MR")
    (frame,) = read_frames(mr[:at] + element.replace(b"-1024", b"-2048") + mr[at:])
    assert str(frame.error) == "not CT: modality MR"


def test_an_element_of_no_known_representation_is_told() -> None:
    content = write(ct(InstitutionName="x" * 40))
    (frame,) = read_frames(content.replace(b"\x08\0\x80\0LO", b"\x08\0\x80\0??\0\0"))
    assert "no known value representation" in str(frame.error)


def test_pixel_data_without_a_byte_are_none() -> None:
    frame = only(ct(PixelData=b""))
    assert str(frame.error) == "no pixel data"


@pytest.mark.parametrize("bits", [1, 12, 64])
def test_bits_that_are_not_read_are_told(bits: int) -> None:
    frame = only(ct(BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1))
    assert f"{bits} bits allocated" in str(frame.error)


def test_the_kind_stands_in_the_file_meta_information_too() -> None:
    dataset = ct(SOPClassUID=None)
    (frame,) = read_frames(write(dataset))
    assert frame.error is None
    dataset.Modality = "MR"
    (frame,) = read_frames(write(dataset))
    assert str(frame.error) == "not CT: modality MR"
    (frame,) = read_frames(write(dataset, preamble=False), "a.dcm")
    assert frame.error is not None
    assert frame.error.status == "error"  # nothing says that it is DICOM


def test_codes_in_lower_case_are_those_in_capitals() -> None:
    frame = only(ct(Modality="ct", PhotometricInterpretation="monochrome2"))
    np.testing.assert_array_equal(frame.pixels, Window().grey(hounsfield()))
