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
from edgect.services.listen.destinations import (
    DeliveryError,
    RefusedError,
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


def deliver(node: RemoteNode, results: list[Path], timeout: float = 5) -> list[DeliveryError | None]:
    """Why each of the results is not delivered."""
    outcomes = list(StorageDestination(node, "EDGECT", timeout).deliver(results))
    assert [path for path, _ in outcomes] == results
    return [error for _, error in outcomes]


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


@pytest.mark.parametrize("status", [0x0000, 0xB000, 0xB007, 0xBFFF, 0x0111])  # or has them already
def test_a_node_gets_all_files_by_its_title(scp: Scp, results: list[Path], status: int) -> None:
    scp.status = status
    assert deliver(scp.node, results) == [None, None]
    assert scp.received == [("EDGECT", "ARCHIVE", f"1.2.{number}") for number in range(2)]
    assert [str(dcmread(path).SOPInstanceUID) for path in results] == ["1.2.0", "1.2.1"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (0xA700, DeliveryError),  # it has no room now
        (0x0110, DeliveryError),
        (0xAFFF, DeliveryError),
        (0x0122, RefusedError),
        (0xA900, RefusedError),
        (0xC000, RefusedError),
    ],
)
def test_a_node_that_refuses_has_not_got_it(
    scp: Scp, results: list[Path], status: int, kind: type[Exception]
) -> None:
    scp.status = status
    errors = deliver(scp.node, results)
    assert [type(error) for error in errors] == [kind, kind]
    assert [str(error) for error in errors] == [
        f"the node refuses Comprehensive SR Storage with status 0x{status:04X}",
        f"the node refuses Secondary Capture Image Storage with status 0x{status:04X}",
    ]
    assert len(scp.received) == 2


@pytest.mark.parametrize("known", [0, 1])
def test_a_node_that_knows_one_class_gets_that_and_refuses_the_other(results: list[Path], known: int) -> None:
    classes = (uid.ComprehensiveSRStorage, uid.SecondaryCaptureImageStorage)
    scp = Scp(classes[known])
    try:
        errors = deliver(scp.node, results)
    finally:
        scp.server.shutdown()
    assert errors[known] is None
    assert type(errors[1 - known]) is RefusedError
    assert str(errors[1 - known]) == f"the node refuses {classes[1 - known].name}: it does not know the class"
    assert [instance for _, _, instance in scp.received] == [f"1.2.{known}"]


def test_a_node_that_knows_neither_class_refuses_both(results: list[Path]) -> None:
    scp = Scp(uid.CTImageStorage)
    try:
        assert [type(error) for error in deliver(scp.node, results)] == [RefusedError, RefusedError]
    finally:
        scp.server.shutdown()


def test_a_node_without_a_transfer_syntax_for_it_refuses_it(results: list[Path]) -> None:
    scp = Scp(uid.SecondaryCaptureImageStorage)
    scp.server.ae.add_supported_context(uid.ComprehensiveSRStorage, uid.DeflatedExplicitVRLittleEndian)
    scp.server.contexts = scp.server.ae.supported_contexts
    try:
        refused, got = deliver(scp.node, results)
    finally:
        scp.server.shutdown()
    assert (got, type(refused)) == (None, RefusedError)
    assert str(refused).endswith("it takes none of the transfer syntaxes")


def test_a_result_that_cannot_be_read_holds_up_no_other(scp: Scp, results: list[Path]) -> None:
    results[0].write_bytes(b"damaged")
    damaged, got = deliver(scp.node, results)
    assert (got, type(damaged)) == (None, DeliveryError)
    assert str(damaged) == "the result cannot be sent (InvalidDicomError)"


def test_a_node_of_another_title_or_at_another_port_gets_nothing(scp: Scp, results: list[Path]) -> None:
    for node in (
        RemoteNode("OTHER", "127.0.0.1", scp.node.port),
        RemoteNode("ARCHIVE", "127.0.0.1", free_port()),
    ):
        with pytest.raises(UnreachableError, match=r"does not answer, or refuses the association$"):
            deliver(node, results)
    assert scp.received == []


def test_an_association_is_released(scp: Scp, results: list[Path]) -> None:
    released = Event()
    scp.server.bind(evt.EVT_RELEASED, lambda _: released.set())
    scp.status = 0xA700
    deliver(scp.node, results)
    assert released.wait(240)


def test_a_node_that_falls_silent_has_not_got_it(scp: Scp, results: list[Path]) -> None:
    silent = Event()
    scp.server.bind(evt.EVT_PDU_RECV, lambda _: silent.wait(240) if scp.received else None)
    try:
        errors = deliver(scp.node, results, timeout=5)
        assert [type(error) for error in errors] == [type(None), DeliveryError]
        assert str(errors[1]) == "the node did not answer"
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
    deliver(scp.node, results, timeout=7.5)
    assert timeouts == {7.5}
