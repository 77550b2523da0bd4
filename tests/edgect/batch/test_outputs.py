"""What the command line must not write over, and what it says where it cannot write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.edgect.cli.test_exit_codes import message, one_line
from tests.edgect.conftest import Classify

ORT = ("--backend", "onnxruntime")


def test_an_output_that_cannot_be_written_is_2(classify: Classify, scan: Path) -> None:
    assert "out.csv" in one_line(classify(scan, *ORT, "-o", scan.parent / "gone" / "out.csv"), 2)
    message(classify(scan, *ORT, "-o", scan.parent), 2)


def test_a_run_that_fails_at_the_start_leaves_the_earlier_output(classify: Classify, scan: Path) -> None:
    out = scan.parent / "out.csv"
    out.write_text("earlier")
    assert classify(scan, "-o", out, "--model", "resnet").exit_code == 3
    assert out.read_text() == "earlier"
    assert sorted(os.listdir(scan.parent)) == ["out.csv", "scan.png"]


@pytest.mark.parametrize("spelling", ["scans/a.png", "./scans/a.png", "scans/sub/../a.png"])
@pytest.mark.parametrize("given", ["scans/a.png", "scans"])
def test_an_output_over_an_input_is_refused(
    classify: Classify, scans: Path, monkeypatch: pytest.MonkeyPatch, spelling: str, given: str
) -> None:
    monkeypatch.chdir(scans.parent)
    before = Path("scans/a.png").read_bytes()
    done = classify(given, *ORT, "-o", spelling)
    assert Path("scans/a.png").read_bytes() == before
    assert spelling.split("/")[-1] in one_line(done, 2)


def test_an_output_that_is_a_link_to_a_scan_spares_the_scan(classify: Classify, scan: Path) -> None:
    before = scan.read_bytes()
    (scan.parent / "out.csv").symlink_to(scan)
    classify(scan, *ORT, "-o", scan.parent / "out.csv")
    assert scan.read_bytes() == before


def test_an_output_that_is_no_regular_file_is_left_as_it_is(classify: Classify, scan: Path) -> None:
    os.mkfifo(scan.parent / "pipe")  # as root, `-o /dev/null` would be replaced in the same way
    classify(scan, *ORT, "-o", scan.parent / "pipe")
    assert (scan.parent / "pipe").is_fifo()


@pytest.mark.parametrize("where", ["scans", "scans/maps", "scans/sub/../maps", "link"])
def test_heat_maps_inside_an_input_folder_are_refused(
    classify: Classify, scans: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.chdir(scans.parent)
    Path("link").symlink_to("scans")
    assert "--cam" in one_line(classify("scans", *ORT, "--cam", where), 2)
    assert not Path("scans/maps").exists()


def test_heat_maps_cannot_go_to_a_file(classify: Classify, scan: Path) -> None:
    assert "--cam" in message(classify(scan, *ORT, "--cam", scan), 2)
    assert "--cam" in one_line(classify(scan, *ORT, "--cam", scan / "maps"), 2)
