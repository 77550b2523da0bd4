from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from edgect.statistics.roc import auc
from tests.train.small_runs import SIZE
from train.analysis.source_evidence import measure_source_evidence, whole_slices
from train.data.arrangements import arrangement
from train.data.covid_ct import DataError, Item
from train.data.images import load_images
from train.data.sources import read_source
from train.multi_source.crops import Crops
from train.multi_source.run import MultiSourceRun
from train.networks import predict
from train.networks.light_cnn import LightCNN
from train.run import Run, TrainingSettings

NAME = "sars-cov-2-ct"


@pytest.fixture(autouse=True)
def one_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.analysis.source_evidence.released", lambda: {NAME: 1.0})


def auc_of(run: Run, images: np.ndarray, items: list[Item]) -> float:
    scores = predict.probabilities(predict.logits(run.network(), images))
    return auc([item.label for item in items], scores)


@pytest.mark.long
def test_a_network_of_crops_is_judged_on_crops(finished: MultiSourceRun, three: Path, cache: Path) -> None:
    result = measure_source_evidence(finished, three, cache)
    json.dumps(result, allow_nan=False)
    items = read_source(NAME, three).test
    crops = Crops.read(items, three, SIZE, cache)
    measured = result["sources"][NAME]
    assert (measured["images"], measured["without_lungs"]) == (40, 0)
    assert measured["auc"]["as_is"]["auc"] == pytest.approx(auc_of(finished, crops.images, items))
    shares = measured["in_lungs"]["all"]
    assert shares["area"] == pytest.approx(crops.lungs.mean())
    assert shares["interval"][0] <= shares["share"] <= shares["interval"][1]


@pytest.mark.long
def test_a_network_of_whole_slices_is_judged_on_whole_slices(uncropped: MultiSourceRun, three: Path) -> None:
    items = read_source(NAME, three).test
    images = Crops.read(items, three, SIZE, crop=False).images
    measured = measure_source_evidence(uncropped, three)["sources"][NAME]
    assert measured["without_lungs"] == 0
    assert measured["auc"]["as_is"]["auc"] == pytest.approx(auc_of(uncropped, images, items))
    assert 0.15 < measured["in_lungs"]["all"]["area"] < 0.3


@pytest.mark.long
def test_so_are_the_papers(data: Path, tmp_path: Path) -> None:
    run, network = Run(tmp_path / "run"), LightCNN()
    run.begin(TrainingSettings(image_size=67), arrangement(1, data), network.mean, network.std)
    run.finish(network.state_dict(), {})
    items = read_source(NAME, data).test
    measured = measure_source_evidence(run, data)["sources"][NAME]
    assert measured["auc"]["as_is"]["auc"] == pytest.approx(auc_of(run, load_images(items, data, 67), items))


def test_lungs_of_a_whole_slice_lie_where_they_are_drawn(three: Path) -> None:
    items = read_source(NAME, three).test[::8]
    images, masks = whole_slices(items, three, (96, 120))
    assert images.shape == masks.shape == (5, 96, 120)
    y, x = np.mgrid[:96, :120] / np.array([96, 120])[:, None, None] - 0.5
    drawn = sum(((x - side) / 0.14) ** 2 + (y / 0.26) ** 2 < 1 for side in (-0.2, 0.2)) > 0
    for mask in masks:
        assert 2 * (mask & drawn).sum() / (mask.sum() + drawn.sum()) > 0.85


def test_an_unreadable_slice_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"")
    with pytest.raises(DataError, match=re.escape("broken.png")):
        whole_slices([Item("broken.png", 1, "a")], tmp_path, SIZE)
