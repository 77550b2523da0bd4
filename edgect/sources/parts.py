"""Training, validation and test part of a source: by patient, fixed at first use, hashed by content."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgect.errors import UsageError
from edgect.machine import atomic
from edgect.sources.about import About
from edgect.sources.blocks import blocks, divide_blocks
from edgect.sources.contents import Contents, read_contents
from edgect.sources.labels import Case, Cases, listed
from edgect.sources.table import PARTS

Part = Literal["train", "validation", "test"]
Unit = Literal["patient", "block"]
Slices = Mapping[str, Mapping[str, str | int]]

SCHEMA = 1
SHARES = {"train": 3, "validation": 1, "test": 1}  # of the patients


@dataclass(frozen=True)
class FixedParts(Contents):
    """The cases of a table with what they are divided by, and the part of each.

    unit: what is never in two parts, `patient` or `block` of neighbours in number. units, parts: of each
    case, in the order of the table; the part is empty for what is in none. unfixed: whether the parts are
    neither in the table nor on record, so that they may still change.
    """

    unit: Unit
    units: Sequence[str]
    parts: Sequence[str]
    unfixed: bool = False

    def of(self, *parts: Part) -> list[Case]:
        """The cases of one part, or of several, in the order of the table."""
        return [case for case, part in zip(self.cases, self.parts, strict=True) if part in parts]

    def unit_by_path(self) -> dict[str, str]:
        return {case.path: unit for case, unit in zip(self.cases, self.units, strict=True)}


def fixed_parts(
    table: str | Path, cases: Cases, record: Path | None = None, *, fix: bool = True
) -> FixedParts:
    """The parts of a source: as the table's column `part` has them, else as they were drawn at first use.

    Three, one and one fifth of the patients, each class by itself, in an order that is as good as random
    and the same everywhere. Where patients are unknown, blocks of neighbours in number stand for them
    (`edgect.sources.blocks`). The draw is kept in `record`, `TABLE.parts.json` by default, with the SHA-256
    of every file. Patients that are added later get parts then; those of others stay.

    fix: without it nothing is written, and what is drawn now may be drawn otherwise later.

    Raises UsageError: a patient is in two parts of the column, a file cannot be read, or what is on record
    has changed.
    """
    contents = read_contents(table, cases.files)
    table, sha256 = contents.table, contents.sha256
    units = [case.patient for case in cases.files] if cases.by_patient else blocks(contents)
    by_blocks = not cases.by_patient or About.of_table(table).patients_are_blocks
    unit: Unit = "block" if by_blocks else "patient"
    if cases.has_parts:
        parts = parts_of_column(table, cases)
        if not cases.by_patient:  # the table may cut a block
            units = [f"{own}, {part}" for own, part in zip(units, parts, strict=True)]
        return FixedParts(table, cases.files, sha256, unit, units, parts)
    record = record or table.with_suffix(".parts.json")
    column = "patient" if cases.by_patient else "block"
    slices: Slices = {
        path: {"sha256": sha256[place], "label": cases.files[place].label, column: units[place]}
        for place, path in enumerate(contents.paths)
    }
    known = _read_record(record, column, slices)
    drawn = _draw_patients(cases, known) if cases.by_patient else known or divide_blocks(units)
    if fix:
        content = {
            "schema": SCHEMA,
            "table": table.name,
            "unit": column,
            "sha256": contents.digest,
            "parts": drawn,
            "slices": slices,
        }
        _write_record(record, content)
    unfixed = not fix and known.keys() != drawn.keys()
    return FixedParts(table, cases.files, sha256, unit, units, [drawn[own] for own in units], unfixed)


def parts_of_column(table: str | Path, cases: Cases) -> list[str]:
    """The part of each case as the table says, empty for none.

    Raises UsageError where a patient, or of unknown patients a study or a series, is in two.
    """
    parts: dict[tuple[str, str], set[str]] = defaultdict(set)
    for case in cases.files:
        for name in ("patient",) if cases.by_patient else ("study", "series"):
            if case.part and (value := getattr(case, name)):
                parts[name, value].add(case.part)
    if straddling := [key for key, own in parts.items() if len(own) > 1]:
        name = straddling[0][0]
        own = [value for kind, value in straddling if kind == name]
        raise UsageError(
            f"{table}: {name} {listed(own, 3)} is in more than one part; give all slices of a {name} the "
            "same part"
        )
    return [case.part for case in cases.files]


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


def _read_record(record: Path, unit: str, slices: Slices) -> dict[str, str]:
    """The parts on record, empty where there is no record. Raises UsageError where it is of other data."""
    if not record.exists():
        return {}
    anew = f"parts on record are kept; delete {record} to divide anew, after which no slice counts as unseen"
    try:
        content = json.loads(record.read_bytes())
        recorded, parts = dict(content["slices"]), dict(content["parts"])
        if content["schema"] != SCHEMA or not set(parts.values()) <= {*PARTS, ""}:
            raise ValueError("schema or parts are unknown")
        if {own[content["unit"]] for own in recorded.values()} != parts.keys():
            raise ValueError("parts are not those of the slices")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{record}: is no record of parts ({error}); {anew}") from error
    if content["unit"] != unit:
        raise UsageError(f"{record}: was made by {content['unit']}, now it would be by {unit}; {anew}")
    if missing := [path for path in recorded if path not in slices]:
        raise UsageError(f"{record}: {listed(missing, 3)} is no longer in the table; {anew}")
    if unit == "block" and slices.keys() != recorded.keys():
        raise UsageError(
            f"{record}: slices were added, which moves blocks; name patients in a column, or {anew}"
        )
    for key, name in (("sha256", "content"), ("label", "label"), (unit, unit)):
        if changed := [path for path, own in recorded.items() if own.get(key) != slices[path][key]]:
            raise UsageError(f"{record}: {name} of {listed(changed, 3)} has changed; {anew}")
    return parts


def _write_record(record: Path, content: Mapping[str, object]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    encoded = text.encode(errors="surrogatepass")  # of names in folders that are not UTF-8
    try:
        if not record.exists() or record.read_bytes() != encoded:
            atomic.write(record, encoded)
    except OSError as error:
        raise UsageError(f"{record}: cannot be written ({error.strerror}), and parts must be kept") from error


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
