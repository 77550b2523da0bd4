"""Reports: a summary that says first what it is for, and where viewers can draw something."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmread, uid

from edgect.machine.version import __version__
from edgect.pipeline import Pipeline
from edgect.rows import NOTICE
from edgect.rows.causes import CAUSES
from edgect.services.listen.results.codes import REASONS
from edgect.services.listen.results.options import ResultOptions
from tests.edgect.services.listen.listen_process import save, series
from tests.edgect.services.listen.results.made import concept, groups, items, made, result_of


def comments(report: Dataset) -> list[str]:
    return [item.TextValue for item in report.ContentSequence if concept(item) == "121106"]


def test_the_notice_comes_first_then_what_it_is_about_and_made_with(
    everything: dict[str, Dataset], pipeline: Pipeline
) -> None:
    for report in (everything["report"], everything["3d-report"]):
        texts = comments(report)
        assert [item.get("TextValue") for item in report.ContentSequence][: len(texts)] == texts
        bundle = pipeline.bundle
        assert texts[:3] == [
            NOTICE,
            "On series 3 'Thorax 5.0', kernel B60f: 7 slices.",
            f"By edgect {__version__} with the bundle {bundle.name} {bundle.manifest.version}, "
            f"{bundle.digest}, {bundle.standing}.",
        ]


def test_two_reconstructions_are_told_apart(
    everything: dict[str, Dataset], pipeline: Pipeline, tmp_path: Path
) -> None:
    series(
        tmp_path,
        1,
        "1.2.3.5",
        SeriesNumber=4,
        ConvolutionKernel=["Br36d", "3"],
        SeriesDescription="Lunge\\weich",
    )
    report = made(pipeline, tmp_path, ResultOptions())["report"]
    assert report.SeriesDescription == "RESEARCH ONLY: edgect report, series 4 Br36d/3"
    assert everything["report"].SeriesDescription == "RESEARCH ONLY: edgect report, series 3 B60f"
    assert comments(report)[1].endswith("kernel Br36d/3: 1 slice.")


def test_a_description_stays_as_it_is_written(pipeline: Pipeline, tmp_path: Path) -> None:
    sets = {"SpecificCharacterSet": ["", "ISO 2022 IR 87"], "PatientName": "Yamada^Tarou=山田^太郎"}
    series(tmp_path, 1, "1.2.3.6", SeriesDescription="胸部 5mm", **sets)
    report = made(pipeline, tmp_path, ResultOptions())["report"]
    assert report.SpecificCharacterSet == ["", "ISO 2022 IR 87"]
    assert comments(report)[1] == "On series 3 '胸部 5mm', kernel B60f: 1 slice."


def test_the_summary_names_the_highest_slices_and_not_the_others(
    everything: dict[str, Dataset], pipeline: Pipeline, sent: Path
) -> None:
    summary = groups(everything["report"])
    whole = groups(made(pipeline, sent, ResultOptions(every_slice=True))["report"])
    named = [name for name in whole if "place" not in name]
    assert len(named) == 8  # the series, and each of its slices once
    shown = [name for name in summary if re.fullmatch(r"slice \d+", name)]
    assert len(shown) == len(result_of(pipeline, sent).highest) == 3
    assert next(iter(summary)) == "series"
    assert set(summary) < set(whole)


def test_the_highest_slices_are_at_least_ten_millimetres_apart(pipeline: Pipeline, sent: Path) -> None:
    result = result_of(pipeline, sent)
    positions = [high.slice.prediction.position for high in result.highest]
    assert all(abs(one - other) >= 10 for one in positions for other in positions if one is not other)  # type: ignore[operator]
    means = [high.mean for high in result.highest]
    assert means == sorted(means, reverse=True)
    assert round(means[0], 6) == result.row["highest_smoothed"]


def test_a_reason_is_a_fixed_phrase_and_its_number_a_value_of_its_own(
    everything: dict[str, Dataset], pipeline: Pipeline, sent: Path
) -> None:
    assert list(REASONS) == list(CAUSES)
    assert not any(re.search(r"\d", code.meaning) for code in REASONS.values())
    counted = {
        item.ConceptNameCodeSequence[0].CodeMeaning: item.MeasuredValueSequence[0].NumericValue
        for item in items(groups(everything["report"])["series"], "NUM")
    }
    assert counted["No answer: not a CT slice"] == 1
    assert sum(name.startswith("No answer") for name in counted) == 1
    rejected = groups(made(pipeline, sent, ResultOptions(every_slice=True))["report"])["slice 10"]
    meanings = [item.ConceptCodeSequence[0].CodeMeaning for item in items(rejected, "CODE")]
    assert "No answer: not a CT slice" in meanings


def test_outlines_lie_on_the_image_that_they_are_of(everything: dict[str, Dataset], sent: Path) -> None:
    sizes = {}
    for path in sent.glob("*.dcm"):
        image = dcmread(path, stop_before_pixels=True)
        sizes[image.SOPInstanceUID] = (image.Columns, image.Rows)
    outlines = items(everything["report"], "SCOORD")
    assert outlines
    for outline in outlines:
        (selected,) = outline.ContentSequence
        size = sizes[selected.ReferencedSOPSequence[0].ReferencedSOPInstanceUID]
        points = np.asarray(outline.GraphicData).reshape(-1, 2)
        assert outline.GraphicType == "POLYLINE"
        assert (points[0] == points[-1]).all()
        assert (points >= 0).all()
        assert (points <= size).all()


def test_in_3d_the_strongest_places_lie_in_the_plane_of_their_slice(
    everything: dict[str, Dataset], sent: Path
) -> None:
    report = everything["3d-report"]
    assert report.SOPClassUID == uid.Comprehensive3DSRStorage
    points = {
        name: items(group, "SCOORD3D")[0]
        for name, group in groups(report).items()
        if name.endswith("its strongest evidence")
    }
    assert points
    for name, point in points.items():
        number = int(re.findall(r"slice (\d+)", name)[0])
        assert point.GraphicType == "POINT"
        assert point.ReferencedFrameOfReferenceUID == "1.2.3.9"
        assert point.GraphicData[2] == 5 * (number - 1)
    assert items(everything["report"], "SCOORD3D") == []


def test_without_a_frame_of_reference_outlines_are_left(pipeline: Pipeline, tmp_path: Path) -> None:
    series(tmp_path, 1, FrameOfReferenceUID="")
    report = made(pipeline, tmp_path, ResultOptions.of(["sr3d"]))["3d-report"]
    assert items(report, "SCOORD3D") == []
    assert items(report, "SCOORD")


def test_every_object_names_its_equipment_as_the_report_does(
    everything: dict[str, Dataset], pipeline: Pipeline
) -> None:
    """As IHE's AI Results profile has it (RAD TF-3, 6.5.3.1)."""
    report = everything["report"]
    texts = {concept(item): item.TextValue for item in items(report, "TEXT")}
    device = next(item.UID for item in items(report, "UIDREF") if concept(item) == "121012")
    for dataset in everything.values():
        (contribution,) = dataset.ContributingEquipmentSequence
        assert contribution.PurposeOfReferenceCodeSequence[0].CodeValue == "109102"
        assert contribution.Manufacturer == dataset.Manufacturer == texts["121014"]
        assert contribution.ManufacturerModelName == texts["121015"] == texts["111001"] == "edgect lungs"
        assert contribution.SoftwareVersions == dataset.SoftwareVersions == texts["111003"]
        assert contribution.DeviceUID == device
        assert pipeline.bundle.digest in contribution.ContributionDescription


def test_the_same_again_has_the_same_uids(
    everything: dict[str, Dataset], pipeline: Pipeline, sent: Path
) -> None:
    again = made(pipeline, sent)
    uids = {name: (dataset.SeriesInstanceUID, dataset.SOPInstanceUID) for name, dataset in everything.items()}
    assert uids == {
        name: (dataset.SeriesInstanceUID, dataset.SOPInstanceUID) for name, dataset in again.items()
    }
    assert len({instance for _, instance in uids.values()}) == len(uids)
    assert len({str(series_) for series_, _ in uids.values()}) == 5  # each kind is a series of its own
    more = made(pipeline, sent, ResultOptions(every_slice=True))["report"]
    assert more.SOPInstanceUID != everything["report"].SOPInstanceUID  # whose content is another


def test_a_series_without_any_answer_gets_a_report(pipeline: Pipeline, tmp_path: Path) -> None:
    save(
        tmp_path / "0.dcm",
        series(tmp_path / "from", 1, ImageType=["DERIVED", "PRIMARY", "LOCALIZER"])[0].read_bytes(),
    )
    results = made(pipeline, tmp_path)
    assert set(results) == {"report", "3d-report"}
    assert "Label of the series: none; 0 of 1 slice answered on." in comments(results["report"])
