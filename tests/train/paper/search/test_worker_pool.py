"""Searches by workers of Dask, real processes on this machine."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import click
import pytest

from edgect.errors import ClusterError, NotInstalledError
from tests import in_process
from tests.dask_processes import Processes, processes
from tests.search_command import command
from train.commands import main
from train.paper.search.record import Search

dask = pytest.importorskip("dask")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """Two workers like this machine, and one that says it has another edgect."""
    folder = tmp_path_factory.mktemp("cluster")
    other = folder / "other"
    other.mkdir(parents=True)
    (other / "sitecustomize.py").write_text("import edgect\nedgect.__version__ = '9.9'\n")
    with processes(folder) as started:
        started.worker()
        started.worker(threads=2)  # makes one attempt at a time all the same
        started.worker(variables={"PYTHONPATH": str(other)})
        started.wait(3)
        yield started


def by_number(record: Search) -> dict[int, Any]:
    """What attempts gave, however long they took and whatever ended before them."""
    rows = [{k: v for k, v in row.items() if k not in ("seconds", "after")} for row in record.attempts()]
    assert len({row["attempt"] for row in rows}) == len(rows)
    return {row["attempt"]: row for row in rows}


def started(data: Path, out: Path, *extra: str) -> None:
    main(command(data, out, *extra)[3:], standalone_mode=False)


def until(condition: Any, process: subprocess.Popen[str]) -> None:
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.05)


@pytest.mark.long
def test_a_worker_killed_and_one_refused_lose_and_double_nothing(
    whole: Search, covid_ct: Path, cluster: Processes, tmp_path: Path
) -> None:
    record = Search(tmp_path / "s")

    def kill_a_worker() -> None:
        while len(record.under_way()) < 2:
            time.sleep(0.05)
        time.sleep(1)  # the worker has begun, and is still loading torch
        cluster.kill(0)

    killing = Thread(target=kill_a_worker, daemon=True)
    killing.start()
    done = in_process.run(main, *command(covid_ct, record.path, "--scheduler", cluster.address)[3:])
    assert done.returncode == 0, done.stderr
    assert not killing.is_alive()
    assert by_number(record) == by_number(whole)
    assert not record.under_way()
    assert "is refused: edgect is 9.9 where here it is" in done.stderr
    assert "ended; attempt" in done.stderr


@pytest.mark.long
def test_one_worker_makes_the_attempt_that_is_made_without_dask(
    whole: Search, covid_ct: Path, tmp_path: Path
) -> None:
    record = Search(tmp_path / "s")
    started(covid_ct, record.path, "--attempts", "1", "--scheduler", "local", "--workers", "1")
    timeless = [[{**row, "seconds": 0} for row in search.attempts()[:1]] for search in (record, whole)]
    assert timeless[0] == timeless[1]


def test_nobody_at_the_address(covid_ct: Path, tmp_path: Path) -> None:
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "500ms"}),
        pytest.raises(ClusterError, match="no scheduler answers at tcp"),
    ):
        started(covid_ct, tmp_path / "s", "--scheduler", "tcp://127.0.0.1:1")


def test_without_dask_the_error_names_what_to_install(
    covid_ct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NotInstalledError, match="pip install 'distributed>="):
        started(covid_ct, tmp_path / "s", "--scheduler", "local")


def test_workers_of_others_are_not_counted_here(covid_ct: Path, tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="--workers goes with --scheduler local"):
        started(covid_ct, tmp_path / "s", "--workers", "2")


@pytest.mark.slow
@pytest.mark.parametrize("later", [[], ["--scheduler", "local", "--workers", "2"]])
@pytest.mark.parametrize("first", [[], ["--scheduler", "local", "--workers", "2"]])
def test_killed_with_or_without_dask_it_goes_on_with_or_without(
    whole: Search, covid_ct: Path, tmp_path: Path, first: list[str], later: list[str]
) -> None:
    record = Search(tmp_path / "s")
    process = subprocess.Popen(command(covid_ct, record.path, *first), stderr=subprocess.PIPE, text=True)
    until(lambda: record.attempts() and record.under_way(), process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    subprocess.run(command(covid_ct, record.path, *later), check=True, capture_output=True)
    assert by_number(record) == by_number(whole)
