"""Metrics and health over HTTP, asked as a monitoring system and as a nuisance would."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

pytest.importorskip("prometheus_client", reason="needs edgect[dicom] or edgect[serve]")

from edgect.errors import UsageError
from edgect.services.monitoring import metrics_server
from edgect.services.monitoring.metrics_server import MetricsServer


@pytest.fixture
def problems() -> list[str]:
    return []


@pytest.fixture
def server(problems: list[str]) -> Iterator[MetricsServer]:
    server = MetricsServer("127.0.0.1", 0, lambda: b"edgect_things_total 1.0\n", lambda: problems)
    yield server
    server.close()


def ask(server: MetricsServer, path: str, method: str = "GET") -> tuple[int, str, bytes]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=240)
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, answer.headers.get("Content-Type", ""), answer.read()


def test_metrics_are_those_of_the_service(server: MetricsServer) -> None:
    status, content_type, content = ask(server, "/metrics")
    assert (status, content) == (200, b"edgect_things_total 1.0\n")
    assert content_type.startswith("text/plain; version=0.0.4")
    assert ask(server, "/metrics", "HEAD")[::2] == (200, b"")


def test_health_says_what_is_wrong(server: MetricsServer, problems: list[str]) -> None:
    assert (ask(server, "/healthz")[0], json.loads(ask(server, "/healthz")[2])) == (
        200,
        {"status": "ok", "problems": []},
    )
    problems.append("No image is accepted: the disk is nearly full.")
    status, content_type, content = ask(server, "/healthz")
    assert (status, content_type) == (503, "application/json")
    assert json.loads(content) == {"status": "failing", "problems": problems}


def test_nothing_else_is_there(server: MetricsServer) -> None:
    assert ask(server, "/")[0] == 404
    assert ask(server, "/metrics/../etc/passwd")[0] == 404
    assert ask(server, "/metrics", "POST")[0] == 501


def test_those_who_say_nothing_keep_nobody_out_for_long(
    server: MetricsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_server._Handler, "timeout", 0.5)
    silent = [
        socket.create_connection(("127.0.0.1", server.port))
        for _ in range(metrics_server.MAX_CONNECTIONS + 4)
    ]
    for connection in silent:
        connection.settimeout(30)
        assert connection.recv(1) == b""  # cut off, or never let in
        connection.close()
    assert ask(server, "/metrics")[0] == 200


def test_an_address_that_is_taken_is_said(server: MetricsServer) -> None:
    with pytest.raises(UsageError, match=f"--metrics-port {server.port}: cannot listen"):
        MetricsServer("127.0.0.1", server.port, bytes, list)
