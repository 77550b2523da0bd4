"""Nothing that was acknowledged is lost: kills, orderly ends, and a node for results that is down."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread, uid
from pydicom.dataset import Dataset
from pynetdicom import AE

from tests.edgect.scans.dicom_files import enhanced, write
from tests.edgect.services.listen.listen_process import (
    WAIT,
    Node,
    call,
    free_port,
    image,
    needs_dcmtk,
    save,
    send,
    series,
    until,
)
from tests.volume_inputs import hounsfield

pytestmark = needs_dcmtk
SLICES = 3
OF_MAKING = (
    "InstanceCreationDate",
    "InstanceCreationTime",
    "ContentDate",
    "ContentTime",
    "ContributingEquipmentSequence",
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a node that nothing happened to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    node = Node(folder, "--quiet", 1).start()
    send(node, series(folder / "in", SLICES))
    (report,) = until(node.results)
    assert node.stop() == 0
    return Path(report)


@pytest.mark.parametrize(
    "kills", [pytest.param(2, marks=pytest.mark.long), pytest.param(60, marks=pytest.mark.slow)]
)
def test_killed_at_any_moment_it_gives_the_same_report(kills: int, undisturbed: Path, tmp_path: Path) -> None:
    """Once all is acknowledged, whenever that is: before, while and after the report is made."""
    draw = random.Random(kills)
    batch = min(3, kills)
    for number in range(-(-kills // batch)):
        node = Node(tmp_path / str(number), "--quiet", 0.2)
        node.spool.parent.mkdir()
        node.start()
        send(node, series(tmp_path / "in", SLICES))
        for _ in range(batch):
            time.sleep(draw.uniform(0, 1))
            node.kill()
            node.start()
        reports = until(lambda node=node: not node.waiting() and node.results())
        until(lambda node=node: not list((node.spool / "results").iterdir()))
        assert [path.name for path in reports] == [undisturbed.name]
        assert lasting(reports[0]) == lasting(undisturbed)
        assert node.stop() == 0


@pytest.mark.parametrize("kills", [2, pytest.param(40, marks=pytest.mark.slow)])
def test_killed_while_images_come_it_keeps_what_it_acknowledged(kills: int, tmp_path: Path) -> None:
    draw = random.Random(kills)
    node = Node(tmp_path, "--quiet", 3600)
    acknowledged = 0
    for number in range(kills):
        node.start()
        files = [
            save(
                tmp_path / "in" / f"{number}-{index}.dcm",
                image(index, SOPInstanceUID=f"1.2.{number}.{index}"),
            )
            for index in range(20)
        ]
        line = ["storescu", "-v", "-aec", "EDGECT", "127.0.0.1", str(node.port), *map(str, files)]
        with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as sender:
            time.sleep(draw.uniform(0, 0.6))
            node.kill()
            output, _ = sender.communicate()
        acknowledged += output.count("Received Store Response (Success)")
        assert len(node.waiting()) >= acknowledged
    assert all(len(dcmread(path).PixelData) for path in node.waiting())  # whole
    node.start()
    assert list((node.spool / "incoming").iterdir()) == []
    node.kill()


def test_an_orderly_end_lets_callers_finish(tmp_path: Path) -> None:
    node = Node(tmp_path, "--quiet", 1).start()
    entity = AE("SENDER")
    entity.add_requested_context(uid.CTImageStorage, uid.ExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", node.port, ae_title="EDGECT")
    assert stored(association, image(0)) == 0
    assert node.process is not None
    node.process.terminate()
    until(lambda: call("echoscu", node).returncode != 0)  # nobody else comes in
    assert stored(association, image(1)) == 0
    association.release()
    assert node.process.wait(WAIT) == 0
    assert "Traceback" not in node.log_text()
    node.start()
    until(lambda: node.results() and not node.waiting())
    reports = map(dcmread, node.results())
    assert max(_images(report) for report in reports) == 2
    node.kill()


def test_answering_holds_up_nobody(tmp_path: Path) -> None:
    """Images are acknowledged while the network is at some hundred frames of an image from before."""
    several = enhanced([hounsfield(1)] * 400, SeriesInstanceUID="1.2.3.7")
    several.StudyInstanceUID = "1.2.3"
    node = Node(tmp_path, "--quiet", 0).start()
    send(node, [save(tmp_path / "in" / "enhanced.dcm", several)])
    sent = send(node, series(tmp_path / "in", 5), "-v")
    assert (sent.stdout + sent.stderr).count("(Success)") == 5
    assert len(node.waiting()) == 6  # and none is answered on yet
    node.kill()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Any]:
    """Starts DCMTK's storescp on a port that is known before."""
    port, folder = free_port(), tmp_path / "archive"
    folder.mkdir()
    running: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        line = [shutil.which("storescp") or "", "-aet", "ARCHIVE", "-od", str(folder), str(port)]
        running.append(subprocess.Popen(line))

    start.port, start.folder = port, folder  # type: ignore[attr-defined]
    yield start
    for process in running:
        process.kill()
        process.wait()


def test_results_wait_for_a_node_that_is_down(archive: Any, tmp_path: Path) -> None:
    target = f"ARCHIVE@127.0.0.1:{archive.port}"
    node = Node(tmp_path, "--quiet", 0.2, "--send-to", target, "--secondary-capture", "--highest", 1).start()
    send(node, series(tmp_path / "in", SLICES))
    until(lambda: "results wait for the node" in node.log_text())
    node.kill()
    node.start()
    archive()
    received = until(lambda: len(files := list(archive.folder.iterdir())) == 2 and files)
    until(lambda: not list((node.spool / "results").iterdir()))
    kinds = {dcmread(path).SOPClassUID for path in received}
    assert kinds == {uid.ComprehensiveSRStorage, uid.SecondaryCaptureImageStorage}
    report = next(path for path in received if dcmread(path).Modality == "SR")
    done = subprocess.run(["dsrdump", str(report)], capture_output=True, text=True, check=True)
    assert "Probability of COVID-19 on a slice" in done.stdout
    assert node.waiting() == []
    assert node.stop() == 0


def lasting(report: Path) -> Dataset:
    """Without what says when it was made."""
    dataset = dcmread(report)
    for keyword in OF_MAKING:
        del dataset[keyword]
    return dataset


def stored(association: Any, dataset: Dataset) -> int:
    write(dataset)  # gives it its file meta information
    return int(association.send_c_store(dataset).Status)


def _images(report: Dataset) -> int:
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    return len(study.ReferencedSeriesSequence[0].ReferencedSOPSequence)
