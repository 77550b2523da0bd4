"""A model card on rejections, calibration error, operating points and conformal prediction."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import Any

from deploy.trained_runs.trained_run import with_interval

PASSAGE = Template("""\
A slice far from the training slices (Mahalanobis distance of the network's embedding, or of the look of the
lungs), or without lungs, gets no answer; limits reject at most $share % of the validation slices$known. \
Engines and
precisions judged differently on $differ of them. What follows is of slices that got an answer, by
$engine, with 95 % intervals by patient. On validation parts, where limits, temperature, thresholds and
band were fitted, figures flatter.

| part | slices | rejected |
| --- | --- | --- |
$gate

Expected calibration error, $bins bins of nearly as many slices each, equal probabilities in one; before and
after temperature scaling. Intervals lie rather high: slices drawn several times are unevenness of their own.

| part | slices | before | after |
| --- | --- | --- | --- |
$errors

Operating points. $chosen

| point, threshold | part | sensitivity | specificity |
| --- | --- | --- | --- |
$points

`--error-rate RATE` says `indeterminate` where a label would be wrong more often than that, class by class;
this holds for slices like the validation slices, and a share of your own patients' may be wrong more often.
With the band made of other patients' slices of validation, or, on other parts, of all of validation:

| rate | part | indeterminate | wrong, of those without and with COVID-19 |
| --- | --- | --- | --- |
$bands""")


def passage(description: Mapping[str, Any]) -> str:
    """Of a manifest; before anything is fitted, that it was not measured."""
    if "cross_validated" not in description.get("conformal", {}):
        return "Was not measured."
    detector, errors = description["gate"], description["calibration_error"]
    points, conformal = description["operating_points"], description["conformal"]
    tables = {"validation, cross-validated": conformal["cross_validated"], **conformal["measured"]}
    return PASSAGE.substitute(
        known=" of sources that the trunk knows" if "last_layer" in description["training"] else "",
        share=f"{100 * detector['rejected_at_most']:g}",
        differ=detector["parts"]["validation"]["differ"],
        engine=errors["engine"],
        bins=errors["bins"],
        gate=_table_rows(
            (t, p["slices"], p["rejected"][errors["engine"]]) for t, p in detector["parts"].items()
        ),
        errors=_table_rows(
            (t, row["slices"], _with_interval(row["before"]), _with_interval(row["after"]))
            for t, row in errors["parts"].items()
        ),
        chosen=" ".join(f"`{name}`: {point['chosen']}." for name, point in points.items()),
        points=_table_rows(
            (
                f"{name}, {point['threshold']:.4f}",
                t,
                _with_interval(row.get("sensitivity")),
                _with_interval(row.get("specificity")),
            )
            for name, point in points.items()
            for t, row in point["measured"].items()
        ),
        bands=_table_rows(
            (rate, t, row["indeterminate"], ", ".join(f"{share:.3f}" for share in row["wrong"].values()))
            for t, table in tables.items()
            for rate, row in table.items()
        ),
    )


def _table_rows(rows: Any) -> str:
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def _with_interval(measured: Mapping[str, Any] | None) -> str:
    if measured is None:
        return "-"
    count = f", n {measured['slices']}" if "slices" in measured else ""
    return with_interval(measured, "value").removesuffix(")") + f"{count})"
