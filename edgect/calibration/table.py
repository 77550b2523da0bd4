"""The report of a calibration as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgect.calibration.card import figure_rows
from edgect.calibration.run import Calibration
from edgect.calibration.site import HELD, warnings
from edgect.rows import NOTICE, text_report
from edgect.rows.formats import printable

NAME = 14  # columns
FIGURE, CELL = 22, 26
COLUMNS = ("before", "after", "after less before")


def report(calibration: Calibration) -> str:
    """All that the section `site` says, ending in a line break."""
    section = calibration.section
    lines = [*text_report.facts(_facts(calibration), NAME, break_on_hyphens=False)]
    if "figures" in section:
        lines += ["", *_figures(section["figures"][HELD])]
    lines.append("")
    lines += text_report.notes(warnings(section), break_on_hyphens=False)
    lines += text_report.wrapped("", NOTICE, break_on_hyphens=False)
    return text_report.document(lines)


def _facts(calibration: Calibration) -> dict[str, str]:
    parent, bundle, section = calibration.parent, calibration.bundle, calibration.section
    fitted = section["fitted"]
    facts = {
        "data": printable(f"{section['name']}, {section['table'][:12]}"),
        "date": f"{section['date']}, edgect {section['edgect']}",
        "model": f"{parent.name}, manifest {parent.digest[:12]} | {section['engine']}",
        "written": printable(f"{bundle.path}: {bundle.name}, manifest {bundle.digest[:12]}"),
        **{f"{name} part": _part(section, name) for name in section["parts"]},
        "gate": "; ".join(f"limit of {name} {_change(each)}" for name, each in fitted["gate"].items()),
    }
    if "head" in fitted:
        facts["head"] = fitted["head"]["reason"]
        facts["temperature"] = _change(fitted["temperature"])
        facts["thresholds"] = "; ".join(
            f"{name} {_change(point)}" for name, point in fitted["operating_points"].items()
        )
    return facts


def _part(section: Mapping[str, Any], name: str) -> str:
    part, rejected = section["parts"][name], section["rejected"][name]
    classes = [f"{each['patients']} {label}" for label, each in part.get("classes", {}).items()]
    units = f"{part['patients']} {section['unit']}s" + (f" ({', '.join(classes)})" if classes else "")
    unreadable = f", {part['unreadable']} unreadable" if part["unreadable"] else ""
    return (
        f"{part['slices']} slices of {units}{unreadable}; rejected {rejected['before']} before, "
        f"{rejected['after']} after"
    )


def _change(each: Mapping[str, Any]) -> str:
    if each["before"] is None:
        return f"{each['after']:g} (new)"
    if each["before"] == each["after"]:
        return f"{each['after']:g} (as before)"
    return f"{each['before']:g} -> {each['after']:g}"


def _figures(held: Mapping[str, Any]) -> Iterator[str]:
    yield f"Held part: {held['after']['slices']} slices that get an answer, with 95 % intervals"
    yield text_report.row("", COLUMNS, FIGURE, CELL)
    for name, *cells in figure_rows(held["before"], held["after"], held["difference"]):
        yield text_report.row(name, cells, FIGURE, CELL).rstrip()
    for rate, shares in held["after"]["conformal"].items():
        wrong = ", ".join(f"{share:.3f} of {label}" for label, share in shares["wrong"].items())
        yield f"error rate {rate}: {shares['indeterminate']:.3f} indeterminate; wrong {wrong}"
