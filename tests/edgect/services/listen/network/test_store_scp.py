"""What callers are told, and what those get who want no answer."""

from __future__ import annotations

import io
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pydicom import uid
from pynetdicom import AE
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode

from tests.edgect.scans.dicom_files import CANARY, ct, write
from tests.edgect.services.listen.listen_process import (
    Node,
    call,
    image,
    needs_dcmtk,
    save,
    send,
    series,
    until,
)

FULL, MISMATCH, NOT_UNDERSTOOD = 0xA700, 0xA900, 0xC000
ROOM = 4
pytestmark = needs_dcmtk


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """One that never gets to answering, and has room for a few images."""
    options = ("--calling", "STORESCU", "--calling", "ECHOSCU", "--timeout", 2, "--max-associations", 3)
    folder = tmp_path_factory.mktemp("node")
    node = Node(folder, *options, "--quiet", 3600, "--max-images", ROOM, "--max-bytes", 2_000_000).start()
    yield node
    node.kill()


@pytest.fixture
def association(node: Node) -> Iterator[Any]:
    entity = AE("STORESCU")
    entity.add_requested_context(uid.CTImageStorage, uid.ExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", node.port, ae_title="EDGECT")
    assert association.is_established
    yield association
    association.abort()


def stored(association: Any, **changes: Any) -> int:
    dataset = image(0, **changes)
    write(dataset)  # gives it its file meta information
    return int(association.send_c_store(dataset).Status)


def test_only_those_who_are_named_may_call_and_only_by_its_name(node: Node) -> None:
    assert call("echoscu", node).returncode == 0
    assert call("echoscu", node, "-aet", "SOMEBODY").returncode != 0
    assert call("echoscu", node, title="ANOTHER").returncode != 0
    until(lambda: node.log_text().count("was turned away") == 2)
    assert (
        "SOMEBODY at 127.0.0.1 was turned away: calling AE title not recognized "
        "(allowed are STORESCU, ECHOSCU)" in node.log_text()
    )
    assert (
        "ECHOSCU at 127.0.0.1 was turned away: called AE title not recognized "
        "(it called 'ANOTHER', and this node is 'EDGECT')" in node.log_text()
    )


def test_what_is_no_ct_is_not_taken(node: Node, tmp_path: Path) -> None:
    magnetic = save(tmp_path / "mr.dcm", ct(SOPClassUID=uid.MRImageStorage, Modality="MR"))
    sent = call("storescu", node, "-R", magnetic)  # proposes what it sends, and nothing else
    assert sent.returncode != 0
    assert node.waiting() == []
    assert (
        "STORESCU at 127.0.0.1 was turned away: no acceptable presentation context "
        "(it proposed MR Image Storage)" in node.log_text()
    )


def test_identifiers_that_are_none_are_not_understood(association: Any, node: Node) -> None:
    for changes in (
        {"SeriesInstanceUID": "../../../etc/passwd"},
        {"StudyInstanceUID": "<script>"},
        {"StudyInstanceUID": ""},
        {"SeriesInstanceUID": ""},
    ):
        assert stored(association, **changes) == NOT_UNDERSTOOD
    assert node.waiting() == []
    assert "script" not in node.log_text()
    assert "passwd" not in node.log_text()


def test_an_image_that_is_another_than_its_command_says(association: Any, node: Node) -> None:
    dataset = image(0)
    write(dataset)
    request = C_STORE()
    request.MessageID, request.Priority = 1, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = dataset.SOPClassUID, "1.2.3.4.5.6"
    request.DataSet = io.BytesIO(encode(dataset, False, True) or b"")
    association._reactor_checkpoint.clear()
    association.dimse.send_msg(request, association.accepted_contexts[0].context_id)
    _, response = association.dimse.get_msg(block=True)
    association._reactor_checkpoint.set()
    assert response.Status == MISMATCH
    assert node.waiting() == []


def test_when_it_is_full_it_says_so_and_keeps_what_it_has(node: Node, tmp_path: Path) -> None:
    sent = send(node, series(tmp_path, ROOM + 2), "-d")
    output = sent.stderr + sent.stdout
    assert output.count(": 0x0000: Success") == ROOM
    assert output.count("0xa700") == 2
    assert len(node.waiting()) == ROOM
    assert "an image of STORESCU at 127.0.0.1 was refused: 4 images wait" in node.log_text()
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in node.waiting())


def test_rubbish_does_no_harm(node: Node) -> None:
    rubbish = (
        b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
        b"\0" * 10_000,
        bytes(range(256)) * 50,
        struct.pack(">BBL", 1, 0, 2**32 - 1) + b"x" * 100_000,  # a request of 4 GiB
        struct.pack(">BBL", 4, 0, 12) + b"data before anything",
        struct.pack(">BBL", 1, 0, 200) + b"\xff" * 200,
        b"\x01",
    )
    for content in rubbish:
        with socket.create_connection(("127.0.0.1", node.port)) as caller:
            caller.settimeout(30)
            with suppress(ConnectionError):
                caller.sendall(content)
                while caller.recv(4096):  # until it hangs up
                    pass
    assert call("echoscu", node).returncode == 0
    assert "Traceback" not in node.log_text()
    until(lambda: node.log_text().count("was turned away: no association requested") == len(rubbish))


def test_many_callers_who_say_nothing_are_cut_off(node: Node) -> None:
    callers = [socket.create_connection(("127.0.0.1", node.port)) for _ in range(200)]
    for caller in callers:
        caller.settimeout(30)
        with suppress(ConnectionError):
            assert caller.recv(1) == b""
        caller.close()
    until(lambda: call("echoscu", node).returncode == 0)
    assert "a caller at 127.0.0.1 was turned away: too many connections" in node.log_text()
    assert "Traceback" not in node.log_text()


def test_one_association_too_many_is_rejected_and_named(node: Node) -> None:
    entity = AE("STORESCU")
    entity.add_requested_context(uid.CTImageStorage, uid.ExplicitVRLittleEndian)
    associations = [entity.associate("127.0.0.1", node.port, ae_title="EDGECT") for _ in range(4)]
    assert [association.is_established for association in associations] == [True] * 3 + [False]
    assert "STORESCU at 127.0.0.1 was turned away: too many associations" in node.log_text()
    for association in associations[:3]:
        association.release()


def test_an_image_over_the_limit_is_cut_off(node: Node, tmp_path: Path) -> None:
    huge = save(tmp_path / "huge.dcm", image(0, PixelData=bytes(5_000_000)))
    assert send(node, [huge]).returncode != 0
    assert "cut off" in node.log_text()
    assert call("echoscu", node).returncode == 0


def test_no_patient_is_named_in_the_log(node: Node) -> None:
    assert not any(secret in node.log_text() for secret in (CANARY, "1.2.3", "Traceback"))


def test_one_spool_has_one_process(node: Node) -> None:
    with pytest.raises(AssertionError, match="another edgect listens with it"):
        Node(node.spool.parent, "--quiet", 1).start()
