from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from edgect.errors import ModelError
from edgect.model.bundles.bundle import BUNDLED
from train.finetune.parent import Parent, read_parent
from train.multi_source.run import MultiSourceRun
from train.run import RunError

RUN = Path(__file__).parents[3] / "train/runs/lungs"


def test_a_bundles_network_answers_as_the_run_that_it_was_made_of() -> None:
    bundle, run = read_parent("lungs"), read_parent(str(RUN))
    images = torch.randint(0, 256, (2, 1, *run.recipe.image_size), dtype=torch.uint8)
    with torch.inference_mode():
        for own, expected in zip(bundle.network(images), run.network(images), strict=True):
            torch.testing.assert_close(own, expected, atol=1e-4, rtol=1e-4)
    assert bundle.recipe == run.recipe
    assert bundle.threshold == pytest.approx(run.threshold, abs=1e-5)
    bundles, runs = ({n: asdict(about) for n, about in own.about.items()} for own in (bundle, run))
    assert json.loads(json.dumps(bundles)) == json.loads(json.dumps(runs))


def test_a_bundle_of_the_papers_network_is_refused() -> None:
    with pytest.raises(RunError, match="was not trained across sources; start from `lungs`"):
        read_parent("cnn2")


def test_a_run_of_the_papers_is_refused() -> None:
    with pytest.raises(RunError, match="is no run of `multi-source fit` or `finetune`"):
        read_parent(str(RUN.with_name("cnn1")))


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ModelError):
        read_parent("no-such-bundle")


def test_a_finetuned_run_can_be_gone_on_from(
    finished: MultiSourceRun, parent: Parent, tmp_path: Path
) -> None:
    assert read_parent(str(finished.path)).weights_sha256 == parent.weights_sha256
    folder = Path(shutil.copytree(BUNDLED / "lungs", tmp_path / "lungs"))
    assert read_parent(str(folder)).name == json.loads((folder / "manifest.json").read_text())["name"]
