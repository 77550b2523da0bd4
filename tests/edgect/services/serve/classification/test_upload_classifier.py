"""Without HTTP: what a server does only when it is in trouble."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from edgect.pipeline import Pipeline
from edgect.rows.prediction import Prediction
from edgect.scans import Limits
from tests.edgect.scans import dicom_files
from tests.serving import File, scans

pytest.importorskip("starlette", reason="needs edgect[serve]")
from edgect.services.serve.classification.upload_classifier import UploadClassifier
from edgect.services.serve.classification.uploads import Upload


def test_files_still_waiting_when_the_server_has_to_end_get_a_row_that_says_so() -> None:
    rows = _rows_of(scans(3), end=-1)
    assert [row.path for row in rows] == [name for name, _ in scans(3)]
    assert all("stopped" in row.reason for row in rows)


def test_a_fault_of_the_server_is_a_row_and_the_files_after_it_are_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Pipeline):
        def classify_content(
            self, content: bytes, name: str, *rest: Any, **more: Any
        ) -> Iterator[Prediction]:
            if name == "bad.png":
                raise MemoryError(dicom_files.CANARY)
            return super().classify_content(content, name, *rest, **more)

    rows = _rows_of([("bad.png", b"x"), *scans(1)], Broken(many=True))
    assert [row.status for row in rows] == ["error", "ok"]
    assert "MemoryError" in rows[0].reason
    assert "MemoryError at" in caplog.text
    assert dicom_files.CANARY not in caplog.text + rows[0].reason


def test_archives_that_unpack_to_more_than_there_is_room_for_say_so() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.png", bytes(2_000_000))
        file.writestr("b.png", scans(1)[0][1])
    rows = _rows_of([("a.zip", archive.getvalue())], unpacked=1_000_000)
    assert ["memory" in row.reason for row in rows] == [True, False]
    assert rows[1].status == "ok"


def _rows_of(
    files: list[File],
    classifier: Pipeline | None = None,
    unpacked: int = 10**9,
    end: float | None = None,
) -> list[Prediction]:
    """Without HTTP: what a server does only when it is in trouble."""

    async def collected() -> list[Prediction]:
        pipeline = classifier or Pipeline(many=True)
        upload_classifier = UploadClassifier(pipeline.parallel_files(many=True), Limits(), 60, unpacked)
        if end is not None:
            upload_classifier.stop_after(end)
        uploads = [Upload(name, content, len(content)) for name, content in files]
        rows = [
            row async for row in upload_classifier.classify(pipeline, uploads, False, lambda _, row, __: row)
        ]
        upload_classifier.close()
        return rows

    return asyncio.run(collected())
