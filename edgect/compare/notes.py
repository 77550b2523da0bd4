"""What to keep in mind about a comparison, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edgect.compare.report import Level
from edgect.compare.sides import Sides
from edgect.evaluate.notes import FEW
from edgect.sources.labels import Cases


def notes(cases: Cases, sides: Sides, levels: Mapping[str, Level]) -> Iterator[str]:
    first, second = (side.model for side in sides)
    if first.digest == second.digest and first.threshold == second.threshold:
        yield "A and B are the same bundle at the same threshold: every difference is 0."
    for level in levels.values():
        plural = level.by if level.by == "series" else f"{level.by}s"
        for name, count in (("COVID-19", level.positives), ("not COVID-19", level.negatives)):
            if count < FEW:
                yield f"Only {count} {plural} are {name}: with fewer than {FEW}, their figures say little."
        if level.units < level.count:
            yield (
                f"McNemar's test counts each {level.unit} once, for the model that is right on more of its "
                f"{plural}, since those of one {level.unit} are not independent."
            )
    if not cases.by_patient:
        yield (
            "Patients are unknown, so intervals are drawn by file or series: they are too narrow if several "
            "are of one patient. A table with the column patient, or --patients folder, mends that."
        )
    elif levels["slice"].units < FEW:
        yield f"Only {levels['slice'].units} patients: the intervals themselves are rough."
    yield (
        "Each model is judged at its own threshold, and by its own gate: sensitivity and specificity can "
        "differ by the threshold alone, the AUC cannot. Slices that a model learned from flatter it."
    )
