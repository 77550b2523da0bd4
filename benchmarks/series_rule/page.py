"""`SERIES.md`: what rules say of simulated series and of those at hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from benchmarks.series_rule.candidates import FORMER, LIKELIHOOD, SCORES, highest_mean, share
from benchmarks.series_rule.measure import (
    COUNT,
    OUTCOMES,
    SHIFT,
    Drawn,
    drawn,
    limits,
    measured,
    outcomes,
    right_at,
    says,
)
from benchmarks.series_rule.simulated import (
    FEWEST,
    HEIGHT,
    INVOLVED,
    SPACINGS,
    Floats,
    kinds,
    likeness,
    log_odds,
)
from benchmarks.series_rule.slices import Slice, series_of
from edgect.model.bundles.manifest import SeriesLimits
from edgect.model.decision.series_rule import SeriesRule
from train.report.markdown import number, table

ERROR_RATES = (0.02, 0.05, 0.1)
SHARES_INVOLVED = ((0.1, 0.3), (0.3, 0.6), (0.6, 1.0))
THINNED = (1, 2, 5, 10, 20)
THIRDS = {
    "without the third at the feet": 0,
    "without the middle third": 1,
    "without the third at the head": 2,
}

PAGE = Path(__file__).with_name("series.md.in")


def page(name: str, digest: str, threshold: float, slices: Sequence[Slice], limits_: SeriesLimits) -> str:
    """slices: answered by the bundle. threshold: of a slice."""
    kinds_, alike, rule = kinds(slices), likeness(slices), SeriesRule(limits_)
    simulated, real = drawn(kinds_, alike), series_of(slices)
    former = right_at(FORMER, simulated, threshold, threshold)
    return PAGE.read_text(encoding="utf-8").format(
        name=name,
        digest=digest[:12],
        threshold=threshold,
        real=len(real),
        few=FEWEST,
        real_patients=len({own[0].unit for own in real.values()}),
        single=sum(not own.series for own in slices),
        rule=rule.text,
        error_rate=limits_.error_rate,
        fewest=next(count for count in range(1, 1000) if rule.fewest_indeterminate(count)),
        height=HEIGHT,
        spacings=", ".join(f"{spacing:g}" for spacing in SPACINGS),
        count=COUNT,
        least=INVOLVED[0],
        most=INVOLVED[1],
        patient=alike.patient,
        length=alike.length,
        kinds=table(
            ["source", "kind", "slices", "positive", "clear slices", "positive"],
            [
                [kind.source, kind.name, *_pool(kind.involved, threshold), *_pool(kind.clear, threshold)]
                for kind in kinds_
            ],
        ),
        shift=SHIFT,
        candidates=table(
            ["rule", "AUC", "limit", "sensitivity", "specificity", "worst", "lower", "higher"],
            [_candidate(each, simulated, threshold) for each in (*SCORES, LIKELIHOOD)],
        ),
        former_sensitivity=former[0],
        former_specificity=former[1],
        outcomes=table(
            ["source", "kind", *OUTCOMES],
            [
                [kind.source, kind.name, *_numbers(own)]
                for kind, own in outcomes(rule, simulated, threshold).items()
            ],
        ),
        involved=table(
            ["involved", *OUTCOMES],
            [
                [
                    f"{low:g} to {high:g}",
                    *_numbers(_of(1, rule, drawn(kinds_, alike, (low, high)), threshold)),
                ]
                for low, high in SHARES_INVOLVED
            ],
        ),
        rates=table(
            [
                *("error rate", "limits", "with COVID-19: right", "indeterminate", "wrong"),
                *("without: right", "indeterminate", "wrong"),
            ],
            [_rate(rate, simulated, threshold) for rate in ERROR_RATES],
        ),
        left_out=_left_out(simulated, threshold, limits_.error_rate),
        real_table=table(
            ["series", "slices", "marked", "share", "the rule says", "highest", "before"],
            [_real(key[1], own, rule, threshold) for key, own in real.items()],
        ),
        thinned=table(
            ["series", *(f"k = {step}" for step in THINNED), *THIRDS],
            [[key[1], *_thinned(log_odds(own), rule, threshold)] for key, own in real.items()],
        ),
    )


def _pool(values: Floats, threshold: float) -> tuple[str, str]:
    """How many slices, and the share of them that reach the threshold."""
    return str(len(values)), number(share(values, None, threshold), 2)


def _numbers(values: Floats) -> list[str]:
    return [number(float(value), 2) for value in values]


def _candidate(name: str, simulated: Sequence[Drawn], threshold: float) -> list[str]:
    own = measured(name, simulated, threshold)
    rates = (own.area, own.limit, own.sensitivity, own.specificity, own.worst)
    pairs = (" / ".join(number(rate, 2) for rate in pair) for pair in own.shifted)
    return [name, *(number(rate) for rate in rates), *pairs]


def _of(truth: int, rule: SeriesRule, simulated: Sequence[Drawn], threshold: float) -> Floats:
    """Outcomes of a class, sources alike."""
    own = [(k, v) for k, v in outcomes(rule, simulated, threshold).items() if k.truth == truth]
    sources = groupby(sorted(own, key=lambda pair: pair[0].source), key=lambda pair: pair[0].source)
    return np.asarray(np.mean([np.mean([v for _, v in each], 0) for _, each in sources], 0), np.float64)


def _rate(rate: float, simulated: Sequence[Drawn], threshold: float) -> list[str]:
    own = limits(simulated, threshold, rate)
    rule = SeriesRule(own)
    positive, negative = (_of(truth, rule, simulated, threshold) for truth in (1, 0))
    return [f"{rate:g}", f"{own.low:g}, {own.high:g}", *_numbers(positive), *_numbers(negative[::-1])]


def _left_out(simulated: Sequence[Drawn], threshold: float, error_rate: float) -> str:
    found: dict[int, list[Floats]] = {0: [], 1: []}
    for source in sorted({own.kind.source for own in simulated}):
        others = [own for own in simulated if own.kind.source != source]
        rule = SeriesRule(limits(others, threshold, error_rate))
        held = [own for own in simulated if own.kind.source == source]
        for truth in {own.kind.truth for own in held}:
            found[truth].append(_of(truth, rule, held, threshold))
    means = {truth: np.mean(own, 0) for truth, own in found.items()}
    return "; ".join(
        f"{name} {means[truth][right]:.2f} right, {means[truth][1]:.2f} indeterminate, "
        f"{means[truth][2 - right]:.2f} wrong"
        for name, truth, right in (("with COVID-19", 1, 0), ("without", 0, 2))
    )


def _real(name: str, own: Sequence[Slice], rule: SeriesRule, threshold: float) -> list[str]:
    values = log_odds(own)
    positions = [each.position for each in own if each.position is not None]
    highest = highest_mean(values, np.array(positions) if len(positions) == len(own) else None, threshold)
    marked = [each.marked for each in own if each.marked is not None]
    return [
        name,
        str(len(own)),
        number(float(np.mean(marked)), 2) if marked else "",
        number(share(values, None, threshold)),
        says(rule, values, threshold),
        number(highest),
        OUTCOMES[0 if highest >= threshold else 2],
    ]


def _thinned(values: Floats, rule: SeriesRule, threshold: float) -> Iterator[str]:
    for step in THINNED:
        yield _counted([says(rule, values[first::step], threshold) for first in range(step)])
    for missing in THIRDS.values():
        parts = np.array_split(values, 3)
        kept = np.concatenate([part for place, part in enumerate(parts) if place != missing])
        yield _counted([says(rule, kept, threshold)])


def _counted(labels: Sequence[str]) -> str:
    return ", ".join(f"{labels.count(label)} {label}" for label in OUTCOMES if label in labels)
