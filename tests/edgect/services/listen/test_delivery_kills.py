"""An archive that refuses one kind of result gets each of the others once, in spite of kills."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydicom import uid
from pynetdicom import AE, evt

from tests.delivery_kills import CLASSES, survive
from tests.edgect.services.listen.listen_process import Node, needs_dcmtk, send, series, until

pytestmark = needs_dcmtk


@pytest.mark.parametrize("refuses", ["SR", pytest.param("SC", marks=pytest.mark.long)])
def test_without_a_kill_nothing_comes_twice(refuses: str, tmp_path: Path) -> None:
    tally = survive(tmp_path, refuses, deliveries=3, kills=0)
    assert (tally.missing, tally.sent_again, tally.of_refused_class) == (0, 0, 0)
    assert (tally.aside, tally.named) == (3, 3)  # each once


@pytest.mark.slow
@pytest.mark.parametrize("refuses", CLASSES)
def test_a_hundred_deliveries_with_kills(refuses: str, tmp_path: Path) -> None:
    tally = survive(tmp_path, refuses, deliveries=100, kills=30)
    assert tally.faults == 0, str(tally)


def test_what_was_acknowledged_before_a_kill_is_not_sent_again(tmp_path: Path) -> None:
    """The node is killed while the archive has the second of its two objects, and has not answered."""
    node, calls = Node(tmp_path), Counter[str]()

    def store(event: evt.Event) -> int:
        sop_class = str(event.request.AffectedSOPClassUID)
        calls[sop_class] += 1
        if calls.total() == 2:
            node.kill()
        return 0

    entity = AE("ARCHIVE")
    for sop_class in CLASSES.values():
        entity.add_supported_context(sop_class)
    handlers: list[Any] = [(evt.EVT_C_STORE, store)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    target = f"ARCHIVE@127.0.0.1:{server.server_address[1]}"
    node = Node(tmp_path, "--quiet", 0.2, "--send-to", target, "--secondary-capture").start()
    try:
        send(node, series(tmp_path / "in", 1))
        until(lambda: calls.total() == 2 and node.process and node.process.poll() is not None)
        node.start()
        until(lambda: calls.total() == 3 and not list((node.spool / "results").iterdir()))
        assert node.stop() == 0
    finally:
        server.shutdown()
    assert calls == {uid.SecondaryCaptureImageStorage: 1, uid.ComprehensiveSRStorage: 2}
