"""The measured figures of the bundled models, of their manifests: a page, and the one table of the README."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from docs.generate.tables import MADE, table
from edgect.model.bundles.bundle import Bundle

ENGINE = "openvino int8"
METRICS = ("accuracy", "sensitivity", "specificity", "auc")
IN_README = ("sensitivity", "specificity", "auc")
TITLES = {"auc": "AUC"}
PLACE = re.compile(r"(?<=<!-- figures -->\n\n).*?(?=\n\n<!-- end of figures -->)", re.DOTALL)

PAGE = """\
{made}
# Figures

Measured on the test part of each source, which no choice was made on, by OpenVINO in INT8 as shipped. Brackets are 95 %
intervals, by patient or study, or by block of neighbouring slices where patients are unknown. Every reading of a test
part is in [test_readings.jsonl](../train/runs/lungs/test_readings.jsonl). ONNX Runtime, FP32 and the validation parts are
in the [model cards](models.md).

## The default model, `lungs`
Of the network on every slice, at the threshold {threshold:.3f} (`balanced`):

{metrics}

**These are slices of sources that the network was trained on.** What it does on a hospital that it has not seen is in
[train/ACROSS.md](../train/ACROSS.md).

### At each operating point
Of the slices that the gate lets through:

{points}

### Without an answer
The gate rejects slices that do not look like those of training, and slices without lungs:

{gate}

### Left undecided at an error rate
A band made on validation, held against the test parts. The promise is for slices like those of validation, all sources
together; it is broken on single sources:

{conformal}

### Whether a probability is worth what it says
Expected calibration error, 0 at best, before and after temperature scaling:

{calibration}

### What it looks at
AUC on the test part as it is, with the lungs blanked out, and with nothing but the lungs. A network that can tell
without lungs has learned something else:

{evidence}

## `cnn1` and `cnn2`
The paper's networks on whole slices, on COVID-CT's test parts of its arrangements 1 and 2:

{paper}
"""


def page() -> str:
    lungs = Bundle.load("lungs").manifest.document
    metrics = _test_parts(lungs["metrics"])
    return PAGE.format(
        made=MADE.format(source="docs/generate/figures.py, or the bundle"),
        threshold=lungs["threshold"],
        metrics=_metrics(lungs, METRICS),
        points=table(
            ("test part", "operating point", "threshold", "sensitivity", "specificity"),
            (
                (
                    _title(lungs, part),
                    f"`{name}`",
                    f"{point['threshold']:.3f}",
                    *map(_interval, _pair(point, part)),
                )
                for part in metrics
                for name, point in lungs["operating_points"].items()
            ),
        ),
        gate=table(
            ("test part", "slices", "rejected"),
            (
                (_title(lungs, part), str(found["slices"]), str(found["rejected"][ENGINE]))
                for part, found in _test_parts(lungs["gate"]["parts"]).items()
            ),
        ),
        conformal=table(
            (
                "test part",
                "error rate",
                "indeterminate",
                "wrong of those without",
                "wrong of those with COVID-19",
            ),
            (
                (
                    _title(lungs, part),
                    rate,
                    f"{found['indeterminate']:.3f}",
                    *(_share(found["wrong"].get(label)) for label in lungs["labels"]),
                )
                for part, rates in _test_parts(lungs["conformal"]["measured"]).items()
                for rate, found in rates.items()
            ),
        ),
        calibration=table(
            ("test part", "slices", "before", "after"),
            (
                (
                    _title(lungs, part),
                    str(found["slices"]),
                    _interval(found["before"]),
                    _interval(found["after"]),
                )
                for part, found in _test_parts(lungs["calibration_error"]["parts"]).items()
            ),
        ),
        evidence=table(
            ("test part", "as it is", "lungs blanked out", "lungs alone"),
            (
                (
                    lungs["training"]["about"][name]["name"],
                    *(_auc(found["auc"].get(kind)) for kind in ("as_is", "lungs_blanked", "only_lungs")),
                )
                for name, found in lungs["evidence"]["sources"].items()
            ),
        ),
        paper=table(
            ("model", "slices", *_titles(METRICS)),
            (
                (f"`{name}`", _count(found), *(_interval(found.get(metric)) for metric in METRICS))
                for name in ("cnn1", "cnn2")
                for found in [Bundle.load(name).manifest.document["metrics"]["test"][ENGINE]]
            ),
        ),
    )


def readme(text: str) -> str:
    """The README with its table of figures written again."""
    return PLACE.sub(lambda _: _metrics(Bundle.load("lungs").manifest.document, IN_README), text)


def _metrics(document: Mapping[str, Any], names: tuple[str, ...]) -> str:
    slices = {part: found["slices"] for part, found in document["gate"]["parts"].items()}
    return table(
        ("test part", "slices", *_titles(names)),
        (
            (
                _title(document, part),
                str(slices[part]),
                *(_interval(found[ENGINE].get(name)) for name in names),
            )
            for part, found in _test_parts(document["metrics"]).items()
        ),
    )


def _titles(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(TITLES.get(name, name) for name in names)


def _test_parts(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: found for name, found in parts.items() if name.startswith("test, ")}


def _title(document: Mapping[str, Any], part: str) -> str:
    """`test, covid-ct` as `COVID-CT`."""
    source, _, groups = part.removeprefix("test, ").partition(", ")
    return ", ".join(filter(None, (document["training"]["about"][source]["name"], groups)))


def _pair(point: Mapping[str, Any], part: str) -> tuple[Any, Any]:
    measured = point["measured"][part]
    return measured.get("sensitivity"), measured.get("specificity")


def _interval(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    if found.get("interval") is None:
        return f"{found['value']:.3f}"
    low, high = found["interval"]
    return f"{found['value']:.3f} ({low:.3f} to {high:.3f})"


def _auc(found: Mapping[str, Any] | None) -> str:
    return (
        _interval({"value": found["auc"], "interval": found["interval"]})
        if found and found["auc"] is not None
        else ""
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _count(found: Mapping[str, Any]) -> str:
    return str(sum(found["confusion"].values()))
