from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from edgect.statistics.roc import auc
from tests.train.small_runs import SIZE, WEIGHTS, recipe
from train.data.occlusion import lungs_blanked
from train.data.sources import PARTS, read_source, released
from train.multi_source.crops import Crops
from train.multi_source.evaluation import (
    balanced_threshold,
    evaluate_items,
    evaluate_test_parts,
    validate,
)
from train.multi_source.fit import fit
from train.multi_source.run import MultiSourceRun
from train.networks import predict
from train.networks.light_cnn import LightCNN
from train.run import RunError

SEVERE = "mosmed, CT-0 against CT-2 to CT-4"


def test_validation_reads_the_validation_parts_of_the_trainings_sources(
    finished: MultiSourceRun, three: Path, cache: Path
) -> None:
    content = json.loads((finished.path / "validation.json").read_text())
    assert content["sources"].keys() == {*WEIGHTS, SEVERE}
    assert content["threshold"] == finished.threshold()
    validation = []
    for name in WEIGHTS:
        items = read_source(name, three).val
        crops = Crops.read(items, three, SIZE, cache)
        validation.append((items, predict.probabilities(predict.logits(finished.network(), crops.images))))
        assert content["sources"][name] == evaluate_items(*validation[-1], finished.threshold())
    assert finished.threshold() == balanced_threshold(validation)
    assert content["elsewhere"] == {}  # nothing else is there


def test_a_source_without_weight_is_not_validated_on(data: Path, tmp_path: Path) -> None:
    run, own = MultiSourceRun(tmp_path / "run"), tmp_path / "data"
    for name in ("mosmed", "sirm"):
        shutil.copytree(data / name, own / name)
    chosen = recipe(sources={"mosmed": 1.0, "sirm": 0.0}, crop=False, steps=1)
    fit(chosen, own, run, None)
    for item in read_source("sirm", own).val:
        (own / item.path).write_bytes(b"")
    content = validate(run, own)
    assert content["sources"].keys() == {"mosmed", SEVERE}
    assert content["elsewhere"] == {}


def test_sources_left_out_are_judged_at_the_threshold_without_their_test_parts(
    uncropped: MultiSourceRun, data: Path, tmp_path: Path
) -> None:
    own = tmp_path / "data"
    shutil.copytree(data, own, ignore=shutil.ignore_patterns("covid-ct"))
    for item in read_source("sirm", own).test:
        (own / item.path).write_bytes(b"")
    content = validate(uncropped, own)
    assert content["elsewhere"].keys() == {"sirm"}
    assert content["elsewhere"]["sirm"]["images"] == 36
    assert content["elsewhere"]["sirm"]["metrics"].keys() == {"sensitivity"}


@pytest.mark.filterwarnings("ignore:All-NaN")  # a network without training tells nothing apart
def test_auc_with_blanked_lungs_is_that_of_covid_cts_validation_part(
    data: Path, cache: Path, tmp_path: Path
) -> None:
    run, own = MultiSourceRun(tmp_path / "run"), tmp_path / "data"
    shutil.copytree(data / "covid-ct", own / "covid-ct")
    chosen = recipe(sources={"covid-ct": 1.0})
    network = LightCNN(upsample_groups=chosen.upsample_groups)
    run.begin_multi_source(chosen, network.mean, network.std, {}, {})
    torch.save(network.state_dict(), run.weights)
    content = validate(run, own, cache)
    items = read_source("covid-ct", data).val
    crops = Crops.read(items, data, SIZE, cache)
    blanked = np.array([lungs_blanked(*pair) for pair in zip(crops.images, crops.lungs, strict=True)])
    scores = predict.probabilities(predict.logits(network, blanked))
    assert content["blanked"] == pytest.approx(auc([item.label for item in items], scores))
    assert content["blanked"] != content["sources"]["covid-ct"]["metrics"]["auc"]


def test_without_a_threshold_nothing_is_read_and_it_is_said_what_to_do(
    uncropped: MultiSourceRun, data: Path
) -> None:
    with pytest.raises(RunError, match="no threshold yet; `multi-source validate` chooses it"):
        evaluate_test_parts(uncropped, data)
    assert uncropped.readings("test") == []


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the network the mean grey level, for tests of what is read rather than said."""

    def logits(network: LightCNN, images: np.ndarray) -> torch.Tensor:
        grey = torch.from_numpy(images.mean((1, 2)) / 255)
        return torch.stack([torch.zeros_like(grey), grey], 1)

    monkeypatch.setattr(predict, "logits", logits)


@pytest.mark.usefixtures("quick")
def test_every_reading_of_the_test_parts_is_written_down(
    uncropped: MultiSourceRun, data: Path, three: Path, tmp_path: Path
) -> None:
    validate(uncropped, three)
    first, second = (evaluate_test_parts(uncropped, data, tmp_path) for _ in range(2))
    assert first == second
    written = uncropped.readings("test")
    assert len(written) == 2
    for line in written:
        assert line.pop("date")
        assert line == json.loads(json.dumps(first))
    assert first["threshold"] == uncropped.threshold()
    left_out = released().keys() - WEIGHTS.keys()
    others = {*(f"{name}, all parts" for name in left_out), "test-2", SEVERE}
    assert first["sources"].keys() == released().keys() | others
    for name in released():
        source = read_source(name, data)
        assert first["sources"][name]["images"] == len(source.test)
        if name in left_out:
            every = sum(len(source.part(part)) for part in PARTS)
            assert first["sources"][f"{name}, all parts"]["images"] == every
    assert first["sources"]["test-2"]["images"] == 193
