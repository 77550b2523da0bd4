"""A series that nothing can be made of is kept, and holds up no other."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

import pytest

from edgect.audit.trail import AuditError, Content, Trail
from edgect.errors import UsageError
from edgect.pipeline import Pipeline
from edgect.services.current_model import CurrentModel
from edgect.services.listen import worker
from edgect.services.listen.auditing import NodeTrail
from edgect.services.listen.config import NodeConfig
from edgect.services.listen.results.options import ResultOptions
from edgect.services.listen.storage.outbox import Outbox
from edgect.services.listen.storage.spool import Spool
from tests.edgect.scans.dicom_files import write
from tests.edgect.services.listen.listen_process import image, until


def test_what_cannot_be_reported_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PAUSE", 0.0)
    config = NodeConfig(
        "EDGECT", "127.0.0.1", 0, tmp_path / "spool", quiet_seconds=0, out=tmp_path / "out", min_free=0
    )
    spool = Spool(config)
    outbox, stop = Outbox(spool, config.remember_seconds), Event()
    spool.put(b"came whole, but the disk has lost it", "a series", "1.2.3")
    spool.put(write(image(0)), "another", "1.2.4")
    classifier = Pipeline(backend="onnxruntime", threads=1, include_identifiers=True)
    running = Thread(
        target=worker.Worker(
            CurrentModel(lambda: classifier, "", worker.LOG),
            spool,
            outbox,
            ResultOptions(),
            NodeTrail(None, config),
        ).run,
        args=(stop, Event()),
    )
    running.start()
    try:
        (aside,) = until(lambda: list((spool.root / "set-aside").glob("*/*.dcm")))
        (result,) = until(outbox.waiting)
        until(lambda: spool.images == 0)
    finally:
        stop.set()
        running.join()
        spool.close()
    assert aside.read_bytes() == b"came whole, but the disk has lost it"
    assert list(result.glob("report-*.dcm"))


def test_a_fault_of_the_disk_does_not_end_the_answering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "PAUSE", 0.01)
    config = NodeConfig(
        "EDGECT", "127.0.0.1", 0, tmp_path / "spool", quiet_seconds=0, out=tmp_path / "out", min_free=0
    )
    spool = Spool(config)
    outbox, stop = Outbox(spool, 0), Event()
    (spool.reported / "cannot be deleted as a record").mkdir()
    classifier = Pipeline(backend="onnxruntime", threads=1, include_identifiers=True)
    running = Thread(
        target=worker.Worker(
            CurrentModel(lambda: classifier, "", worker.LOG),
            spool,
            outbox,
            ResultOptions(),
            NodeTrail(None, config),
        ).run,
        args=(stop, Event()),
    )
    running.start()
    try:
        until(lambda: "the spool cannot be processed" in caplog.text)
        spool.put(write(image(0)), "a series", "1.2.3")
        until(outbox.waiting)
    finally:
        stop.set()
        running.join()
        spool.close()


def test_a_trail_that_cannot_be_written_is_no_fault_of_a_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is set aside for it, and health knows."""
    monkeypatch.setattr(worker, "PAUSE", 0.0)
    config = NodeConfig(
        "EDGECT", "127.0.0.1", 0, tmp_path / "spool", quiet_seconds=0, out=tmp_path / "out", min_free=0
    )
    trail = Trail(tmp_path / "trail", "listen")
    append, full = trail.append, [True]

    def failing(*contents: Content, durable: bool = True) -> None:
        if full[0]:
            raise AuditError("cannot be written")
        append(*contents, durable=durable)

    monkeypatch.setattr(trail, "append", failing)
    spool = Spool(config)
    outbox, stop = Outbox(spool, 0), Event()
    spool.put(write(image(0)), "a series", "1.2.3")
    classifier = Pipeline(backend="onnxruntime", threads=1, include_identifiers=True)
    model = CurrentModel(lambda: classifier, "", worker.LOG)
    working = worker.Worker(model, spool, outbox, ResultOptions(), NodeTrail(trail, config))
    running = Thread(target=working.run, args=(stop, Event()))
    running.start()
    try:
        until(lambda: caplog.text.count("it will be tried again") > worker.MAX_ATTEMPTS)
        assert (spool.images, working.trouble) == (1, "disk or audit trail cannot be used (AuditError)")
        full[0] = False
        until(lambda: outbox.waiting() and not spool.images)
        until(lambda: working.trouble == "")
    finally:
        stop.set()
        running.join()
        spool.close()
        trail.close()
    assert not (spool.root / "set-aside").exists()


def test_a_spool_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("")
    config = NodeConfig("EDGECT", "127.0.0.1", 0, tmp_path / "spool", out=tmp_path / "out")
    with pytest.raises(UsageError, match="cannot be used"):
        Spool(config)
