"""A series by DCMTK's storescu into a node, and every kind of result out to DCMTK's storescp."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread, uid

from edgect.services.listen.results.options import KINDS
from tests.edgect.services.listen.listen_process import (
    Node,
    free_port,
    needs_dciodvfy,
    needs_dcmtk,
    send,
    series,
    until,
)

pytestmark = needs_dcmtk
CLASSES = {
    uid.ComprehensiveSRStorage: 1,
    uid.Comprehensive3DSRStorage: 1,
    uid.SecondaryCaptureImageStorage: 3,
    uid.ParametricMapStorage: 1,
    uid.KeyObjectSelectionDocumentStorage: 1,
}


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """What the archive has of a series of seven slices."""
    work, port = tmp_path_factory.mktemp("work"), free_port()
    archive = work / "archive"
    archive.mkdir()
    line = ["storescp", "-aet", "ARCHIVE", "--unique-filenames", "-od", str(archive), str(port)]
    server = subprocess.Popen(line)
    kinds = [option for kind in KINDS for option in ("--result", kind)]
    node = Node(work, "--quiet", 0.5, "--send-to", f"ARCHIVE@127.0.0.1:{port}", *kinds).start()
    try:
        assert send(node, series(work / "in", 7)).returncode == 0
        until(lambda: not node.waiting() and not list((node.spool / "results").iterdir()))
        assert node.stop() == 0
        assert not (node.spool / "refused").exists()
        yield sorted(archive.iterdir())
    finally:
        node.kill()
        server.kill()
        server.wait()


def test_the_archive_has_every_kind_once(archived: list[Path]) -> None:
    assert Counter(dcmread(path).SOPClassUID for path in archived) == CLASSES


@needs_dciodvfy
def test_dciodvfy_finds_no_error_in_any(archived: list[Path]) -> None:
    for path in archived:
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        assert "Error" not in done.stdout + done.stderr, path


def test_a_summary_is_a_page_or_two(archived: list[Path]) -> None:
    report = next(path for path in archived if dcmread(path).SOPClassUID == uid.ComprehensiveSRStorage)
    done = subprocess.run(["dsrdump", str(report)], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) < 250
    tree = next(number for number, line in enumerate(lines) if "Imaging Measurement Report" in line)
    assert "Research use only" in lines[tree + 1]
