"""Series and patients, made of labelled slices, and what the rule for a series says of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from edgect.evaluate.rows import LabelledSlice
from edgect.model.decision.labels import Decision
from edgect.model.decision.series_rule import Bounds

By = Literal["slice", "series", "patient"]
Key = tuple[str, str, str]
"""Patient, where the series' name is from, and the name."""
FROM_FILE, FROM_SOURCE, NONE = "file", "source", ""


@dataclass(frozen=True)
class Group:
    """A series or a patient. truth: 1 where any of its slices is labelled COVID-19. unit: drawn as one.

    bounds: of the rule for a series, None without an answer. threshold: of a slice. slices, series: how many
    are of it. unplaced: of its series, those of several slices where some have no position. alone: slices
    that no series is known of, which count as one of their patient, or each as one.
    """

    name: str
    truth: int
    unit: str
    bounds: Bounds | None
    threshold: float
    slices: int
    series: int = 1
    unplaced: int = 0
    alone: int = 0

    @property
    def says(self) -> bool | None:
        """Whether it is COVID-19; None where it is indeterminate, or has no answer."""
        return None if self.bounds is None else self.bounds.says(self.threshold)

    @property
    def answered(self) -> bool:
        """Whether it has one of the two labels."""
        return self.says is not None

    @property
    def indeterminate(self) -> bool:
        return self.bounds is not None and self.says is None

    @property
    def probability(self) -> float:
        """The highest threshold at which it would have the label that it has, or that it would just miss."""
        assert self.bounds is not None
        return self.bounds.lower if self.says else self.bounds.upper


def series_of(
    slices: Sequence[LabelledSlice], decision: Decision, threshold: float | None = None
) -> list[Group]:
    """In the order in which they are met. threshold: of a slice, by default the decision's.

    A series is what the files say is one; of files that do not, such as pictures, what the table or the
    folder says. A file that cannot be read goes with the others of its folder, where they are of one series.
    """
    members: defaultdict[Key, list[LabelledSlice]] = defaultdict(list)
    for key, each in zip(_keys(slices), slices, strict=True):
        members[key].append(each)
    threshold = decision.threshold if threshold is None else threshold
    return [_series(key, own, decision, threshold) for key, own in members.items()]


def patients_of(series: Iterable[Group]) -> list[Group]:
    """COVID-19 where any of its series is, and not where none may be; in the order in which they are met."""
    members: defaultdict[str, list[Group]] = defaultdict(list)
    for each in series:
        members[each.unit].append(each)
    return [
        Group(
            name=patient,
            truth=max(each.truth for each in own),
            unit=patient,
            bounds=Bounds.highest(each.bounds for each in own if each.bounds is not None),
            threshold=own[0].threshold,
            slices=sum(each.slices for each in own),
            series=len(own),
            unplaced=sum(each.unplaced for each in own),
            alone=sum(each.alone for each in own),
        )
        for patient, own in members.items()
    ]


def _keys(slices: Sequence[LabelledSlice]) -> list[Key]:
    own: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for each in slices:
        if each.series:
            own[each.case.patient, _given(each)].add(each.series)
    keys: list[Key] = []
    for each in slices:
        patient, given = each.case.patient, _given(each)
        names = own[patient, given] if given else set()
        if each.series:
            keys.append((patient, FROM_FILE, each.series))
        elif len(names) == 1:
            keys.append((patient, FROM_FILE, next(iter(names))))
        else:
            keys.append((patient, FROM_SOURCE if given else NONE, given or patient or each.case.path))
    return keys


def _given(each: LabelledSlice) -> str:
    """The series by the table or the folder, else by a file of several frames; empty where there is none."""
    return each.case.series or ("" if each.frame is None else each.case.path)


def _series(key: Key, slices: Sequence[LabelledSlice], decision: Decision, threshold: float) -> Group:
    patient, origin, name = key
    probabilities = [round(each.score, 8) for each in slices if each.score is not None]  # as CSV keeps them
    unplaced = len(slices) > 1 and any(each.position is None for each in slices if each.score is not None)
    return Group(
        name=name,
        truth=max(each.truth for each in slices),
        unit=patient or f"{origin} {name}",
        bounds=decision.series_rule.bounds(probabilities),
        threshold=threshold,
        slices=len(slices),
        unplaced=int(unplaced),
        alone=len(slices) if origin == NONE else 0,
    )
