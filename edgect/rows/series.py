"""The rows about whole series, made of the rows of their slices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import hypot
from typing import TYPE_CHECKING, Any

from edgect.model.decision.labels import Decision
from edgect.model.decision.series import SMOOTHING_RADIUS, SeriesSummary, SliceResult, summarise
from edgect.rows.columns import LABEL_COLUMNS, MODEL_COLUMNS, SERIES_COLUMNS

if TYPE_CHECKING:
    from edgect.scans.frame import Vector


class SeriesRows:
    """Gathers rows of slices, in any order; those without a series, of pictures, are left out.

    That pictures lie in one folder does not make them one patient's.
    """

    def __init__(self, decision: Decision) -> None:
        """decision: with which the rows of the slices were made."""
        self._decision = decision
        self._series: dict[str, list[SliceResult]] = {}
        self._models: dict[str, dict[str, dict[str, Any]]] = {}  # of a series, by bundle
        self._labels: dict[str, dict[str, Any]] = {}  # of a series: each value the first that there is

    def add(self, row: Mapping[str, Any]) -> None:
        """A row of `Prediction`, its numbers as such or, as CSV has them, as text."""
        if series := str(row["series"] or ""):
            self._series.setdefault(series, []).append(slice_result(row, self._decision.labels[1]))
            model = {name: row[name] for name in MODEL_COLUMNS}
            self._models.setdefault(series, {})[str(row["bundle"])] = model
            label = self._labels.setdefault(series, dict.fromkeys(LABEL_COLUMNS, ""))
            for name in LABEL_COLUMNS:
                if label[name] == "" and row.get(name) is not None:  # rows of earlier versions have none
                    label[name] = row[name]

    def rows(self) -> list[dict[str, Any]]:
        """A row for every series, in the order in which they were met."""
        return [self._row(name, summarise(slices)) for name, slices in self._series.items()]

    def summaries(self) -> list[SeriesSummary]:
        """The slices that each of the rows is about, in order."""
        return [summarise(slices) for slices in self._series.values()]

    def columns(self) -> list[str]:
        return [column.name for column in SERIES_COLUMNS]

    def _row(self, name: str, summary: SeriesSummary) -> dict[str, Any]:
        value, number = summary.highest or (None, None)
        models = list(self._models[name].values())
        probabilities, threshold = summary.probabilities, self._decision.threshold
        reaching = sum(probability >= threshold for probability in probabilities)
        return {
            "series": name,
            "rule_says": self._decision.series_label(probabilities),
            "slices": len(summary.slices),
            "answered": summary.count("ok"),
            "rejected": summary.count("rejected"),
            "errors": summary.count("error"),
            "positive": len(summary.positive),
            "share_positive": round(reaching / len(probabilities), 6) if probabilities else None,
            "highest_smoothed": None if value is None else round(value, 6),
            "highest_at": number,
            "positive_numbers": summary.positive,
            "positive_slices": [summary.slices[number - 1].name for number in summary.positive],
            "spacing": None if summary.spacing is None else round(summary.spacing, 4),
            "doubts": "; ".join([*summary.doubts, *_mixture(models)]),
            "smoothing": f"mean within {SMOOTHING_RADIUS:g} mm to either side",
            "threshold": threshold,
            "rule": self._decision.series_rule.text,
            **models[-1],
            **self._label(name),
        }

    def _label(self, name: str) -> dict[str, Any]:
        label = self._labels[name]
        number = label["series_number"]
        return {**label, "series_number": None if number == "" else int(number)}


def _mixture(models: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A doubt, where the rows of a series are of several bundles."""
    if len(models) > 1:
        names = ", ".join(f"{model['model']} {model['bundle']}" for model in models)
        yield f"its slices were answered on by several bundles ({names}), each with its own threshold"


def slice_result(row: Mapping[str, Any], positive: str) -> SliceResult:
    """What the rule for a series is told of a slice. positive: the label that is COVID-19."""
    probability = _number(row["probability"])
    return SliceResult(
        path=str(row["path"]),
        frame=None if row["frame"] in ("", None) else int(str(row["frame"])),
        status=str(row["status"]),
        positive=row["label"] == positive,
        probability=None if probability is None else round(probability, 8),  # as CSV keeps it
        position=_number(row["position"]),
        normal=_vector(row["normal"]),
    )


def _vector(cell: Any) -> Vector | None:
    """Of a row's "x y z". None of what no edgect writes, such as a cell that a spreadsheet has changed."""
    try:
        x, y, z = map(float, str(cell or "").split())
    except ValueError:
        return None
    return (x, y, z) if abs(hypot(x, y, z) - 1) < 0.01 and z > 0 else None


def _number(cell: Any) -> float | None:
    return None if cell in ("", None) else float(cell)
