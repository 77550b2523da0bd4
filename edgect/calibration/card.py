"""The section of a fitted bundle's model card about the hospital whose slices it was fitted to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgect.calibration.site import FITTING, HELD, warnings
from edgect.model.bundles.bundle import Bundle

CARD = "MODEL_CARD.md"
TITLE = "## This site"
PROMISE = (
    "Patients weighed alike, and both classes alike: a probability is meant for as many patients with "
    "COVID-19 as without. What `screening` and `specific` promise for patients to come holds on "
    "average over fitting parts like this one, not of every one, and as long as "
    "patients to come are like these."
)


def with_passage(card: str, parent: Bundle, section: Mapping[str, Any]) -> str:
    """The parent's card, and what changed behind it. section: `site` of the manifest."""
    return "\n".join([card.rstrip("\n"), "", TITLE, *_passage(parent, section), ""])


def _passage(parent: Bundle, section: Mapping[str, Any]) -> Iterator[str]:
    licence = section["licence"] or "not stated"
    unit = f"{section['unit']}s"
    yield (
        f"Fitted with edgect {section['edgect']} to slices of {section['name']} (licence of these data: "
        f"{licence}), from the bundle {parent.name}, {parent.digest[:12]}. All above is about that bundle; "
        "its licence, and what it must not be used for, hold for this one too."
    )
    yield ""
    classes = list(next(iter(section["parts"].values())).get("classes", {}))
    columns = ["part", "slices", unit, *(f"{unit} {name}" for name in classes), "rejected before", "after"]
    yield from _table(
        columns,
        (
            (
                name,
                part["slices"],
                part["patients"],
                *(each["patients"] for each in part.get("classes", {}).values()),
                section["rejected"][name]["before"],
                section["rejected"][name]["after"],
            )
            for name, part in section["parts"].items()
        ),
    )
    yield ""
    fitted = section["fitted"]
    yield from _table(("fitted", "before", "after"), _fitted(fitted))
    if "head" in fitted:
        yield from ("", fitted["head"]["reason"])
    if "figures" in section:
        yield from ("", PROMISE)
        yield from _figures(section)
    for sentence in warnings(section):
        yield from ("", sentence)


def _fitted(fitted: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, limit in fitted["gate"].items():
        yield f"limit of {name}", f"{limit['before']:g}", f"{limit['after']:g}"
    if "temperature" in fitted:
        temperature = fitted["temperature"]
        yield "temperature", f"{temperature['before']:g}", f"{temperature['after']:g}"
    for name, point in fitted.get("operating_points", {}).items():
        before = "-" if point["before"] is None else f"{point['before']:g}"
        yield f"threshold of {name}", before, f"{point['after']:g}"


def _figures(section: Mapping[str, Any]) -> Iterator[str]:
    held = section["figures"][HELD]
    before, after, difference = held["before"], held["after"], held["difference"]
    yield ""
    yield (
        f"On the held part's {after['slices']} slices that get an answer, with 95 % intervals by "
        f"{section['unit']}; before is the parent on the same slices, also where its gate would reject them. "
        "To the right, on the fitting part, which flatters. Calibration error is high by chance where slices "
        "are few."
    )
    yield ""
    fitting = section["figures"][FITTING]
    columns = ("held part", "before", "after", "difference", "fitting part")
    yield from _table(columns, figure_rows(before, after, difference, fitting))
    shares = list(_shares(after["conformal"]))
    if shares:
        yield from ("", "`--error-rate RATE` on the held part:", "")
        yield from _table(
            ("rate", "indeterminate", *(f"wrong, of {name}" for name in _classes(after))), shares
        )


def figure_rows(*measured: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The name of each figure, and it as text in each of several measurements; a dash where it has none."""
    yield "AUC", *(estimate(each.get("auc")) for each in measured)
    error = "expected_calibration_error"
    yield "calibration error", *(f"{each[error]:.3f}" if error in each else "-" for each in measured)
    for name in dict.fromkeys(name for each in measured for name in each.get("points", {})):
        for rate in ("sensitivity", "specificity"):
            points = (each.get("points", {}).get(name, {}) for each in measured)
            yield f"{name}, {rate}", *(estimate(point.get(rate)) for point in points)


def estimate(value: Mapping[str, Any] | None) -> str:
    """A figure with its interval; a dash where there is none."""
    if value is None:
        return "-"
    if value["interval"] is None:
        return f"{value['value']:.3f} (-)"
    low, high = value["interval"]
    return f"{value['value']:.3f} ({low:.3f} to {high:.3f})"


def _shares(conformal: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for rate, shares in conformal.items():
        yield rate, f"{shares['indeterminate']:.3f}", *(f"{share:.3f}" for share in shares["wrong"].values())


def _classes(after: Mapping[str, Any]) -> list[str]:
    return list(next(iter(after["conformal"].values()))["wrong"])


def _table(columns: Any, lines: Any) -> Iterator[str]:
    yield "| " + " | ".join(columns) + " |"
    yield "| " + " | ".join("---" for _ in columns) + " |"
    for line in lines:
        yield "| " + " | ".join(map(str, line)) + " |"
