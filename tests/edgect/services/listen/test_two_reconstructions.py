"""A scanner that sends two reconstructions of one acquisition, of which rules leave one out."""

from __future__ import annotations

from pathlib import Path

from tests.edgect.audit.trails import check, contents
from tests.edgect.scans.dicom_files import CANARY
from tests.edgect.services.listen.listen_process import Node, needs_dcmtk, send, series, until
from tests.edgect.services.listen.test_health import value

SOFT = {"SeriesNumber": 3, "SeriesDescription": "Thorax 5.0 B31f", "ConvolutionKernel": "B31f"}
SHARP = {"SeriesNumber": 4, "SeriesDescription": "Thorax 1.0 B70f", "ConvolutionKernel": "B70f"}


@needs_dcmtk
def test_what_rules_leave_out_is_counted_and_the_rest_is_named(tmp_path: Path) -> None:
    rules, trail = tmp_path / "rules.toml", tmp_path / "trail"
    rules.write_text('[exclude]\nkernel = ["B7*"]\n[include]\nmodality = ["CT"]\n')
    options = ("--quiet", 1, "--rules", rules, "--metrics-port", 0, "--audit", trail)
    node = Node(tmp_path, *options).start()
    try:
        assert value(node, 'edgect_images_left_out_total{rule="exclude kernel"}') == 0
        sent = series(tmp_path / "soft", 1, "1.2.3.4", **SOFT)
        sent += series(tmp_path / "sharp", 2, "1.2.3.5", **SHARP)
        assert send(node, sent).returncode == 0
        until(lambda: node.results() and not node.waiting())
        assert value(node, 'edgect_images_left_out_total{rule="exclude kernel"}') == 2
        assert value(node, 'edgect_images_left_out_total{rule="include modality"}') == 0
        assert value(node, 'edgect_series_total{outcome="left out"}') == 1
        assert value(node, 'edgect_series_total{outcome="answered"}') == 1
        assert node.stop() == 0
    finally:
        node.kill()
    left_out = "series 4 'Thorax 1.0 B70f', kernel B70f: 2 images left out by the rule exclude kernel"
    assert left_out in node.log_text()
    assert "series 3 'Thorax 5.0 B31f', kernel B31f: 1 images classified in" in node.log_text()
    assert len(node.results()) == 1
    lines = contents(trail)
    (line,) = [line for line in lines if line["event"] == "left out"]
    assert (line["rule"], line["images"]) == ("exclude kernel", 2)
    assert line["series"] not in {other["series"] for other in lines if other is not line}
    assert line["study"] in {other["study"] for other in lines if other is not line}
    assert check(trail).good
    assert CANARY not in node.log_text()
