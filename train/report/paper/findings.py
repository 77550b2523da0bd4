"""What was measured of the finished networks and of the data, as tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from train.paper import published
from train.report.markdown import number, ranged, table
from train.report.paper.tables import NETWORKS, runs
from train.run import Run, read_json

ALTERATIONS = {
    "as_is": "the slice as it is",
    "border_and_text_removed": "border and text removed",
    "only_lungs": "nothing but the lungs",
    "lungs_blanked": "everything but the lungs",
}
AGAINST = "not_covid_against"
SHARES = {
    "covid": "COVID-19 slices: evidence for",
    "not_covid": "other slices: evidence for",
    AGAINST: "other slices: evidence against",
    "all": "all slices: evidence for",
}


def evidence(folder: Path) -> str:
    """The share of each network's positive activation that lies in the lungs."""
    records = _evidence(folder)
    rows = []
    for key, title in SHARES.items():
        for name, record in records.items():
            part = record["in_lungs"][key]
            share = ranged(part["share"], part["interval"]) if part["share"] is not None else None
            rows.append([title, name, share, number(part["area"]), part["slices"]])
    return table(
        ["", "", "share in the lungs (95 % interval)", "lungs' share of the picture", "slices"], rows
    )


def alterations(folder: Path) -> str:
    """AUC of each network on slices of which a part is gone."""
    records = _evidence(folder)
    rows = [
        [title, *(ranged(r["auc"][key]["auc"], r["auc"][key]["interval"]) for r in records.values())]
        for key, title in ALTERATIONS.items()
    ]
    return table(["what is left", *records], rows)


def probe(folder: Path) -> str:
    """The random forest that looks at no lung, on the test and the validation part."""
    path = folder / "probe.json"
    if not path.exists():
        return "*not measured*"
    record = read_json(path)
    rows = [
        [
            name,
            result["features"],
            *(ranged(record[p]["results"][name][m]["value"], record[p]["results"][name][m]["interval"])
              for p in ("test", "val") for m in ("accuracy", "auc")),
        ]
        for name, result in record["test"]["results"].items()
    ]  # fmt: skip
    head = [
        "features",
        "number",
        "accuracy, Test-1",
        "AUC, Test-1",
        "accuracy, validation",
        "AUC, validation",
    ]
    return table(head, rows)


def files(folder: Path) -> str:
    """How many files of each class are of which format, part by part."""
    path = folder / "probe.json"
    if not path.exists():
        return "*not measured*"
    record = read_json(path)
    counts = {"train": record["val"]["files"]["train"], **{p: record[p]["files"][p] for p in ("val", "test")}}
    rows = [
        [
            part,
            title,
            *(", ".join(f"{n} × {k}" for k, n in of_class[c].items()) for c in ("formats", "channels")),
        ]
        for part, classes in counts.items()
        for title, of_class in classes.items()
    ]
    return table(["part", "class", "formats", "channels"], rows)


def seconds(folder: Path) -> str:
    """Seconds for one image, from file to label, beside the paper's."""
    workstation, laptop = published.SECONDS
    rows: list[list[Any]] = [
        ["paper: workstation, Matlab", "", workstation, f"{workstation * 4300 / 3600:.2f} h"],
        ["paper: laptop, Matlab", "", laptop, f"{published.HOURS_FOR_4300} h"],
    ]
    path = folder / "timing.json"
    if path.exists():
        for row in read_json(path)["rows"]:
            title = f"ours: {row['backend']} {row['precision']}"
            each = row["milliseconds"] / 1000
            rows.append([title, row["threads"], f"{each:.4f}", f"{row['seconds_for_4300'] / 60:.1f} min"])
    return table(["", "threads", "seconds an image", "4,300 images"], rows)


def readings(folder: Path) -> str:
    """Every time that a finished network looked at a test part."""
    rows = []
    for name in NETWORKS.values():
        for run in runs(folder, name):
            for reading in run.readings("test"):
                part = reading.get("part", "test-1")
                rows.append([run.path.name, reading["date"][:10], reading["by"], part])
    return table(["run", "date", "by", "part"], rows)


def _evidence(folder: Path) -> dict[str, Any]:
    records = {name: Run(folder / run).evidence() for name, run in NETWORKS.items()}
    return {name: record for name, record in records.items() if record}
