"""Series and patients, made of labelled slices, and what the rule for a series says of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from edgect.evaluate.rows import LabelledSlice
from edgect.model.decision.series import summarise
from edgect.rows.series import slice_result

By = Literal["slice", "series", "patient"]
Key = tuple[str, str, str]
"""Patient, where the series' name is from, and the name."""
FROM_FILE, FROM_SOURCE, NONE = "file", "source", ""


@dataclass(frozen=True)
class Group:
    """A series or a patient. truth: 1 where any of its slices is labelled COVID-19. unit: drawn as one.

    score: the highest mean probability of a slice and its neighbours, None without an answer. slices, series:
    how many are of it. unplaced: of its series, those of several slices where some have no position, and are
    not averaged. alone: slices that no series is known of, each of which counts as one.
    """

    name: str
    truth: int
    unit: str
    score: float | None
    slices: int
    series: int = 1
    unplaced: int = 0
    alone: int = 0

    @property
    def answered(self) -> bool:
        return self.score is not None

    @property
    def probability(self) -> float:
        assert self.score is not None
        return self.score


def series_of(slices: Sequence[LabelledSlice], positive: str) -> list[Group]:
    """In the order in which they are met. positive: the label that is COVID-19.

    A series is what the files say is one; of files that do not, such as pictures, what the table or the
    folder says. A file that cannot be read goes with the others of its folder, where they are of one series.
    """
    members: defaultdict[Key, list[LabelledSlice]] = defaultdict(list)
    for key, each in zip(_keys(slices), slices, strict=True):
        members[key].append(each)
    return [_series(key, own, positive) for key, own in members.items()]


def patients_of(series: Iterable[Group]) -> list[Group]:
    """Each by the highest score of its series, in the order in which they are met; unit: the patient."""
    members: defaultdict[str, list[Group]] = defaultdict(list)
    for each in series:
        members[each.unit].append(each)
    return [
        Group(
            name=patient,
            truth=max(each.truth for each in own),
            unit=patient,
            score=max((each.score for each in own if each.score is not None), default=None),
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
            keys.append((patient, FROM_SOURCE if given else NONE, given or each.case.path))
    return keys


def _given(each: LabelledSlice) -> str:
    """The series by the table or the folder, else by a file of several frames; empty where there is none."""
    return each.case.series or ("" if each.frame is None else each.case.path)


def _series(key: Key, slices: Sequence[LabelledSlice], positive: str) -> Group:
    patient, origin, name = key
    summary = summarise([slice_result(each.row(), positive) for each in slices])
    unplaced = len(slices) > 1 and any(each.position is None for each in slices if each.score is not None)
    return Group(
        name=name,
        truth=max(each.truth for each in slices),
        unit=patient or f"{origin} {name}",
        score=None if summary.highest is None else summary.highest[0],
        slices=len(slices),
        unplaced=int(unplaced),
        alone=int(origin == NONE),
    )
