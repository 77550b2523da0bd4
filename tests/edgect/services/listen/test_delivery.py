"""Every file goes to every destination, to no other, and again until it is there or refused."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Generator, Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
from pydicom import Dataset

from edgect.services.listen import delivery
from edgect.services.listen.config import NodeConfig, RemoteNode
from edgect.services.listen.delivery import Delivery
from edgect.services.listen.destinations import (
    DeliveryError,
    FolderDestination,
    Outcome,
    RefusedError,
    StorageDestination,
    UnreachableError,
)
from edgect.services.listen.results.record import ResultRecord
from edgect.services.listen.storage.outbox import Outbox
from edgect.services.listen.storage.spool import Spool
from tests.edgect.scans.dicom_files import CANARY
from tests.edgect.services.listen.listen_process import free_port, save


class Recorder:
    """A destination that notes what it gets, or refuses a file, or fails, as `errors` has it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.attempts: list[str] = []
        self.received: list[str] = []
        self.errors: dict[str, Exception] = {}

    def deliver(self, paths: list[Path]) -> Generator[Outcome, None, None]:
        for path in paths:
            self.attempts.append(path.name)
            error = self.errors.get(path.name)
            if error is not None and type(error) not in (DeliveryError, RefusedError):
                raise error
            if error is None:
                self.received.append(path.name)
            yield path, error  # type: ignore[misc]


class Clock(Event):
    """Each wait takes as long as it may, at once; after `seconds` altogether `stop` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.now, self.stop = 0.0, Event()
        monkeypatch.setattr(delivery, "time", SimpleNamespace(monotonic=lambda: self.now))

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        assert not self.is_set()  # else it would not wait at all
        self.now += timeout
        if self.now >= self.end:
            self.stop.set()
        return False

    def run(self, delivering: Delivery, seconds: float) -> None:
        self.stop.clear()
        self.set()
        self.end = self.now + seconds
        delivering.run(self.stop, self)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Clock:
    caplog.set_level(logging.INFO)
    return Clock(monkeypatch)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    spool = Spool(NodeConfig("EDGECT", "127.0.0.1", 0, tmp_path / "spool", out=tmp_path / "out"))
    yield Outbox(spool, 3600)
    spool.close()


def put(outbox: Outbox, *names: str) -> None:
    for name in names:
        outbox.put(name, "0", {f"{name}.dcm": name.encode()}, ResultRecord(Dataset(), 1, []))


def test_every_destination_gets_every_result_once(
    outbox: Outbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = Recorder("first"), Recorder("second")
    put(outbox, "a", "b")
    clock.run(Delivery(outbox, [first, second]), 5)
    assert first.attempts == second.attempts == ["a.dcm", "b.dcm"]
    assert outbox.waiting() == []
    assert "delivered to the second: b.dcm" in caplog.text


def test_a_result_stays_until_the_last_destination_has_it(outbox: Outbox, clock: Clock) -> None:
    first, second = Recorder("first"), Recorder("second")
    second.errors["a.dcm"] = DeliveryError("refused")
    put(outbox, "a", "b")
    delivering = Delivery(outbox, [second, first])
    clock.run(delivering, 10)
    assert [folder.name for folder in outbox.waiting()] == ["a-0"]
    assert first.attempts == ["a.dcm", "b.dcm"]
    assert second.received == ["b.dcm"]
    second.errors.clear()
    clock.run(delivering, 20)
    assert outbox.waiting() == []
    assert first.attempts == ["a.dcm", "b.dcm"]  # not again
    assert second.received == ["b.dcm", "a.dcm"]


def test_a_new_process_does_not_deliver_again_what_was_delivered(outbox: Outbox, clock: Clock) -> None:
    first, second = Recorder("first"), Recorder("second")
    second.errors["a.dcm"] = OSError(28, "No space left on device")
    put(outbox, "a")
    clock.run(Delivery(outbox, [first, second]), 1)
    second.errors.clear()
    clock.run(Delivery(outbox, [first, second]), 1)
    assert (first.attempts, second.received, outbox.waiting()) == (["a.dcm"], ["a.dcm"], [])


def test_after_each_failure_it_waits_twice_as_long_up_to_a_limit(
    outbox: Outbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    destination = Recorder("node")
    destination.errors["a.dcm"] = DeliveryError("refused")
    put(outbox, "a")
    delivering = Delivery(outbox, [destination])
    clock.run(delivering, 2000)
    waits = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert [record.message for record in caplog.records][: len(waits)] == [
        f"results wait for the node, for {wait} s: refused" for wait in waits
    ]
    # at 0, 1, 3, 7 …, 511, then each 300 s
    assert len(destination.attempts) == 10 + (2000 - 1 - 511) // 300
    destination.errors.clear()
    clock.run(delivering, 301)
    assert outbox.waiting() == []


def test_a_failure_that_is_over_does_not_delay_the_next(
    outbox: Outbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    destination = Recorder("node")
    delivering = Delivery(outbox, [destination])
    errors = UnreachableError("down"), DeliveryError("refused"), DeliveryError("refused again")
    for error in errors:
        for name in ("a", "b"):
            destination.errors[f"{name}.dcm"] = error
            put(outbox, name)
            clock.run(delivering, 3.5)
            destination.errors.clear()
            clock.run(delivering, 10)
            assert outbox.waiting() == []
    waits = [record.message.split(" s: ")[0][-1] for record in caplog.records if "wait" in record.message]
    assert waits == ["1", "2", "4"] * 2 * len(errors)


def test_a_destination_that_is_down_is_not_called_for_every_result(outbox: Outbox, clock: Clock) -> None:
    down, up = Recorder("down"), Recorder("up")
    down.errors = {f"{name}.dcm": UnreachableError("down") for name in "abc"}
    put(outbox, *"abc")
    clock.run(Delivery(outbox, [down, up]), 0.5)
    assert down.attempts == ["a.dcm"]
    assert up.received == ["a.dcm", "b.dcm", "c.dcm"]


def test_a_result_that_is_refused_holds_up_no_other(outbox: Outbox, clock: Clock) -> None:
    destination = Recorder("node")
    destination.errors["a.dcm"] = DeliveryError("refused")
    put(outbox, *"abc")
    clock.run(Delivery(outbox, [destination]), 0.5)
    assert destination.received == ["b.dcm", "c.dcm"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError(f"cannot encode {CANARY}"), "ValueError"),
        (OSError(28, "No space left on device", f"/{CANARY}"), "No space left on device"),
        (OSError(f"about {CANARY}"), "OSError"),
        (DeliveryError("the node did not answer"), "the node did not answer"),
    ],
)
def test_no_error_ends_the_delivery_and_none_names_a_patient(
    outbox: Outbox, clock: Clock, caplog: pytest.LogCaptureFixture, error: Exception, reason: str
) -> None:
    destination = Recorder("node")
    destination.errors["a.dcm"] = error
    put(outbox, "a", "b")
    clock.run(Delivery(outbox, [destination]), 0.5)
    assert destination.received == ["b.dcm"]
    assert f"for 1 s: {reason}" in caplog.text
    assert CANARY not in caplog.text


def test_an_outbox_that_cannot_be_read_is_tried_again(
    outbox: Outbox, clock: Clock, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    destination = Recorder("node")
    put(outbox, "a")
    (tmp_path / "spool" / "results").rename(tmp_path / "away")
    delivering = Delivery(outbox, [destination])
    clock.run(delivering, 2)
    assert "the outbox cannot be read (No such file or directory)" in caplog.text
    (tmp_path / "away").rename(tmp_path / "spool" / "results")
    clock.run(delivering, 2)
    assert destination.received == ["a.dcm"]


def test_it_stops_between_two_destinations(outbox: Outbox, clock: Clock) -> None:
    class Stopping(Recorder):
        def deliver(self, paths: list[Path]) -> Generator[Outcome, None, None]:
            yield from super().deliver(paths)
            clock.stop.set()

    first, second = Stopping("first"), Recorder("second")
    put(outbox, "a", "b")
    clock.run(Delivery(outbox, [first, second]), 5)
    assert (first.attempts, second.attempts) == (["a.dcm"], [])
    assert len(outbox.waiting()) == 2


def put_both(outbox: Outbox) -> None:
    """A report and a picture, of one result."""
    files = {"picture.dcm": b"picture", "report.dcm": b"report"}
    outbox.put("both", "0", files, ResultRecord(Dataset(), 1, []))


@pytest.mark.parametrize("failing", ["picture.dcm", "report.dcm"])
def test_a_file_that_must_wait_holds_up_no_other_and_no_other_is_sent_twice(
    outbox: Outbox, clock: Clock, caplog: pytest.LogCaptureFixture, failing: str
) -> None:
    destination, other = Recorder("node"), Recorder("folder")
    destination.errors[failing] = DeliveryError("busy")
    put_both(outbox)
    delivering = Delivery(outbox, [destination, other])
    clock.run(delivering, 10)
    (arrived,) = {"picture.dcm", "report.dcm"} - {failing}
    assert (destination.received, destination.attempts.count(arrived)) == ([arrived], 1)
    assert destination.attempts.count(failing) > 1
    assert "results wait for the node, for 1 s: busy" in caplog.text
    destination.errors.clear()
    clock.run(Delivery(outbox, [destination, other]), 1)  # as after another start
    assert destination.received == [arrived, failing]
    assert (sorted(other.attempts), outbox.waiting()) == (["picture.dcm", "report.dcm"], [])


def test_what_is_refused_for_good_is_set_aside_and_not_tried_again(
    outbox: Outbox, clock: Clock, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    destination, other = Recorder("node"), Recorder("folder")
    destination.errors["report.dcm"] = RefusedError("the node refuses Comprehensive SR Storage")
    put_both(outbox)
    clock.run(Delivery(outbox, [destination, other]), 1000)
    assert destination.attempts == other.received == ["picture.dcm", "report.dcm"]
    assert (destination.received, outbox.waiting()) == (["picture.dcm"], [])
    aside = tmp_path / "spool" / "refused" / "node" / "report.dcm"
    assert aside.read_bytes() == b"report"
    assert f"refuses Comprehensive SR Storage; it is not tried again, and set aside as {aside}" in caplog.text
    assert "wait" not in caplog.text


def test_what_is_refused_and_cannot_be_set_aside_is_not_lost(
    outbox: Outbox, clock: Clock, tmp_path: Path
) -> None:
    destination = Recorder("node")
    destination.errors["report.dcm"] = RefusedError("refused")
    put_both(outbox)
    (tmp_path / "spool" / "refused").write_text("in the way")
    delivering = Delivery(outbox, [destination])
    clock.run(delivering, 5)
    assert [path.name for path in outbox.waiting()[0].glob("*.dcm")]
    (tmp_path / "spool" / "refused").unlink()
    clock.run(delivering, 20)
    assert (tmp_path / "spool" / "refused" / "node" / "report.dcm").read_bytes() == b"report"
    assert (outbox.waiting(), destination.attempts.count("picture.dcm")) == ([], 1)


def test_a_folder_gets_private_copies(tmp_path: Path) -> None:
    out, report = tmp_path / "out", save(tmp_path / "report.dcm", b"report")
    with pytest.raises(OSError, match="No such file"):
        list(FolderDestination(out).deliver([report]))
    out.mkdir()
    save(out / "report.dcm", b"from before")
    files = [report, save(tmp_path / "heat-map.dcm", b"picture")]
    assert list(FolderDestination(out).deliver(files)) == [(file, None) for file in files]
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {
        "report.dcm": b"report",
        "heat-map.dcm": b"picture",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}


def test_a_folder_that_the_disk_does_not_keep_has_not_got_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def broken(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(5, "Input/output error")
        fsync(descriptor)

    report = save(tmp_path / "report.dcm", b"report")
    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output"):
        list(FolderDestination(tmp_path).deliver([report]))


def test_what_a_real_destination_has_is_known_to_the_next_process(
    outbox: Outbox, clock: Clock, tmp_path: Path
) -> None:
    down = StorageDestination(RemoteNode("ARCHIVE", "127.0.0.1", free_port()), "EDGECT", 5)
    (tmp_path / "out").mkdir()
    put(outbox, "a")
    clock.run(Delivery(outbox, [FolderDestination(tmp_path / "out"), down]), 0.5)
    (folder,) = outbox.waiting()
    assert {path.name for path in folder.glob("*.done")} == {"a.dcm.folder.done"}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.dcm"]
    assert down.name == "node"  # by this name earlier versions marked it
