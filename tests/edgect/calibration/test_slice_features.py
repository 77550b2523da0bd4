"""Slices as a bundle sees them: the same as its answers are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgect import Bundle, Classifier
from edgect.calibration.gate_limits import accepted
from edgect.calibration.slice_features import SliceFeatures, read_features
from edgect.model import backends
from edgect.model.backends import BACKENDS
from edgect.model.bundles.head import read_head
from edgect.model.decision.out_of_distribution import OutOfDistributionDetector
from edgect.sources.labels import Case


def read(bundle: Bundle, paths: list[str], backend: str, threads: int = 2) -> SliceFeatures:
    cases = [Case(path, number % 2) for number, path in enumerate(paths)]
    session = backends.load(backend, bundle, "int8", threads, threads)
    return read_features(bundle, session, cases, {path: Path(path).name for path in paths})


@pytest.mark.parametrize("backend", BACKENDS)
def test_they_are_what_answers_are_made_of(
    bundle: Bundle, mixed: tuple[Path, dict[str, str]], backend: str
) -> None:
    folder, statuses = mixed
    paths = [str(folder / name) for name in statuses]
    features = read(bundle, paths, backend)
    classifier = Classifier(bundle.path, backend=backend, threads=2)
    predictions = [next(classifier.classify_file(path)) for path in paths]
    assert [case.path for case in features.cases] == paths
    assert features.units.tolist() == list(statuses)
    answered = accepted(OutOfDistributionDetector.load(bundle), features)
    assert answered.tolist() == [each.status == "ok" for each in predictions]
    for number, each in enumerate(predictions):
        if each.status == "ok":
            probability = 1 / (1 + np.exp(-features.log_odds[number] / bundle.manifest.temperature))
            assert probability == pytest.approx(each.probability, abs=1e-6)
        else:
            assert (features.statuses[number], features.reasons[number]) == (each.status, each.reason)


def test_log_odds_are_the_heads_of_the_embedding(bundle: Bundle, scans: Path) -> None:
    features = read(bundle, [str(path) for path in sorted(scans.rglob("*.png"))], "onnxruntime")
    head = read_head(bundle)
    expected = features.embeddings @ head.weight.T + head.bias
    assert features.logits == pytest.approx(expected, abs=1e-4)


def test_some_of_them_are_theirs(bundle: Bundle, scans: Path) -> None:
    features = read(bundle, [str(path) for path in sorted(scans.rglob("*.png"))], "onnxruntime", 1)
    some = features.where(np.array([False, True, True]))
    assert some.cases == features.cases[1:]
    assert some.log_odds.tolist() == features.log_odds[1:].tolist()
    assert some.labels.tolist() == [True, False]
