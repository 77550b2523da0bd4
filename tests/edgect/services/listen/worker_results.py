"""The worker of a node without the network before it: one image in, and what comes of it."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple
from unittest.mock import patch

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from edgect.pipeline import Pipeline
from edgect.services.current_model import CurrentModel
from edgect.services.listen import worker
from edgect.services.listen.auditing import NodeTrail
from edgect.services.listen.config import NodeConfig
from edgect.services.listen.results.image_headers import grouping_key, read_identifiers
from edgect.services.listen.results.options import KINDS, ResultOptions
from edgect.services.listen.storage.outbox import Outbox
from edgect.services.listen.storage.spool import Spool
from tests.edgect.services.listen.listen_process import until

EVERYTHING = ResultOptions(frozenset(KINDS), every_slice=True)


class Results(NamedTuple):
    """Files, as long as `results_of` lasts. others: none where no slice got an answer."""

    reports: list[Path]
    others: list[Path]
    aside: list[Path]


@contextmanager
def results_of(
    classifier: Pipeline, content: bytes, options: ResultOptions = EVERYTHING
) -> Iterator[Results]:
    """Of one image. Raises HeaderError where its sender would be told that it is refused."""
    header = read_identifiers(io.BytesIO(content))
    with tempfile.TemporaryDirectory() as folder, patch.multiple(worker, PAUSE=0.0, CHECK=0.01):
        root = Path(folder)
        config = NodeConfig(
            "EDGECT", "127.0.0.1", 0, root / "spool", quiet_seconds=0, out=root / "out", min_free=0
        )
        spool = Spool(config)
        stop, outbox = Event(), Outbox(spool, 3600)
        spool.put(content, grouping_key(header), str(header.SOPInstanceUID))
        running = Thread(
            target=worker.Worker(
                CurrentModel(lambda: classifier, "", worker.LOG),
                spool,
                outbox,
                options,
                NodeTrail(None, config),
            ).run,
            args=(stop, Event()),
        )
        running.start()
        try:
            until(lambda: spool.images == 0)
        finally:
            stop.set()
            running.join()
            spool.close()
        files = sorted(spool.root.glob("results/*/*.dcm"))
        reports = [file for file in files if file.name.startswith("report-")]
        others = [file for file in files if file not in reports]
        yield Results(reports, others, aside=list(spool.root.glob("set-aside/*/*.dcm")))


def put_raw(dataset: Dataset, keyword: str, vr: str, value: bytes) -> None:
    """An element with these bytes, whatever the standard has there."""
    # pydicom writes no number that is cut short
    tag, even = Tag(keyword), value + b" " * (-len(value) % (4 if vr == "FL" else 2))
    dataset._dict[tag] = RawDataElement(tag, vr, len(even), even, 0, False, True, True)
    # as if read in this encoding: pydicom writes the bytes as they are, where it would else decode them
    dataset.set_original_encoding(False, True, dataset._character_set)
