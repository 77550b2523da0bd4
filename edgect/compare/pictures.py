"""Pictures of slices whose label is another with the second model, kept on the disk until they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from edgect.evaluate.rows import LabelledSlice
from edgect.report.spool import Spool
from edgect.report.thumbnail import Pictures, pictures
from edgect.rows.formats import Row
from edgect.rows.prediction import Prediction


class PictureSpool:
    """A row sink that keeps a small slice and heat map of every row, by the file's content."""

    evidence = True

    def __init__(self, path: Path, scale: float, first: Sequence[LabelledSlice] | None = None) -> None:
        """scale: log-odds drawn in the strongest red.

        first: the slices of the first model, where this is the second: pictures are kept of those alone that
        now have another label.
        """
        self.render = partial(_pictures, scale=scale)
        self._spool = Spool(path, "pictures of a comparison")
        self._labels = (
            None if first is None else {_key(each.sha256, each.frame): each.label for each in first}
        )

    def still_has(self, row: Row) -> bool:
        return True

    def store(self, rendered: Pictures | None, row: Row) -> None:
        key = _key(str(row["sha256"]), row["frame"])
        if self._labels is None or self._labels.get(key) != row["label"]:
            self._spool.put(key, rendered)

    def add(self, row: Row) -> None: ...

    def finish(self) -> None: ...

    def of(self, slice_: LabelledSlice) -> Pictures | None:
        return self._spool.take(_key(slice_.sha256, slice_.frame))

    def close(self) -> None:
        self._spool.remove()


def _pictures(prediction: Prediction, scale: float) -> Pictures | None:
    if prediction.pixels is None or prediction.evidence is None:
        return None
    return pictures(prediction.pixels, prediction.evidence, scale)


def _key(sha256: str, frame: object) -> str:
    return f"{sha256}.{'' if frame is None else frame}"
