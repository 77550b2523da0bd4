"""Row sinks: what a run writes besides its rows, such as heat maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from edgect.errors import UsageError
from edgect.rows.formats import Row
from edgect.rows.prediction import Prediction
from edgect.scans.files.remote import local


class RowSink(Protocol):
    """evidence: whether predictions must carry the slice and the evidence by place.

    draw: makes of a prediction what its row does not hold. It can be pickled, since the prediction may be
    made on another machine.
    """

    evidence: bool

    @property
    def render(self) -> Callable[[Prediction], Any]: ...

    def still_has(self, row: Row) -> bool:
        """Whether all that belongs to a row of an interrupted run is still there."""
        ...

    def store(self, rendered: Any, row: Row) -> None:
        """Take what `render` made of a row's prediction. Called by several threads, out of order."""
        ...

    def add(self, row: Row) -> None:
        """The next row in order, a new one or one of an interrupted run."""
        ...

    def finish(self) -> None:
        """All rows are there. Not called where the run was interrupted."""
        ...


class HeatMapFolder:
    """A picture for every slice, in a folder."""

    evidence = True

    def __init__(self, folder: Path, scale: float) -> None:
        """scale: the bundle's heat map scale."""
        self._folder, self.render = folder, partial(_heat_map, scale=scale)

    @staticmethod
    def create(folder: Path, inputs: Sequence[str]) -> None:
        """Before anything slow. Raises UsageError where the folder cannot be used."""
        inside = [path for path in inputs if folder.resolve().is_relative_to(Path(local(path)).resolve())]
        if inside:
            raise UsageError(f"--cam {folder} lies in {inside[0]}: its heat maps would be taken for scans")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--cam {folder}: cannot be made ({error.strerror})") from error

    def still_has(self, row: Row) -> bool:
        return row["status"] != "ok" or (
            bool(row["heat_map"]) and (self._folder / str(row["heat_map"])).is_file()
        )

    def store(self, rendered: tuple[str, bytes] | None, row: Row) -> None:
        if rendered is not None:
            from edgect.report.heat_map import write

            row["heat_map"], content = rendered
            write(content, self._folder / rendered[0])

    def add(self, row: Row) -> None: ...

    def finish(self) -> None: ...


def _heat_map(prediction: Prediction, scale: float) -> tuple[str, bytes] | None:
    """A file's name and content; None where there is nothing to draw."""
    if prediction.evidence is None:
        return None
    from edgect.report.heat_map import file_name, png

    return file_name(prediction), png(prediction, scale)
