"""Two models that never were, with answers as a test wants them."""

from __future__ import annotations

from collections.abc import Sequence

from edgect.compare.sides import Side, Sides
from edgect.evaluate.report import Model
from edgect.evaluate.rows import LabelledSlice
from edgect.model.decision.labels import Decision
from edgect.sources.labels import Case, Cases

LABELS = ("not COVID-19", "COVID-19")
Truth = tuple[int, str]
"""Label and patient."""


def cases(truths: Sequence[Truth]) -> Cases:
    return Cases(
        [Case(f"{n}.png", label, patient) for n, (label, patient) in enumerate(truths)],
        by_patient=all(patient for _, patient in truths),
    )


def sides(
    truths: Sequence[Truth],
    first: Sequence[float | None],
    second: Sequence[float | None],
    thresholds: tuple[float, float] = (0.5, 0.5),
) -> Sides:
    """first, second: probabilities by slice, None for one that is rejected."""
    of = cases(truths)
    return (
        _side("A", of, first, thresholds[0]),
        _side("B", of, second, thresholds[1]),
    )


def _side(name: str, of: Cases, probabilities: Sequence[float | None], threshold: float) -> Side:
    slices = [
        LabelledSlice(
            case,
            "rejected" if probability is None else "ok",
            "" if probability is None else LABELS[probability >= threshold],
            probability,
            "no lungs" if probability is None else "",
            f"digest of {case.path}",
        )
        for case, probability in zip(of.files, probabilities, strict=True)
    ]
    return Side(
        Model(name, name, "engine", "1", "int8", 1, threshold, "balanced"),
        Decision(LABELS, threshold, "balanced"),
        1.0,
        slices,
    )
