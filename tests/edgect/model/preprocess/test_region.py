"""What a bundle that crops to the lungs says of itself; where it finds none there is no answer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgect import Classifier
from edgect.model.preprocess.steps import Preprocess
from tests.edgect.chest import abdomen, chest
from tests.edgect.conftest import Classify, open_gate
from tests.edgect.synthetic import encode

ORT = ("--backend", "onnxruntime")
CROP = {"step": "lungs", "margin": 0.06, "air": 32, "tissue": 208}


@pytest.fixture
def cropping(edit_manifest: Callable[[Callable[[dict[str, Any]], object]], Path]) -> Path:
    """A copy of the bundle that crops to the lungs, and knows only how to resize after that."""

    def change(manifest: dict[str, Any]) -> None:
        steps = manifest["input"]["steps"]
        manifest["input"]["steps"] = [CROP, *(step for step in steps if step["step"] == "resize")]
        open_gate(manifest)

    return edit_manifest(change)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A chest, an abdomen and a text, in this order."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a-chest.png").write_bytes(encode(chest().image, "PNG"))
    (folder / "b-abdomen.png").write_bytes(encode(abdomen(), "PNG"))
    (folder / "c-note.txt").write_bytes(b"a note")
    return folder


def test_a_bundle_that_crops_says_what_it_saw(cropping: Path, folder: Path) -> None:
    cropped_row, empty, none = Classifier(cropping, backend="onnxruntime").classify([folder])
    assert (cropped_row.status, cropped_row.region, cropped_row.reason) == ("ok", "lungs", "")
    assert (empty.status, empty.region, empty.label, empty.probability) == ("rejected", "", "", None)
    assert "no lungs found" in empty.reason
    assert (none.status, none.region) == ("rejected", "")


def test_without_the_gate_the_whole_slice_is_answered_and_the_reason_kept(
    cropping: Path, folder: Path
) -> None:
    result = Classifier(cropping, backend="onnxruntime", gate=False).predict(folder / "b-abdomen.png")
    assert (result.status, result.region) == ("ok", "slice")
    assert result.probability is not None
    assert "no lungs found" in result.reason


def test_a_bundle_without_a_crop_sees_whole_slices_but_wants_lungs_too(
    edit_manifest: Callable[[Callable[[dict[str, Any]], object]], Path], folder: Path
) -> None:
    def change(manifest: dict[str, Any]) -> None:
        steps = manifest["input"]["steps"]
        manifest["input"]["steps"] = [step for step in steps if step["step"] != "lungs"]
        open_gate(manifest)

    cropped_row, empty, _ = Classifier(edit_manifest(change), backend="onnxruntime").classify([folder])
    assert (cropped_row.status, cropped_row.region, cropped_row.reason) == ("ok", "slice", "")
    assert (empty.status, empty.region) == ("rejected", "")
    assert "no lungs found" in empty.reason


@pytest.mark.parametrize("model", ["cnn1", "cnn2"])
def test_the_papers_networks_see_the_whole_slice(scan: Path, model: str) -> None:
    result = Classifier(model, backend="onnxruntime").predict(scan)
    assert (result.region, result.reason) == ("slice", "")


def test_evidence_lies_in_the_crop_and_nowhere_else(cropping: Path, folder: Path) -> None:
    result = Classifier(cropping, backend="onnxruntime").predict(folder / "a-chest.png", evidence=True)
    assert result.evidence is not None
    _, placement = Preprocess([CROP])(chest().image)
    top, left, height, width = placement.box
    inside = np.zeros(result.evidence.shape, bool)
    inside[top : top + height, left : left + width] = True
    assert (result.evidence[~inside] == 0).all()
    assert (result.evidence[inside] != 0).mean() > 0.99


def test_the_table_says_where_no_lungs_were_found(classify: Classify, cropping: Path, folder: Path) -> None:
    _, cropped_row, empty, _ = classify(folder, *ORT, "--model", cropping).stdout.splitlines()
    assert "no lungs found" not in cropped_row
    assert "rejected" in empty
    assert "no lungs found" in empty


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_rows_carry_the_region_and_resuming_keeps_them(
    classify: Classify, cropping: Path, folder: Path, form: str
) -> None:
    out = folder.parent / "out"
    line = (folder, *ORT, "--model", cropping, "--format", form, "-o", out)
    classify(*line)
    first = out.read_bytes()
    classify(*line, "--resume")
    assert out.read_bytes().splitlines()[:3] == first.splitlines()[:3]  # answers are taken over, times too
    text = first.decode()
    read = csv.DictReader(io.StringIO(text)) if form == "csv" else map(json.loads, text.splitlines())
    rows = list(read)
    assert [list(row).index("region") - list(row).index("frame") for row in rows] == [1, 1, 1]
    assert [row["region"] for row in rows] == ["lungs", "", ""]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_rows_of_an_edgect_without_regions_are_answered_again(
    classify: Classify, cropping: Path, folder: Path, form: str
) -> None:
    out = folder.parent / "out"
    line = (folder, *ORT, "--model", cropping, "--format", form, "-o", out)
    classify(*line)
    text = out.read_text()
    if form == "csv":
        rows = list(csv.reader(io.StringIO(text)))
        place = rows[0].index("region")
        older = "".join(",".join(row[:place] + row[place + 1 :]) + "\n" for row in rows)
    else:
        parsed = [json.loads(row) for row in text.splitlines()]
        older = "".join(json.dumps({k: v for k, v in row.items() if k != "region"}) + "\n" for row in parsed)
    out.write_text(older)
    run = classify(*line, "--resume")
    assert run.exit_code == 0
    assert "region" in out.read_text()
