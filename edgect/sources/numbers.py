"""How many slices and patients of which kind are in which part, and whether these are enough."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from edgect.sources.findings import Finding, Severity, plural
from edgect.sources.parts import FixedParts
from edgect.sources.table import PARTS
from edgect.statistics.sample_size import patients_to_know, patients_to_promise

NAMES = ("not COVID-19", "COVID-19")  # by label
PROMISED = 0.95  # sensitivity and specificity that `edgect calibrate` promises by default
EXPECTED, WITHIN = 0.9, 0.1  # what is measured on the test part, and how closely it is to be known
FITTING = patients_to_promise(PROMISED)  # patients of a class to fit a threshold to
HELD = patients_to_know(EXPECTED, WITHIN)  # patients of a class to measure on
LARGE_SHARE = 0.25  # of a class's slices in a part that one patient has
FEW_UNITS, FEW_SLICES = 4, 10  # with fewer patients each has a large share; fewer slices of one are not many


@dataclass(frozen=True)
class Count:
    """Slices of one part, label and group, and the patients or blocks that they are of. part: or empty."""

    part: str
    label: int
    group: str
    units: int
    slices: int


def counts(parts: FixedParts, slices_of_cases: Sequence[int]) -> list[Count]:
    """By part, in the order of their use, COVID-19 first, then by group.

    slices_of_cases: how many slices each case's file holds.
    """
    slices: Counter[tuple[str, int, str]] = Counter()
    units: dict[tuple[str, int, str], set[str]] = defaultdict(set)
    for case, part, unit, held in zip(parts.cases, parts.parts, parts.units, slices_of_cases, strict=True):
        key = (part, case.label, case.group)
        slices[key] += held
        units[key].add(unit)
    order = (*PARTS, "")
    keys = sorted(slices, key=lambda key: (order.index(key[0]), -key[1], key[2]))
    return [Count(*key, len(units[key]), slices[key]) for key in keys]


def check_numbers(
    parts: FixedParts, slices_of_cases: Sequence[int], elsewhere: Collection[int] = ()
) -> Iterator[Finding]:
    """Whether both classes are there, with enough patients in each part, and none of these dominates.

    Files that hold no slice do not count. elsewhere: labels that other sources have.
    """
    labels = {case.label for case, held in zip(parts.cases, slices_of_cases, strict=True) if held}
    for label in (1, 0):
        if label in labels:
            yield from _class(parts, slices_of_cases, label, label in elsewhere)
        elif label not in elsewhere:
            yield Finding("error", f"No slice is {NAMES[label]}: nothing can be calibrated or trained.", 1)


def _class(
    parts: FixedParts, slices_of_cases: Sequence[int], label: int, is_elsewhere: bool
) -> Iterator[Finding]:
    slices: dict[str, Counter[str]] = {part: Counter() for part in PARTS}
    for case, part, unit, held in zip(parts.cases, parts.parts, parts.units, slices_of_cases, strict=True):
        if case.label == label and part and held:
            slices[part][unit] += held
    name = NAMES[label]
    severe: Severity = "warning" if is_elsewhere else "error"
    fitting, held = len(slices["train"].keys() | slices["validation"].keys()), len(slices["test"])
    if fitting < FITTING:
        yield Finding(
            severe,
            f"Training and validation part have {plural(fitting, parts.unit)} with slices {name}; to promise "
            f"{'a sensitivity' if label else 'a specificity'} of {PROMISED}, as `edgect calibrate` does "
            f"unless told otherwise, {FITTING} are needed.",
            FITTING,
        )
    if held < HELD:
        yield Finding(
            "warning" if held else severe,
            f"The test part has {plural(held, parts.unit)} with slices {name}; to know "
            f"{'the sensitivity' if label else 'the specificity'} to {WITHIN}, about {HELD} are needed.",
            HELD,
        )
    for part in ("train", "validation"):
        if fitting and not slices[part]:
            sentence = f"The {part} part has no slice {name}; `train finetune` needs both classes there."
            yield Finding(severe, sentence, 1)
    for part, own in slices.items():
        yield from _dominating(parts, part, name, own)


def _dominating(parts: FixedParts, part: str, name: str, slices: Counter[str]) -> Iterator[Finding]:
    unit, most = slices.most_common(1)[0] if slices else ("", 0)
    if len(slices) >= FEW_UNITS and most >= FEW_SLICES and most > LARGE_SHARE * slices.total():
        yield Finding(
            "warning",
            f"Of the slices {name} in the {part} part, {most} of {slices.total()} are of {parts.unit} "
            f"{unit!r}: what is fitted or measured there is that one's before all.",
        )
