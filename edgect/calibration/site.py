"""What a fitted bundle's manifest says of the hospital's slices, and of what was fitted to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from edgect.calibration.fit import Fitted
from edgect.calibration.gate_limits import MAX_REJECTED
from edgect.calibration.patients import count_patients
from edgect.calibration.slice_features import SliceFeatures
from edgect.machine.version import __version__
from edgect.model.bundles.bundle import Bundle
from edgect.model.decision.out_of_distribution import OutOfDistributionDetector
from edgect.sources.about import About

Section = dict[str, Any]

# of the parent at its own threshold and temperature; with another head, of another head
OF_THRESHOLDS = ("metrics", "calibration_error", "parity", "parity_by_part", "parity_by_processor")
OF_HEAD = ("evidence",)
FAR = 1.5  # times the parent's limit: slices beyond are unlike those that the network learned from
FITTING, HELD = "fitting", "held"


class Origin(NamedTuple):
    """about: of the source. table: SHA-256 of contents and labels. unit: `patient` or `block`.

    engine: backend and precision. command: as it can be given again.
    """

    about: About
    table: str
    unit: str
    engine: str
    command: str


def part_section(features: SliceFeatures, labels: tuple[str, str] | None) -> Section:
    """Slices and patients of a part, and of each class. labels: None where slices have none."""
    classes = {
        name: {"slices": int(own.sum()), "patients": count_patients(features.units[own])}
        for label, name in enumerate(labels or ())
        if (own := features.labels == label) is not None
    }
    return {
        "slices": len(features.cases),
        "patients": count_patients(features.units),
        "unreadable": features.statuses.count("error"),
        **({"classes": classes} if classes else {}),
    }


def readable(part: Mapping[str, Any]) -> int:
    return int(part["slices"] - part["unreadable"])


def site_section(
    origin: Origin, parts: Mapping[str, Section], fitted: Section, measured: Mapping[str, Any]
) -> Section:
    """measured: what else there is, such as figures."""
    return {
        "name": origin.about.name,
        "licence": origin.about.licence,
        "table": origin.table,
        "unit": origin.unit,
        "engine": origin.engine,
        "parts": dict(parts),
        "fitted": fitted,
        **measured,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": origin.command,
        "edgect": __version__,
    }


def fitted_section(bundle: Bundle, fitted: Fitted) -> Section:
    """What was fitted, with what it was before."""
    points = bundle.manifest.operating_points
    return {
        "gate": gate_section(bundle, fitted.detector),
        "head": {
            "refitted": fitted.choice.direction is not None,
            "strength": fitted.choice.strength,
            "reason": fitted.choice.reason,
            "cross_validated": [
                {"strength": c.strength, "log_loss": round(c.log_loss, 4), "auc": round(c.auc, 4)}
                for c in fitted.choice.candidates
            ],
        },
        "temperature": {
            "before": round(bundle.manifest.temperature, 4),
            "after": round(fitted.temperature, 4),
        },
        "operating_points": {
            name: {"before": points.get(name), "after": point.threshold}
            for name, point in fitted.points.items()
        },
    }


def gate_section(bundle: Bundle, detector: OutOfDistributionDetector) -> Section:
    limits = bundle.manifest.gate
    return {
        "embedding": {"before": limits.embedding, "after": detector.embedding.limit},
        "view": {"before": limits.view, "after": detector.view.limit},
    }


def warnings(section: Mapping[str, Any]) -> Iterator[str]:
    """What to keep in mind of a section, a sentence each."""
    for name, what in (("embedding", "what the network sees in them"), ("view", "the look of the lungs")):
        limits = section["fitted"]["gate"][name]
        if limits["after"] > FAR * limits["before"]:
            yield (
                f"The gate's limit of {name} had to be raised from {limits['before']:g} to "
                f"{limits['after']:g}: by {what}, these slices are unlike those that the network learned "
                "from. Look at them before the answers are used; the network may have to be trained on such."
            )
    rejected = section["rejected"][FITTING]["after"]
    slices = readable(section["parts"][FITTING])
    if rejected > MAX_REJECTED * slices:
        yield (
            f"{rejected} of {slices} slices of the fitting part get no answer whatever the limits, most "
            "likely since no lungs are found in them."
        )
    if section["unit"] == "block":
        yield (
            "Patients are unknown: blocks of neighbours in number stand for them, so intervals and promises "
            "hold only as far as no patient is in two blocks. A column patient mends that."
        )
    if earlier := section.get("earlier_readings"):
        times = "1 time" if earlier == 1 else f"{earlier} times"
        yield (
            f"The held part was read {times} before: what was chosen after a look at it makes its figures "
            "flatter."
        )


def document_changes(bundle: Bundle, fitted: Fitted, section: Mapping[str, Any]) -> Section:
    """Sections of the parent's manifest that are others now; None for those that no longer hold."""
    refitted = fitted.choice.direction is not None
    gone = (*OF_THRESHOLDS, *(OF_HEAD if refitted else ()))
    held = section["figures"][HELD]["after"]
    fitting = section["figures"][FITTING]
    return {
        **dict.fromkeys(gone),
        "threshold": fitted.points["balanced"].threshold,
        "temperature": fitted.temperature,
        "operating_points": {
            name: {
                "threshold": point.threshold,
                "chosen": point.chosen,
                "measured": {
                    title: {
                        "slices": part["slices"],
                        "patients": part["patients"],
                        **part["points"].get(name, {}),
                    }
                    for title, part in ((_title(FITTING, refitted), fitting), (_title(HELD), held))
                },
            }
            for name, point in fitted.points.items()
        },
        "conformal": {
            "part": _title(FITTING, refitted),
            "engine": section["engine"],
            "scores": dict(fitted.conformal_scores),
            "measured": {_title(HELD): held["conformal"]},
        },
        "gate": gate_document(bundle, section),
        "site": dict(section),
    }


def gate_document(bundle: Bundle, section: Mapping[str, Any]) -> Section:
    """The manifest's section of the gate."""
    limits = section["fitted"]["gate"]
    return {
        **bundle.manifest.document["gate"],
        "limits": {name: limits[name]["after"] for name in ("embedding", "view")},
        "rejected_at_most": MAX_REJECTED,
        "parts": {
            _title(part): {
                "slices": readable(section["parts"][part]),
                "rejected": {section["engine"]: counts["after"]},
            }
            for part, counts in section["rejected"].items()
        },
    }


def _title(part: str, out_of_fold: bool = False) -> str:
    return f"site, {part} part" + (", patients left out of the head's fit" if out_of_fold else "")
