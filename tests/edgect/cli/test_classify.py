from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path

import cv2
import pytest
from PIL import Image

from edgect import Classifier
from edgect.model.backends import BACKENDS
from edgect.rows.columns import COLUMNS
from tests.edgect.conftest import Classify
from tests.edgect.synthetic import body, encode, write_scan

ORT = ("--backend", "onnxruntime")


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("backend", BACKENDS)
def test_csv_says_what_the_python_interface_says(classify: Classify, scans: Path, backend: str) -> None:
    done = classify(scans, "--backend", backend, "--threads", 1, "--format", "csv")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == ",".join(COLUMNS)
    expected = list(Classifier(backend=backend, threads=1).classify([scans]))
    rows = csv_rows(done.stdout)
    assert len(rows) == len(expected) == 3
    for row, each in zip(rows, expected, strict=True):
        assert (row["path"], row["status"], row["label"], row["reason"]) == (each.path, "ok", each.label, "")
        assert re.fullmatch(r"[01]\.\d{6,}", row["probability"])
        assert float(row["probability"]) == pytest.approx(each.probability, abs=1e-8)
        assert (row["backend"], row["precision"], row["threads"]) == (backend, "int8", "1")
        assert (row["sha256"], row["bundle"], row["model"]) == (each.sha256, each.bundle, each.model)


def test_jsonl_says_the_same_as_csv(classify: Classify, scans: Path) -> None:
    lines = classify(scans, *ORT, "--format", "jsonl").stdout.splitlines()
    table = csv_rows(classify(scans, *ORT, "--format", "csv").stdout)
    assert len(lines) == len(table) == 3
    for line, other in zip(lines, table, strict=True):
        row = json.loads(line)
        assert tuple(row) == COLUMNS
        assert (row["path"], row["label"]) == (other["path"], other["label"])
        assert row["frame"] is None
        assert row["probability"] == pytest.approx(float(other["probability"]), abs=1e-8)


def test_the_table_is_the_default_and_has_one_line_a_row(classify: Classify, scans: Path) -> None:
    done = classify(scans, *ORT)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["path", "status", "label", "probability", "reason"]
    assert [line.split()[0] for line in lines[1:]] == [
        str(scans / n) for n in ("a.png", "b.png", "sub/c.png")
    ]


def test_only_rows_go_to_stdout_and_the_summary_to_stderr(classify: Classify, scans: Path) -> None:
    done = classify(scans, *ORT, "--format", "jsonl")
    assert all(json.loads(line)["status"] == "ok" for line in done.stdout.splitlines())
    assert "3 rows" in done.stderr
    assert "not a medical device" in done.stderr


def test_fp32_answers_too_and_says_so(classify: Classify, scan: Path) -> None:
    rows = csv_rows(classify(scan, *ORT, "--precision", "fp32", "--format", "csv").stdout)
    assert [(row["status"], row["precision"]) for row in rows] == [("ok", "fp32")]


def test_a_bundle_folder_answers_like_its_name(classify: Classify, scan: Path, bundle_copy: Path) -> None:
    named = csv_rows(classify(scan, *ORT, "--format", "csv").stdout)
    folder = csv_rows(classify(scan, *ORT, "--model", bundle_copy, "--format", "csv").stdout)
    assert folder[0]["probability"] == named[0]["probability"]


@pytest.mark.parametrize(("threshold", "label"), [("0", "COVID-19"), ("1", "not COVID-19")])
def test_the_threshold_decides_the_label(classify: Classify, scans: Path, threshold: str, label: str) -> None:
    rows = csv_rows(classify(scans, *ORT, "--threshold", threshold, "--format", "csv").stdout)
    assert {(row["label"], float(row["threshold"])) for row in rows} == {(label, float(threshold))}


def test_rows_keep_the_order_of_arguments(classify: Classify, scans: Path) -> None:
    given = [scans / "b.png", scans / "sub", scans / "a.png", scans / "b.png"]
    rows = csv_rows(classify(*given, *ORT, "--format", "csv").stdout)
    assert [Path(row["path"]).name for row in rows] == ["b.png", "c.png", "a.png", "b.png"]


def test_every_frame_gets_its_row(classify: Classify, tmp_path: Path) -> None:
    rest = [Image.fromarray(body(seed)) for seed in (1, 2)]
    (tmp_path / "pages.tif").write_bytes(encode(body(), "TIFF", save_all=True, append_images=rest))
    done = classify(tmp_path, *ORT, "--format", "csv")
    assert [row["frame"] for row in csv_rows(done.stdout)] == ["0", "1", "2"]


@pytest.mark.parametrize("form", ["table", "csv", "jsonl"])
def test_the_output_file_holds_what_stdout_would(classify: Classify, scans: Path, form: str) -> None:
    out = scans.parent / "out.txt"
    done = classify(scans, *ORT, "--format", form, "-o", out)
    assert (done.exit_code, done.stdout) == (0, "")
    shown = classify(scans, *ORT, "--format", form).stdout
    timing = re.compile(r"[\d.]+(?=,[0-9a-f]{64})|(?<=\"milliseconds\": )[\d.]+")
    assert timing.sub("", out.read_text()) == timing.sub("", shown)
    assert sorted(path.name for path in scans.parent.iterdir()) == ["out.txt", "scans"]


def test_an_output_in_the_folder_is_not_read_as_a_scan(classify: Classify, scans: Path) -> None:
    for _ in range(2):
        assert classify(scans, *ORT, "--format", "csv", "-o", scans / "out.csv").exit_code == 0
    assert len(csv_rows((scans / "out.csv").read_text())) == 3


def test_leftovers_of_an_interrupted_run_are_not_read_as_scans(classify: Classify, scans: Path) -> None:
    for leftover in ("out.csv.partial", "out.csv.partial.1", "out.csv.ordered"):
        (scans / leftover).write_text("left by a kill")
    classify(scans, *ORT, "--format", "csv", "-o", scans / "out.csv")
    assert [Path(row["path"]).name for row in csv_rows((scans / "out.csv").read_text())] == [
        "a.png",
        "b.png",
        "c.png",
    ]


def test_heat_maps_are_colour_pictures_of_the_slices_size(classify: Classify, tmp_path: Path) -> None:
    for seed, (folder, height, width) in enumerate([("a", 80, 120), ("b", 300, 250)]):
        write_scan(tmp_path / "in" / folder / "scan.png", seed, height, width)
    (tmp_path / "in" / "c.png").write_bytes(b"garbage")
    done = classify(tmp_path / "in", *ORT, "--format", "csv", "--cam", tmp_path / "maps" / "deep")
    rows = csv_rows(done.stdout)
    assert [row["status"] for row in rows] == ["ok", "ok", "error"]
    assert [bool(row["heat_map"]) for row in rows] == [True, True, False]
    assert sorted(os.listdir(tmp_path / "maps" / "deep")) == sorted(row["heat_map"] for row in rows[:2])
    for row, shape in zip(rows[:2], [(80, 120, 3), (300, 250, 3)], strict=True):
        picture = cv2.imread(str(tmp_path / "maps" / "deep" / row["heat_map"]), cv2.IMREAD_UNCHANGED)
        assert picture.shape == shape


def test_copies_of_a_scan_share_a_heat_map(classify: Classify, tmp_path: Path) -> None:
    for number in range(8):
        write_scan(tmp_path / "in" / str(number) / "scan.png")
    done = classify(tmp_path / "in", *ORT, "--threads", 4, "--format", "csv", "--cam", tmp_path / "maps")
    assert done.exit_code == 0
    (name,) = {row["heat_map"] for row in csv_rows(done.stdout)}
    assert os.listdir(tmp_path / "maps") == [name]
