"""The slices that rules are measured on, each with its probability by one bundle, kept in a small CSV."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from tqdm import tqdm

from edgect import Classifier
from edgect.errors import UsageError
from edgect.sources.labels import Case
from edgect.sources.parts import fixed_parts
from edgect.sources.table import read_table
from train.data.covid_ct import DataError
from train.data.sources import OWN_TABLE, TABLES, read_source, released

SERIES = ("covid-ct-md", "luna-volumes")  # whole series, in no training
FURTHER = ("chest-ctscan", "emphysema", "siim-tcga", "osic", "ild-web")  # beside the released ones
MARK = "infected_by_instance"  # column of a table of series: 1 where its authors see an infection


@dataclass(frozen=True)
class Slice:
    """One answered slice. label: 1 COVID-19. unit: its patient, or what stands for one.

    series: empty of single slices. position: in millimetres, None where unknown. marked: whether its
    authors see an infection, None where they do not say. probability: of COVID-19, 0 to 1.
    """

    source: str
    path: str
    label: int
    group: str
    unit: str
    series: str
    position: float | None
    marked: bool | None
    probability: float


def answered(data: Path, model: str, file: Path) -> tuple[list[Slice], float]:
    """Slices with an answer, and the slice's threshold: kept in `file`, or asked for and kept there.

    data: the folder of all sources. Slices of single-slice sources are those of validation parts, and of
    sources without parts all that `edgect.sources.parts` would draw for validation. Raises DataError where
    a source is missing, UsageError where `file` is of another bundle.
    """
    classifier = Classifier(model=model)
    digest, threshold = classifier.bundle.digest, classifier.threshold
    if file.exists():
        head, *lines = csv.reader(file.open(newline="", encoding="utf-8"))
        if head[-1] != digest:
            raise UsageError(f"{file}: holds answers of another bundle; give --slices another name")
        return [_of_cells(cells) for cells in lines], threshold
    slices = []
    wanted = list(_wanted(data))
    results = classifier.classify([case.path for _, case, _, _ in wanted])
    for (source, case, unit, marked), result in zip(
        wanted, tqdm(results, total=len(wanted), desc="slices", disable=None), strict=True
    ):
        if result.probability is not None:
            path = Path(case.path).relative_to(data).as_posix()
            slices.append(
                Slice(
                    *(source, path, case.label, case.group, unit, case.series, case.position, marked),
                    round(result.probability, 6),
                )
            )
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*(field.name for field in fields(Slice)), digest])
        writer.writerows(
            ["" if cell is None else int(cell) if isinstance(cell, bool) else cell for cell in _cells(own)]
            for own in slices
        )
    return slices, threshold


def series_of(slices: Sequence[Slice]) -> dict[tuple[str, str], list[Slice]]:
    """Source and name of every series, with its slices in the order of the body."""
    members: defaultdict[tuple[str, str], list[Slice]] = defaultdict(list)
    for own in slices:
        if own.series:
            members[own.source, own.series].append(own)
    return {key: sorted(own, key=lambda each: each.position or 0.0) for key, own in members.items()}


def _wanted(data: Path) -> Iterator[tuple[str, Case, str, bool | None]]:
    """Source, case, unit and mark of every slice that is asked for."""
    for name in released():
        for item in read_source(name, data).val:
            yield name, Case(str(data / item.path), item.label, group=item.group), item.patient, None
    for name in FURTHER:
        table = _table(name, data)
        parts = fixed_parts(table, read_table(str(table)), fix=False)
        units = parts.unit_by_path()
        for case in parts.of("validation"):
            yield name, case, units[case.path], None
    for name in SERIES:
        table = _table(name, data)
        marks = _marks(table)
        for case in read_table(str(table)).files:
            yield name, case, case.patient, marks[Path(case.path).relative_to(table.parent).as_posix()]


def _table(name: str, data: Path) -> Path:
    own, of_release = data / name / OWN_TABLE, TABLES / f"{name}.csv"
    if not own.is_file():
        raise DataError(f"{own}: missing; --data must be the folder that holds {name}/ ({of_release.name})")
    return own


def _marks(table: Path) -> dict[str, bool | None]:
    with table.open(newline="", encoding="utf-8") as file:
        return {
            line["path"]: None if line.get(MARK, "") in ("", None) else line[MARK] == "1"
            for line in csv.DictReader(file)
        }


def _cells(own: Slice) -> list[object]:
    return [getattr(own, field.name) for field in fields(Slice)]


def _of_cells(cells: Sequence[str]) -> Slice:
    source, path, label, group, unit, series, position, marked, probability = cells
    return Slice(
        *(source, path, int(label), group, unit, series),
        float(position) if position else None,
        marked == "1" if marked else None,
        float(probability),
    )
