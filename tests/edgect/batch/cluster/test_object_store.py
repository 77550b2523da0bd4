"""A real store of objects: moto's server, which speaks S3, and s3fs, on workers and where they are asked."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dask_processes import processes
from tests.edgect.batch.cluster.conftest import Run, answers

pytestmark = pytest.mark.slow


@pytest.fixture
def bucket(batch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    s3fs = pytest.importorskip("s3fs", reason="needs s3fs")
    pytest.importorskip("moto.server", reason="needs moto[server]")
    log = (tmp_path / "moto.log").open("wb")
    line = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    server = subprocess.Popen(line, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while b"Running on http" not in (stderr_text := (tmp_path / "moto.log").read_bytes()):
            assert time.monotonic() < end, stderr_text.decode()
            time.sleep(0.1)
        monkeypatch.setenv("AWS_ENDPOINT_URL", stderr_text.split(b"Running on ")[1].split()[0].decode())
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        store = s3fs.S3FileSystem()
        store.mkdir("archive")
        for path in (path for path in batch.rglob("*") if path.is_file() and path.name.isprintable()):
            store.pipe(f"archive/2020/{path.relative_to(batch)}", path.read_bytes())
        store.pipe("archive/2020/empty.png", b"")
        yield "s3://archive/2020"
    finally:
        server.terminate()
        server.wait()
        log.close()


def test_the_same_rows_from_a_bucket(run: Run, batch: Path, bucket: str, tmp_path: Path) -> None:
    for path in [path for path in batch.iterdir() if not path.name.isprintable()]:
        path.unlink()
    (batch / "empty.png").write_bytes(b"")
    local, result = run(batch), run(bucket)
    assert [row["path"] for row in result] == [row["path"].replace(str(batch), bucket) for row in local]
    assert [{**row, "path": ""} for row in answers(result)] == [{**row, "path": ""} for row in answers(local)]
    with processes(tmp_path / "cluster") as cluster:
        cluster.worker()
        assert answers(run(bucket, "--scheduler", cluster.address)) == answers(result)
        run.out.rename(run.partial)
        assert answers(run(bucket, "--scheduler", cluster.address, "--resume")) == answers(result)
        assert "rows are kept" in run.stderr_text
