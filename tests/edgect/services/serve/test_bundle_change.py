"""Requests while the registry changes from one bundle to another and back."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgect import Classifier
from edgect.model.bundles import bundle_registry
from edgect.model.bundles.bundle import Bundle
from edgect.model.bundles.derived import write_derived
from tests.serving import Row, Server, scans, serving

pytest.importorskip("starlette", reason="needs edgect[serve]")

NAMES = ("cnn1", "cnn2")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registries") / "registry"
    for name in NAMES:
        bundle = Bundle.load(name)
        bundle_registry.add(folder, bundle.path, name, bundle.digest)
    bundle_registry.use(folder, entry("cnn1"))
    return folder


def entry(name: str) -> str:
    return f"{name}-{Bundle.load(name).digest[:12]}"


@pytest.fixture(scope="module")
def server(registry: Path) -> Iterator[Server]:
    options = ("--threads", 1, "--backend", "onnxruntime", "--require-signature", "--model", registry)
    with serving(*options) as running:
        yield running


def told(server: Server, path: str = "/v1/settings") -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(server.request(path)[1])
    return answer


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_no_request_is_lost_and_each_names_its_bundle(registry: Path, server: Server) -> None:
    """Of the rows of each response, all are from one bundle, and are what that bundle answers."""
    content = scans(2)
    expected = {name: probabilities(name, content) for name in NAMES}
    answers: list[list[Row]] = []
    failures: list[BaseException] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                answers.append(server.classify(content))
            except BaseException as error:  # of whatever kind: a request was lost
                failures.append(error)
                return

    clients = [threading.Thread(target=ask) for _ in range(3)]
    for client in clients:
        client.start()
    for name in ("cnn2", "cnn1", "cnn2"):
        bundle_registry.use(registry, entry(name))
        until(lambda name=name: bool(answers) and answers[-1][0]["model"] == name)  # type: ignore[misc]
    bundle_registry.roll_back(registry)
    until(lambda: answers[-1][0]["model"] == "cnn1")
    stop.set()
    for client in clients:
        client.join()
    assert failures == []
    for rows in answers:
        (name,) = {row["model"] for row in rows}
        assert {row["bundle"] for row in rows} == {Bundle.load(name).digest[:12]}
        assert [row["probability"] for row in rows] == pytest.approx(expected[name], abs=1e-6)
    assert {rows[0]["model"] for rows in answers} == set(NAMES)


def probabilities(name: str, content: list[tuple[str, bytes]]) -> list[float | None]:
    classifier = Classifier(name, backend="onnxruntime", threads=1)
    return [next(classifier.classify_content(data, path)).probability for path, data in content]


def test_settings_model_metrics_and_heat_map_follow(registry: Path, server: Server) -> None:
    bundle_registry.use(registry, entry("cnn2"))
    until(lambda: told(server)["model"] == "cnn2")
    settings, model = told(server), told(server, "/v1/model")
    digest = Bundle.load("cnn2").digest
    assert (settings["bundle"], settings["bundle_state"]) == (digest[:12], "released")
    assert model["name"] == "cnn2"
    assert model["bundle"] == {"digest": digest, "state": "released", "key": "", "refused": ""}
    assert (
        b'edgect_model_info{backend="onnxruntime",bundle="' + digest[:12].encode()
        in server.request("/metrics")[1]
    )
    assert server.post("/v1/heat-map", scans(1))[0].headers["Edgect-Bundle"] == f"cnn2 {digest}"
    row = server.classify(scans(1), "?pictures=true")[0]
    assert (row["bundle_state"], row["bundle_key"]) == ("released", "")


def test_a_bundle_that_may_not_answer_changes_nothing(registry: Path, server: Server, tmp_path: Path) -> None:
    own = write_derived(Bundle.load("cnn1"), tmp_path / "own", name="own", document_changes={}, head=None)
    before = told(server)["bundle"]
    name = bundle_registry.add(registry, own.path, "own", own.digest)
    bundle_registry.use(registry, name)
    until(lambda: "unsigned" in told(server, "/v1/model")["bundle"]["refused"])
    (registry / name / "gate.npz").write_bytes(b"another")
    bundle_registry.use(registry, name)
    until(lambda: "altered" in told(server, "/v1/model")["bundle"]["refused"])
    assert told(server)["bundle"] == server.classify(scans(1))[0]["bundle"] == before
    assert "goes on to answer" in server.log_text
    bundle_registry.roll_back(registry)
    until(lambda: told(server, "/v1/model")["bundle"]["refused"] == "")
    shutil.rmtree(registry / name)


def test_a_series_of_two_bundles_is_doubted(server: Server) -> None:
    row = server.classify(scans(1))[0] | {"series": "a"}
    rows = [row, row | {"path": "other.png", "bundle": "0123456789ab"}]
    _, content = server.request("/v1/series", json.dumps({"rows": rows}).encode())
    assert "answered on by several bundles" in json.loads(content)["series"][0]["doubts"]
