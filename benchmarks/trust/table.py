"""TRUST.md: the gate's counts, and what each bundle's manifest says of its probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from edgect import Classifier


class Row(NamedTuple):
    """counts: by bundle, how many were rejected, of how many. caught: None where there is no saying."""

    title: str
    source: str
    caught: bool | None
    counts: Mapping[str, tuple[int, int]]


SHOULD = {True: "all", False: "none", None: ""}
ALTERED_SHOULD = {"as they are": "at most 2 %", "left and right changed": "cannot be told", "inverted": "all",
                  "turned by 90 degrees": "all", "turned by 180 degrees": "all", "upside down": "all",
                  "blurred beyond use (sigma 6 of 256)": "all"}  # fmt: skip
HEAD = """\
# When edgect gives no answer

Written by `python -m benchmarks.trust`. Rejected, of how many, by each bundled model (OpenVINO, INT8). The
gate was fitted to training slices, its limits to validation slices; which checks it has was decided on
the pictures below too, so a kind of picture that is not here may fare worse. Test parts were not
looked at: their rows further below are those that the bundles bring along.
"""


def render(rows: Sequence[Row], classifiers: Mapping[str, Classifier]) -> str:
    lines = [
        HEAD,
        "| | should be rejected | " + " | ".join(classifiers) + " |",
        "| --- " * (2 + len(classifiers)) + "|",
    ]
    for row in rows:
        should = ALTERED_SHOULD.get(row.title.partition(", ")[2], SHOULD[row.caught])
        cells = [f"{k} of {n} ({100 * k / n:.0f} %)" for k, n in row.counts.values()]
        lines.append(f"| {row.title} | {should} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Sources:",
        *dict.fromkeys(f"- {row.title}: {row.source}." for row in rows if row.caught is not None),
    ]
    for name, classifier in classifiers.items():
        lines += ["", f"## {name}", *_bundle(classifier.bundle.manifest.document)]
    return "\n".join(lines) + "\n"


def _bundle(manifest: Mapping[str, Any]) -> list[str]:
    lines = ["", "| part | slices | rejected | without lungs | engines differ |", "| --- " * 5 + "|"]
    for title, part in manifest["gate"]["parts"].items():
        rejected = part["rejected"]["openvino int8"]
        cells = [part["slices"], rejected, part.get("without_lungs", ""), part["differ"]]
        lines.append(f"| {title} | " + " | ".join(map(str, cells)) + " |")
    lines += ["", "| operating point | part | sensitivity | specificity |", "| --- " * 4 + "|"]
    for name, point in manifest["operating_points"].items():
        for title, row in point["measured"].items():
            cells = [_share(row.get(metric)) for metric in ("sensitivity", "specificity")]
            lines.append(f"| {name}, {point['threshold']:.4f} | {title} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "| calibration error | slices | patients | before temperature | after |",
        "| --- " * 5 + "|",
    ]
    for title, row in manifest["calibration_error"]["parts"].items():
        cells = [row["slices"], row["patients"], _value(row["before"]), _value(row["after"])]
        lines.append(f"| {title} | " + " | ".join(map(str, cells)) + " |")
    conformal = manifest["conformal"]
    tables = {"validation, cross-validated by patient": conformal["cross_validated"], **conformal["measured"]}
    lines += [
        "",
        "| error rate asked for | part | slices | indeterminate | wrong, by class |",
        "| --- " * 5 + "|",
    ]
    for title, table in tables.items():
        for rate, row in table.items():
            wrong = ", ".join(f"{label}: {share:.3f}" for label, share in row["wrong"].items())
            lines.append(f"| {rate} | {title} | {row['slices']} | {row['indeterminate']:.3f} | {wrong} |")
    return lines


def _share(measured: Mapping[str, Any] | None) -> str:
    return "-" if measured is None else f"{_value(measured)}, n {measured['slices']}"


def _value(measured: Mapping[str, Any]) -> str:
    ends = " to ".join(f"{end:.3f}" for end in measured["interval"] or ()) or "–"
    return f"{measured['value']:.3f} ({ends})"
