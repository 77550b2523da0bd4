"""The parts that every source is cut into, and every time a test part was looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from train.data.covid_ct import COVID, NOT_COVID, PART_TITLES
from train.data.sources import PARTS, RECORDED, released
from train.multi_source.evaluation import TEST_2
from train.multi_source.run import EVIDENCE_READING, TEST_READING, MultiSourceRun
from train.report.multi_source.trainings import (
    ALONE,
    ARMS,
    DEFAULT,
    LEFT_OUT,
    SEVERE,
    TITLES,
    UNITS,
    WHOLE,
    Evaluation,
    reading,
    runs,
    table_or_not,
)
from train.run import Run, read_json

ALIKE = {"luna-slices": NOT_COVID, "sirm": COVID}  # of one class, whatever has been read
COUNTED = ("images", "units", "positive", "negative")

Counts = dict[str, int]


def splits(folder: Path) -> str:
    """Slices of each source and part as recorded, classes and units as counted in the runs' readings.

    `lists`: how many of the trainings on a source record the same list, by its SHA-256.
    """
    names = (DEFAULT, *LEFT_OUT.values(), ALONE, *ARMS.values())
    all_runs = [run for name in names for run in runs(folder, name)]
    recorded = [run.record()["split"] for run in all_runs]
    rows = []
    recorded_parts = read_json(RECORDED)
    for source in released():
        parts = recorded_parts[source]
        for part in PARTS:
            size, digest = parts[part]["slices"], parts[part]["sha256"]
            same = [split[source][part]["sha256"] == digest for split in recorded if source in split]
            agree = f"{sum(same)} of {len(same)}" if same else None
            cells = _class_cells(known_counts(all_runs, source, part, size), UNITS[source])
            rows.append([TITLES[source], PART_TITLES[part], size, *cells, agree])
    return table_or_not(["source", "part", "slices", "units", "COVID-19", "not COVID-19", "lists"], rows)


def _class_cells(counts: Counts, unit: str) -> list[Any]:
    units = f"{counts['units']} {unit}" if "units" in counts else None
    covid: Any = counts.get("positive")
    if "mild" in counts:
        covid = f"{covid} (CT-1: {counts['mild']}, CT-2 to CT-4: {covid - counts['mild']})"
    return [units, covid, counts.get("negative")]


def known_counts(all_runs: list[MultiSourceRun], source: str, part: str, size: int) -> Counts:
    """COUNTED, and of MosMed `mild`, as far as the runs tell; nothing where they count other slices."""
    counts = _counts(all_runs, source, part)
    if source in ALIKE and not counts:
        covid = size * ALIKE[source]
        return {"images": size, "positive": covid, "negative": size - covid}
    if source == "mosmed" and counts and (severe := _counts(all_runs, SEVERE, part)):
        counts["mild"] = counts["images"] - severe["images"]
    return counts if counts.get("images") == size else {}


def _counts(all_runs: list[MultiSourceRun], key: str, part: str) -> Counts:
    """What training parts hold is what a source left out has besides its validation part."""
    validations = [read_json(run.validation_file) for run in all_runs]
    if part == "test":
        return _first(reading(run).get(key) for run in all_runs)
    val = _first(content["sources"].get(key) for content in validations)
    if part == "val":
        return val
    train_and_val = _first(content["elsewhere"].get(key) for content in validations)
    return {name: train_and_val[name] - val[name] for name in COUNTED} if train_and_val and val else {}


def _first(described: Iterator[Evaluation | None]) -> Counts:
    """COUNTED of the first that there is."""
    evaluation = next(filter(None, described), None)
    if evaluation is None:
        return {}
    images = int(evaluation["images"])
    if "confusion" in evaluation:
        positive = evaluation["confusion"]["tp"] + evaluation["confusion"]["fn"]
    else:
        positive = images if "sensitivity" in evaluation["metrics"] else 0
    counts = (images, int(evaluation["units"]), positive, images - positive)
    return dict(zip(COUNTED, counts, strict=True))


def readings(folder: Path) -> str:
    """Every time that a network trained across sources, or another beside it, looked at test parts."""
    rows: list[list[Any]] = []
    for file in sorted(folder.rglob("test_readings.jsonl")):
        run = Run(file.parent)
        name = run.path.relative_to(folder).as_posix()
        of_multi_source = (run.path / "recipe.json").exists()
        lines = [
            line
            for line in run.readings("test")
            if of_multi_source or line["by"] in (TEST_READING, EVIDENCE_READING)
        ]
        rows += [[name, line["date"][:10], line["by"], _looked_at(line)] for line in lines]
    return table_or_not(["run", "date", "by", "looked at"], rows)


def _looked_at(line: Evaluation) -> str:
    names = line.get("sources")
    if names is None:
        part = str(line.get("part", "test"))
        return TITLES.get(part, part)
    whole = [TITLES[source] for source in released() if f"{source}{WHOLE}" in names]
    second = ["Test-2"] if TEST_2 in names else []
    return ", ".join(["test parts of all sources", *(f"the whole of {title}" for title in whole), *second])
