"""What is no chest CT slice gets no answer, and says why."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from edgect import Classifier
from edgect.errors import ModelError, ScanError
from edgect.model.backends import BACKENDS, PRECISIONS
from edgect.model.bundles.bundle import Bundle, bundled_names
from edgect.model.decision.out_of_distribution import (
    FILE,
    VIEW,
    Gaussian,
    OutOfDistributionDetector,
    lung_view,
    no_lungs_rejection,
    picture_rejection,
)
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import Frame
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


CROP = {"step": "lungs", "margin": 0.06, "air": 32, "tissue": 208}
GREY = Frame(None, None)


def gaussian(limit: float, size: int = 1) -> Gaussian:
    return Gaussian(np.zeros(size, np.float32), np.eye(size, dtype=np.float32), limit)


def reason(rejection: ScanError | None) -> str:
    assert rejection is not None
    assert rejection.status == "rejected"
    return str(rejection)


def test_the_distance_is_that_of_mahalanobis() -> None:
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(4, 4))
    covariance = factors @ factors.T + np.eye(4)
    mean, values = rng.normal(size=4), rng.normal(size=4)
    whitening = np.linalg.cholesky(np.linalg.inv(covariance)).astype(np.float32)
    expected = np.sqrt((values - mean) @ np.linalg.inv(covariance) @ (values - mean))
    assert Gaussian(mean.astype(np.float32), whitening, 1).distance(values) == pytest.approx(
        expected, rel=1e-5
    )


def test_a_limit_itself_is_not_beyond_it_and_the_embedding_comes_first() -> None:
    detector = OutOfDistributionDetector(gaussian(2.5), gaussian(5, 2))
    near, far = np.array([[3], [4]], np.uint8), np.array([[6], [8]], np.uint8)
    assert detector.rejection(2.5, near) is None
    assert reason(detector.rejection(2.51, far)) == (
        "not like the slices the network learned from: distance 2.5, over the limit of 2.5"
    )
    assert reason(detector.rejection(0, far)) == (
        "lungs do not look as on upright axial chest slices: distance 10.0, over the limit of 5.0"
    )


def striped(dark: int, bright: int, height: int = 64, width: int = 64) -> NDArray[np.uint8]:
    """Left half dark, right half bright."""
    pixels = np.full((height, width), dark, np.uint8)
    pixels[:, width // 2 :] = bright
    return pixels


def test_sides_of_32_pixels_are_enough_and_both_count() -> None:
    assert picture_rejection(GREY, striped(0, 200, 32, 32)) is None
    assert (
        reason(picture_rejection(GREY, striped(0, 200, 31, 40)))
        == "image of 40x31 is too small for a CT slice"
    )
    assert (
        reason(picture_rejection(GREY, striped(0, 200, 40, 31)))
        == "image of 31x40 is too small for a CT slice"
    )


def test_more_than_a_fifth_in_colour_is_a_picture() -> None:
    assert picture_rejection(Frame(None, None, coloured=0.2), striped(0, 200)) is None
    assert reason(picture_rejection(Frame(None, None, coloured=0.204), striped(0, 200))) == (
        "a picture in colour (20 % of its pixels), not a CT slice"
    )


def test_grey_levels_must_be_12_apart() -> None:
    assert picture_rejection(GREY, striped(100, 112)) is None
    assert reason(picture_rejection(GREY, striped(100, 111))) == (
        "almost blank: nearly all pixels lie within 11 grey levels"
    )


@pytest.mark.parametrize("side", [100, 128, 256, 300, 512])
@pytest.mark.parametrize(("share", "blank"), [(0.004, True), (0.03, False)])
@pytest.mark.parametrize("levels", [(0, 255), (255, 0)])
def test_a_hundredth_of_the_pixels_does_not_count(
    side: int, share: float, blank: bool, levels: tuple[int, int]
) -> None:
    pixels = np.full((side, side), levels[0], np.uint8)
    places = np.random.default_rng(0).choice(pixels.size, int(share * pixels.size), replace=False)
    pixels.flat[places] = levels[1]
    assert (picture_rejection(GREY, pixels) is not None) == blank


@pytest.mark.parametrize(("share", "blank"), [(0.009, True), (0.015, False)])
@pytest.mark.parametrize("levels", [(0, 255), (255, 0)])
def test_it_is_one_hundredth_at_either_end(share: float, blank: bool, levels: tuple[int, int]) -> None:
    pixels = np.full((100, 100), levels[0], np.uint8)
    pixels.flat[: int(share * pixels.size)] = levels[1]
    assert (picture_rejection(GREY, pixels) is not None) == blank


def test_without_lungs_the_reason_says_so() -> None:
    assert reason(no_lungs_rejection()) == (
        "no lungs found: not a slice of the chest, or one on which they cannot be told from the rest"
    )


@pytest.mark.parametrize("axis", [0, 1])
def test_every_second_row_and_column_of_256_is_looked_at(axis: int) -> None:
    pixels = np.zeros((256, 256), np.uint8)
    pixels.swapaxes(0, axis)[1::2] = 200
    assert "within 0 grey levels" in reason(picture_rejection(GREY, pixels))
    assert picture_rejection(GREY, pixels[:255, :255]) is None


def small(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(crop, (16, 12), interpolation=cv2.INTER_AREA), np.uint8)


def test_of_a_network_of_whole_slices_the_view_is_a_crop_of_the_detectors_own() -> None:
    pixels = body()
    crop, placement = Preprocess([CROP])(pixels)
    assert placement.region == "lungs"
    view = lung_view(pixels, pixels[np.newaxis], "slice", cropped=False)
    assert view is not None
    assert view.shape == VIEW
    np.testing.assert_array_equal(view, small(crop[0]))
    assert lung_view(FOREIGN["noise"], FOREIGN["noise"][np.newaxis], "slice", cropped=False) is None


def test_of_a_network_of_lungs_the_view_is_its_input() -> None:
    prepared, _ = Preprocess([{**CROP, "margin": 0.2}])(body())
    view = lung_view(body(), prepared, "lungs", cropped=True)
    assert view is not None
    np.testing.assert_array_equal(view, small(prepared[0]))
    assert lung_view(body(), body()[np.newaxis], "slice", cropped=True) is None


@pytest.mark.parametrize("model", bundled_names())
def test_a_bundles_detector_is_of_its_file_and_its_manifest(model: str) -> None:
    bundle = Bundle.load(model)
    detector = OutOfDistributionDetector.load(bundle)
    for name, size in (("embedding", 128), ("view", VIEW[0] * VIEW[1])):
        fitted: Gaussian = getattr(detector, name)
        assert (fitted.mean.shape, fitted.whitening.shape) == ((size,), (size, size))
        assert fitted.limit == getattr(bundle.manifest.gate, name)


@pytest.mark.parametrize("damage", ["no arrays", "no view", "objects"])
def test_a_file_of_another_kind_is_a_model_error(
    edit_manifest: Callable[[Callable[[dict[str, Any]], object]], Path], bundle_copy: Path, damage: str
) -> None:
    file = bundle_copy / FILE
    if damage == "no arrays":
        file.write_bytes(b"PK\x03\x04 no archive")
    else:
        with np.load(file) as arrays:
            kept = {name: array for name, array in arrays.items() if name != "view_whitening"}
        if damage == "objects":
            kept["view_whitening"] = np.array([None])
        np.savez(file, **kept)  # type: ignore[arg-type]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    bundle = Bundle.load(edit_manifest(lambda manifest: manifest["files"].update({FILE: digest})))
    with pytest.raises(ModelError, match=r"gate\.npz: cannot be used"):
        OutOfDistributionDetector.load(bundle)
