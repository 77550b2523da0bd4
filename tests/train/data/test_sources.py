from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.data import sirm, sources
from train.data.covid_ct import COVID, NOT_COVID, DataError, Item
from train.data.sources import GRADES, PARTS, SOURCES, Source, fingerprint, source_of, split_in_fifths

REAL = os.environ.get("EDGECT_DATA")


def numbers(items: Sequence[Item], folder: str) -> list[int]:
    """First number in the name of each item of a folder, in their order."""
    return [int(re.findall(r"\d+", item.path)[-1]) for item in items if item.path.startswith(folder)]


@pytest.mark.parametrize("name", SOURCES)
def test_no_slice_and_no_patient_or_block_is_in_two_parts(name: str, data: Path) -> None:
    parts = [SOURCES[name](data).part(part) for part in PARTS]
    assert all(parts)
    paths = [item.path for part in parts for item in part]
    assert len(set(paths)) == len(paths)
    units = [{item.patient for item in part} for part in parts]
    assert len(set.union(*units)) == sum(map(len, units))
    assert all((data / path).is_file() and source_of(Item(path, 0, "")) == name for path in paths)


@pytest.mark.parametrize("folder", ["sars-cov-2-ct/COVID/", "sars-cov-2-ct/NonCOVID/"])
def test_sars_cov_2_ct_is_cut_by_number_with_a_block_between_parts(folder: str, data: Path) -> None:
    split = SOURCES["sars-cov-2-ct"](data)
    assert numbers(split.train, folder) == list(range(1, 31))
    assert numbers(split.val, folder) == list(range(41, 51))
    assert numbers(split.test, folder) == list(range(61, 81))


@pytest.mark.parametrize("place", range(len(GRADES)))
def test_every_grade_of_mosmed_is_cut_by_number_and_no_study_left_out(place: int, data: Path) -> None:
    split, grade = SOURCES["mosmed"](data), list(GRADES)[place]
    source = [numbers(split.part(part), f"mosmed/{grade}/") for part in PARTS]
    assert [len(part) for part in source] == [6, 2, 2]
    assert [*source[0], *source[1], *source[2]] == list(range(10 * place + 1, 10 * place + 11))


def test_luna_is_cut_by_number_not_by_name(data: Path) -> None:
    split = SOURCES["luna-slices"](data)
    source = [[int(i.path.split("/")[1].split("_")[0]) for i in split.part(part)] for part in PARTS]
    assert source == [[9, 22, 35, 48, 61, 74], [87, 100], [113, 126]]


def test_sirm_has_a_block_between_parts(data: Path) -> None:
    split = SOURCES["sirm"](data)
    train, val, test = (numbers(split.part(part), "sirm/") for part in PARTS)
    assert min(val) - max(train) > sirm.BLOCK
    assert min(test) - max(val) > sirm.BLOCK
    assert max(test) == sirm.COUNT - 1


def test_covid_ct_keeps_the_whole_official_split(data: Path) -> None:
    split = SOURCES["covid-ct"](data)
    counts = [(sum(i.label for i in split.part(p)), len(split.part(p))) for p in PARTS]
    assert counts == [(191, 425), (60, 118), (98, 203)]


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("covid-ct/Images/CT_COVID/", COVID),
        ("covid-ct/Images/CT_NonCOVID/", NOT_COVID),
        ("sars-cov-2-ct/COVID/", COVID),
        ("sars-cov-2-ct/NonCOVID/", NOT_COVID),
        ("mosmed/CT-0/", NOT_COVID),
        *[(f"mosmed/CT-{grade}/", COVID) for grade in (1, 2, 3, 4)],
        ("luna-slices/", NOT_COVID),
        ("sirm/", COVID),
    ],
)
def test_labels_are_those_of_folders(folder: str, label: int, data: Path) -> None:
    split = SOURCES[folder.split("/")[0]](data)
    for part in PARTS:
        labels = {item.label for item in split.part(part) if item.path.startswith(folder)}
        assert labels == {label}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=re.escape(str(tmp_path / name))):
        SOURCES[name](tmp_path)


@pytest.mark.parametrize("folder", ["sars-cov-2-ct/NonCOVID", "mosmed/CT-3"])
def test_a_class_that_is_not_there_is_named(folder: str, data: Path, tmp_path: Path) -> None:
    name = folder.split("/")[0]
    shutil.copytree(data / name, tmp_path / name, ignore=lambda _, names: {folder.split("/")[1]} & set(names))
    with pytest.raises(DataError, match=re.escape(f"{tmp_path / folder}: no images")):
        SOURCES[name](tmp_path)


def test_files_without_a_number_are_no_slices(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data / "luna-slices", tmp_path / "luna-slices")
    (tmp_path / "luna-slices/Thumbs.db").write_bytes(b"")
    assert SOURCES["luna-slices"](tmp_path) == SOURCES["luna-slices"](data)


def test_a_fingerprint_tells_which_slices_in_which_part_and_order() -> None:
    a, b = Item("a", 0, "a"), Item("b", 1, "b")
    digests = fingerprint(Source([a, b], [], []))
    assert digests["train"]["slices"] == 2
    assert digests["train"]["sha256"] != fingerprint(Source([b, a], [], []))["train"]["sha256"]
    assert digests["train"]["sha256"] == fingerprint(Source([], [a, b], []))["val"]["sha256"]
    assert digests["val"] == fingerprint(Source([a], [], [b]))["val"]


@pytest.mark.skipif(REAL is None, reason="EDGECT_DATA does not name the real data")
@pytest.mark.parametrize("name", SOURCES)
def test_the_real_data_are_cut_as_recorded_before_any_training(name: str) -> None:
    recorded = json.loads(sources.RECORDED.read_text())
    assert fingerprint(SOURCES[name](Path(str(REAL)))) == recorded[name]


def slices_of(counts: Sequence[int]) -> list[Item]:
    """counts: slices of each unit."""
    return [
        Item(f"{unit}-{n}", COVID, f"unit {unit}") for unit, count in enumerate(counts) for n in range(count)
    ]


def units_of(items: Sequence[Item]) -> list[int]:
    return sorted({int(item.patient.split()[1]) for item in items})


@given(st.integers(0, 60))
def test_of_patients_with_a_slice_each_none_is_left_out(count: int) -> None:
    items = slices_of([1] * count)
    split = split_in_fifths(items)
    assert split.train + split.val + split.test == items
    assert [len(split.train), len(split.val)] == [3 * count // 5, 4 * count // 5 - 3 * count // 5]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=40).filter(lambda counts: max(counts) > 1))
def test_of_blocks_the_last_before_each_border_is_left_out_and_nothing_else(counts: list[int]) -> None:
    items, number = slices_of(counts), len(counts)
    split = split_in_fifths(items)
    first, second = 3 * number // 5, 4 * number // 5
    assert units_of(split.test) == list(range(second, number))
    assert units_of(split.val) == list(range(first, second - 1))
    assert units_of(split.train) == [unit for unit in range(first - 1) if unit != second - 1]
    kept = {*split.train, *split.val, *split.test}
    assert {item for item in items if int(item.patient.split()[1]) not in (first - 1, second - 1)} == kept
    for part in PARTS:
        assert split.part(part) == sorted(split.part(part), key=items.index)


@given(st.permutations(slices_of([3] * 12)))
def test_slices_of_a_unit_stay_together_wherever_they_stand(items: list[Item]) -> None:
    split = split_in_fifths(items)
    parts = [set(units_of(split.part(part))) for part in PARTS]
    assert len(set.union(*parts)) == sum(map(len, parts)) == 10
    assert len(split.train + split.val + split.test) == 30
