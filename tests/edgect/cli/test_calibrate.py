"""`edgect calibrate` on invented slices, with the real engine."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from edgect import Bundle, Classifier
from edgect.cli import main
from edgect.diagnostics.benchmark.phantom import draw
from tests.edgect.synthetic import SCANS

Run = Callable[..., Result]
PATIENTS = 40  # every other one with opacities; of each class 12 for training, 4 for validation and 4 held
PROMISE = ("--sensitivity", "0.9", "--specificity", "0.9")


def edgect(command: str, *arguments: object) -> Result:
    line = [command, *map(str, arguments), "--backend", "onnxruntime", "--threads", "2"]
    return CliRunner().invoke(main, line, catch_exceptions=False)


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slices")
    for number in range(PATIENTS):
        small = cv2.resize(draw(number), (256, 256), interpolation=cv2.INTER_AREA)
        (folder / f"{number:02}.png").write_bytes(cv2.imencode(".png", small)[1].tobytes())
    return folder


def write_table(folder: Path, slices: Path, patients: int = PATIENTS, **columns: str) -> Path:
    """A table of the first patients. columns: more of them, with the same cell in every line."""
    table = folder / "hospital.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "patient", *columns])
        for number in range(patients):
            path = slices / f"{number:02}.png"
            writer.writerow([path, number % 2, f"p{number}", *columns.values()])
    return table


@pytest.fixture(scope="module")
def calibrated(slices: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A folder with the table and the bundle `own`, and what the command printed."""
    folder = tmp_path_factory.mktemp("calibrated")
    table = write_table(folder, slices)
    about = {"name": "City hospital", "licence": "for this hospital only"}
    (folder / "hospital.about.json").write_text(json.dumps(about))
    return folder, edgect("calibrate", table, *PROMISE, "--out", folder / "own", "--format", "json")


@pytest.fixture(scope="module")
def report(calibrated: tuple[Path, Result]) -> dict[str, Any]:
    _, done = calibrated
    assert done.exit_code == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout, parse_constant=pytest.fail)
    return content


def held_table(folder: Path) -> Path:
    """The held part alone, as a table of its own."""
    parts = json.loads((folder / "hospital.parts.json").read_text())["parts"]
    with (folder / "hospital.csv").open() as file:
        lines = [line for line in csv.DictReader(file) if parts[line["patient"]] == "test"]
    held = folder / "held.csv"
    with held.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return held


def test_what_is_measured_is_what_the_bundles_answer(
    calibrated: tuple[Path, Result], report: dict[str, Any]
) -> None:
    folder, _ = calibrated
    held = report["site"]["figures"]["held"]
    assert report["site"]["parts"]["held"]["slices"] == 8
    evaluated = json.loads(
        edgect("evaluate", held_table(folder), "--model", folder / "own", "--format", "json").stdout
    )
    assert held["after"]["slices"] == evaluated["coverage"]["answered"]
    assert held["after"]["auc"]["value"] == pytest.approx(
        evaluated["answered"]["metrics"]["auc"]["value"], abs=1e-4
    )
    points = {point["name"]: point for point in evaluated["operating_points"]}
    assert list(points) == list(held["after"]["points"]) == ["balanced", "screening", "specific"]
    for name, point in points.items():
        for rate in ("sensitivity", "specificity"):
            assert held["after"]["points"][name][rate]["value"] == pytest.approx(
                point["metrics"][rate], abs=1e-4
            )
    assert list(held["before"]["points"]) == ["balanced", "screening", "specific"]


def test_a_new_heads_answers_are_the_fitted_ones(
    calibrated: tuple[Path, Result], report: dict[str, Any], slices: Path
) -> None:
    folder, _ = calibrated
    assert report["site"]["fitted"]["head"]["refitted"] is True
    before, after = Bundle.load(), Bundle.load(folder / "own")
    assert after.manifest.temperature == pytest.approx(
        report["site"]["fitted"]["temperature"]["after"], abs=1e-4
    )
    paths = [slices / f"{number:02}.png" for number in range(4)]
    old, new = ([Classifier(b.path, "onnxruntime").predict(p) for p in paths] for b in (before, after))
    assert all(a.probability != pytest.approx(b.probability, abs=1e-3) for a, b in zip(old, new, strict=True))


def test_the_bundle_says_where_it_comes_from(calibrated: tuple[Path, Result], report: dict[str, Any]) -> None:
    folder, _ = calibrated
    parent, bundle = Bundle.load(), Bundle.load(folder / "own")
    site = bundle.manifest.document["site"]
    assert site == report["site"]
    assert (site["name"], site["licence"], site["unit"]) == (
        "City hospital",
        "for this hospital only",
        "patient",
    )
    assert site["parts"]["fitting"]["classes"]["COVID-19"] == {"slices": 16, "patients": 16}
    assert str(folder) not in json.dumps(site)
    assert bundle.manifest.document["parent"]["digest"] == parent.digest
    assert bundle.manifest.document["licence"] == parent.manifest.document["licence"]
    assert "metrics" not in bundle.manifest.document  # of the parent's head
    card = bundle.read("MODEL_CARD.md").decode()
    assert card.startswith(parent.read("MODEL_CARD.md").decode().rstrip())
    passage = card.split("## This site\n")[1]
    assert "City hospital (licence of these data: for this hospital only)" in passage
    for name, point in bundle.manifest.operating_points.items():
        assert f"| threshold of {name} |" in passage
        assert f"{point:g} |" in passage


def test_each_reading_of_the_held_part_is_counted(
    calibrated: tuple[Path, Result], report: dict[str, Any]
) -> None:
    folder, _ = calibrated
    assert report["site"]["earlier_readings"] == 0
    again = edgect("calibrate", folder / "hospital.csv", *PROMISE, "--out", folder / "second")
    assert "The held part was read 1 time before" in again.stdout.replace("\n      ", " ")
    readings = [json.loads(line) for line in (folder / "hospital.readings.jsonl").read_text().splitlines()]
    assert [[bundle["name"] for bundle in each["bundles"]] for each in readings] == [
        ["lungs", "own"],
        ["lungs", "second"],
    ]
    assert readings[0]["bundles"][1]["digest"] == Bundle.load(folder / "own").digest
    assert str(folder) not in json.dumps(readings)
    record = json.loads((folder / "own.record.json").read_text())
    assert record["figures"]["figures"] == report["site"]["figures"]


def test_any_point_of_a_manifest_can_be_asked_for(calibrated: tuple[Path, Result], slices: Path) -> None:
    folder, _ = calibrated
    classify = ("classify", slices / "01.png", "--model", folder / "own")
    done = edgect(*classify, "--operating-point", "specific", "--format", "csv")
    assert done.exit_code == 0
    assert ",specific," in done.stdout
    refused = edgect(*classify, "--operating-point", "strict")
    assert refused.exit_code == 2
    assert "unknown operating point 'strict'; there are balanced, screening, specific" in refused.stderr


def test_a_head_can_be_kept(slices: Path, tmp_path: Path) -> None:
    table = write_table(tmp_path, slices)
    done = edgect("calibrate", table, *PROMISE, "--head", "keep", "--out", tmp_path / "own")
    assert done.exit_code == 0, done.stderr
    assert "The head is kept, as was asked for." in done.stdout
    parent, bundle = Bundle.load(), Bundle.load(tmp_path / "own")
    assert bundle.read("int8.onnx") == parent.read("int8.onnx")
    assert bundle.manifest.document["evidence"] == parent.manifest.document["evidence"]
    assert bundle.manifest.threshold != parent.manifest.threshold


def test_without_labels_the_gate_alone_is_set(slices: Path, tmp_path: Path) -> None:
    table = tmp_path / "plain.csv"
    unlike = np.rot90(np.asarray(Image.open(SCANS / "covid-moscow-img10.jpg").convert("L")))
    (tmp_path / "unlike.png").write_bytes(cv2.imencode(".png", unlike)[1].tobytes())
    table.write_text("path\nunlike.png\n" + "".join(f"{path}\n" for path in sorted(slices.iterdir())[:9]))
    done = edgect("calibrate", table, "--unlabelled", "--out", tmp_path / "own", "--format", "json")
    assert done.exit_code == 0, done.stderr
    site = json.loads(done.stdout)["site"]
    assert list(site["fitted"]) == ["gate"]
    assert site["rejected"]["fitting"] == {"before": 1, "after": 0}  # of 10 slices, 2 % is none
    parent, bundle = Bundle.load().manifest, Bundle.load(tmp_path / "own").manifest
    same = ("threshold", "temperature", "operating_points", "conformal", "metrics")
    assert all(bundle.document[name] == parent.document[name] for name in same)
    assert max(bundle.gate.embedding - parent.gate.embedding, bundle.gate.view - parent.gate.view) > 0
    assert Classifier(tmp_path / "own", "onnxruntime").predict(tmp_path / "unlike.png").status == "ok"
    assert not list(tmp_path.glob("*.readings.jsonl"))


REFUSALS = [
    (
        {"patients": 40},
        ("--sensitivity", "0.99"),
        "a sensitivity of 0.99 cannot be promised by 16 patients with COVID-19 in the fitting part: 99 are "
        "needed; the highest with 16 is --sensitivity 0.941",
    ),
    (
        {"patients": 40},
        ("--specificity", "0.95"),
        "19 are needed; the highest with 16 is --specificity 0.941",
    ),
    ({"patients": 40, "part": "train"}, (), "no slices in the test part"),
    ({"patients": 40, "part": "test"}, (), "the fitting part has no readable slices with COVID-19"),
]


@pytest.mark.parametrize(("table", "options", "message"), REFUSALS)
def test_what_cannot_be_done_is_refused_before_the_held_part_is_read(
    slices: Path, tmp_path: Path, table: dict[str, Any], options: tuple[str, ...], message: str
) -> None:
    file = write_table(tmp_path, slices, **table)
    done = edgect("calibrate", file, *PROMISE, *options, "--out", tmp_path / "own")
    assert done.exit_code == 2
    assert message in done.stderr
    assert not list(tmp_path.glob("own*"))
    assert not list(tmp_path.glob("*.readings.jsonl"))


def test_a_folder_of_something_else_is_kept(slices: Path, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "thesis.txt").write_text("chapter one")
    done = edgect("calibrate", write_table(tmp_path, slices), *PROMISE, "--out", tmp_path / "own")
    assert done.exit_code == 2
    assert "exists and is no bundle" in done.stderr
    assert (tmp_path / "own" / "thesis.txt").read_text() == "chapter one"


def test_unreadable_slices_do_not_stop_it_but_are_told(slices: Path, tmp_path: Path) -> None:
    table = write_table(tmp_path, slices)
    (tmp_path / "torn.png").write_bytes((slices / "00.png").read_bytes()[:900])
    with table.open("a") as file:
        file.write("torn.png,0,p0\n")
    done = edgect("calibrate", table, *PROMISE, "--out", tmp_path / "own", "--format", "json")
    assert done.exit_code == 1
    parts = json.loads(done.stdout)["site"]["parts"]
    assert sum(part["unreadable"] for part in parts.values()) == 1
    assert np.isfinite(Bundle.load(tmp_path / "own").manifest.threshold)
