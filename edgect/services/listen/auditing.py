"""What a DICOM node appends to the audit trail: answers and results before they go out, and deliveries."""

from __future__ import annotations

from pathlib import Path

from edgect.audit.contents import KEPT, NEW, answer, delivery, left_out, result
from edgect.audit.trail import Trail
from edgect.services.listen.config import NodeConfig
from edgect.services.listen.results.record import ResultRecord
from edgect.services.listen.results.series_result import SeriesResult
from edgect.services.listen.selection.selection import LeftOut
from edgect.services.listen.storage.outbox import RECORD

OUTBOX = "outbox"


class NodeTrail:
    """trail: None for a node that keeps none."""

    def __init__(self, trail: Trail | None, config: NodeConfig) -> None:
        self._trail, node = trail, config.send_to
        self._addresses = {"folder": str(config.out)}
        if node is not None:
            self._addresses["node"] = f"{node.title}@{node.host}:{node.port}"

    def result(self, result_: SeriesResult) -> None:
        """A result and the answers in it, before it is put into the outbox. Raises AuditError."""
        if self._trail is None:
            return
        identifiers = self._trail.identifiers
        rows = [slice_.prediction.row() for slice_ in result_.slices]
        outcomes = [KEPT if slice_.deleted else NEW for slice_ in result_.slices]
        answers = [
            answer(row, identifiers, OUTBOX, outcome) for row, outcome in zip(rows, outcomes, strict=True)
        ]
        named = next((row for row in rows if row["series"]), rows[0])
        self._trail.append(
            *answers, result(named, result_.row, identifiers, OUTBOX, result_name(result_.digest))
        )

    def left_out(self, images: LeftOut) -> None:
        """Images of a series that a rule leaves out, before they are removed. Raises AuditError."""
        if self._trail is not None:
            names = images.first.study, images.first.series
            self._trail.append(left_out(*names, self._trail.identifiers, images.rule, len(images.images)))

    def attempt(self, folder: Path, destination: str, outcome: str) -> None:
        """To deliver the result in a folder of the outbox to the destination. Raises AuditError."""
        if self._trail is None:
            return
        record = ResultRecord.load(folder / RECORD)
        image = record.slices[0].image if record is not None and record.slices else None
        study, series = (
            str(image.get(keyword, "")) if image is not None else ""
            for keyword in ("StudyInstanceUID", "SeriesInstanceUID")
        )
        address = self._addresses.get(destination, destination)
        name = folder.name.rpartition("-")[2]
        self._trail.append(delivery(study, series, self._trail.identifiers, name, address, outcome))


def result_name(digest: str) -> str:
    """Of a result's files and of its folder in the outbox. digest: of the result."""
    return digest[:16]
