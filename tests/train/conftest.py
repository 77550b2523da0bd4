from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import hospital_folder, sources_folder
from tests.few_slices import few_slices
from tests.train.small_runs import RECIPE, SIZE, WEIGHTS, recipe, training_items
from train.data.packed import pack
from train.multi_source.crops import Crops
from train.multi_source.evaluation import validate
from train.multi_source.fit import fit
from train.multi_source.run import MultiSourceRun


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of invented slices of all sources. Read only."""
    return sources_folder.write(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="session")
def three(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of three sources alone, which has to be enough to train on them. Read only."""
    folder = tmp_path_factory.mktemp("three")
    for name in WEIGHTS:
        shutil.copytree(data / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def packed(covid_ct: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pack` makes of few invented slices, of 67 pixels, without weights. Read only."""
    out = tmp_path_factory.mktemp("packed") / "packed.npz"
    with few_slices():
        pack(covid_ct, out, 67, None)
    return out


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def crops(three: Path, cache: Path) -> Crops:
    """The training part of three sources. Read only."""
    return Crops.read(training_items(three), three, SIZE, cache)


@pytest.fixture(scope="session")
def finished(three: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> MultiSourceRun:
    """Trained and validated on three sources. Read only."""
    run = MultiSourceRun(tmp_path_factory.mktemp("runs") / "finished")
    fit(RECIPE, three, run, None, cache=cache)
    validate(run, three, cache)
    return run


@pytest.fixture
def uncropped(three: Path, tmp_path: Path) -> MultiSourceRun:
    """Trained on whole slices, which are quick to read; its folder is the test's own."""
    run = MultiSourceRun(tmp_path / "uncropped")
    fit(recipe(crop=False, steps=1), three, run, None)
    return run


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hospital's folder with its table: of each class 8 patients of two slices. Read only."""
    return hospital_folder.write(tmp_path_factory.mktemp("hospital"))


@pytest.fixture
def own_hospital(hospital: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(hospital, tmp_path / "hospital"))
