from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from benchmarks.harness import options, slices
from edgect.model import backends
from edgect.model.backends import Session
from edgect.model.bundles.bundle import DEFAULT, Bundle

LINES = pytest.StashKey[list[str]]()
Load = Callable[[str, str, int | None], Session]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bundle", default=DEFAULT, help="Bundled name or bundle folder to measure.")
    parser.addoption(
        "--variations",
        type=int,
        default=slices.VARIATIONS,
        help="Of each example scan, where there are no real data.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LINES] = []
    os.environ["EDGECT_CACHE_DIR"] = ""  # compile what is measured, and leave the user's cache alone


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash[LINES]:
        terminalreporter.section("edgect")
        for line in config.stash[LINES]:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return Bundle.load(request.config.getoption("--bundle"))


@pytest.fixture(scope="session")
def measured_on(bundle: Bundle, request: pytest.FixtureRequest) -> slices.Slices:
    return slices.load(bundle, request.config.getoption("--variations"))


@pytest.fixture(scope="session")
def load(bundle: Bundle) -> Load:
    @cache
    def cached(backend: str, precision: str, threads: int | None) -> Session:
        return backends.load(backend, bundle, precision, threads)

    return cached


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Add a line to the summary at the end."""
    return request.config.stash[LINES].append


@pytest.fixture(scope="session")
def run_folder(bundle: Bundle) -> Path:
    return options.run_folder(str(bundle.path))
