"""The row of every slice with its true label: as CSV in a file, and as data for the figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgect.model.decision.labels import INDETERMINATE
from edgect.rows.columns import COLUMNS
from edgect.rows.formats import Lines, Row, decode, typed
from edgect.rows.prediction import Prediction
from edgect.sources.labels import Case, Cases

TRUTH = ("truth", "patient")  # after the columns of `edgect classify`
UPWARDS = "0 0 1"  # the normal of slices whose positions a table has


@dataclass(frozen=True)
class LabelledSlice:
    """One slice, its true label, and what the model says of it. score: probability of COVID-19, if any.

    frame, series, position, normal: as in the row; where the file does not say where it lies, by its case.
    """

    case: Case
    status: str
    label: str
    score: float | None
    reason: str
    sha256: str
    frame: int | None = None
    series: str = ""
    position: float | None = None
    normal: str = ""

    @classmethod
    def of(cls, case: Case, row: Row) -> LabelledSlice:
        probability, frame, position = row["probability"], row["frame"], row["position"]
        placed = position is not None and bool(row["normal"])
        return cls(
            case,
            str(row["status"]),
            str(row["label"]),
            None if probability is None else float(probability),
            str(row["reason"]),
            str(row["sha256"]),
            None if frame is None else int(frame),
            str(row["series"]),
            float(position) if placed and position is not None else case.position,
            str(row["normal"]) if placed else UPWARDS,
        )

    def row(self) -> dict[str, str | int | float | None]:
        """Some columns of its row: those that the rule for a series is told, and the reason."""
        return {
            "path": self.case.path,
            "frame": self.frame,
            "status": self.status,
            "label": self.label,
            "probability": self.score,
            "reason": self.reason,
            "position": self.position,
            "normal": self.normal,
        }

    @property
    def name(self) -> str:
        return self.case.path

    @property
    def truth(self) -> int:
        return self.case.label

    @property
    def answered(self) -> bool:
        """Whether it has one of the two labels."""
        return self.status == "ok" and self.label != INDETERMINATE

    @property
    def unit(self) -> str:
        """Whose slices stay together: the patient's, or the file's."""
        return self.case.patient or self.case.path

    @property
    def probability(self) -> float:
        assert self.score is not None
        return self.score


class LabelledSlices:
    """A row sink that collects the rows of all cases."""

    evidence = False

    def __init__(self, cases: Cases) -> None:
        self.slices: list[LabelledSlice] = []
        self.render = _nothing
        self._cases = {case.path: case for case in cases.files}

    def still_has(self, row: Row) -> bool:
        return True

    def store(self, rendered: None, row: Row) -> None: ...

    def add(self, row: Row) -> None:
        self.slices.append(LabelledSlice.of(self._cases[str(row["path"])], row))

    def finish(self) -> None: ...


@dataclass(frozen=True)
class LabelledLines(Lines):
    """CSV with the truth behind the columns, and probabilities to the last digit.

    truth: label and patient by path.
    """

    truth: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of_cases(cls, cases: Cases, labels: tuple[str, str]) -> LabelledLines:
        """labels: of not COVID-19 and COVID-19."""
        return cls("csv", truth={case.path: (labels[case.label], case.patient) for case in cases.files})

    def header(self) -> str:
        return _line((*COLUMNS, *TRUTH))

    def line(self, row: Row) -> str:
        return _line([*(row[name] for name in COLUMNS), *self.truth[str(row["path"])]])

    def parse(self, line: bytes) -> Row | None:
        """None also where the label or the patient is another one now."""
        text = decode(line)
        try:
            (cells,) = csv.reader(io.StringIO(text, newline=""))
            row, truth = typed(cells[: len(COLUMNS)]), cells[len(COLUMNS) :]
            wanted = self.truth.get(str(row["path"]), truth)
            return row if _line([*row.values(), *wanted]) == text else None
        except (ValueError, TypeError, LookupError, csv.Error):
            return None


def _line(cells: Sequence[object]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _nothing(_: Prediction) -> None: ...
