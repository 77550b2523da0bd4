"""The kinds of `tests.every_input` that hold Hounsfield units, and archives of them."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from pydicom import dcmread, uid
from pydicom.encaps import generate_frames

from edgect.scans import Window
from tests.edgect.scans.dicom_files import Values, ct, encoded, enhanced, in_syntax, with_frames, write
from tests.edgect.synthetic import body, encode
from tests.every_input import SCAN, Kind, kind
from tests.volume_seeds import index, zipped


def hounsfield(seed: int = 0) -> Values:
    """What the lung window makes `body` of, which the gate lets through."""
    window = Window()
    low = window.level - window.width / 2
    return np.rint(low + body(seed) / 255.0 * window.width).clip(-1024).astype(np.int16)


AXIAL = write(ct(hounsfield()))
JPEG_LOSSLESS = encoded(AXIAL, uid.JPEGLosslessSV1)


def big_endian() -> bytes:
    """pydicom writes pixel data as they are: their bytes are to be swapped before."""
    dataset = ct(hounsfield())
    dataset.PixelData = np.frombuffer(dataset.PixelData, np.uint16).byteswap().tobytes()
    dataset["PixelData"].VR = "OW"
    return write(dataset, uid.ExplicitVRBigEndian)


def nifti(path: Path, outside: float = -1024) -> None:
    """outside: value of what lies beyond the field of view."""
    volume = np.stack([hounsfield(seed).T for seed in (1, 2)], axis=-1)
    y, x = np.ogrid[-1 : 1 : volume.shape[0] * 1j, -1 : 1 : volume.shape[1] * 1j]
    volume = volume.astype(np.float32)
    volume[np.hypot(x, y) > 1.2] = outside
    nibabel.save(nibabel.Nifti1Image(volume, np.diag([-0.7, -0.7, 5, 1])), path)  # type: ignore[attr-defined]


def of_class(sop_class: uid.UID, modality: str, **changes: Any) -> bytes:
    """An object of another class, with or without pixel data."""
    return write(ct(hounsfield(), SOPClassUID=sop_class, Modality=modality, **changes))


def capture() -> bytes:
    """A screen in colours."""
    colours = np.stack([body()] * 3, axis=-1)
    return of_class(
        uid.SecondaryCaptureImageStorage,
        "OT",
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=0,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelData=colours.tobytes(),
    )


def of_syntax(syntax: str) -> bytes:
    """A slice that says it is in a transfer syntax whose UID is as long as that of AXIAL."""
    known = uid.ExplicitVRLittleEndian
    assert len(syntax) == len(known)
    return AXIAL.replace(known.encode(), syntax.encode(), 1)


def disc(folder: Path) -> None:
    """A folder with an index, as it is on a CD."""
    folder.mkdir()
    (folder / "DICOMDIR").write_bytes(index("IM1"))
    (folder / "IM1").write_bytes(AXIAL)


def empty_disc(folder: Path) -> None:
    """An index whose file was not copied."""
    folder.mkdir()
    (folder / "DICOMDIR").write_bytes(index("IM1"))


def unnamed() -> bytes:
    """A member whose name is empty, and another."""
    return zipped({"?": AXIAL, "a.dcm": AXIAL}).replace(b"?", b"\0")


def encrypted() -> bytes:
    """Both headers of the one member say that it is (APPNOTE, 4.4.4)."""
    content = bytearray(zipped({"a.dcm": AXIAL}))
    (central,) = struct.unpack_from("<I", content, len(content) - 6)
    for flags in (6, central + 8):
        content[flags] |= 1
    return bytes(content)


def padded(padding: int | None) -> bytes:
    """Unsigned pixels whose corner holds the bits of -2000, with this PixelPaddingValue of VR SS."""
    dataset = ct(hounsfield())
    stored = np.frombuffer(dataset.PixelData, np.uint16).reshape(hounsfield().shape).copy()
    stored[:20, :20] = -2000 % 2**16
    dataset.PixelData = stored.tobytes()
    if padding is not None:
        dataset.add_new("PixelPaddingValue", "SS", padding)
    return write(dataset)


def with_table_of_fragments() -> bytes:
    """A frame in three fragments, each of which the offset table lists."""
    frame = next(generate_frames(dcmread(io.BytesIO(JPEG_LOSSLESS)).PixelData, number_of_frames=1))
    size = len(frame) // 6 * 2
    parts = [frame[:size], frame[size : 2 * size], frame[2 * size :]]
    items = [struct.pack("<3L", 0, size + 8, 2 * size + 16), *parts]
    dataset = ct(hounsfield())
    dataset.PixelData = b"".join(struct.pack("<HHL", 0xFFFE, 0xE000, len(item)) + item for item in items)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return write(dataset, uid.JPEGLosslessSV1)


def half_zeros() -> bytes:
    """JPEG lossless whose second half is zeros, up to its end marker."""
    frame = next(generate_frames(dcmread(io.BytesIO(JPEG_LOSSLESS)).PixelData, number_of_frames=1))
    half = len(frame) // 2
    return with_frames(
        ct(hounsfield()), [frame[:half] + bytes(len(frame) - half - 2) + frame[-2:]], uid.JPEGLosslessSV1
    )


def of_type(*image_type: str) -> bytes:
    return write(ct(hounsfield(), ImageType=list(image_type)))


def dicom_kinds() -> tuple[Kind, ...]:
    pair = [hounsfield(1), hounsfield(2)]
    legacy = {"SOPClassUID": uid.LegacyConvertedEnhancedCTImageStorage}
    localizer = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    without = {"PixelData": None}
    return (
        kind("dicom.dcm", AXIAL, "ok"),
        kind("dicom-big-endian.dcm", big_endian(), "ok"),
        kind(
            "dicom-coronal.dcm",
            write(ct(ImageOrientationPatient=[1, 0, 0, 0, 0, -1])),
            ("rejected", "not axial"),
        ),
        kind("dicom-deflated.dcm", write(ct(hounsfield()), uid.DeflatedExplicitVRLittleEndian), "ok"),
        kind("dicom-enhanced.dcm", write(enhanced(pair)), "ok", "ok"),
        kind("dicom-enhanced-legacy.dcm", write(enhanced(pair, **legacy)), "ok", "ok"),
        kind(
            "dicom-enhanced-of-5000-frames.dcm",
            write(enhanced(pair, NumberOfFrames=5000)),
            ("error", "5,000 frames are over the limit"),
        ),
        kind(
            "dicom-average.dcm",
            of_type("DERIVED", "SECONDARY", "AXIAL", "AVERAGE"),
            ("rejected", "not a slice: a projection (AVERAGE)"),
        ),
        kind("dicom-excess-bytes.dcm", write(ct(hounsfield())) + bytes(2_000_000), "ok"),
        kind("dicom-frames-0.dcm", write(ct(hounsfield(), NumberOfFrames=0)), "ok"),
        kind(
            "dicom-iodine-map.dcm",
            of_type("DERIVED", "PRIMARY", "AXIAL", "CT_SOM7 IODINE"),
            ("rejected", "not in Hounsfield units: calculated from slices (CT_SOM7 IODINE)"),
        ),
        kind(
            "dicom-jpeg-2000-stated-as-jpeg-xl.dcm",
            in_syntax(encoded(AXIAL, uid.JPEG2000Lossless), "1.2.840.10008.1.2.4.110"),
            ("error", "transfer syntax 1.2.840.10008.1.2.4.110 (JPEG XL Lossless) is none"),
        ),
        kind("dicom-jpeg-half-zeros.dcm", half_zeros(), ("error", "pixel data damaged: Corrupt JPEG data")),
        kind(
            "dicom-mip.dcm",
            of_type("DERIVED", "PRIMARY", "AXIAL", "CT_SOM5 MIP"),
            ("rejected", "not a slice: a projection (CT_SOM5 MIP)"),
        ),
        kind(
            "dicom-mpr.dcm",
            of_type("DERIVED", "SECONDARY", "MPR"),
            ("rejected", "not a slice: a projection (MPR)"),
        ),
        kind("dicom-padding-signed-of-unsigned.dcm", padded(-2000), "ok"),
        kind(
            "dicom-padding-that-is-not-told.dcm",
            padded(None),
            ("rejected", "62,512 HU, where nothing comes to 32,767"),
        ),
        kind("dicom-table-of-fragments.dcm", with_table_of_fragments(), "ok"),
        kind("dicom-units-unspecified.dcm", write(ct(hounsfield(), RescaleType="US")), "ok"),
        kind(
            "dicom-units-z-eff.dcm",
            write(ct(hounsfield(), RescaleType="Z_EFF")),
            ("rejected", "not in Hounsfield units: RescaleType is Z_EFF (effective atomic number)"),
        ),
        kind("dicom-jpeg-2000.dcm", encoded(AXIAL, uid.JPEG2000Lossless), "ok"),
        kind("dicom-jpeg-lossless.dcm", JPEG_LOSSLESS, "ok"),
        kind("dicom-jpeg-ls.dcm", encoded(AXIAL, uid.JPEGLSLossless), "ok"),
        kind("dicom-localizer.dcm", write(ct(ImageType=localizer)), ("rejected", "not a slice: localizer")),
        kind("dicom-monochrome1.dcm", write(ct(hounsfield(), PhotometricInterpretation="MONOCHROME1")), "ok"),
        kind("dicom-mr.dcm", of_class(uid.MRImageStorage, "MR"), ("rejected", "not CT: MR Image Storage")),
        kind(
            "dicom-pdf.dcm",
            of_class(uid.EncapsulatedPDFStorage, "DOC", **without),
            ("rejected", "not CT: Encapsulated PDF"),
        ),
        kind(
            "dicom-presentation-state.dcm",
            of_class(uid.GrayscaleSoftcopyPresentationStateStorage, "PR", **without),
            ("rejected", "not CT: Grayscale Softcopy Presentation State"),
        ),
        kind(
            "dicom-report.dcm",
            of_class(uid.BasicTextSRStorage, "SR", **without),
            ("rejected", "not CT: Basic Text SR"),
        ),
        kind("dicom-rle.dcm", encoded(AXIAL, uid.RLELossless), "ok"),
        kind("dicom-secondary-capture.dcm", capture(), ("rejected", "not CT: Secondary Capture")),
        kind(
            "dicom-segmentation.dcm",
            of_class(uid.SegmentationStorage, "SEG"),
            ("rejected", "not CT: Segmentation"),
        ),
        kind("dicom-truncated.dcm", AXIAL[: len(AXIAL) // 2], ("error", "truncated")),
        kind(
            "dicom-unknown-syntax.dcm",
            of_syntax("1.2.840.99999.1.2.1"),
            ("error", "transfer syntax 1.2.840.99999.1.2.1 is none that edgect has a decoder for"),
        ),
        kind(
            "dicom-video.dcm",
            with_frames(ct(), [b"\0\0"], uid.MPEG2MPML),
            ("error", f"transfer syntax {uid.MPEG2MPML} (MPEG2"),
        ),
        kind("dicom-without-pixels.dcm", write(ct(PixelData=None)), ("rejected", "no pixel data")),
        kind("dicom-without-rescale.dcm", write(ct(RescaleSlope=None)), ("rejected", "no RescaleSlope")),
        kind("dicom-without-suffix", AXIAL, "ok"),
        kind("dicomdir", disc, ("rejected", "DICOMDIR, an index"), "ok"),
        kind("dicomdir-without-its-files", empty_disc, ("error", "cannot be read: No such file")),
    )


def archive_kinds() -> tuple[Kind, ...]:
    png = encode(SCAN, "PNG")
    return (
        kind(
            "zip-bzip2.zip",
            zipped({"a.dcm": AXIAL}, zipfile.ZIP_BZIP2),
            ("error", "compressed by method 12, not deflate"),
        ),
        kind("zip-damaged.zip", b"PK\3\4" + b"x" * 99, ("error", "not a zip archive")),
        kind("zip-empty.zip", zipped({}), ("rejected", "a zip archive without files")),
        kind("zip-encrypted.zip", encrypted(), ("error", "encrypted: unpack the archive with its password")),
        kind(
            "zip-in-a-zip.zip",
            zipped({"inner.zip": zipped({"a.dcm": AXIAL})}),
            ("rejected", "a zip archive without files, or within another"),
        ),
        kind("zip-of-a-series.zip", zipped({"a": AXIAL, "b": write(ct(hounsfield(3)))}), "ok", "ok"),
        kind("zip-of-bsdtar.zip", zipped({"./a.dcm": AXIAL, "./b/c.dcm": AXIAL}), "ok", "ok"),
        kind("zip-of-odds.zip", zipped({"note.txt": b"x", "s.png": png}), "rejected", "ok"),
        kind("zip-of-one-without-a-name.zip", unnamed(), ("error", "has no name in its archive"), "ok"),
        kind(
            "zip-that-leads-out.zip",
            zipped({"../../out.png": png, "/etc/out.png": png, "in/in.png": png}),
            ("rejected", "its name leads out of the archive"),
            ("rejected", "its name leads out of the archive"),
            "ok",
        ),
    )


def kinds() -> tuple[Kind, ...]:
    return (
        *dicom_kinds(),
        kind("nifti.nii.gz", nifti, "ok", "ok"),
        kind("nifti-of-no-numbers-outside.nii.gz", lambda path: nifti(path, np.nan), "ok", "ok"),
        *archive_kinds(),
    )
