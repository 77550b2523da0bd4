"""The two models' answers on the same slices, series and patients, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgect.errors import UsageError
from edgect.evaluate.counting import Answer
from edgect.evaluate.groups import By, patients_of, series_of
from edgect.evaluate.report import Model
from edgect.evaluate.rows import LabelledSlice
from edgect.model.decision.labels import Decision

RIGHT, WRONG, UNANSWERED = "right", "wrong", "no answer"
OUTCOMES = (RIGHT, WRONG, UNANSWERED)


@dataclass(frozen=True)
class Side:
    """One model and its answers. scale: log-odds in the strongest red."""

    model: Model
    decision: Decision
    scale: float
    slices: Sequence[LabelledSlice]

    @property
    def labels(self) -> tuple[str, str]:
        """Not COVID-19, COVID-19."""
        return self.decision.labels

    def outcome(self, answer: Answer) -> str:
        """One of `OUTCOMES`, at the model's threshold."""
        if not answer.answered:
            return UNANSWERED
        return RIGHT if (answer.probability >= self.model.threshold) == bool(answer.truth) else WRONG

    def answers(self, by: By) -> Sequence[Answer]:
        """Of slices, of series or of patients, in the order of the slices."""
        if by == "slice":
            return self.slices
        series = series_of(self.slices, self.decision)
        return series if by == "series" else patients_of(series)


Sides = tuple[Side, Side]
"""The first model, A, and the second, B."""


def check_same(sides: Sides) -> None:
    """Raises UsageError where a file was not the same for both models."""
    keys = [[(each.case.path, each.frame, each.sha256) for each in side.slices] for side in sides]
    if keys[0] != keys[1]:
        differing = set(keys[0]) ^ set(keys[1])
        raise UsageError(
            f"{min(path for path, _, _ in differing)}: was not the same file for both models; "
            "compare again when nothing writes there"
        )


def changed(sides: Sides, by: By = "slice") -> Iterator[tuple[int, str, str]]:
    """Number of each, from 0, whose label is another or missing with one model, and both outcomes."""
    first, second = sides
    for number, (a, b) in enumerate(zip(first.answers(by), second.answers(by), strict=True)):
        outcomes = first.outcome(a), second.outcome(b)
        if outcomes[0] != outcomes[1]:
            yield number, *outcomes
