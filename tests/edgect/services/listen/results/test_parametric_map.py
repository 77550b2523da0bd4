"""Heat maps as values, in the pixels of the images that they are of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom import Dataset, uid

from edgect.pipeline import Pipeline
from edgect.services.listen.results.evidence import shown_slices
from edgect.services.listen.results.options import ResultOptions
from tests.edgect.scans.dicom_files import enhanced
from tests.edgect.services.listen.listen_process import save, series
from tests.edgect.services.listen.results.made import made, result_of
from tests.volume_inputs import hounsfield

MAPS = ResultOptions.of(["pmap"])


def sources(frame: Dataset) -> Dataset:
    (source,) = frame.DerivationImageSequence[0].SourceImageSequence
    return source  # type: ignore[no-any-return]


def test_frames_hold_the_evidence_of_their_slices(
    everything: dict[str, Dataset], pipeline: Pipeline, sent: Path
) -> None:
    values = everything["evidence-map"]
    assert values.SOPClassUID == uid.ParametricMapStorage
    expected = {
        str(each.high.slice.image.SOPInstanceUID): each.geometry.to_stored(each.prediction.evidence)  # type: ignore[arg-type]
        for each in shown_slices(result_of(pipeline, sent))
    }
    frames = values.pixel_array
    assert len(frames) == len(expected) == 3
    for pixels, frame in zip(frames, values.PerFrameFunctionalGroupsSequence, strict=True):
        assert (pixels == expected[sources(frame).ReferencedSOPInstanceUID]).all()
    assert values.FrameOfReferenceUID == "1.2.3.9"
    assert values.ContentQualification == "RESEARCH"


def test_frames_of_one_file_are_named_as_frames(pipeline: Pipeline, tmp_path: Path) -> None:
    several = enhanced(
        [hounsfield(1), hounsfield(2), hounsfield(3)],
        SeriesInstanceUID="1.2.3.7",
        FrameOfReferenceUID="1.2.3.9",
    )
    several.StudyInstanceUID = "1.2.3"
    save(tmp_path / "enhanced.dcm", several)
    values = made(pipeline, tmp_path, MAPS)["evidence-map"]
    named = [sources(frame) for frame in values.PerFrameFunctionalGroupsSequence]
    assert {source.ReferencedSOPInstanceUID for source in named} == {several.SOPInstanceUID}
    assert {source.ReferencedSOPClassUID for source in named} == {uid.EnhancedCTImageStorage}
    assert len({int(source.ReferencedFrameNumber) for source in named}) == len(named)
    (instance,) = values.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert instance.ReferencedSOPInstanceUID == several.SOPInstanceUID
    assert np.isfinite(values.pixel_array).all()


def test_there_is_none_of_slices_without_a_place(pipeline: Pipeline, tmp_path: Path) -> None:
    series(tmp_path, 1, FrameOfReferenceUID="")
    assert set(made(pipeline, tmp_path, MAPS)) == {"report"}
