from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from edgect.statistics.roc import auc
from tests.train.small_runs import SIZE, recipe
from train.data.sources import read_source
from train.multi_source.crops import Crops
from train.multi_source.fit import fit
from train.multi_source.run import MultiSourceRun
from train.multi_source.trajectory import follow
from train.networks import predict
from train.run import RunError

pytestmark = pytest.mark.long

HOSPITALS = ["sars-cov-2-ct", "mosmed"]


@pytest.fixture(scope="module", autouse=True)
def hospitals() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("train.multi_source.fit.ROUND", 2)
        patch.setattr("train.multi_source.trajectory.of_last_layer", lambda: HOSPITALS)
        yield


@pytest.fixture(scope="module")
def kept(data: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> MultiSourceRun:
    """Trained without COVID-CT; what it was after two and four steps is kept."""
    run = MultiSourceRun(tmp_path_factory.mktemp("runs") / "kept")
    fit(recipe(steps=4, dense_from=2, average_decay=0.9), data, run, None, cache=cache, keep_every=2)
    return run


def test_a_source_left_out_is_judged_along_the_way_and_no_test_part_is_opened(
    kept: MultiSourceRun, data: Path, cache: Path, tmp_path: Path
) -> None:
    own = Path(shutil.copytree(data, tmp_path / "data"))
    for name in ("covid-ct", *HOSPITALS):
        for item in read_source(name, own).test:
            (own / item.path).write_bytes(b"no image")
    content = follow(kept, own)  # from the files: there is no cache
    assert content == json.loads(kept.trajectory_file.read_text())
    assert content["left_out"] == ["covid-ct"]
    source = read_source("covid-ct", data)
    assert content["slices"].keys() == {"covid-ct", *HOSPITALS}
    assert content["slices"]["covid-ct"] == len(source.train) + len(source.val)
    places = [(own["steps"], own["averaging"]) for own in content["along"]][::2]
    assert places == [(2, "none"), (2, "exponential"), (4, "none"), (4, "exponential"), (4, "dense")]
    layers = {own["last_layer"] for own in content["along"]}
    assert layers == {"as trained", "fitted to the others"}
    crops = Crops.read(source.train + source.val, data, SIZE, cache)
    logits = predict.logits(kept.member(), crops.images)
    expected = auc([item.label for item in crops.items], (logits[:, 1] - logits[:, 0]).numpy())
    last = content["along"][-4]  # the exponential average of the last step, as trained
    assert last["auc"]["covid-ct"] == pytest.approx(expected)


def test_the_weights_themselves_are_kept_too(kept: MultiSourceRun) -> None:
    last = torch.load(kept.checkpoint, weights_only=True)["network"]
    assert torch.equal(kept.member_at(4, "none").classifier.weight, last["classifier.weight"])
    assert not torch.equal(kept.member_at(2, "none").classifier.weight, last["classifier.weight"])


def test_runs_that_kept_nothing_or_left_nothing_out(
    finished: MultiSourceRun, data: Path, cache: Path, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="--keep-every"):
        follow(finished, data, cache)
    run, sources = MultiSourceRun(tmp_path / "all"), {"covid-ct": 1.0, **finished.recipe().sources}
    fit(recipe(sources=sources, steps=2), data, run, None, cache=cache, keep_every=2)
    with pytest.raises(RunError, match="--leave-out"):
        follow(run, data, cache)


def test_weights_that_an_older_run_did_not_keep(
    kept: MultiSourceRun, data: Path, cache: Path, tmp_path: Path
) -> None:
    older = MultiSourceRun(Path(shutil.copytree(kept.path, tmp_path / "older")))
    both = torch.load(older.snapshot(2), weights_only=True)
    del both["none"]
    torch.save(both, older.snapshot(2))
    with pytest.raises(RunError, match="keeps exponential, dense alone, not none"):
        follow(older, data, cache)
