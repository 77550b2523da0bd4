from __future__ import annotations

from pathlib import Path

import pytest

from edgect.errors import UsageError
from train.finetune.tables import check_tables, read_own_table


def test_a_table_has_its_name_or_its_folders(own_hospital: Path) -> None:
    assert read_own_table(own_hospital / "ours.csv").name == "ours"
    (own_hospital / "ours.csv").rename(own_hospital / "table.csv")
    table = read_own_table(own_hospital / "table.csv")
    assert (table.name, table.source.about.name) == ("hospital", "hospital")


def test_slices_are_found_from_anywhere(
    hospital: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(hospital)
    table = read_own_table(Path("ours.csv"))
    monkeypatch.chdir(tmp_path)
    assert all(Path(item.path).is_file() for item in table.source.train)
    assert {item.source for item in table.source.train} == {"ours"}


@pytest.mark.parametrize(("part", "title"), [("train", "training"), ("validation", "validation")])
def test_a_class_that_a_part_lacks_is_named(part: str, title: str, own_hospital: Path) -> None:
    table = own_hospital / "ours.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join(line for line in lines if not (line.startswith("1-") and line.endswith(part))))
    with pytest.raises(
        UsageError, match=f"no COVID slice is in the {title} part; fine-tuning needs slices of both"
    ):
        check_tables([read_own_table(table)])


def test_two_tables_of_one_name_are_refused(hospital: Path) -> None:
    table = read_own_table(hospital / "ours.csv")
    with pytest.raises(UsageError, match="two tables are called ours"):
        check_tables([table, table])


def test_a_group_that_no_slice_has_is_named_and_no_parts_are_fixed(own_hospital: Path) -> None:
    (own_hospital / "ours.about.json").write_text('{"clear_groups": ["normal"]}')
    with pytest.raises(UsageError, match=r"clear_groups names 'normal', .* no slice there has a group$"):
        read_own_table(own_hospital / "ours.csv")
