"""`auto` takes the engine that is faster, measures once, and says which."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgect import Classifier
from edgect.model import backends
from edgect.model.backends import BACKENDS, choice
from edgect.model.bundles.bundle import Bundle
from edgect.pipeline import Pipeline


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGECT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(choice, "SECONDS", 0.02)
    return tmp_path


def test_engines_are_measured_once_and_the_choice_is_said() -> None:
    bundle = Bundle.load()
    first = choice.choose(bundle, "int8", 1, 1)
    assert not first.kept
    assert set(first.milliseconds) == set(BACKENDS)
    assert first.milliseconds[first.backend] <= choice.MIN_GAIN * min(first.milliseconds.values())
    again = choice.choose(bundle, "int8", 1, 1)
    assert again.kept
    assert (again.backend, again.milliseconds) == (first.backend, first.milliseconds)
    assert first.backend in first.text
    assert not choice.choose(bundle, "fp32", 1, 1).kept  # another question


@pytest.mark.parametrize(
    ("openvino", "onnxruntime", "chosen"),
    [(2.0, 1.0, "onnxruntime"), (1.0, 2.0, "openvino"), (1.02, 1.0, "openvino"), (1.04, 1.0, "onnxruntime")],
)
def test_the_default_stays_unless_another_is_clearly_faster(
    monkeypatch: pytest.MonkeyPatch, openvino: float, onnxruntime: float, chosen: str
) -> None:
    times = {"openvino": openvino, "onnxruntime": onnxruntime}
    monkeypatch.setattr(choice, "_measure", lambda *_: times)
    assert choice.choose(Bundle.load(), "int8", 1, 1).backend == chosen
    assert Pipeline(backend="auto", threads=1).engine.backend == chosen
    assert backends.load("auto", Bundle.load(), threads=1).engine.backend == chosen


def test_a_damaged_entry_is_measured_anew(cache: Path) -> None:
    choice.choose(Bundle.load(), "int8", 1, 1)
    for entry in cache.iterdir():
        entry.write_bytes(b"damaged")
    assert not choice.choose(Bundle.load(), "int8", 1, 1).kept


def test_rows_name_the_engine_that_was_used() -> None:
    classifier = Classifier(backend="auto", threads=1)
    row = classifier.predict("examples/scans/covid-saopaulo-0001.webp").row()
    assert row["backend"] in BACKENDS
