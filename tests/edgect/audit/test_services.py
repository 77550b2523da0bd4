"""What `serve` and `listen` append to a trail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.edgect.audit.trails import check, contents, files
from tests.edgect.scans.dicom_files import CANARY
from tests.edgect.services.listen.listen_process import Node, needs_dcmtk, send, series, until
from tests.serving import scans, serving


def test_serve_appends_a_line_for_each_row_and_counts_them(tmp_path: Path) -> None:
    pytest.importorskip("starlette", reason="needs edgect[serve]")
    uploads = [*scans(2), ("cut.png", b"\x89PNG\r\n\x1a\n")]
    with serving("--threads", 1, "--backend", "onnxruntime", "--audit", tmp_path / "trail") as server:
        rows = server.classify(uploads)
        server.post("/v1/heat-map", uploads[:1])
        metrics = server.request("/metrics")[1].decode()
        assert server.stop() == 0
    lines = contents(tmp_path / "trail")
    assert [line["outcome"] for line in lines] == ["new"] * 3 + ["picture"]
    assert [(line["status"], line["label"]) for line in lines[:3]] == [
        (row["status"], row["label"]) for row in rows
    ]
    assert check(tmp_path / "trail").good
    assert "edgect_probability_count 2.0" in metrics
    assert "edgect_gate_distance_count 2.0" in metrics
    assert 'edgect_unanswered_total{cause="error"} 1.0' in metrics
    assert 'edgect_unanswered_total{cause="distance"} 0.0' in metrics


@needs_dcmtk
def test_listen_appends_answers_their_result_and_its_delivery(tmp_path: Path) -> None:
    node = Node(tmp_path, "--quiet", 0.2, "--audit", tmp_path / "trail").start()
    try:
        send(node, series(tmp_path / "sent", 1, PatientName=CANARY))
        until(lambda: node.results() and "delivered" in node.log_text())
        assert node.stop() == 0
    finally:
        node.kill()
    lines = contents(tmp_path / "trail")
    assert [line["event"] for line in lines] == ["answer", "result", "delivery"]
    assert len({line["study"] for line in lines}) == len({line["series"] for line in lines}) == 1
    assert lines[1]["result"] == lines[2]["result"]
    (report,) = node.results()
    assert report.name == f"report-{lines[1]['result']}.dcm"
    assert (lines[2]["destination"], lines[2]["outcome"]) == (
        str(node.out),
        f"delivered {report.name}",
    )
    assert check(tmp_path / "trail").good
    text = json.dumps(lines) + "".join(file.read_text() for file in files(tmp_path / "trail"))
    assert CANARY not in text
    assert "1.2.3" not in text
