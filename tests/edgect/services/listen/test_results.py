"""A series by DCMTK's storescu, and what other people's programs read in what comes of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread, uid
from pydicom.dataset import Dataset

from edgect import Classifier
from edgect.rows.series import SeriesRows
from edgect.services.listen.results.options import KINDS
from tests.edgect.scans.dicom_files import CANARY, encoded, enhanced
from tests.edgect.services.listen.listen_process import (
    Node,
    call,
    image,
    needs_dciodvfy,
    needs_dcmtk,
    save,
    send,
    series,
    until,
)
from tests.volume_inputs import hounsfield

SLICE_GROUP = re.compile(r'"Tracking Identifier"\)="slice (?:(?!place)[^"])*"')
pytestmark = needs_dcmtk
QUIET = 1
EVERYTHING = [option for kind in KINDS for option in ("--result", kind)]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    node = Node(tmp_path_factory.mktemp("node"), "--quiet", QUIET, "--every-slice", *EVERYTHING).start()
    yield node
    node.kill()


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four slices that get answers, and a localizer, which gets none."""
    folder = tmp_path_factory.mktemp("sent")
    localizer = image(9, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    return [*series(folder, 4), save(folder / "localizer.dcm", localizer)]


@pytest.fixture(scope="module")
def result(node: Node, sent: list[Path]) -> tuple[Path, Path]:
    """The report and the picture on the series."""
    assert send(node, sent).returncode == 0
    report = until(lambda: of_series(node, "1.2.3.4"))[0]
    return report, report.with_name(report.name.replace("report", "heat-map-1"))


def of_series(node: Node, series: str) -> list[Path]:
    """Reports that refer to images of a series, the one made first first."""
    reports = [path for path in node.results() if series in references(dcmread(path))]
    return sorted(reports, key=lambda path: int(dcmread(path).InstanceNumber))


def references(report: Dataset) -> dict[str, int]:
    """How many images of each series are evidence."""
    return {
        str(series.SeriesInstanceUID): len(series.ReferencedSOPSequence)
        for study in report.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
    }


def dsrdump(report: Path) -> str:
    line = ["dsrdump", "+Pl", "+Pu", str(report)]  # long values, and UIDs
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    return done.stdout


def test_it_answers_an_echo(node: Node) -> None:
    assert call("echoscu", node).returncode == 0


def test_dsrdump_reads_the_report(result: tuple[Path, Path], sent: list[Path]) -> None:
    text = dsrdump(result[0])
    classifier = Classifier(backend="onnxruntime", threads=1)
    predictions = [classifier.predict(path) for path in sent]
    rows = SeriesRows(classifier.decision)
    for prediction in predictions:
        rows.add(prediction.row())
    row = rows.rows()[0]
    assert "Comprehensive SR Document" in text
    assert "Verification Flag   : UNVERIFIED" in text
    assert "Preliminary Flag    : PRELIMINARY" in text
    assert "RESEARCH ONLY" in text
    assert "Research use only: not a medical device" in text
    assert '"Observer Type")=(121007,DCM,"Device")' in text
    assert '"Algorithm Name")="edgect lungs"' in text
    assert classifier.bundle.digest in text
    assert f'within 5 mm")="{row["highest_smoothed"]}" (1,UCUM,"no units")' in text
    assert f'that reach the threshold")="{row["share_positive"]}" (1,UCUM,"no units")' in text
    assert f"Of a series: {row['rule']}." in text
    assert '"Slices rejected")="1.0"' in text
    assert '"Why there is no answer")=(R8,99EDGECT,"No answer: not a CT slice")' in text
    for prediction in predictions[:4]:
        assert prediction.probability is not None
        assert f'"{round(prediction.probability, 6)}"' in text
    for path in sent:
        assert str(dcmread(path).SOPInstanceUID) in text


def test_the_report_files_into_the_study(result: tuple[Path, Path], sent: list[Path]) -> None:
    report, source = dcmread(result[0]), dcmread(sent[0])
    for keyword in ("StudyInstanceUID", "PatientID", "PatientName", "PatientBirthDate", "AccessionNumber"):
        assert report[keyword].value == source[keyword].value
    assert report.SeriesInstanceUID != source.SeriesInstanceUID
    assert references(report) == {"1.2.3.4": 5}
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"


def test_the_picture_shows_the_slice_with_the_highest_mean(
    result: tuple[Path, Path], sent: list[Path]
) -> None:
    picture = dcmread(result[1])
    predictions = Classifier(backend="onnxruntime", threads=1).classify(sent[:4])
    probabilities = [row.probability for row in predictions if row.probability is not None]
    means = [np.mean(probabilities[max(0, at - 1) : at + 2]) for at in range(4)]  # 5 mm to either side
    shown = dcmread(sent[int(np.argmax(means))])
    assert picture.SourceImageSequence[0].ReferencedSOPInstanceUID == shown.SOPInstanceUID
    assert picture.SOPClassUID == uid.SecondaryCaptureImageStorage
    assert (picture.BurnedInAnnotation, picture.PatientID) == ("NO", CANARY)
    pixels = picture.pixel_array.astype(int)
    assert pixels[:70].max() == 255  # the text above
    assert (pixels.max(axis=2) - pixels.min(axis=2) > 100).mean() > 0.01  # colours


@needs_dciodvfy
def test_dciodvfy_finds_no_error(result: tuple[Path, Path]) -> None:
    for path in result:
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        assert [line for line in (done.stdout + done.stderr).splitlines() if "Error" in line] == []
        assert ("ComprehensiveSR" in done.stderr) or ("SCImage" in done.stderr)


def test_images_are_gone_and_the_log_names_nobody(node: Node, result: tuple[Path, Path]) -> None:
    until(lambda: not list((node.spool / "results").iterdir()))
    assert node.waiting() == []
    assert not any(secret in node.log_text() for secret in (CANARY, "1.2.3", "19991231", "1.2.826"))
    for path in [*node.spool.rglob("*"), *node.out.iterdir()]:
        assert path.stat().st_mode & 0o077 == 0 or path.name == "lock"
        if path.is_file():
            assert path.parent == node.out or CANARY.encode() not in path.read_bytes()


def test_more_of_a_series_gives_a_report_on_the_whole_of_it(
    node: Node, result: tuple[Path, Path], tmp_path: Path
) -> None:
    assert send(node, [save(tmp_path / "late.dcm", image(5))]).returncode == 0
    first, second = until(lambda: len(reports := of_series(node, "1.2.3.4")) == 2 and reports)
    assert first == result[0]
    before, after = dcmread(first), dcmread(second)
    assert references(after) == {"1.2.3.4": 6}
    named = after.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert named.ReferencedSOPInstanceUID == before.SOPInstanceUID
    assert before.SeriesInstanceUID == after.SeriesInstanceUID
    assert "Takes the place of report 1" in dsrdump(second)


def test_a_series_that_is_sent_again_is_not_reported_again(
    node: Node, result: tuple[Path, Path], sent: list[Path]
) -> None:
    before = len(node.results())
    assert send(node, sent[:2]).returncode == 0
    until(lambda: "sent again" in node.log_text())
    until(lambda: not node.waiting())
    assert len(node.results()) == before


def test_images_of_two_patients_are_not_answered_on_together(node: Node, tmp_path: Path) -> None:
    mixed = [*series(tmp_path / "a", 2, "1.2.3.5")]
    mixed += series(tmp_path / "b", 1, "1.2.3.5", PatientID="ANOTHER", SOPInstanceUID="1.2.3.99")
    assert send(node, mixed).returncode == 0
    reports = until(lambda: len(reports := of_series(node, "1.2.3.5")) == 2 and reports)
    assert {dcmread(path).PatientID: references(dcmread(path))["1.2.3.5"] for path in reports} == {
        CANARY: 2,
        "ANOTHER": 1,
    }


def test_a_patient_whose_first_character_set_is_empty(node: Node, tmp_path: Path) -> None:
    """As Japanese scanners write it (DICOM PS3.3, C.12.1.1.2)."""
    name, sets = "Yamada^Tarou=山田^太郎=やまだ^たろう", ["", "ISO 2022 IR 87"]
    slice_ = image(0, SeriesInstanceUID="1.2.3.87", SpecificCharacterSet=sets, PatientName=name)
    assert send(node, [save(tmp_path / "slice.dcm", slice_)]).returncode == 0
    report = dcmread(until(lambda: of_series(node, "1.2.3.87"))[0])
    assert (report.PatientName, report.SpecificCharacterSet) == (name, sets)


def test_compressed_and_enhanced_images(node: Node, tmp_path: Path) -> None:
    slices = series(tmp_path / "plain", 2, "1.2.3.6")
    several = enhanced([hounsfield(1), hounsfield(2), hounsfield(3)], SeriesInstanceUID="1.2.3.7")
    several.StudyInstanceUID = "1.2.3"
    both = [
        save(tmp_path / "jpeg-2000.dcm", encoded(slices[0].read_bytes(), uid.JPEG2000Lossless)),
        save(tmp_path / "jpeg-ls.dcm", encoded(slices[1].read_bytes(), uid.JPEGLSLossless)),
    ]
    assert send(node, both[:1], "--propose-j2k-lossless").returncode == 0
    assert send(node, both[1:], "--propose-jls-lossless").returncode == 0
    assert send(node, [save(tmp_path / "enhanced.dcm", several)]).returncode == 0
    # on the whole series, perhaps after one on the image that came first
    reports = until(lambda: [dsrdump(report) for report in of_series(node, "1.2.3.6")])
    if len(SLICE_GROUP.findall(reports[0])) == 1:
        reports = [dsrdump(report) for report in until(lambda: of_series(node, "1.2.3.6")[1:])]
    assert len(SLICE_GROUP.findall(reports[0])) == 2
    frames = dsrdump(until(lambda: of_series(node, "1.2.3.7"))[0])
    assert len(SLICE_GROUP.findall(frames)) == 3
    assert '"slice without a number, frame 3"' in frames
    assert 'Slices answered on")="3.0"' in frames
    if shutil.which("dciodvfy"):
        for path in node.out.glob("*.dcm"):
            done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
            assert "Error" not in done.stdout + done.stderr


def test_hostile_fields_do_no_harm(node: Node, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    hostile = image(
        0,
        SeriesInstanceUID="1.2.3.8",
        PatientName=f"../../etc/{evil}",
        PatientID="../../passwd\x1b[31m",
        StudyDescription=evil,
        StudyID="'; DROP TABLE",
    )
    hostile.add_new("PatientSex", "CS", evil)
    hostile.add_new("StudyDate", "DA", "tomorrow")
    assert send(node, [save(tmp_path / "hostile.dcm", hostile)]).returncode == 0
    report = dcmread(until(lambda: of_series(node, "1.2.3.8"))[0])
    assert (report.PatientSex, report.StudyDate) == ("", "")
    assert report.PatientName == f"../../etc/{evil}"
    assert evil not in node.log_text()
    names = [path.name for folder in (node.out, node.spool) for path in folder.rglob("*")]
    assert not any(part in name for name in names for part in ("passwd", "etc", "script"))
