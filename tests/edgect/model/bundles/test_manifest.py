"""What a manifest says, what is refused in it and in which words, and that it is written as it was read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgect import Classifier
from edgect.errors import ModelError
from edgect.model.bundles.bundle import BUNDLED, Bundle, bundled_names
from edgect.model.bundles.manifest import MANIFEST, Manifest
from edgect.model.decision.labels import Decision

Edit = Callable[[Callable[[dict[str, Any]], object]], Path]
REQUIRED = (
    "name",
    "version",
    "labels",
    "input",
    "input.name",
    "input.dtype",
    "input.shape",
    "input.steps",
    "window",
    "window.level",
    "window.width",
    "threshold",
    "temperature",
    "heat_map_scale",
    "gate",
    "gate.limits",
    "gate.limits.embedding",
    "gate.limits.view",
    "operating_points",
    "operating_points.balanced",
    "operating_points.screening.threshold",
    "conformal",
    "conformal.scores",
    "conformal.scores.COVID-19",
    "golden.pixels",
    "golden.answers",
    "golden.tolerance",
    "files",
)
NAN = float("nan")
WRONG_VALUES: list[tuple[str, object]] = [
    ("name", ""),
    ("name", 3),
    ("version", None),
    ("labels", []),
    ("labels", ["the same", "the same"]),
    ("labels", [1, 2]),
    ("input", []),
    ("input.dtype", "float32"),
    ("input.shape", [1, 131]),
    ("input.shape", [1, 131.0, 179]),
    ("input.shape", [1, 0, 179]),
    ("input.steps", []),
    ("input.steps", ["resize"]),
    ("window", 1500),
    ("window.level", "-600"),
    ("window.width", 0),
    ("threshold", None),
    ("threshold", 1.1),
    ("threshold", True),
    ("threshold", NAN),
    ("temperature", 0),
    ("temperature", NAN),
    ("heat_map_scale", -1),
    ("series_rule", 0.3),
    ("gate.limits", [20, 25]),
    ("gate.limits.view", 0),
    ("gate.limits.embedding", NAN),
    ("operating_points.balanced", 0.5),
    ("operating_points.screening.threshold", 2),
    ("conformal.scores.COVID-19", [0.5, 1.5]),
    ("conformal.scores.COVID-19", 0.5),
    ("golden", "none"),
    ("golden.answers", {"openvino int8": {"log_odds": "1"}}),
    ("golden.tolerance", []),
    ("files", ["int8.xml"]),
    ("files", {"int8.xml": 1}),
]


def parent(manifest: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    *sections, last = key.split(".")
    for section in sections:
        manifest = manifest[section]
    return manifest, last


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as refused:
        Bundle.load(folder)
    return str(refused.value)


@pytest.mark.parametrize("name", bundled_names())
def test_a_shipped_manifest_is_written_as_it_was_read(name: str) -> None:
    content = (BUNDLED / name / MANIFEST).read_bytes()
    manifest = Manifest.from_json(content, BUNDLED / name / MANIFEST)
    assert manifest.to_json().encode() == content
    assert manifest.document == json.loads(content)


@pytest.mark.parametrize("name", bundled_names())
def test_every_typed_value_is_that_of_the_document(name: str) -> None:
    path = BUNDLED / name / MANIFEST
    document, manifest = json.loads(path.read_bytes()), Bundle.load(name).manifest
    for key in ("schema", "name", "version", "threshold", "temperature", "heat_map_scale", "files"):
        assert getattr(manifest, key) == document[key]
    assert list(manifest.labels) == document["labels"]
    assert manifest.input._asdict() == document["input"] | {"shape": tuple(document["input"]["shape"])}
    assert manifest.window._asdict() == document["window"]
    assert manifest.gate._asdict() == document["gate"]["limits"]
    points = document["operating_points"]
    assert manifest.operating_points == {point: points[point]["threshold"] for point in points}
    assert manifest.conformal_scores == document["conformal"]["scores"]
    assert manifest.golden is not None
    assert manifest.golden._asdict().items() <= document["golden"].items()


def test_a_manifest_without_golden_answers_is_valid(edit_manifest: Edit) -> None:
    assert Bundle.load(edit_manifest(lambda manifest: manifest.pop("golden"))).manifest.golden is None


def test_letters_beyond_ascii_are_written_as_they_are(bundle: Bundle) -> None:
    document = {**bundle.manifest.document, "licence": "für Forschung"}
    text = Manifest.of(document, bundle.path / MANIFEST).to_json()
    assert "für Forschung" in text
    assert Manifest.from_json(text.encode(), bundle.path / MANIFEST).document == document


@pytest.mark.parametrize("schema", [0, 1, None])
def test_another_schema_is_refused(edit_manifest: Edit, schema: object) -> None:
    assert "schema" in refusal(edit_manifest(lambda manifest: manifest.update(schema=schema)))


@pytest.mark.parametrize("key", REQUIRED)
def test_a_key_that_is_missing_is_named(edit_manifest: Edit, key: str) -> None:
    def remove(manifest: dict[str, Any]) -> None:
        section, last = parent(manifest, key)
        del section[last]

    folder = edit_manifest(remove)
    message = f"{folder / MANIFEST}: {key} is missing. The bundle is damaged or was changed: copy it again"
    assert refusal(folder).startswith(message)


@pytest.mark.parametrize(("key", "value"), WRONG_VALUES, ids=[f"{k} = {v}" for k, v in WRONG_VALUES])
def test_a_wrong_value_is_named_with_what_it_must_be(edit_manifest: Edit, key: str, value: object) -> None:
    def change(manifest: dict[str, Any]) -> None:
        section, last = parent(manifest, key)
        section[last] = value

    assert f"{MANIFEST}: {key} must be " in refusal(edit_manifest(change))


@pytest.mark.parametrize(
    ("limits", "fault"),
    [
        ({"low": 0.4, "high": 0.3, "error_rate": 0.05}, "low must be at most series_rule.high"),
        ({"low": 0.1, "high": 1, "error_rate": 0.05}, "high must be a number between 0 and 1"),
        ({"low": 0.1, "high": 0.3}, "error_rate is missing"),
    ],
)
def test_limits_of_series_are_shares_in_order(edit_manifest: Edit, limits: object, fault: str) -> None:
    folder = edit_manifest(lambda manifest: manifest.update(series_rule=limits))
    assert f"{MANIFEST}: series_rule.{fault}" in refusal(folder)


def test_limits_of_series_are_those_of_the_manifest(edit_manifest: Edit) -> None:
    limits = {"low": 0.1, "high": 0.2, "error_rate": 0.1}
    folder = edit_manifest(lambda manifest: manifest.update(series_rule=limits))
    manifest = Manifest.from_json((folder / MANIFEST).read_bytes(), folder / MANIFEST)
    assert manifest.series_rule == (0.1, 0.2, 0.1)
    assert Decision.from_manifest(manifest).series_rule.limits == (0.1, 0.2, 0.1)


def test_every_fault_is_named_at_once(edit_manifest: Edit) -> None:
    def change(manifest: dict[str, Any]) -> None:
        manifest["threshold"] = 3
        del manifest["window"]["width"], manifest["gate"]["limits"]["view"]

    first, second, third = refusal(edit_manifest(change)).split("; ")
    assert first.endswith(f"{MANIFEST}: window.width is missing")
    assert second == "threshold must be a number from 0 to 1, not 3"
    assert third.startswith("gate.limits.view is missing. ")


def test_a_long_value_is_shortened(edit_manifest: Edit) -> None:
    assert len(refusal(edit_manifest(lambda manifest: manifest.update(name=["x" * 1000])))) < 500


def test_a_classifier_refuses_it_alike(edit_manifest: Edit) -> None:
    with pytest.raises(ModelError, match=r"input\.steps is missing"):
        Classifier(edit_manifest(lambda manifest: manifest["input"].pop("steps")), backend="onnxruntime")
