"""What a node that is watched says of itself."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread

import pytest

from edgect.services.listen.health import RUNNING, STARTING, Health
from tests.edgect.scans.dicom_files import CANARY
from tests.edgect.services.listen.listen_process import (
    Node,
    call,
    free_port,
    needs_dcmtk,
    send,
    series,
    until,
)


def asked(node: Node, path: str) -> tuple[int, str]:
    (port,) = re.findall(r"metrics and health: http://127\.0\.0\.1:(\d+)/metrics", node.log_text())
    connection = HTTPConnection("127.0.0.1", int(port), timeout=240)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def problems(node: Node) -> list[str]:
    status, content = asked(node, "/healthz")
    found = json.loads(content)["problems"]
    assert status == (503 if found else 200)
    return [str(problem) for problem in found]


def value(node: Node, name: str) -> float:
    """Of a metric, with its labels as they are written."""
    for line in asked(node, "/metrics")[1].splitlines():
        if line.startswith(f"{name} "):
            return float(line.removeprefix(f"{name} "))
    raise AssertionError(f"no metric {name}")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = Node(tmp_path, "--quiet", 0.2, "--metrics-port", 0, "--max-images", 2)
    yield node
    node.kill()


@needs_dcmtk
def test_metrics_count_callers_images_series_and_deliveries(node: Node, tmp_path: Path) -> None:
    node.start()
    assert problems(node) == []
    assert call("echoscu", node, title="ANOTHER").returncode != 0
    send(node, series(tmp_path / "sent", 2))
    until(lambda: value(node, 'edgect_deliveries_total{destination="folder",outcome="delivered"}') == 1)
    assert value(node, "edgect_associations_total") == 1
    assert value(node, 'edgect_refused_callers_total{reason="called AE title not recognized"}') == 1
    assert value(node, 'edgect_refused_callers_total{reason="too many associations"}') == 0
    assert value(node, 'edgect_images_received_total{outcome="stored"}') == 2
    assert value(node, 'edgect_series_total{outcome="answered"}') == 1
    assert value(node, "edgect_series_seconds_count") == 1
    assert value(node, 'edgect_delivery_seconds_count{destination="folder"}') == 1
    assert value(node, "edgect_row_seconds_count") == 2
    until(lambda: value(node, "edgect_images_waiting") == value(node, "edgect_series_waiting") == 0)
    until(lambda: value(node, 'edgect_results_waiting{destination="folder"}') == 0)
    assert value(node, "edgect_healthy") == 1
    metrics = asked(node, "/metrics")[1]
    assert 'edgect_model_info{backend="onnxruntime"' in metrics
    assert not any(secret in metrics for secret in (CANARY, "1.2.3", "STORESCU", "ECHOSCU"))
    assert node.stop() == 0


@needs_dcmtk
def test_a_node_that_is_full_says_why_it_takes_nothing(tmp_path: Path) -> None:
    node = Node(tmp_path, "--quiet", 3600, "--metrics-port", 0, "--max-images", 2).start()
    try:
        send(node, [*series(tmp_path / "a", 1, "1.2.3.4"), *series(tmp_path / "b", 2, "1.2.3.5")])
        assert problems(node) == ["No image is accepted: 2 images wait."]
        assert value(node, 'edgect_images_received_total{outcome="no room"}') == 1
        waiting = [value(node, f"edgect_{of}_waiting") for of in ("images", "series", "studies")]
        assert waiting == [2, 2, 1]
        assert value(node, "edgect_healthy") == 0
    finally:
        node.kill()


@needs_dcmtk
def test_a_disk_without_room_is_said_before_an_image_comes(tmp_path: Path) -> None:
    node = Node(tmp_path, "--metrics-port", 0, "--min-free", 10**9).start()
    try:
        assert problems(node) == ["No image is accepted: the disk is nearly full."]
    finally:
        node.kill()


@needs_dcmtk
def test_a_destination_that_fails_for_long_is_a_problem_until_it_takes_results(tmp_path: Path) -> None:
    port = free_port()
    options = ("--send-to", f"ARCHIVE@127.0.0.1:{port}", "--quiet", 0.2, "--patience", 0)
    node = Node(tmp_path, *options, "--metrics-port", 0).start()
    try:
        send(node, series(tmp_path / "sent", 1))
        until(lambda: problems(node))
        assert problems(node) == [
            "The destination 'node' has taken no result for 0 minutes: "
            "the node does not answer, or refuses the association."
        ]
        assert value(node, 'edgect_deliveries_total{destination="node",outcome="failed"}') >= 1
        assert value(node, 'edgect_results_waiting{destination="node"}') == 1
    finally:
        node.kill()


def test_a_thread_that_has_ended_is_a_problem() -> None:
    ended = Thread(target=lambda: None, name="edgect-worker")
    ended.start()
    ended.join()
    health = Health(lambda: "", lambda: "", dict, 60)
    health.watch(ended)
    assert health.problems() == [f"The node is {STARTING}."]
    health.phase = RUNNING
    assert health.problems() == ["The thread edgect-worker has ended: start edgect again."]


def test_trouble_of_the_worker_and_the_length_of_a_failure_are_told() -> None:
    failures = {"folder": (59.0, "Permission denied"), "node": (300.0, "it does not answer")}
    health = Health(lambda: "", lambda: "the spool cannot be processed (OSError)", lambda: failures, 60)
    health.phase = RUNNING
    assert health.problems() == [
        "No results are made: the spool cannot be processed (OSError).",
        "The destination 'node' has taken no result for 5 minutes: it does not answer.",
    ]


def test_an_address_that_is_taken_ends_the_program(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(AssertionError, match=r"--metrics-port .* cannot listen"):
            Node(tmp_path, "--metrics-port", taken.getsockname()[1]).start()
