"""The kinds of `tests.every_input` that hold Hounsfield units, and archives of them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import nibabel
import numpy as np
from pydicom import uid

from edgect.scans import Window
from tests.edgect.scans.dicom_files import Values, ct, enhanced, write
from tests.edgect.synthetic import body, encode
from tests.every_input import SCAN, Kind, kind


def hounsfield(seed: int = 0) -> Values:
    """What the lung window makes `body` of, which the gate lets through."""
    window = Window()
    low = window.level - window.width / 2
    return np.rint(low + body(seed) / 255.0 * window.width).clip(-1024).astype(np.int16)


AXIAL = write(ct(hounsfield()))


def zipped(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, held in files.items():
            archive.writestr(name, held)
    return content.getvalue()


def big_endian() -> bytes:
    """pydicom writes pixel data as they are: their bytes are to be swapped before."""
    dataset = ct(hounsfield())
    dataset.PixelData = np.frombuffer(dataset.PixelData, np.uint16).byteswap().tobytes()
    dataset["PixelData"].VR = "OW"
    return write(dataset, uid.ExplicitVRBigEndian)


def nifti(path: Path) -> None:
    volume = np.stack([hounsfield(seed).T for seed in (1, 2)], axis=-1)
    nibabel.save(nibabel.Nifti1Image(volume, np.diag([-0.7, -0.7, 5, 1])), path)  # type: ignore[attr-defined]


def kinds() -> tuple[Kind, ...]:
    return (
        kind("dicom.dcm", AXIAL, "ok"),
        kind("dicom-big-endian.dcm", big_endian(), "ok"),
        kind("dicom-coronal.dcm", write(ct(ImageOrientationPatient=[1, 0, 0, 0, 0, -1])), "rejected"),
        kind("dicom-enhanced.dcm", write(enhanced([hounsfield(1), hounsfield(2)])), "ok", "ok"),
        kind("dicom-localizer.dcm", write(ct(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])), "rejected"),
        kind("dicom-monochrome1.dcm", write(ct(hounsfield(), PhotometricInterpretation="MONOCHROME1")), "ok"),
        kind(
            "dicom-mr.dcm", write(ct(Modality="MR", SOPClassUID=uid.MRImageStorage)), ("rejected", "not CT")
        ),
        kind("dicom-without-pixels.dcm", write(ct(PixelData=None)), ("rejected", "no pixel data")),
        kind("dicom-without-rescale.dcm", write(ct(RescaleSlope=None)), ("rejected", "no ")),
        kind("dicom-without-suffix", AXIAL, "ok"),
        kind("dicom-truncated.dcm", AXIAL[: len(AXIAL) // 2], "error"),
        kind("nifti.nii.gz", nifti, "ok", "ok"),
        kind("zip-damaged.zip", b"PK\3\4" + b"x" * 99, "error"),
        kind("zip-empty.zip", zipped(), "rejected"),
        kind("zip-of-a-series.zip", zipped(a=AXIAL, b=write(ct(hounsfield(3)))), "ok", "ok"),
        kind("zip-of-odds.zip", zipped(**{"note.txt": b"x", "s.png": encode(SCAN, "PNG")}), "rejected", "ok"),
    )
