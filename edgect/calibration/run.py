"""From a table of slices to a bundle that is fitted to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgect.calibration import site
from edgect.calibration.before_after import measure, measure_fitting, rejected
from edgect.calibration.card import CARD, with_passage
from edgect.calibration.fit import Fitted, Promise, both_classes, check_promise, fit, with_direction
from edgect.calibration.gate_limits import fit_limits
from edgect.calibration.patients import Labelled
from edgect.calibration.site import FITTING, HELD, Origin
from edgect.calibration.slice_features import SliceFeatures, read_features
from edgect.errors import UsageError
from edgect.model import backends
from edgect.model.bundles.bundle import Bundle
from edgect.model.bundles.derived import refuse_to_replace, write_derived
from edgect.model.bundles.head import Head, read_head
from edgect.model.decision.out_of_distribution import OutOfDistributionDetector
from edgect.scans import Limits
from edgect.sources.about import About
from edgect.sources.audit import audit
from edgect.sources.contents import Contents, read_contents
from edgect.sources.findings import Finding
from edgect.sources.labels import Case, Cases
from edgect.sources.parts import fixed_parts
from edgect.sources.readings import append_reading, earlier_readings
from edgect.sources.thumbnails import read_thumbnails

Progress = Callable[[str], AbstractContextManager[Callable[[int, int], object]]]


@dataclass(frozen=True)
class Settings:
    """name, out: of the new bundle. promise, refit_head, seed: of `fit`. command: to be written down."""

    out: Path
    name: str
    promise: Promise
    refit_head: bool
    seed: int
    backend: str
    precision: str
    threads: int | None
    limits: Limits
    command: str


@dataclass(frozen=True)
class Calibration:
    """The new bundle, what its manifest says of the site, and the table's contents."""

    parent: Bundle
    bundle: Bundle
    section: Mapping[str, Any]
    contents: Contents


def calibrate(
    parent: Bundle,
    table: Path,
    cases: Cases,
    settings: Settings,
    progress: Progress,
    notify: Callable[[Finding], object],
) -> Calibration:
    """Fit all to training and validation part, measure on the test part, and write a bundle.

    progress: opened with what is being read; then called with the files that are done and all. notify: gets
    what an audit of the table finds.
    Raises UsageError (too few patients, a folder that is none of edgect's, records that cannot be kept),
    ModelError, EngineError.
    """
    refuse_to_replace(settings.out, parent)
    parts, earlier = fixed_parts(table, cases), earlier_readings(table)
    fitting_cases, held_cases = parts.of("train", "validation"), parts.of("test")
    if not held_cases:
        raise UsageError(
            f"{table}: no slices in the test part, so that nothing could be measured; give it some"
        )
    units = parts.unit_by_path()
    _check_patients(fitting_cases, units, settings.promise)
    with progress("table") as show:
        for finding in audit(cases, parts, About.of_table(table), read_thumbnails(cases.files, show)):
            notify(finding)
    read = partial(_reader(parent, settings, progress), units=units)
    fitting = read("fitting part", fitting_cases)
    fitted = fit(parent, fitting, settings.promise, settings.refit_head, settings.seed)
    held = read("held part", held_cases)
    section = _section(_origin(table, parts, parts.unit, settings), parent, fitted, fitting, held)
    section["earlier_readings"] = len(earlier)
    looked_at = [parent]
    try:
        bundle = _write(
            parent, settings, section, site.document_changes(parent, fitted, section), _head(parent, fitted)
        )
        looked_at.append(bundle)
    finally:
        read_bundles = [{"name": each.name, "digest": each.digest} for each in looked_at]
        append_reading(table, settings.command, parts.digest, read_bundles)
    return Calibration(parent, bundle, section, parts)


def calibrate_gate(
    parent: Bundle, table: Path, cases: Cases, settings: Settings, progress: Progress
) -> Calibration:
    """Set the limits of the gate by all slices of a table, which need no labels, and write a bundle.

    Raises as `calibrate`.
    """
    refuse_to_replace(settings.out, parent)
    contents = read_contents(table, cases.files)
    units = {case.path: case.patient or case.path for case in cases.files}
    slices = _reader(parent, settings, progress)("slices", cases.files, units=units)
    if not slices.readable.any():
        raise UsageError(f"{table}: no slice shows lungs, so that no limit can be set by them")
    detector = fit_limits(OutOfDistributionDetector.load(parent), slices)
    section = site.site_section(
        _origin(table, contents, "patient" if cases.by_patient else "file", settings),
        {FITTING: site.part_section(slices, None)},
        {"gate": site.gate_section(parent, detector)},
        {"rejected": {FITTING: rejected(parent, detector, slices)}},
    )
    changes = {"gate": site.gate_document(parent, section), "site": section}
    return Calibration(parent, _write(parent, settings, section, changes, None), section, contents)


def _section(
    origin: Origin, parent: Bundle, fitted: Fitted, fitting: SliceFeatures, held: SliceFeatures
) -> dict[str, Any]:
    labels, measured = parent.manifest.labels, measure(parent, fitted, held)
    return site.site_section(
        origin,
        {FITTING: site.part_section(fitting, labels), HELD: site.part_section(held, labels)},
        site.fitted_section(parent, fitted),
        {
            "rejected": {FITTING: rejected(parent, fitted.detector, fitting), HELD: measured.rejected},
            "figures": {
                FITTING: measure_fitting(fitted, labels),
                HELD: {
                    "before": measured.before,
                    "after": measured.after,
                    "difference": measured.difference,
                },
            },
        },
    )


def _check_patients(cases: Sequence[Case], units: Mapping[str, str], promise: Promise) -> None:
    """Before anything slow. Raises UsageError for too few."""
    labelled = Labelled(
        np.zeros(len(cases)),
        np.array([case.label == 1 for case in cases], bool),
        np.array([units[case.path] for case in cases], np.str_),
    )
    both_classes(labelled, "fitting")
    check_promise(labelled, promise)


def _reader(bundle: Bundle, settings: Settings, progress: Progress) -> Callable[..., SliceFeatures]:
    threads = backends.available_cores() if settings.threads is None else settings.threads
    session = backends.load(settings.backend, bundle, settings.precision, threads, threads)

    def read(title: str, cases: Sequence[Case], units: Mapping[str, str]) -> SliceFeatures:
        with progress(title) as show:
            return read_features(bundle, session, cases, units, settings.limits, show)

    return read


def _origin(table: Path, contents: Contents, unit: str, settings: Settings) -> Origin:
    engine = f"{settings.backend} {settings.precision}"
    return Origin(About.of_table(table), contents.digest, unit, engine, settings.command)


def _head(parent: Bundle, fitted: Fitted) -> Head | None:
    direction = fitted.choice.direction
    return None if direction is None else with_direction(read_head(parent), direction)


def _write(
    parent: Bundle,
    settings: Settings,
    section: Mapping[str, Any],
    changes: Mapping[str, Any],
    head: Head | None,
) -> Bundle:
    card = with_passage(parent.read(CARD).decode(), parent, section)
    return write_derived(
        parent,
        settings.out,
        name=settings.name,
        document_changes=changes,
        head=head,
        replaced={CARD: card.encode()},
    )
