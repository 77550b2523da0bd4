"""Whether a source can be calibrated, trained and measured on, and what to mend first."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePath

from edgect.sources.about import About
from edgect.sources.copies import copies, copies_between, near_copies
from edgect.sources.findings import SEVERITIES, Finding, plural
from edgect.sources.labels import Cases, listed
from edgect.sources.numbers import NAMES, check_numbers
from edgect.sources.parts import FixedParts
from edgect.sources.thumbnails import MOST, Thumbnails, read_thumbnails

WHOLE = 20  # slices of one patient from which on one that is all of COVID-19 is likely labelled as a whole
SHOWN = 3


def audit(
    cases: Cases,
    parts: FixedParts,
    about: About,
    thumbnails: Thumbnails | None = None,
    elsewhere: Collection[int] = (),
) -> list[Finding]:
    """All findings on a source, the worst first.

    cases, parts, about: of the same table. thumbnails: of its cases, read here where they are not given.
    elsewhere: labels that other sources, which are to be used with this one, have.
    """
    thumbnails = thumbnails or read_thumbnails(parts.cases)
    findings = [
        *check_numbers(parts, thumbnails.slices, elsewhere),
        *_straddling(parts),
        *_unknown_patients(cases),
        *_whole_patients(parts, thumbnails.slices, about),
        *_failures(parts, thumbnails),
        *copies(parts),
        *_near_copies(parts, thumbnails),
    ]
    return sorted(findings, key=lambda each: SEVERITIES.index(each.severity))


def audit_together(sources: Mapping[str, FixedParts]) -> list[Finding]:
    """Findings on several sources that are to be used together, by their names."""
    labels = {name: {case.label for case in parts.cases} for name, parts in sources.items()}
    findings = list(copies_between(sources))
    for label in (1, 0):
        own = [name for name, labels_there in labels.items() if label in labels_there]
        if len(own) == 1 < len(sources):
            sentence = (
                f"All slices {NAMES[label]} are of one source, {listed(own)}: what is trained may learn to "
                "tell sources from one another."
            )
            findings.append(Finding("warning", sentence))
    return sorted(findings, key=lambda each: SEVERITIES.index(each.severity))


def _straddling(parts: FixedParts) -> Iterator[Finding]:
    own: dict[str, set[str]] = defaultdict(set)
    for unit, part in zip(parts.units, parts.parts, strict=True):
        own[unit] |= {part} - {""}
    if straddling := [unit for unit, names in own.items() if len(names) > 1]:
        sentence = (
            f"{plural(len(straddling), parts.unit)} in more than one part: {listed(straddling, SHOWN)}."
        )
        yield Finding("error", sentence)


def _unknown_patients(cases: Cases) -> Iterator[Finding]:
    if cases.by_patient:
        return
    yield Finding(
        "warning",
        "Patients are unknown: blocks of neighbours in number stand for them, and intervals may be too "
        "narrow. A column patient mends that.",
    )
    if cases.has_parts:
        return
    bare = [
        file.name
        for case in cases.files
        if not case.series and not re.search(r"\d", (file := PurePath(case.path)).stem)
    ]
    if bare:
        yield Finding(
            "warning",
            f"{plural(len(bare), 'file')} without a number in the name ({listed(bare, SHOWN)}): which slices "
            "are neighbours, and so in one block, cannot be told.",
        )


def _whole_patients(parts: FixedParts, slices_of_cases: Sequence[int], about: About) -> Iterator[Finding]:
    """Patients, or series, that are labelled as a whole."""
    if about.positives_may_show_nothing:
        return
    labels: dict[str, Counter[int]] = defaultdict(Counter)
    for case, held in zip(parts.cases, slices_of_cases, strict=True):
        labels[case.patient or case.study or case.series or case.path][case.label] += held
    long = [own for own in labels.values() if own[1] and own.total() >= WHOLE]
    whole = [own for own in long if not own[0]]
    if long and len(whole) == len(long):
        yield Finding(
            "warning",
            f"{plural(len(long), 'patient')} or series of {WHOLE} slices or more with COVID-19: every slice "
            "of them is labelled so, as where a label is the patient's and some slices show nothing. Label "
            'slices, or say so by "positives_may_show_nothing": true in '
            f"{parts.table.with_suffix('.about.json').name}.",
        )


def _failures(parts: FixedParts, thumbnails: Thumbnails) -> Iterator[Finding]:
    for status, words in (
        ("error", "cannot be read in full"),
        ("rejected", "would be rejected, in whole or in part"),
    ):
        reasons = {
            parts.paths[place]: str(error)
            for place, error in thumbnails.failures.items()
            if error.status == status
        }
        if reasons:
            first = "; ".join(f"{listed([path])}: {reason}" for path, reason in list(reasons.items())[:SHOWN])
            more = f"; and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
            sentence = f"Of {len(parts.cases):,} files, {len(reasons):,} {words}: {first}{more}."
            yield Finding("warning", sentence)


def _near_copies(parts: FixedParts, thumbnails: Thumbnails) -> Iterator[Finding]:
    if thumbnails.pixels is not None:
        yield from near_copies(parts, thumbnails.places, thumbnails.pixels)
        return
    yield Finding(
        "note",
        f"{sum(thumbnails.slices):,} slices were not compared with one another, as up to {MOST:,} are; "
        "copies, byte for byte, were looked for.",
    )
