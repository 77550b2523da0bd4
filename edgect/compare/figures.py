"""From two models' answers to the comparison's figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from edgect.compare.notes import notes
from edgect.compare.report import SCHEMA, Comparison, Coverage, Difference, Level, Outcome
from edgect.compare.sides import OUTCOMES, RIGHT, UNANSWERED, Sides
from edgect.evaluate.counting import Answer, classes
from edgect.evaluate.figures import data_of
from edgect.evaluate.groups import By
from edgect.evaluate.report import known
from edgect.machine.version import __version__
from edgect.rows import NOTICE
from edgect.sources.labels import Cases
from edgect.statistics import paired
from edgect.statistics.roc import auc

LEVELS: dict[By, tuple[By, ...]] = {
    "slice": ("slice",),
    "series": ("slice", "series"),
    "patient": ("slice", "series", "patient"),
}
Bools = NDArray[np.bool_]


def comparison(source: str, cases: Cases, sides: Sides, by: By, part: str) -> Comparison:
    """All figures of the slices of all cases; sides: of the same slices in the same order."""
    levels: dict[str, Level] = {each: _level(each, sides, cases.by_patient) for each in LEVELS[by]}
    return Comparison(
        schema=SCHEMA,
        notice=NOTICE,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        data=data_of(source, cases, sides[0].slices),
        part=part,
        first=sides[0].model,
        second=sides[1].model,
        errors=sum("error" in (a.status, b.status) for a, b in zip(*(s.slices for s in sides), strict=True)),
        levels=levels,
        notes=[*cases.notes, *notes(cases, sides, levels)],
    )


def _level(by: By, sides: Sides, by_patient: bool) -> Level:
    answers = sides[0].answers(by), sides[1].answers(by)
    truth = np.array([each.truth for each in answers[0]], bool)
    units = np.array([each.unit for each in answers[0]], str)
    outcomes = np.array([[*map(side.outcome, own)] for side, own in zip(sides, answers, strict=True)])
    right, answered = outcomes == RIGHT, outcomes != UNANSWERED
    both = answered.all(0)
    positives, negatives = classes(answers[0])
    return Level(
        by=by,
        count=len(truth),
        positives=positives,
        negatives=negatives,
        unit="patient" if by_patient else "file" if by == "slice" else "series",
        units=len(set(units)),
        coverage=Coverage(*(int(n) for n in (*answered.sum(1), both.sum(), (~answered.any(0)).sum()))),
        answered={
            "auc": _auc(answers, truth, units, both),
            **dict(_differences(right, truth, units, both)),
        },
        intention_to_diagnose=dict(_differences(right, truth, units, np.ones_like(both))),
        outcomes=_outcomes(outcomes, truth),
        changed=int((outcomes[0] != outcomes[1]).sum()),
    )


def _differences(
    right: Bools, truth: Bools, units: NDArray[np.str_], counted: Bools
) -> Iterator[tuple[str, Difference]]:
    """right: bool `[2, answers]`. counted: which of the answers."""
    for name, own in (
        ("accuracy", counted),
        ("sensitivity", counted & truth),
        ("specificity", counted & ~truth),
    ):
        first, second = right[:, own]
        shares = (float(first.mean()), float(second.mean())) if own.any() else (None, None)
        gained = paired.difference_of_shares(second, first, units[own])
        p = paired.mcnemar(second, first, units[own]).p_value if own.any() else None
        yield name, _difference(shares, gained, p)


def _auc(
    answers: tuple[Sequence[Answer], Sequence[Answer]],
    truth: Bools,
    units: NDArray[np.str_],
    both: Bools,
) -> Difference:
    numbers = np.flatnonzero(both).tolist()
    first, second = (np.array([own[number].probability for number in numbers]) for own in answers)
    labels = truth[both]
    if len(set(labels.tolist())) < 2:
        return Difference(None, None, None, None, None, None)
    gained = paired.difference_of_areas(labels, second, first, units[both])
    return _difference((auc(labels, first), auc(labels, second)), gained, None)


def _difference(
    values: tuple[float | None, float | None], gained: paired.Difference, p: float | None
) -> Difference:
    return Difference(*values, known(gained.value), gained.low, gained.high, p)


def _outcomes(outcomes: NDArray[np.str_], truth: Bools) -> list[Outcome]:
    counts = Counter(zip(*outcomes.tolist(), truth.tolist(), strict=True))
    return [
        Outcome(first, second, counts[first, second, True], counts[first, second, False])
        for first in OUTCOMES
        for second in OUTCOMES
    ]
