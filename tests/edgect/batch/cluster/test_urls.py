"""Inputs named by URLs, with and without a cluster."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.dask_processes import Processes
from tests.edgect.batch.cluster.conftest import Run, answers


@pytest.fixture
def served(batch: Path) -> Iterator[str]:
    """The batch as a server's folder: a store that is neither this disk nor this process."""
    pytest.importorskip("aiohttp", reason="fsspec reads http:// with aiohttp")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    for path in batch.iterdir():
        if not path.name.isascii() or "\n" in path.name:
            path.unlink()
    (batch / "empty.png").write_bytes(b"")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=batch.parent)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/in/"
        server.shutdown()


def test_what_a_server_has(cluster: Processes, run: Run, batch: Path, served: str) -> None:
    local = run(batch)
    result = run(served)
    assert [row["path"] for row in result] == [row["path"].replace(f"{batch}/", served) for row in local]
    assert [{**row, "path": ""} for row in answers(result)] == [{**row, "path": ""} for row in answers(local)]
    assert answers(run(served, "--scheduler", cluster.address)) == answers(result)
    run.out.rename(run.partial)
    assert answers(run(served, "--scheduler", cluster.address, "--resume")) == answers(result)
    each = run(f"{served}a.png", code=0)
    assert answers(each) == [row for row in answers(result) if row["path"].endswith("a.png")]


def test_a_limit_holds_for_what_is_fetched(run: Run, served: str) -> None:
    rows = run(f"{served}a.png", "--max-bytes", "100")
    assert "over the limit of 100 bytes" in rows[0]["reason"]
