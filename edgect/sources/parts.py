"""Training, validation and test part of a source: by patient, fixed at first use, hashed by content."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgect.errors import UsageError
from edgect.machine import atomic
from edgect.sources.contents import Contents, read_contents
from edgect.sources.labels import Case, Cases, listed
from edgect.sources.table import PARTS

Part = Literal["train", "validation", "test"]
Slices = Mapping[str, Mapping[str, str | int]]

SCHEMA = 1
BLOCK = 10  # neighbours in number that stand for a patient where patients are unknown
SHARES = {"train": 3, "validation": 1, "test": 1}  # of the patients


@dataclass(frozen=True)
class FixedParts(Contents):
    """The cases of a table with what they are divided by, and the part of each.

    unit: what is never in two parts, `patient` or `block` of neighbours in number. units, parts: of each
    case, in the order of the table; the part is empty for what is in none.
    """

    unit: Literal["patient", "block"]
    units: Sequence[str]
    parts: Sequence[str]

    def of(self, *parts: Part) -> list[Case]:
        """The cases of one part, or of several, in the order of the table."""
        return [case for case, part in zip(self.cases, self.parts, strict=True) if part in parts]

    def unit_by_path(self) -> dict[str, str]:
        return {case.path: unit for case, unit in zip(self.cases, self.units, strict=True)}


def fixed_parts(table: str | Path, cases: Cases, record: Path | None = None) -> FixedParts:
    """The parts of a source: as the table's column `part` has them, else as they were drawn at first use.

    Three, one and one fifth of the patients, each class by itself, in an order that is as good as random
    and the same everywhere. Where patients are unknown, blocks of `BLOCK` neighbours in number stand for
    them, in order, and the block before each border is in no part. The draw is kept in `record`,
    `TABLE.parts.json` by default, with the SHA-256 of every file. Patients that are added later get parts
    then; those of others stay.

    Raises UsageError: a patient is in two parts of the column, a file cannot be read, or what is on record
    has changed.
    """
    table = Path(table)
    contents = read_contents(table, cases.files)
    units = _units(cases)
    unit: Literal["patient", "block"] = "patient" if cases.by_patient else "block"
    if cases.has_parts:
        if cases.by_patient:
            _check_patients(table, cases)
        parts = [case.part for case in cases.files]
        return FixedParts(table, cases.files, contents.sha256, unit, units, parts)
    record = record or table.with_suffix(".parts.json")
    slices: Slices = {
        path: {"sha256": sha256, "label": case.label}
        for path, sha256, case in zip(contents.paths, contents.sha256, cases.files, strict=True)
    }
    known = _read_record(record, unit, slices)
    drawn = _draw_patients(cases, known) if cases.by_patient else known or _divide_blocks(units)
    content = {
        "schema": SCHEMA,
        "table": table.name,
        "unit": unit,
        "sha256": contents.digest,
        "parts": drawn,
        "slices": slices,
    }
    _write_record(record, content)
    parts = [drawn[own] for own in units]
    return FixedParts(table, cases.files, contents.sha256, unit, units, parts)


def _units(cases: Cases) -> list[str]:
    if cases.by_patient:
        return [case.patient for case in cases.files]
    units = [""] * len(cases.files)
    for label in (0, 1):
        places = [n for n, case in enumerate(cases.files) if case.label == label]
        places.sort(key=lambda n: _by_number(cases.files[n].path))
        for rank, place in enumerate(places):
            units[place] = f"label {label}, block {rank // BLOCK:04}"
    return units


def _by_number(path: str) -> tuple[str, list[int], str]:
    file = Path(path)
    return str(file.parent), [int(number) for number in re.findall(r"\d+", file.stem)], file.name


def _check_patients(table: Path, cases: Cases) -> None:
    """No patient is in two parts."""
    parts: dict[str, set[str]] = defaultdict(set)
    for case in cases.files:
        if case.part:
            parts[case.patient].add(case.part)
    if straddling := [patient for patient, own in parts.items() if len(own) > 1]:
        raise UsageError(
            f"{table}: patient {listed(straddling, 3)} is in more than one part; give all slices of a "
            "patient the same part"
        )


def _draw_patients(cases: Cases, known: Mapping[str, str]) -> dict[str, str]:
    """The part of every patient: of those on record as it was, of others by the hash of their names."""
    positive = {case.patient for case in cases.files if case.label == 1}
    drawn = dict(known)
    for label in (0, 1):
        patients = {case.patient for case in cases.files if (case.patient in positive) == label}
        counts = Counter(drawn[patient] for patient in patients if patient in drawn)
        for patient in sorted(patients - drawn.keys(), key=_hash):
            part = min(PARTS, key=lambda name: (counts[name] + 1) / SHARES[name])
            drawn[patient] = part
            counts[part] += 1
    return drawn


def _divide_blocks(units: Sequence[str]) -> dict[str, str]:
    """Each label's blocks in order; empty for the block before a border, which two patients may share."""
    drawn: dict[str, str] = {}
    for label in (0, 1):
        blocks = sorted({unit for unit in units if unit.startswith(f"label {label}")})
        first, second = len(blocks) * 3 // 5, len(blocks) * 4 // 5
        for rank, block in enumerate(blocks):
            drawn[block] = PARTS[(rank >= first) + (rank >= second)]
        for border in {first, second} - {0, len(blocks)}:
            drawn[blocks[border - 1]] = ""
    return drawn


def _read_record(record: Path, unit: str, slices: Slices) -> dict[str, str]:
    """The parts on record, empty where there is no record. Raises UsageError where it is of other data."""
    if not record.exists():
        return {}
    try:
        content = json.loads(record.read_bytes())
        recorded, parts = dict(content["slices"]), dict(content["parts"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{record}: is no record of parts ({error})") from error
    anew = f"parts on record are kept; delete {record} to divide anew, after which no slice counts as unseen"
    if content.get("unit") != unit:
        raise UsageError(f"{record}: was made by {content.get('unit')}, now it would be by {unit}; {anew}")
    if changed := [path for path in recorded if path in slices and slices[path] != recorded[path]]:
        raise UsageError(f"{record}: content or label of {listed(changed, 3)} has changed; {anew}")
    if missing := [path for path in recorded if path not in slices]:
        raise UsageError(f"{record}: {listed(missing, 3)} is no longer in the table; {anew}")
    if unit == "block" and slices.keys() != recorded.keys():
        raise UsageError(
            f"{record}: slices were added, which moves blocks; name patients in a column, or {anew}"
        )
    return parts


def _write_record(record: Path, content: Mapping[str, object]) -> None:
    text = (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
    try:
        if not record.exists() or record.read_bytes() != text:
            atomic.write(record, text)
    except OSError as error:
        raise UsageError(f"{record}: cannot be written ({error.strerror}), and parts must be kept") from error


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
