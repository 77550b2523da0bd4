"""A series in DICOM: `edgect classify` a slice, against a bare loop of pydicom and GDCM."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from benchmarks.figures import Figure, Section, row_of
from benchmarks.harness import fresh, process
from benchmarks.harness.cpu_clock import CpuClock
from benchmarks.harness.interleaved import ratio, take_turns
from benchmarks.harness.options import Options
from benchmarks.harness.progress import step
from edgect.diagnostics.benchmark import phantom
from edgect.model import backends
from edgect.model.backends import available_cores
from edgect.model.bundles.bundle import DEFAULT
from edgect.pipeline import Pipeline
from edgect.scans import find_scans

SLICES = 300
MAX_OF_BARE = 1.5
SYNTAXES = ("uncompressed", "JPEG lossless")
OTHER_ELEMENTS = 120  # about as many as scanners write of a slice, besides those that say what it is


def measure_dicom(options: Options) -> list[Section]:
    count, figures = min(SLICES, options.images), list[Figure]()
    with tempfile.TemporaryDirectory() as work:
        folders = [Path(work, syntax) for syntax in SYNTAXES]
        write_series(folders[0], folders[1], count)
        for syntax, folder in zip(SYNTAXES, folders, strict=True):
            step(f"dicom: {count} slices, {syntax}; {options.turns} turns")
            figures += _figures(syntax, folder, options.turns, count, Path(work))
    how = (
        f"{count} invented slices of 512 × 512 pixels and about {OTHER_ELEMENTS + 25} elements, as one "
        f"series, with bundle {DEFAULT}. The bare loop is `pydicom.dcmread(file).pixel_array`, with GDCM as "
        "decoder. CPU time per slice, of one thread in one process, *all but inference* being what `edgect "
        "classify` does with a file less what the engine takes of it; slices a second on "
        f"{available_cores()} cores are of the whole command less its time for one slice. Medians of "
        f"{options.turns} turns."
    )
    return [Section("A series in DICOM", how, tuple(figures))]


def _figures(syntax: str, folder: Path, turns: int, count: int, work: Path) -> list[Figure]:
    env = {"EDGECT_CACHE_DIR": str(work / "cache")}

    def edgect(scans: Path) -> process.Usage:
        return process.run(process.edgect("classify", scans, "--format", "csv", "-o", work / "rows.csv"), env)

    edgect(folder)
    cpu = take_turns({"": partial(fresh.call, milliseconds, str(folder))}, turns, warm_up=False)[""]
    calls = {"folder": partial(edgect, folder), "start": partial(edgect, folder / "0000.dcm")}
    usages = take_turns(calls, turns, warm_up=False)
    seconds = [a.seconds - b.seconds for a, b in zip(usages["folder"], usages["start"], strict=True)]
    ours, bare, inference = zip(*cpu, strict=True)
    figure = row_of(syntax)
    return [
        figure("all but inference", median(ours), "ms"),
        figure("inference", median(inference), "ms"),
        figure("bare loop", median(bare), "ms"),
        figure("all but inference to bare loop", ratio(ours, bare), "x", at_most=MAX_OF_BARE),
        figure("slices a second, all cores", (count - 1) / median(seconds)),
    ]


def milliseconds(folder: str) -> tuple[float, float, float]:
    """CPU time per slice: of all but inference, of the bare loop, and of inference."""
    import pydicom

    from edgect.machine.allocator import (
        keep_freed_memory,
    )  # here: earlier versions, measured beside, had none

    cv2.setNumThreads(1)  # as `edgect classify` does
    keep_freed_memory()
    files = find_scans([folder])
    pipeline = Pipeline(threads=1, many=True)
    clock = CpuClock()
    clock.count(
        type(backends.load(pipeline.engine.backend, pipeline.bundle, "int8", 1)), "infer", "inference"
    )
    list(pipeline.classify_file(files[0], many=True))
    clock.seconds.clear()
    for file in files:
        with clock("whole"):
            (prediction,) = pipeline.classify_file(file, many=True)
        with clock("bare"):
            assert pydicom.dcmread(file).pixel_array.size
        assert prediction.status != "error", prediction.reason
    whole, bare, inference = (
        1000 * clock.seconds[name] / len(files) for name in ("whole", "bare", "inference")
    )
    return whole - inference, bare, inference


def write_series(plain: Path, lossless: Path, count: int) -> None:
    """The same slices in either folder, by number, uncompressed and in JPEG Lossless (Process 14, SV1)."""
    import gdcm
    from pydicom import uid
    from pydicom.dataset import Dataset, FileMetaDataset

    plain.mkdir()
    lossless.mkdir()
    series = uid.generate_uid()
    for number in range(count):
        grey = phantom.draw(number).astype(np.float32)
        meta, slice_ = FileMetaDataset(), Dataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = uid.ExplicitVRLittleEndian, uid.CTImageStorage
        slice_.file_meta, slice_.SOPClassUID, slice_.Modality = meta, uid.CTImageStorage, "CT"
        slice_.SOPInstanceUID = meta.MediaStorageSOPInstanceUID = uid.generate_uid()
        slice_.SeriesInstanceUID = slice_.StudyInstanceUID = series
        slice_.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        slice_.ImageOrientationPatient, slice_.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, number]
        slice_.PixelSpacing, slice_.RescaleSlope, slice_.RescaleIntercept = [0.7, 0.7], 1, -1024
        slice_.Rows = slice_.Columns = phantom.SIDE
        slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
        slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 12, 11, 0
        for other in range(OTHER_ELEMENTS):
            slice_.add_new((0x0019, 0x1000 + other), "LO", f"a value of element {other}")
        # through the lung window and back: from -1350 to 150 Hounsfield units, of which -1024 is the least
        stored = np.clip(np.rint(grey / 255 * 1500 - 1350) + 1024, 0, 4095)
        slice_.PixelData = stored.astype("<u2").tobytes()
        name = f"{number:04d}.dcm"
        slice_.save_as(plain / name, enforce_file_format=True)
        reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
        reader.SetFileName(str(plain / name))
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
        assert reader.Read()
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer.SetFileName(str(lossless / name))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
