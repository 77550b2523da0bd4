"""What is no chest CT slice gets no answer, and says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from edgect import Classifier
from edgect.errors import ModelError
from edgect.model.backends import BACKENDS, PRECISIONS
from edgect.model.bundles.bundle import bundled_names
from tests.edgect.conftest import open_gate
from tests.edgect.synthetic import SCANS, body

PHOTOGRAPH = Path(__file__).parents[3] / "train/espresso.jpg"
RNG = np.random.default_rng(0)


def page() -> NDArray[np.uint8]:
    image = Image.new("L", (600, 800), 255)
    for line in range(20, 780, 24):
        ImageDraw.Draw(image).text((30, line), "Chest CT was done on the second day and showed opacities.")
    return np.asarray(image)


FOREIGN = {
    "noise": RNG.integers(0, 256, (300, 300), np.uint8),
    "page": page(),
    "inverted": 255 - body(),
    "turned": np.rot90(body()),
    "almost blank": (128 + RNG.integers(0, 8, (200, 200))).astype(np.uint8),
    "corner": body(0, 400, 500)[:200, :250],
}


@pytest.mark.parametrize("model", bundled_names())
@pytest.mark.parametrize("picture", FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_upright_chest_slice_is_rejected(
    tmp_path: Path, picture: NDArray[np.uint8], model: str
) -> None:
    Image.fromarray(np.ascontiguousarray(picture)).save(tmp_path / "x.png")
    prediction = Classifier(model, "onnxruntime").predict(tmp_path / "x.png")
    assert (prediction.status, prediction.label, prediction.probability) == ("rejected", "", None)
    assert prediction.reason


@pytest.mark.parametrize("model", bundled_names())
def test_a_photograph_is_rejected_for_its_colour(model: str) -> None:
    prediction = Classifier(model, "onnxruntime").predict(PHOTOGRAPH)
    assert prediction.status == "rejected"
    assert prediction.reason.startswith("a picture in colour (")


def test_an_arrow_in_colour_is_no_reason(tmp_path: Path) -> None:
    figure = Image.fromarray(body()).convert("RGB")
    ImageDraw.Draw(figure).line((5, 5, 25, 20), "red", 2)
    figure.save(tmp_path / "figure.png")
    assert Classifier(backend="onnxruntime").predict(tmp_path / "figure.png").status == "ok"


def test_engines_and_precisions_reject_the_same(tmp_path: Path) -> None:
    Image.fromarray(FOREIGN["inverted"]).save(tmp_path / "x.png")
    paths = [*sorted(SCANS.iterdir()), tmp_path / "x.png", PHOTOGRAPH]
    statuses = {
        tuple(
            prediction.status
            for prediction in Classifier(backend=backend, precision=precision).classify(paths)
        )
        for backend in BACKENDS
        for precision in PRECISIONS
    }
    assert statuses == {("ok",) * 8 + ("rejected",) * 2}


def test_the_distance_is_in_the_row_of_an_answer_and_in_the_reason_of_a_rejection(
    edit_manifest: Callable[[Callable[[dict[str, Any]], object]], Path], scan: Path
) -> None:
    distance = Classifier(backend="onnxruntime").predict(scan).distance
    assert distance is not None

    def below(manifest: dict[str, Any]) -> None:
        manifest["gate"]["limits"]["embedding"] = distance - 0.1

    prediction = Classifier(edit_manifest(below), backend="onnxruntime").predict(scan)
    assert (prediction.status, prediction.distance, prediction.probability) == ("rejected", distance, None)
    assert f"distance {distance:.1f}, over the limit of {distance - 0.1:.1f}" in prediction.reason


def test_without_the_detector_everything_is_answered_and_the_reason_kept(tmp_path: Path) -> None:
    accepting = Classifier(backend="onnxruntime", gate=False)
    Image.fromarray(FOREIGN["noise"]).save(tmp_path / "x.png")
    for path in (tmp_path / "x.png", PHOTOGRAPH):
        prediction = accepting.predict(path)
        assert prediction.status == "ok"
        assert prediction.probability is not None
        assert prediction.reason == Classifier(backend="onnxruntime").predict(path).reason


def test_a_detector_without_limits_wants_lungs_alone(
    edit_manifest: Callable[[Callable[[dict[str, Any]], object]], Path], tmp_path: Path
) -> None:
    Image.fromarray(np.ascontiguousarray(FOREIGN["turned"])).save(tmp_path / "x.png")
    assert (
        Classifier(edit_manifest(open_gate), backend="onnxruntime").predict(tmp_path / "x.png").status == "ok"
    )


@pytest.mark.parametrize("limit", [None, 0, "far"])
def test_a_manifest_without_limits_is_a_model_error(
    edit_manifest: Callable[[Callable[[dict[str, Any]], object]], Path], limit: object
) -> None:
    with pytest.raises(ModelError, match="gate"):
        Classifier(edit_manifest(lambda manifest: manifest["gate"]["limits"].update(view=limit)))
