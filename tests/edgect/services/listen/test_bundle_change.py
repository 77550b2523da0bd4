"""A node whose registry changes to another bundle: no image is lost, and each report names its bundle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgect.model.bundles import bundle_registry
from edgect.model.bundles.bundle import Bundle

pytest.importorskip("pynetdicom", reason="needs edgect[dicom]")

from pydicom import dcmread

from tests.edgect.services.listen.listen_process import Node, needs_dcmtk, send, series, until

pytestmark = needs_dcmtk
NAMES = ("cnn1", "cnn2")


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    for name in NAMES:
        bundle = Bundle.load(name)
        bundle_registry.add(tmp_path / "registry", bundle.path, name, bundle.digest)
    bundle_registry.use(tmp_path / "registry", entry("cnn1"))
    return tmp_path / "registry"


@pytest.fixture
def node(tmp_path: Path, registry: Path) -> Iterator[Node]:
    running = Node(tmp_path, "--quiet", 0.5, "--model", registry, "--require-signature").start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.kill()


def entry(name: str) -> str:
    return f"{name}-{Bundle.load(name).digest[:12]}"


def test_each_series_is_answered_on_by_the_bundle_in_use(tmp_path: Path, registry: Path, node: Node) -> None:
    for number, name in enumerate((*NAMES, "cnn1")):
        if number:
            before = node.log_text()
            bundle_registry.use(registry, entry(name))
            until(lambda name=name, before=before: f"{name} (" in node.log_text(before))
        files = series(tmp_path / str(number), 2, f"1.2.3.{number}")
        assert send(node, files).returncode == 0
        until(lambda number=number: len(node.results()) == number + 1)
    assert node.stop() == 0
    assert node.waiting() == []
    reports = [dcmread(path) for path in node.results()]
    named = {(report.ManufacturerModelName, report.DeviceSerialNumber) for report in reports}
    assert named == {(f"edgect {name}", Bundle.load(name).digest[:12]) for name in NAMES}
    text = node.log_text()
    for name in NAMES:
        assert f"by {name} ({Bundle.load(name).digest[:12]}, released)" in text
