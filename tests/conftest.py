from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("edgect", deadline=None)  # nothing here is judged by how long it takes
settings.load_profile("edgect")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # ONNX Runtime would send usage events

if (
    "PYTEST_XDIST_WORKER" in os.environ
):  # read when torch loads: its threads are not to spin beside others' work
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# what takes long to make, and is made once by the process that has all tests which want it
COSTLY_FIXTURES = {
    "deploy": {"bundle_and_output", "lungs_bundle", "multi_source_training", "run", "sources"},
    "train": {"cache", "crops", "finished", "packed", "three", "uncropped"},
    "cluster": {"cluster"},
}
LOCATIONS = ("PYTHONHOME", "PYTHONPATH")  # without which the packages may not be there


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    if "slow" not in config.option.markexpr:
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow; run with -m slow"))


def _group(item: pytest.Item) -> str:
    """Tests that one process is to run where several do (`-n`): of a costly fixture, else of a file."""
    wanted = set(getattr(item, "fixturenames", ()))
    room = item.path.relative_to(item.config.rootpath).parts[1:2]
    for name, fixtures in COSTLY_FIXTURES.items():
        if wanted & fixtures and (name in room or name == "cluster"):
            return name
    return item.path.stem + item.path.parent.name


@pytest.fixture(scope="session")
def covid_ct(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of invented slices, laid out and counted as COVID-CT is. Read only."""
    from tests import covid_ct_folder

    return covid_ct_folder.write(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session", autouse=True)
def plain_python() -> Iterator[None]:
    """Processes that tests start run as a user's do, whatever a developer has set for Python."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PYTHON") and name not in LOCATIONS]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiled models of tests, and of the processes they start, do not go to the user's cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGECT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield
