"""What cannot give the same rows is refused, and says why."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

import edgect
from edgect.model.bundles.bundle import Bundle
from tests.dask_processes import Processes, processes
from tests.edgect.batch.cluster.conftest import Run, answers
from tests.edgect.conftest import Classify

ANOTHER = {
    "another version": "import edgect.machine.version; edgect.machine.version.__version__ = '0.0.9'",
    "another reader": "import cv2; cv2.__version__ = '1.1.7'",
    "no edgect": "import sys; sys.modules['edgect.batch.cluster'] = None",
}


@pytest.fixture
def unlike(tmp_path: Path) -> dict[str, dict[str, str]]:
    """Environments whose Python runs a program first."""
    result = {}
    for number, (name, program) in enumerate(ANOTHER.items()):
        folder = tmp_path / f"site-{number}"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(program + "\n")
        result[name] = {"PYTHONPATH": str(folder)}
    return result


def test_a_worker_of_another_version_is_refused(
    run: Run, batch: Path, tmp_path: Path, unlike: dict[str, dict[str, str]]
) -> None:
    plain = run(batch)
    with processes(tmp_path / "cluster") as cluster:
        for variables in unlike.values():
            cluster.worker(variables=variables)
        cluster.wait(3)
        run.out.unlink()
        run_code(run, batch, cluster)
        assert run.stderr_text.count("is refused: ") == 3
        assert f"edgect is 0.0.9 where here it is {edgect.__version__}" in run.stderr_text
        assert "OpenCV is 1.1.7 where" in run.stderr_text
        assert "cannot run edgect" in run.stderr_text
        assert "no worker gives the answers that this machine gives (3 refused)" in run.stderr_text
        cluster.worker()  # joins later; nothing of the others may get into the output
        assert answers(run(batch, "--scheduler", cluster.address)) == answers(plain)
        assert "1 workers" in run.stderr_text


def run_code(run: Run, batch: Path, cluster: Processes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edgect.batch.cluster.dispatch.ALL_REFUSED_LIMIT", 2.0)
        with pytest.raises(FileNotFoundError):  # there is no output
            run(batch, "--scheduler", cluster.address, code=3)


def test_another_bundle_at_the_same_place_is_refused(
    cluster: Processes, run: Run, batch: Path, bundle_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on shared storage that is not the same for all."""
    plain = run(batch, "--model", bundle_copy)
    assert answers(run(batch, "--model", bundle_copy, "--scheduler", cluster.address)) == answers(plain)
    monkeypatch.setattr(
        Bundle, "digest", property(lambda self: "0" * 64, lambda self, value: None), raising=False
    )
    monkeypatch.setattr("edgect.batch.cluster.dispatch.ALL_REFUSED_LIMIT", 2.0)
    run(batch, "--model", bundle_copy, "--scheduler", cluster.address, code=3)
    assert "the bundle is lungs" in run.stderr_text
    assert "where here it is lungs 000000000000" in run.stderr_text


def test_a_worker_with_other_storage_is_refused(
    cluster: Processes, run: Run, batch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is not mounted there must not become ten million errors."""
    monkeypatch.setattr("edgect.batch.cluster.dispatch.ALL_REFUSED_LIMIT", 2.0)
    monkeypatch.chdir(batch)
    elsewhere = batch.with_name("elsewhere")
    monkeypatch.setattr("os.getcwd", lambda: str(elsewhere))  # where workers will look for what is here
    with pytest.raises(FileNotFoundError):
        run("a.png", "s", "--scheduler", cluster.address, code=3)
    assert f"{elsewhere}/a.png and others are not there as they are here" in run.stderr_text


def test_nobody_at_the_address(run: Run, batch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGECT_CACHE_DIR", "")
    import dask

    with socket.socket() as taken, dask.config.set({"distributed.comm.timeouts.connect": "500ms"}):
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(FileNotFoundError):
            run(batch, "--scheduler", f"tcp://127.0.0.1:{taken.getsockname()[1]}", code=3)
    assert "no scheduler answers at tcp://127.0.0.1:" in run.stderr_text
    assert "Traceback" not in run.stderr_text


def test_a_scheduler_of_another_dask_is_refused(
    cluster: Processes, run: Run, batch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distributed.__version__", "2020.1.0")
    with pytest.raises(FileNotFoundError):
        run(batch, "--scheduler", cluster.address, code=3)
    assert "this machine 2020.1.0: install the same version on both" in run.stderr_text


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (("--workers", "2"), "--workers goes with --scheduler local"),
        (("--scheduler", "tcp://127.0.0.1:1", "--workers", "2"), "--workers goes with --scheduler local"),
        (("--scheduler", "tcp://127.0.0.1:1", "--threads", "2"), "--threads does not go with"),
    ],
)
def test_options_that_do_not_go_together(
    classify: Classify, scan: Path, options: tuple[str, ...], hint: str
) -> None:
    done = classify(scan, *options)
    assert done.exit_code == 2
    assert hint in done.stderr


def test_dask_is_named_where_it_is_missing(
    classify: Classify, scan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    done = classify(scan, "--scheduler", "local")
    assert done.exit_code == 3
    assert "--scheduler needs distributed, which is not installed: pip install 'distributed>=" in done.stderr
