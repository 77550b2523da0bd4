"""What `edgect classify` makes beside its rows: each is asked the same few things."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from edgect.cli.rows import Row
from edgect.errors import UsageError
from edgect.prediction import Prediction


class Beside(Protocol):
    """evidence: whether predictions must carry the slice and the evidence by place."""

    evidence: bool

    def has(self, row: Row) -> bool:
        """Whether all that this needs of a row of an interrupted run is there still."""
        ...

    def prepare(self, prediction: Prediction, row: Row) -> None:
        """Take from a prediction what its row does not hold. Called by several threads, out of order."""
        ...

    def add(self, row: Row) -> None:
        """The next row in order, a new one or one of an interrupted run."""
        ...

    def finish(self) -> None:
        """All rows are there. Not called where the run was interrupted."""
        ...


class HeatMaps:
    """A picture for every slice, in a folder."""

    evidence = True

    def __init__(self, folder: Path, scale: float) -> None:
        """scale: the bundle's heat map scale."""
        self._folder, self._scale = folder, scale

    @staticmethod
    def make(folder: Path, inputs: Sequence[str]) -> None:
        """Before anything slow. Raises UsageError where the folder cannot be used."""
        inside = [path for path in inputs if folder.resolve().is_relative_to(Path(path).resolve())]
        if inside:
            raise UsageError(f"--cam {folder} lies in {inside[0]}: its heat maps would be taken for scans")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--cam {folder}: cannot be made ({error.strerror})") from error

    def has(self, row: Row) -> bool:
        return row["status"] != "ok" or (
            bool(row["heat_map"]) and (self._folder / str(row["heat_map"])).is_file()
        )

    def prepare(self, prediction: Prediction, row: Row) -> None:
        if prediction.evidence is not None:
            from edgect.heatmap import write

            row["heat_map"] = write(prediction, self._folder, self._scale)

    def add(self, row: Row) -> None: ...

    def finish(self) -> None: ...
