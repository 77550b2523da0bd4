from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edgect.errors import UsageError
from edgect.sources.about import About
from tests.sources_folder import save, write_table
from train.data import sirm, sources
from train.data.covid_ct import COVID, NOT_COVID, DataError, Item
from train.data.sources import PART_IN_TABLE, PARTS, Source, fingerprint, read_source, released, views

REAL = os.environ.get("EDGECT_DATA")
RECORDED = json.loads(sources.RECORDED.read_text())


def rows_of(name: str) -> list[dict[str, str]]:
    """Of a released table."""
    with (sources.TABLES / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", released())
def test_released_tables_hold_the_parts_recorded_before_any_training(name: str) -> None:
    for part in PARTS:
        paths = [f"{name}/{row['path']}" for row in rows_of(name) if row["part"] == PART_IN_TABLE[part]]
        assert len(paths) == RECORDED[name][part]["slices"]
        assert hashlib.sha256("\n".join(paths).encode()).hexdigest() == RECORDED[name][part]["sha256"]


@pytest.mark.skipif(REAL is None, reason="EDGECT_DATA does not name the real data")
@pytest.mark.parametrize("name", released())
def test_the_real_data_are_as_their_tables_list_them(name: str) -> None:
    assert fingerprint(read_source(name, Path(str(REAL)))) == RECORDED[name]


@pytest.mark.parametrize("name", released())
def test_no_slice_and_no_patient_or_block_is_in_two_parts(name: str) -> None:
    rows = rows_of(name)
    assert len({row["path"] for row in rows}) == len(rows)
    parts: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        parts[row["patient"]].add(row["part"])
    assert {len(own) for own in parts.values()} == {1}


@pytest.mark.parametrize("name", ["sars-cov-2-ct", "sirm"])
def test_where_blocks_stand_for_patients_one_lies_between_parts(name: str) -> None:
    assert About.of_table(sources.TABLES / f"{name}.csv").patients_are_blocks
    by_label: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in rows_of(name):
        by_label[row["label"]].append((int(re.findall(r"\d+", row["path"])[-1]), row["part"]))
    for numbered in by_label.values():
        between = {n for n, part in numbered if not part}
        spans = [[n for n, part in numbered if part == own] for own in PART_IN_TABLE.values()]
        for before, after in pairwise(spans):
            assert max(before) < min(after)
            assert any(max(before) < n < min(after) for n in between)


@pytest.mark.parametrize("name", released())
def test_every_released_source_says_whose_it_is(name: str) -> None:
    about = About.of_table(sources.TABLES / f"{name}.csv")
    assert all((about.licence, about.citation, about.classes))
    assert about.name != name
    groups = {row.get("group", "") for row in rows_of(name)}
    assert {
        *about.clear_groups,
        *about.target_by_group,
        *(g for own in about.views.values() for g in own),
    } <= groups


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
def test_labels_are_those_of_folders(folder: str, label: int) -> None:
    name, _, below = folder.partition("/")
    words = {COVID: "COVID-19", NOT_COVID: "not COVID-19"}
    assert {row["label"] for row in rows_of(name) if row["path"].startswith(below)} == {words[label]}


def test_of_mosmed_ct_1_is_drawn_more_rarely_and_has_a_target_of_its_own(data: Path) -> None:
    source = read_source("mosmed", data)
    assert {(i.group, i.weight, i.target, i.clear) for part in PARTS for i in source.part(part)} == {
        ("CT-0", 1.0, None, True),
        ("CT-1", 0.25, 0.75, False),
        *((f"CT-{grade}", 1.0, None, False) for grade in (2, 3, 4)),
    }
    assert {row["weight"] for row in rows_of("mosmed") if row["group"] == "CT-1"} == {"0.25"}


def test_positives_that_may_show_nothing_are_aimed_at_more_softly(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data / "sars-cov-2-ct", tmp_path / "series")
    (tmp_path / "series/table.about.json").write_text('{"positives_may_show_nothing": true}')
    items = read_source("series", tmp_path).train
    assert {(item.label, item.target) for item in items} == {(COVID, 0.75), (NOT_COVID, None)}


def test_a_group_that_no_slice_of_a_source_has_is_named(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data / "luna-slices", tmp_path / "luna-slices")
    (tmp_path / "luna-slices/table.about.json").write_text('{"target_by_group": {"clean": 0.1}}')
    with pytest.raises(UsageError, match=r"target_by_group names 'clean', .* its groups are 'clear'$"):
        read_source("luna-slices", tmp_path)


@pytest.mark.parametrize("name", released())
def test_a_source_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=re.escape(f"{tmp_path / name}: missing; --data must be the folder")):
        read_source(name, tmp_path)


def test_slices_that_are_not_there_are_named(tmp_path: Path) -> None:
    (tmp_path / "sirm").mkdir()
    with pytest.raises(DataError, match=re.escape(f"line 2: no file '{tmp_path / 'sirm/train50_0.webp'}'")):
        read_source("sirm", tmp_path)


def test_an_unknown_source_without_a_table_is_told_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    with pytest.raises(DataError, match=r"ours/table.csv: missing; .* needs a table .* path and label"):
        read_source("ours", tmp_path)


def test_a_patient_in_two_parts_is_refused(data: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        save(rng, tmp_path / f"ours/{name}.png", patches=False)
    lines = [
        {"path": f"{n}.png", "label": 1, "patient": "P", "part": p}
        for n, p in (("a", "train"), ("b", "test"))
    ]
    write_table(tmp_path / "ours", lines)
    with pytest.raises(UsageError, match="patient 'P' is in more than one part"):
        read_source("ours", tmp_path)


def test_a_table_without_parts_gets_them_once_by_patient(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = []
    for number in range(20):
        save(rng, tmp_path / f"ours/{number}.png", patches=number % 2 == 0)
        lines.append(
            {"path": f"{number}.png", "label": (number + 1) % 2, "patient": number // 2 + number % 2}
        )
    write_table(tmp_path / "ours", lines)
    first = read_source("ours", tmp_path)
    assert all(first.part(part) for part in PARTS)
    assert first == read_source("ours", tmp_path)
    patients = [{item.patient for item in first.part(part)} for part in PARTS]
    assert len(set.union(*patients)) == sum(map(len, patients))


def test_sirm_is_as_many_slices_as_the_papers_arrangements_take() -> None:
    assert len(rows_of("sirm")) == sirm.COUNT


def test_views_are_of_the_groups_that_they_name() -> None:
    items = [Item(str(n), 1, "", group=group) for n, group in enumerate("abcab")]
    assert views(items, About("", views={"ends": ["a", "c"], "none": []})) == {"ends": [0, 2, 3], "none": []}


def test_a_fingerprint_tells_which_slices_in_which_part_and_order() -> None:
    a, b = Item("a", 0, "a"), Item("b", 1, "b")
    digests = fingerprint(Source([a, b], [], []))
    assert digests["train"]["slices"] == 2
    assert digests["train"]["sha256"] != fingerprint(Source([b, a], [], []))["train"]["sha256"]
    assert digests["train"]["sha256"] == fingerprint(Source([], [a, b], []))["val"]["sha256"]
    assert digests["val"] == fingerprint(Source([a], [], [b]))["val"]


def _code() -> Iterator[Path]:
    root = Path(__file__).parents[3]
    for folder in ("train/data", "train/multi_source", "train/networks", "train/commands", "deploy"):
        yield from (root / folder).rglob("*.py")


def test_no_code_of_training_or_deploying_names_a_source_but_the_papers() -> None:
    names = re.compile(r"sars-cov-2|mosmed|luna", re.IGNORECASE)
    assert [path.name for path in _code() if names.search(path.read_text())] == []
