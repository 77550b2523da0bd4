from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.__main__ import main
from deploy.verification import engine_parity
from tests import sources_folder
from tests.deploy import multi_source_run
from tests.deploy.command import deploy
from train.multi_source.run import MultiSourceRun
from train.paper.fit import fit
from train.run import Run, TrainingSettings

SMALL = ("--calibration-size", "60", "--steps", "6")


@pytest.fixture(scope="session")
def run(covid_ct: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A short training at a small size, on invented slices."""
    run = Run(tmp_path_factory.mktemp("runs") / "tiny")
    settings = TrainingSettings(
        image_size=67, epochs=3, more_epochs=0, augmentation="none", average_decay=0.8, threads=1
    )
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
    """Of `multi_source_training`, test parts read, and one alone of the CPUs that OpenVINO is capped to."""
    out = tmp_path_factory.mktemp("bundles") / "lungs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")  # nor an emulated one
        patch.setattr(engine_parity, "CAPPED", multi_source_run.CAPPED)
        what = [multi_source_training.path, "--data", sources, "--out", out, *SMALL, "--test"]
        done = CliRunner().invoke(main, list(map(str, what)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return out
