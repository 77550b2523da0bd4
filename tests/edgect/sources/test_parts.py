"""Parts by patient: drawn once, the same everywhere, and kept."""

from __future__ import annotations

import json
import random
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgect.errors import UsageError
from edgect.sources.labels import Cases
from edgect.sources.parts import FixedParts, fixed_parts
from edgect.sources.table import PARTS, read_table
from tests.edgect.sources.conftest import WriteTable, numbered

HEAD = "path,label,patient"

# slices with a patient and a label each; a patient may have slices of both
Slices = dict[str, tuple[str, int]]
slices_of_patients = st.dictionaries(
    st.text("ab/0123", min_size=1, max_size=6).map(lambda name: name.strip("/") + ".png"),
    st.tuples(st.sampled_from([f"p{n}" for n in range(15)]), st.integers(0, 1)),
    min_size=1,
    max_size=30,
).map(lambda slices: {name.replace("/", "_"): own for name, own in slices.items()})


def divide(folder: Path, slices: Slices, fix: bool = True) -> FixedParts:
    for name in slices:
        (folder / name).write_bytes(name.encode())
    lines = [f"{name},{label},{patient}" for name, (patient, label) in slices.items()]
    (folder / "t.csv").write_text("\n".join([HEAD, *lines]))
    return fixed_parts(folder / "t.csv", read_table(str(folder / "t.csv")), fix=fix)


def by_unit(parts: FixedParts) -> dict[str, set[str]]:
    collected: dict[str, set[str]] = defaultdict(set)
    for unit, part in zip(parts.units, parts.parts, strict=True):
        collected[unit].add(part)
    return collected


@settings(deadline=None, max_examples=40)
@given(slices_of_patients, slices_of_patients, st.randoms())
def test_a_patient_is_in_one_part_and_stays_there(
    first: Slices, second: Slices, shuffle: random.Random
) -> None:
    with tempfile.TemporaryDirectory() as name:
        before = by_unit(divide(Path(name), first))
        lines = list((second | first).items())
        shuffle.shuffle(lines)
        after = by_unit(divide(Path(name), dict(lines)))
    assert all(len(own) == 1 and own <= set(PARTS) for own in after.values())
    assert before.items() <= after.items()


@settings(deadline=None, max_examples=40)
@given(slices_of_patients, st.randoms())
def test_neither_order_nor_place_moves_a_patient(slices: Slices, shuffle: random.Random) -> None:
    lines = list(slices.items())
    shuffle.shuffle(lines)
    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
        parts, others = divide(Path(here), slices), divide(Path(there), dict(lines))
    assert by_unit(parts) == by_unit(others)
    assert parts.digest == others.digest


def test_the_draw_is_this_one_on_every_machine(write_table: WriteTable) -> None:
    table = write_table(*numbered(range(20)), head=HEAD)
    parts = fixed_parts(table, read_table(str(table)))
    assert [case.patient for case in parts.of("test")] == ["p1", "p3", "p10", "p18"]
    assert [case.patient for case in parts.of("validation")] == ["p6", "p11", "p12", "p13"]


def test_each_class_is_shared_out_by_itself(write_table: WriteTable) -> None:
    table = write_table(*numbered([*range(0, 60, 2), *range(1, 21, 2)], 2), head=HEAD)
    parts = fixed_parts(table, read_table(str(table)))
    counts = {part: [case.label for case in parts.of(part)] for part in PARTS}  # type: ignore[arg-type]
    assert {part: (labels.count(0), labels.count(1)) for part, labels in counts.items()} == {
        "train": (36, 12),
        "validation": (12, 4),
        "test": (12, 4),
    }
    assert len(parts.of("train", "validation")) == 64


def test_the_unit_of_a_path_is_its_patient(write_table: WriteTable) -> None:
    table = write_table(*numbered(range(3)), head=HEAD)
    cases = read_table(str(table))
    units = fixed_parts(table, cases).unit_by_path()
    assert units == {case.path: case.patient for case in cases.files}


def test_a_record_that_says_the_same_is_not_written_again(write_table: WriteTable, tmp_path: Path) -> None:
    table = write_table(*numbered(range(3)), head=HEAD)
    fixed_parts(table, read_table(str(table)))
    before = (tmp_path / "t.parts.json").stat().st_ino
    fixed_parts(table, read_table(str(table)))
    assert (tmp_path / "t.parts.json").stat().st_ino == before


def test_without_fixing_nothing_is_written(write_table: WriteTable, tmp_path: Path) -> None:
    table = write_table(*numbered(range(10)), head=HEAD)
    cases = read_table(str(table))
    drawn = fixed_parts(table, cases, fix=False)
    assert drawn.unfixed
    assert not (tmp_path / "t.parts.json").exists()
    assert fixed_parts(table, cases).parts == drawn.parts
    assert not fixed_parts(table, cases, fix=False).unfixed


def test_the_record_may_lie_elsewhere_and_is_needed(write_table: WriteTable, tmp_path: Path) -> None:
    table = write_table(*numbered(range(10)), head=HEAD)
    cases = read_table(str(table))
    parts = fixed_parts(table, cases, tmp_path / "elsewhere.json")
    assert not (tmp_path / "t.parts.json").exists()
    assert fixed_parts(table, cases, tmp_path / "elsewhere.json") == parts
    with pytest.raises(UsageError, match="parts must be kept"):
        fixed_parts(table, cases, tmp_path / "nowhere" / "parts.json")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("p1/0.png,0,p1", "label of 'p1/0.png' has changed"),
        ("p1/0.png,1,another", "patient of 'p1/0.png' has changed"),
        ("p99/0.png,1,p1", "'p1/0.png' is no longer in the table"),
    ],
)
def test_what_is_on_record_must_stay(write_table: WriteTable, line: str, message: str) -> None:
    lines = numbered(range(6))
    table = write_table(*lines, head=HEAD)
    fixed_parts(table, read_table(str(table)))
    lines[1] = line
    write_table(*lines, head=HEAD)
    with pytest.raises(UsageError, match=message):
        fixed_parts(table, read_table(str(table)))


def test_a_content_that_changes_or_is_lost_is_told(write_table: WriteTable, tmp_path: Path) -> None:
    table = write_table(*numbered(range(6)), head=HEAD)
    cases = read_table(str(table))
    fixed_parts(table, cases)
    (tmp_path / "p1/0.png").write_bytes(b"other")
    with pytest.raises(UsageError, match=r"content of 'p1/0\.png' has changed"):
        fixed_parts(table, cases)
    (tmp_path / "p1/0.png").unlink()
    with pytest.raises(UsageError, match=r"p1/0\.png: cannot be read"):
        fixed_parts(table, cases)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"parts": {"p0": "training"}},
        {"parts": {}},
        {"slices": []},
        {"unit": "hospital"},
    ],
)
def test_what_is_no_record_of_parts_is_told(
    write_table: WriteTable, tmp_path: Path, change: dict[str, object]
) -> None:
    table = write_table(*numbered(range(6)), head=HEAD)
    cases = read_table(str(table))
    fixed_parts(table, cases)
    record = tmp_path / "t.parts.json"
    content = json.dumps(json.loads(record.read_text()) | change)
    record.write_text(content)
    with pytest.raises(UsageError, match="no record of parts"):
        fixed_parts(table, cases)
    assert record.read_text() == content


def test_parts_of_blocks_are_not_taken_for_parts_of_patients(write_table: WriteTable) -> None:
    table = write_table("a.png,1", "b.png,0")
    fixed_parts(table, read_table(str(table)))
    write_table("a.png,1,p", "b.png,0,q", head=HEAD)
    with pytest.raises(UsageError, match="made by block, now it would be by patient"):
        fixed_parts(table, read_table(str(table)))


def test_the_tables_own_parts_are_taken_and_nothing_is_written(
    write_table: WriteTable, tmp_path: Path
) -> None:
    table = write_table("a.png,1,p,train", "b.png,0,q,test", "c.png,0,q,", head="path,label,patient,part")
    parts = fixed_parts(table, read_table(str(table)))
    assert list(parts.parts) == ["train", "test", ""]
    assert not parts.unfixed
    assert not (tmp_path / "t.parts.json").exists()


@pytest.mark.parametrize("name", ["patient", "series", "study"])
def test_a_table_that_tears_a_patient_is_refused(write_table: WriteTable, name: str) -> None:
    table = write_table("a.png,1,x,train", "b.png,1,x,test", head=f"path,label,{name},part")
    with pytest.raises(UsageError, match=f"{name} 'x' is in more than one part"):
        fixed_parts(table, read_table(str(table)))


def test_patients_that_are_blocks_are_said_to_be(write_table: WriteTable, tmp_path: Path) -> None:
    table = write_table(*numbered(range(6)), head=HEAD)
    cases: Cases = read_table(str(table))
    before = fixed_parts(table, cases)
    (tmp_path / "t.about.json").write_text('{"patients_are_blocks": true}')
    after = fixed_parts(table, cases)
    assert (before.unit, after.unit) == ("patient", "block")
    assert after.parts == before.parts
