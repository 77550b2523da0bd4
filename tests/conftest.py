from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# nothing is judged by how long it takes, and no run fails over an example that the one before had not
settings.register_profile(
    "edgect", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("edgect")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # ONNX Runtime would send usage events

# read when BLAS and torch load: their threads spin for seconds over small matrices, beside others' work
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE")
# folders and files that take long, most for their fixtures: one process runs all of one, and they come first
COSTLY = (
    "tests/deploy",
    "tests/train",
    "tests/edgect/services/serve",
    "tests/edgect/services/listen/results",
    "tests/edgect/batch/cluster",
    "tests/edgect/diagnostics/doctor/test_doctor.py",
    "tests/test_tutorials.py",
)
ON_REQUEST = ("slow", "long")  # marks of tests that are run where they are asked for by -m
LOCATIONS = ("PYTHONHOME", "PYTHONPATH")  # without which the packages may not be there


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    groups = [_group(item.nodeid) for item in items]
    order = [COSTLY.index(group) if group in COSTLY else len(COSTLY) for group in groups]
    items[:] = [item for _, item in sorted(zip(order, items, strict=True), key=lambda pair: pair[0])]
    for item in items:
        name = next((name for name in ON_REQUEST if item.get_closest_marker(name)), "")
        if name not in config.option.markexpr:
            item.add_marker(pytest.mark.skip(reason=f"{name}; run with -m {name}"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Of `-n logical`: half again as many as processors, for many tests wait for other processes."""
    return (os.cpu_count() or 1) * 3 // 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Of `--dist loadgroup`: the groups of pytest-xdist 3.8 do nothing with pytest 9.2."""
    if config.option.dist != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Grouped(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid)

    config.option.loadscopereorder = False  # the order is that of the items
    return Grouped(config, log)


def _group(nodeid: str) -> str:
    """Tests that one process is to run where several do (`-n`): of a costly folder, else of a file."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in COSTLY if file.startswith(f"{folder}/")), file)


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
