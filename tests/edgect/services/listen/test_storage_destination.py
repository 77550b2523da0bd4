"""Results go to the node that is meant, and count as delivered once it has stored them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from pydicom import dcmread, uid
from pynetdicom import AE, evt

from edgect.services.listen.config import RemoteNode
from edgect.services.listen.delivery import (
    DeliveryError,
    StorageDestination,
    UnreachableError,
)
from tests.edgect.services.listen.listen_process import free_port, image, save


class Scp:
    """A storage node that answers with `status` and notes what came, from whom, to whom."""

    def __init__(self, *classes: str) -> None:
        self.status, self.received = 0x0000, list[tuple[str, str, str]]()
        entity = AE("ARCHIVE")
        entity.require_called_aet = True
        for sop_class in classes:
            entity.add_supported_context(sop_class)
        handlers: list[Any] = [(evt.EVT_C_STORE, self._store)]
        self.server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self.node = RemoteNode("ARCHIVE", "127.0.0.1", self.server.server_address[1])

    def _store(self, event: evt.Event) -> int:
        requestor = event.assoc.requestor.primitive
        uid_ = str(event.request.AffectedSOPInstanceUID)
        self.received.append((requestor.calling_ae_title, requestor.called_ae_title, uid_))
        return self.status


@pytest.fixture
def scp() -> Iterator[Scp]:
    scp = Scp(uid.ComprehensiveSRStorage, uid.SecondaryCaptureImageStorage)
    yield scp
    scp.server.shutdown()


@pytest.fixture
def results(tmp_path: Path) -> list[Path]:
    """A report and a picture."""
    classes = (uid.ComprehensiveSRStorage, uid.SecondaryCaptureImageStorage)
    return [
        save(tmp_path / f"{number}.dcm", image(number, SOPClassUID=sop_class, SOPInstanceUID=f"1.2.{number}"))
        for number, sop_class in enumerate(classes)
    ]


@pytest.mark.parametrize("status", [0x0000, 0xB000, 0xB007, 0xBFFF])
def test_a_node_gets_all_files_by_its_title(scp: Scp, results: list[Path], status: int) -> None:
    scp.status = status
    StorageDestination(scp.node, "EDGECT", 5).deliver(results)
    assert scp.received == [("EDGECT", "ARCHIVE", f"1.2.{number}") for number in range(2)]
    assert [str(dcmread(path).SOPInstanceUID) for path in results] == ["1.2.0", "1.2.1"]


@pytest.mark.parametrize("status", [0xA700, 0xA900, 0xC000, 0x0122, 0xAFFF])
def test_a_node_that_refuses_has_not_got_it(scp: Scp, results: list[Path], status: int) -> None:
    scp.status = status
    with pytest.raises(DeliveryError, match=f"refused the result with status 0x{status:04X}") as error:
        StorageDestination(scp.node, "EDGECT", 5).deliver(results)
    assert type(error.value) is DeliveryError
    assert len(scp.received) == 1


def test_a_node_that_knows_no_such_class_has_not_got_it(results: list[Path]) -> None:
    scp = Scp(uid.ComprehensiveSRStorage)
    try:
        with pytest.raises(DeliveryError, match=r"cannot be sent \(ValueError\)"):
            StorageDestination(scp.node, "EDGECT", 5).deliver(results)
    finally:
        scp.server.shutdown()


def test_a_node_of_another_title_or_at_another_port_gets_nothing(scp: Scp, results: list[Path]) -> None:
    for node in (
        RemoteNode("OTHER", "127.0.0.1", scp.node.port),
        RemoteNode("ARCHIVE", "127.0.0.1", free_port()),
    ):
        with pytest.raises(UnreachableError, match=r"does not answer, or refuses the association$"):
            StorageDestination(node, "EDGECT", 5).deliver(results)
    assert scp.received == []


def test_an_association_is_released(scp: Scp, results: list[Path]) -> None:
    released = Event()
    scp.server.bind(evt.EVT_RELEASED, lambda _: released.set())
    scp.status = 0xA700
    with pytest.raises(DeliveryError):
        StorageDestination(scp.node, "EDGECT", 5).deliver(results)
    assert released.wait(30)


def test_a_node_that_falls_silent_has_not_got_it(scp: Scp, results: list[Path]) -> None:
    silent = Event()
    scp.server.bind(evt.EVT_PDU_RECV, lambda _: silent.wait(30) if scp.received else None)
    try:
        scp.status = 0x0000
        with pytest.raises(DeliveryError):
            StorageDestination(scp.node, "EDGECT", 0.5).deliver(results)
    finally:
        silent.set()


def test_no_wait_for_a_node_is_longer_than_the_timeout(
    scp: Scp, results: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    timeouts, associate = set[float | None](), AE.associate

    def recorded(entity: AE, *arguments: Any, **options: Any) -> Any:
        timeouts.update((entity.acse_timeout, entity.dimse_timeout, entity.network_timeout))
        timeouts.add(entity.connection_timeout)
        return associate(entity, *arguments, **options)

    monkeypatch.setattr(AE, "associate", recorded)
    StorageDestination(scp.node, "EDGECT", 7.5).deliver(results)
    assert timeouts == {7.5}
