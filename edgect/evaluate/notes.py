"""What to keep in mind about the figures, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from edgect.evaluate.report import Data, Groups
from edgect.evaluate.rows import LabelledSlice
from edgect.sources.labels import Cases

FEW = 30  # slices of a class


def notes(
    cases: Cases, slices: Sequence[LabelledSlice], answered: tuple[int, int], data: Data
) -> Iterator[str]:
    """answered: slices with COVID-19 and without that have an answer."""
    for name, count in zip(("COVID-19", "not COVID-19"), answered, strict=True):
        if count == 0:
            yield f"No answered slice is {name}: what needs some is undefined."
        elif count < FEW:
            yield f"Only {count} answered slices are {name}: with fewer than {FEW}, figures say little."
    if not cases.by_patient:
        yield (
            "Patients are unknown, so intervals are by file: they are too narrow if several slices "
            "are of one patient. A CSV with the column patient, or --patients folder, mends that."
        )
    elif data.units < FEW:
        yield f"Only {data.units} patients: intervals are wide, since so few say little of others."
    contents = {(each.case.path, each.sha256) for each in slices if each.sha256}
    same = Counter(digest for _, digest in contents)
    if copies := sum(count - 1 for count in same.values()):
        yield f"{copies} files are copies of others, byte for byte: each counts again."
    truths = {case.path: case.label for case in cases.files}
    labels = {(digest, truths[path]) for path, digest in contents}
    if torn := len(labels) - len(same):
        yield f"{torn} files have the content of one with the other label: check the labels."


def group_notes(groups: Groups) -> Iterator[str]:
    """What to keep in mind about the figures of series or patients."""
    plural = f"{groups.by}s" if groups.by == "patient" else groups.by
    for name, count in (("COVID-19", groups.positives), ("not COVID-19", groups.negatives)):
        if count == 0:
            yield f"No {groups.by} is {name}: what needs some is undefined."
        elif count < FEW:
            yield f"Only {count} {plural} are {name}: with fewer than {FEW}, their figures say little."
    if groups.alone:
        yield (
            f"{groups.alone} slices are of no known series: those of a patient count as one, others each as "
            "one, which is too few slices for a label. A table with the column series, or a folder for each "
            "series, mends that."
        )
    if groups.unit == "series":
        yield "Patients are unknown, so intervals are drawn by series: too narrow if a patient has several."
