"""DICOM files whose Hounsfield units are known, written as any transfer syntax has them."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread, uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID, generate_uid

CANARY = "CANARY"
Values = NDArray[np.int16]


def hounsfield(seed: int = 0, height: int = 96, width: int = 112) -> Values:
    """A body with two lungs in air, in whole Hounsfield units, no two quadrants alike."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    image = np.where((x / 0.9) ** 2 + (y / 0.8) ** 2 < 1, 40.0, -1000.0)
    for side, shade in ((-1, -850), (1, -700)):
        image[((x - side * 0.42) / 0.3) ** 2 + (y / 0.5) ** 2 < 1] = shade
    image[(x / 0.1) ** 2 + ((y - 0.6) / 0.12) ** 2 < 1] = 600  # the spine, at the back
    return np.clip(image + rng.normal(0, 15, image.shape), -1024, 3071).astype(np.int16)


def ct(values: Values | None = None, intercept: int = -1024, signed: bool = False, **changes: Any) -> Dataset:
    """A CT Image of the values, uncompressed; `changes` set elements by keyword, None deletes them."""
    values = hounsfield() if values is None else values
    stored = (values.astype(np.int32) - intercept).astype(np.int16 if signed else np.uint16)
    dataset = Dataset()
    dataset.SOPClassUID = uid.CTImageStorage
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[values.tobytes().hex(), str(changes)])
    dataset.SeriesInstanceUID = "1.2.3.4"
    dataset.Modality = "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PatientName, dataset.PatientID = CANARY, CANARY
    dataset.PatientBirthDate = "19991231"
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [0, 0, 0]
    dataset.PixelSpacing = [0.7, 0.7]
    dataset.Rows, dataset.Columns = values.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = int(signed)
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, intercept, "HU"
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"
    for keyword, value in changes.items():
        if value is None:
            del dataset[keyword]
        else:
            setattr(dataset, keyword, value)
    return dataset


def enhanced(volume: list[Values], **changes: Any) -> Dataset:
    """An Enhanced CT Image: the attributes of each frame in its functional groups, 2.5 mm apart."""
    dataset = ct(volume[0], ImageOrientationPatient=None, ImagePositionPatient=None, PixelSpacing=None)
    del dataset.RescaleSlope, dataset.RescaleIntercept
    dataset.SOPClassUID = uid.EnhancedCTImageStorage
    dataset.NumberOfFrames = len(volume)
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing = [0.7, 0.7]
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    dataset.SharedFunctionalGroupsSequence = [shared]
    dataset.PerFrameFunctionalGroupsSequence = [_frame_groups(number) for number in range(len(volume))]
    stored = [
        (values.astype(np.int32) + 1024 + number).astype(np.uint16) for number, values in enumerate(volume)
    ]
    dataset.PixelData = b"".join(values.tobytes() for values in stored)
    dataset["PixelData"].VR = "OW"
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    return dataset


def _frame_groups(number: int) -> Dataset:
    group, position, rescale, kind = Dataset(), Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = [0, 0, 2.5 * number]
    rescale.RescaleSlope, rescale.RescaleIntercept, rescale.RescaleType = 1, -1024 - number, "HU"
    kind.FrameType = ["ORIGINAL", "PRIMARY", "AXIAL", "NONE"]
    group.PlanePositionSequence, group.PixelValueTransformationSequence = [position], [rescale]
    group.CTImageFrameTypeSequence = [kind]
    return group


def write(dataset: Dataset, syntax: UID = uid.ExplicitVRLittleEndian, preamble: bool = True) -> bytes:
    """A file's content; without preamble there is no file meta information either."""
    file = io.BytesIO()
    if not preamble:
        implicit, little = syntax == uid.ImplicitVRLittleEndian, syntax != uid.ExplicitVRBigEndian
        dataset.save_as(file, implicit_vr=implicit, little_endian=little, enforce_file_format=False)
        return file.getvalue()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", uid.CTImageStorage)
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
    meta.TransferSyntaxUID = syntax
    dataset.file_meta = meta
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def with_frames(dataset: Dataset, frames: list[bytes], syntax: UID) -> bytes:
    """The file with these compressed frames in place of its pixel data."""
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return write(dataset, syntax)


def write_extended(**changes: Any) -> bytes:
    """JPEG Extended of 12 bits, by DCMTK 3.6 (`dcmcjpeg +ee +q 95`), of `hounsfield()` and 2,047."""
    frame = Path(__file__).with_name("extended-12-bit.jpg").read_bytes()
    stored: dict[str, Any] = {"BitsStored": 12, "HighBit": 11, "RescaleIntercept": -2047, **changes}
    return with_frames(ct(**stored), [frame], uid.JPEGExtended12Bit)


def in_syntax(content: bytes, syntax: str) -> bytes:
    """The same file, whose meta information names another transfer syntax; it need be none."""
    file, out = io.BytesIO(content), io.BytesIO()
    meta = dcmread(file, stop_before_pixels=True).file_meta
    file.seek(144 + meta.FileMetaInformationGroupLength)
    meta.TransferSyntaxUID = UID(syntax, validation_mode=0)
    write_file_meta_info(out, meta, enforce_standard=False)
    return content[:132] + out.getvalue() + file.read()


def encoded(content: bytes, syntax: UID) -> bytes:
    """A file in another transfer syntax, by GDCM."""
    import gdcm

    with TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        source.write_bytes(content)
        reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
        reader.SetFileName(str(source))
        assert reader.Read()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str(syntax))))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer.SetFileName(str(target))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        assert dcmread(target, stop_before_pixels=True).file_meta.TransferSyntaxUID == syntax
        return target.read_bytes()
