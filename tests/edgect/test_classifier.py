from __future__ import annotations

import hashlib
import math
import os
import threading
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from PIL import Image

import edgect
from edgect import Classifier, ModelError, Prediction, UsageError
from edgect.model.backends import BACKENDS
from edgect.rows.columns import COLUMNS
from tests.edgect.synthetic import body, encode, write_scan


def write_pages(path: Path, count: int = 3) -> Path:
    rest = [Image.fromarray(body(seed)) for seed in range(1, count)]
    path.write_bytes(encode(body(), "TIFF", save_all=True, append_images=rest))
    return path


def untimed(result: Prediction) -> tuple[object, ...]:
    return tuple(value for name, value in result.row().items() if name not in ("milliseconds", "threads"))


def test_one_file_gives_a_typed_answer(classifier: Classifier, scan: Path) -> None:
    result = classifier.predict(scan)
    assert isinstance(result, Prediction)
    assert (result.path, result.status, result.reason, result.frame) == (str(scan), "ok", "", None)
    assert result.probability is not None
    assert 0 <= result.probability <= 1
    assert result.label == ("COVID-19" if result.probability >= 0.5 else "not COVID-19")
    assert result.sha256 == hashlib.sha256(scan.read_bytes()).hexdigest()
    assert (result.model, result.bundle) == (classifier.bundle.name, classifier.bundle.digest[:12])
    assert (result.backend, result.precision, result.threads) == (classifier.engine.backend, "int8", 1)
    assert result.pixels is None
    assert result.evidence is None


def test_the_answer_hangs_on_the_picture_and_repeats(classifier: Classifier, tmp_path: Path) -> None:
    paths = [write_scan(tmp_path / f"{seed}.png", seed) for seed in range(3)]
    first = [classifier.predict(path).probability for path in paths]
    assert first == [classifier.predict(path).probability for path in paths]
    assert len(set(first)) == 3


def test_the_same_picture_in_another_format_gives_the_same_answer(
    classifier: Classifier, tmp_path: Path, scan: Path
) -> None:
    (tmp_path / "same.tif").write_bytes(encode(body(), "TIFF", "RGB", compression="tiff_lzw"))
    assert classifier.predict(tmp_path / "same.tif").probability == classifier.predict(scan).probability


def test_the_row_begins_with_the_agreed_columns(classifier: Classifier, scan: Path) -> None:
    row = classifier.predict(scan, evidence=True).row()
    assert list(row)[:5] == ["path", "status", "label", "probability", "reason"]
    assert tuple(row) == COLUMNS
    assert all(value is None or isinstance(value, str | int | float) for value in row.values())


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", "error"), (b"\x89PNG\r\n\x1a\n", "error"), (encode(body() * 0, "PNG"), "rejected")],
)
def test_a_bad_file_says_so_itself(
    classifier: Classifier, tmp_path: Path, content: bytes, status: str
) -> None:
    (tmp_path / "bad.png").write_bytes(content)
    result = classifier.predict(tmp_path / "bad.png")
    assert (result.status, result.label, result.probability) == (status, "", None)
    assert result.reason


def test_a_missing_file_and_a_folder_say_so_themselves(classifier: Classifier, tmp_path: Path) -> None:
    for path in (tmp_path / "missing.png", tmp_path):
        result = classifier.predict(path)
        assert (result.status, result.sha256) == ("error", "")
        assert result.reason


def test_evidence_lies_on_the_slice_and_means_the_log_odds(classifier: Classifier, tmp_path: Path) -> None:
    height, width = (side // 4 * 3 for side in classifier.bundle.manifest.input.shape[1:])
    result = classifier.predict(write_scan(tmp_path / "x.png", 1, height, width), evidence=True)
    assert result.probability is not None
    assert result.pixels is not None
    assert result.evidence is not None
    assert result.pixels.shape == result.evidence.shape == (height, width)
    np.testing.assert_array_equal(result.pixels, body(1, height, width))
    log_odds = (
        math.log(result.probability / (1 - result.probability)) * classifier.bundle.manifest.temperature
    )
    inside = result.evidence[result.evidence != 0]  # there is none round a crop
    rounding = 1e-3 if result.region == "slice" else 1e-3 * float(np.ptp(inside))  # a crop has any size
    assert float(inside.mean()) == pytest.approx(log_odds, abs=rounding)
    assert np.ptp(result.evidence) > 0.01


def test_asking_for_evidence_does_not_change_the_answer(classifier: Classifier, scan: Path) -> None:
    assert classifier.predict(scan, evidence=True).probability == classifier.predict(scan).probability


def test_classify_answers_in_order_and_repeats_what_is_repeated(classifier: Classifier, scans: Path) -> None:
    inputs = [scans / "sub", scans / "b.png", scans, scans / "b.png"]
    names = [os.path.relpath(result.path, scans) for result in classifier.classify(inputs)]
    assert names == ["sub/c.png", "b.png", "a.png", "b.png", "sub/c.png", "b.png"]


def test_classify_answers_as_soon_as_it_knows(classifier: Classifier, scans: Path) -> None:
    answers = classifier.classify([scans])
    assert next(answers).path == str(scans / "a.png")
    (scans / "b.png").unlink()  # not yet read
    assert [result.status for result in answers] == ["error", "ok"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_many_files_on_many_threads_get_the_answers_of_one(
    classifier: Classifier, backend: str, mixed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    folder, statuses = mixed
    write_pages(folder / "l_pages.tif", 9)
    alone = Classifier(backend=backend, threads=1)
    expected = [
        result for name in sorted(os.listdir(folder)) for result in alone.classify_file(f"{folder}/{name}")
    ]
    together = Classifier(backend=backend, threads=3)
    assert [untimed(result) for result in together.classify([folder])] == [
        untimed(prediction) for prediction in expected
    ]
    assert together.predict(folder / "k_good.png").probability == expected[len(statuses) - 1].probability


def test_an_iterator_that_is_given_up_leaves_no_thread_behind(scans: Path) -> None:
    before = set(threading.enumerate())
    answers = Classifier(backend="onnxruntime", threads=3).classify([scans])
    assert next(answers).status == "ok"
    assert set(threading.enumerate()) > before
    answers.close()  # type: ignore[attr-defined]
    assert set(threading.enumerate()) == before


def test_bad_files_do_not_stop_the_rest(classifier: Classifier, mixed: tuple[Path, dict[str, str]]) -> None:
    folder, statuses = mixed
    result = list(classifier.classify([folder]))
    assert {Path(prediction.path).name: prediction.status for prediction in result} == statuses
    assert [Path(prediction.path).name for prediction in result] == list(statuses)
    assert all(bool(prediction.reason) != (prediction.status == "ok") for prediction in result)


def test_every_frame_gets_its_answer(classifier: Classifier, tmp_path: Path) -> None:
    path = write_pages(tmp_path / "pages.tif")
    result = list(classifier.classify([path]))
    assert [(prediction.frame, prediction.status, prediction.path) for prediction in result] == [
        (n, "ok", str(path)) for n in range(3)
    ]
    for seed, prediction in enumerate(result):
        alone = classifier.predict(write_scan(tmp_path / f"{seed}.png", seed))
        assert prediction.probability == alone.probability


def test_predict_answers_on_one_slice_only(classifier: Classifier, tmp_path: Path) -> None:
    path = write_pages(tmp_path / "pages.tif")
    start = perf_counter()
    result = classifier.predict(path)
    assert (result.status, result.label, result.probability, result.frame) == ("error", "", None, None)
    assert "several frames" in result.reason
    assert result.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert result.milliseconds <= (perf_counter() - start) * 1000 + 0.01


def test_at_the_threshold_itself_the_label_is_covid(scan: Path) -> None:
    probability = Classifier(backend="onnxruntime").predict(scan).probability
    assert probability is not None
    at = Classifier(backend="onnxruntime", threshold=probability).predict(scan)
    above = Classifier(backend="onnxruntime", threshold=math.nextafter(probability, 2)).predict(scan)
    assert (at.label, at.threshold) == ("COVID-19", probability)
    assert above.label == "not COVID-19"


def test_the_default_threshold_is_the_bundles(classifier: Classifier) -> None:
    assert classifier.threshold == classifier.bundle.manifest.threshold


@pytest.mark.parametrize("threshold", [-0.01, 1.01, math.nan, math.inf])
def test_a_threshold_that_is_no_probability_is_refused(threshold: float) -> None:
    with pytest.raises(UsageError, match="threshold"):
        Classifier(threshold=threshold)


def test_an_unknown_backend_or_model_is_refused() -> None:
    with pytest.raises(UsageError, match="tpu"):
        Classifier(backend="tpu")
    with pytest.raises(ModelError, match="resnet"):
        Classifier("resnet")


def test_missing_paths_are_refused_before_anything_is_read(classifier: Classifier, scan: Path) -> None:
    with pytest.raises(UsageError, match="missing"):
        next(classifier.classify([scan, scan.parent / "missing.png"]))


def test_the_example_scans_are_answered(classifier: Classifier) -> None:
    folder = Path(__file__).parents[2] / "examples" / "scans"
    if not folder.is_dir() or not any(folder.iterdir()):
        pytest.skip("no examples/scans")
    assert {result.status for result in classifier.classify([folder])} == {"ok"}


def test_the_package_offers_what_it_says() -> None:
    for name in edgect.__all__:
        assert getattr(edgect, name)
    assert {"Bundle", "Classifier", "EdgectError", "Limits", "Prediction", "ScanError"} <= set(edgect.__all__)
    assert issubclass(edgect.UsageError, edgect.EdgectError)
    with pytest.raises(AttributeError, match="Nothing"):
        edgect.Nothing  # noqa: B018


def test_a_file_in_memory_gets_the_answer_of_one_on_the_disk(classifier: Classifier, scan: Path) -> None:
    (on_disk,) = classifier.classify_file(str(scan))
    (in_memory,) = classifier.classify_content(scan.read_bytes(), str(scan))
    assert untimed(in_memory) == untimed(on_disk)
    (empty,) = classifier.classify_content(b"", "nothing.png")
    assert (empty.status, empty.reason) == ("error", "empty file (0 bytes)")
