"""Readings of a source's test part, counted beside its table."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgect.errors import UsageError
from edgect.sources.readings import append_reading, earlier_readings

BUNDLES = [{"name": "lungs", "digest": "ab"}]


def test_each_is_added_behind_the_others(tmp_path: Path) -> None:
    table = tmp_path / "hospital.csv"
    assert earlier_readings(table) == []
    append_reading(table, "edgect calibrate hospital.csv", "12", BUNDLES)
    append_reading(table, "edgect compare Krankenhaus-Süd.csv", "34", [])
    first, second = earlier_readings(table)
    assert (first["sha256"], first["bundles"]) == ("12", BUNDLES)
    assert second["command"] == "edgect compare Krankenhaus-Süd.csv"
    assert first["date"] <= second["date"]


def test_a_record_that_cannot_be_read_is_no_empty_one(tmp_path: Path) -> None:
    (tmp_path / "hospital.readings.jsonl").write_text('{"date": \n')
    with pytest.raises(UsageError, match=r"hospital\.readings\.jsonl: readings .* mend the file"):
        earlier_readings(tmp_path / "hospital.csv")


def test_one_that_cannot_be_kept_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must be kept"):
        append_reading(tmp_path / "nowhere" / "hospital.csv", "edgect", "12", [])
