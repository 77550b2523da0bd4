"""Small files of Hounsfield units, and archives of files, for `tests.fuzz` to damage."""

from __future__ import annotations

import gzip
import io
import zipfile

import nibabel
import numpy as np
from pydicom import uid
from pydicom.dataset import Dataset

from tests.edgect.scans.dicom_files import ct, encoded, enhanced, hounsfield, write, write_extended
from tests.edgect.synthetic import body, encode

SYNTAXES = (
    uid.RLELossless,
    uid.JPEGLossless,
    uid.JPEGLosslessSV1,
    uid.JPEG2000Lossless,
    uid.JPEG2000,
    uid.JPEGLSLossless,
    uid.JPEGLSNearLossless,
)


def volumes() -> dict[str, bytes]:
    """By name: DICOM in every way it is stored, one slice and several, NIfTI and zip."""
    single = write(ct(small()))
    several = [small(1), small(2), small(3)]
    nifti = _nifti()
    files = {f"{syntax.keyword}.dcm": encoded(single, syntax) for syntax in SYNTAXES}
    files |= {
        "single.dcm": single,
        "implicit.dcm": write(ct(small()), uid.ImplicitVRLittleEndian),
        "extended.dcm": write_extended(),
        "deflated.dcm": write(ct(small()), uid.DeflatedExplicitVRLittleEndian),
        "without-preamble": write(ct(small()), preamble=False),
        "enhanced.dcm": write(enhanced(several)),
        "enhanced-rle.dcm": encoded(write(enhanced(several)), uid.RLELossless),
        "enhanced-jpeg-2000.dcm": encoded(write(enhanced(several)), uid.JPEG2000Lossless),
        "DICOMDIR": index("IM1", "IM2"),
        "volume.nii": nifti,
        "volume.nii.gz": gzip.compress(nifti, mtime=0),
    }
    members = {"a/1.dcm": single, "a/2.png": encode(body(0, 96, 120), "PNG"), "note.txt": b"a note"}
    for name, method in (("stored", 0), ("deflated", 8), ("bzip2", 12), ("lzma", 14)):
        files[f"{name}.zip"] = zipped(members, method)
    return files


def small(seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return hounsfield(seed, 48, 56)


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Of the same bytes at any time."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return content.getvalue()


def _nifti() -> bytes:
    volume = np.stack([small(seed).T for seed in (1, 2, 3)], axis=-1)
    image = nibabel.Nifti1Image(volume, np.diag([-0.7, -0.7, 5, 1]))  # type: ignore[attr-defined]
    return bytes(image.to_bytes())


def index(*names: str | list[str]) -> bytes:
    """A DICOMDIR of files beside it, or in folders beside it, without the offsets that link its records."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = uid.MediaStorageDirectoryStorage, "1.2.3"
    dataset.DirectoryRecordSequence = [Dataset() for _ in names]
    for record, name in zip(dataset.DirectoryRecordSequence, names, strict=True):
        record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", name
    return write(dataset)
