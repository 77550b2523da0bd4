from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgect import Classifier, Prediction
from edgect.errors import UsageError
from edgect.report import heat_map as heatmap
from edgect.report.heat_map import overlay
from tests.edgect.synthetic import body, write_scan

GREY = body(0, 60, 80)


def write(prediction: Prediction, folder: Path, scale: float) -> str:
    name = heatmap.file_name(prediction)
    heatmap.write(heatmap.png(prediction, scale), folder / name)
    return name


@pytest.fixture(scope="module")
def prediction(tmp_path_factory: pytest.TempPathFactory) -> Prediction:
    path = write_scan(tmp_path_factory.mktemp("scan") / "scan.png", 0, 60, 80)
    return Classifier(backend="onnxruntime").predict(path, evidence=True)


@pytest.mark.parametrize("evidence", [0.0, -5.0])
def test_what_does_not_speak_for_covid_stays_grey(evidence: float) -> None:
    picture = overlay(GREY, np.full(GREY.shape, evidence, np.float32), 10)
    np.testing.assert_array_equal(picture, cv2.merge([GREY] * 3))


def test_the_strongest_place_is_red_and_only_it() -> None:
    evidence = np.full(GREY.shape, -1, np.float32)
    evidence[20:30, 40:50] = 10
    picture = overlay(np.full_like(GREY, 100), evidence, 10).astype(int)
    blue, green, red = np.moveaxis(picture[20:30, 40:50], 2, 0)
    assert (red > green + 30).all()
    assert (red > blue + 30).all()
    picture[20:30, 40:50] = 100
    assert (picture == 100).all()


def test_colours_mean_the_same_in_every_picture() -> None:
    weak, strong = (np.full(GREY.shape, value, np.float32) for value in (2, 8))
    both = np.where(np.arange(80) < 40, weak, strong)
    together = overlay(GREY, both, 10)
    np.testing.assert_array_equal(together[:, :40], overlay(GREY, weak, 10)[:, :40])
    np.testing.assert_array_equal(together[:, 40:], overlay(GREY, strong, 10)[:, 40:])
    np.testing.assert_array_equal(overlay(GREY, weak * 100, 10), overlay(GREY, weak * 5, 10))  # both full


def test_evidence_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        overlay(GREY, np.zeros((10, 10), np.float32), 10)


def test_the_written_picture_is_the_overlay(prediction: Prediction, tmp_path: Path) -> None:
    name = write(prediction, tmp_path, 5.0)
    assert prediction.pixels is not None
    assert prediction.evidence is not None
    written = cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(written, overlay(prediction.pixels, prediction.evidence, 5.0))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_scans_of_one_name_do_not_overwrite_each_other(prediction: Prediction, tmp_path: Path) -> None:
    others = [
        prediction,
        replace(prediction, sha256="0" * 64),
        replace(prediction, frame=0),
        replace(prediction, frame=1),
    ]
    assert len({write(other, tmp_path, 5.0) for other in others}) == 4


@pytest.mark.parametrize(
    "path", ["a\nb.png", "../../up.png", "\udcff.png", "é" * 200 + ".png", "-.png", "con"]
)
def test_odd_names_become_plain_files_in_the_folder(
    prediction: Prediction, tmp_path: Path, path: str
) -> None:
    name = write(replace(prediction, path=path), tmp_path, 5.0)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert name.isascii()
    assert name.isprintable()


def test_a_folder_that_is_gone_is_a_usage_error(prediction: Prediction, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write(prediction, tmp_path / "gone", 5.0)
