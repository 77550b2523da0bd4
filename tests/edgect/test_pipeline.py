"""What services and batches use of a loaded model."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgect import Classifier, Limits, ScanError
from edgect.model.backends import BACKENDS
from edgect.model.conformance import golden
from edgect.pipeline import Pipeline
from edgect.rows.columns import PROVENANCE_COLUMNS
from edgect.rows.prediction import Prediction


def untimed(prediction: Prediction) -> dict[str, object]:
    return {name: cell for name, cell in prediction.row().items() if name not in ("milliseconds", "threads")}


@pytest.fixture(scope="module", params=BACKENDS)
def pipeline(request: pytest.FixtureRequest) -> Pipeline:
    return Pipeline(backend=request.param, threads=3, many=True)


def test_its_rows_are_the_classifiers_whichever_way_the_engine_is_loaded(
    pipeline: Pipeline, mixed: tuple[Path, dict[str, str]]
) -> None:
    folder, statuses = mixed
    expected = list(Classifier(backend=pipeline.engine.backend, threads=1).classify([folder]))
    assert [prediction.status for prediction in expected] == list(statuses.values())
    for many in (False, True):
        predictions = [
            prediction
            for name in sorted(os.listdir(folder))
            for prediction in pipeline.classify_file(f"{folder}/{name}", many=many)
        ]
        assert [untimed(prediction) for prediction in predictions] == [untimed(each) for each in expected]


def test_so_many_files_go_on_at_once(pipeline: Pipeline) -> None:
    assert pipeline.parallel_files(many=False) == 1
    most = pipeline.parallel_files(many=True)
    assert most == 3 if pipeline.engine.backend == "onnxruntime" else 1 <= most <= 3


def test_its_settings_are_in_every_row(pipeline: Pipeline, scan: Path) -> None:
    (prediction,) = pipeline.classify_file(str(scan))
    settings = pipeline.row_settings()
    assert settings.keys() == {*PROVENANCE_COLUMNS, "names"}
    row = prediction.row()
    assert {name: row[name] for name in PROVENANCE_COLUMNS} == {
        name: settings[name] for name in PROVENANCE_COLUMNS
    }
    other = Pipeline(backend=pipeline.engine.backend, threshold=0.9).row_settings()
    assert other != settings


def test_a_file_that_nobody_could_read_gets_its_row(pipeline: Pipeline) -> None:
    prediction = pipeline.failure("gone.png", ScanError("it is gone"))
    assert (prediction.path, prediction.status, prediction.reason) == ("gone.png", "error", "it is gone")
    assert (prediction.probability, prediction.sha256) == (None, "")


def test_the_self_test_is_the_bundles(pipeline: Pipeline) -> None:
    engine = pipeline.engine
    summary = pipeline.self_test()
    assert golden.differences(pipeline.bundle, engine.backend, engine.precision, summary) == []


def test_limits_hold_for_content_in_memory() -> None:
    pipeline = Pipeline(backend="onnxruntime", limits=Limits(bytes=10))
    (prediction,) = pipeline.classify_content(bytes(11), "large.png")
    assert prediction.status == "error"
    assert "limit of 10 bytes" in prediction.reason
