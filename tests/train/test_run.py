from __future__ import annotations

import json
from pathlib import Path

import pytest

import train
from edgect.model.bundles.bundle import Bundle
from train.data.arrangements import arrangement
from train.run import Run, RunError, TrainingSettings, file_sha256

RUNS = Path(train.__file__).parent / "runs"


@pytest.fixture
def whole(covid_ct: Path, tmp_path: Path) -> Run:
    run = Run(tmp_path / "whole")
    run.begin(TrainingSettings(threads=1), arrangement(1, covid_ct), 0.5, 0.25)
    return run


@pytest.fixture
def same(whole: Run) -> Run:
    """A run that keeps no list of its own, two folders down."""
    run = Run(whole.path.parent / "protocol" / "same")
    run.path.mkdir(parents=True)
    reference = {"same_as": "../../whole/split.json", "sha256": file_sha256(whole.path / "split.json")}
    (run.path / "split.json").write_text(json.dumps(reference))
    return run


def test_a_new_run_keeps_its_own_lists(whole: Run, covid_ct: Path) -> None:
    assert whole.split_file() == whole.path / "split.json"
    assert whole.arrangement() == arrangement(1, covid_ct)


def test_lists_are_read_from_the_run_that_is_named(whole: Run, same: Run) -> None:
    assert same.arrangement() == whole.arrangement()
    assert file_sha256(same.split_file()) == file_sha256(whole.split_file())


def test_lists_that_changed_since_are_refused_with_the_files_name(whole: Run, same: Run) -> None:
    changed = whole.path / "split.json"
    changed.write_text(changed.read_text().replace("train-0.png", "train-1.png", 1))
    with pytest.raises(RunError, match=r"whole/split\.json: has SHA-256 .*; restore it"):
        same.arrangement()
    changed.unlink()
    with pytest.raises(RunError, match=r"same/split\.json: names .*whole/split\.json, which is missing"):
        same.arrangement()


@pytest.mark.parametrize("path", sorted(RUNS.rglob("split.json")), ids=lambda path: str(path.parent))
def test_every_run_in_the_repository_has_the_lists_of_its_arrangement(path: Path) -> None:
    run = Run(path.parent)
    number = run.settings().arrangement
    assert run.arrangement().number == number
    bundled = Bundle.load(f"cnn{number}").manifest.document["training"]["split_sha256"]
    assert file_sha256(run.split_file()) == bundled
