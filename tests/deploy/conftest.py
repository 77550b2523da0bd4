from __future__ import annotations

from pathlib import Path

import pytest

from tests import sources_folder
from tests.deploy import multi_source_run
from tests.deploy.command import deploy
from tests.few_slices import few_slices
from train.multi_source.run import MultiSourceRun
from train.paper.fit import fit
from train.run import Run, TrainingSettings

SMALL = ("--calibration-size", "60", "--steps", "6")


@pytest.fixture(scope="session")
def run(covid_ct: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A short training at a small size, on few invented slices."""
    run = Run(tmp_path_factory.mktemp("runs") / "tiny")
    settings = TrainingSettings(
        image_size=67, epochs=6, more_epochs=0, augmentation="none", average_decay=0.8, threads=1
    )
    with few_slices():
        fit(settings, covid_ct, run)
    return run


@pytest.fixture(scope="session")
def bundle_and_output(run: Run, covid_ct: Path, tmp_path_factory: pytest.TempPathFactory):
    out = tmp_path_factory.mktemp("bundles") / "tiny"
    done = deploy(run.path, covid_ct, out, *SMALL)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of all sources, of invented slices. Read only."""
    return sources_folder.write(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="session")
def multi_source_training(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> MultiSourceRun:
    return multi_source_run.write(tmp_path_factory.mktemp("runs") / "across", sources)


@pytest.fixture(scope="session")
def lungs_bundle(
    multi_source_training: MultiSourceRun, sources: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Of `multi_source_training`, test parts read."""
    out = tmp_path_factory.mktemp("bundles") / "lungs"
    done = deploy(multi_source_training.path, sources, out, *SMALL, "--test")
    assert done.returncode == 0, done.stderr
    return out
