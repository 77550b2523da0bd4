from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgect.errors import UsageError
from edgect.sources.about import About
from edgect.sources.table import read_table

KEYS = {
    "patients_are_blocks": True,
    "clear_groups": ["CT-0"],
    "target_by_group": {"CT-1": 0.75},
    "views": {"severe": ["CT-2", "CT-3"]},
}


def write(folder: Path, content: Any) -> Path:
    (folder / "ours.about.json").write_text(json.dumps(content))
    return folder / "ours.csv"


def test_what_training_needs_of_groups_is_read(tmp_path: Path) -> None:
    about = About.of_table(write(tmp_path, KEYS))
    assert about.name == "ours"
    assert {key: getattr(about, key) for key in KEYS} == KEYS


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("patients_are_blocks", 1, "true or false"),
        ("clear_groups", "CT-0", "a list of texts"),
        ("clear_groups", [0], "a list of texts"),
        ("target_by_group", {"CT-1": 1.5}, "an object of numbers from 0 to 1"),
        ("target_by_group", {"CT-1": True}, "an object of numbers from 0 to 1"),
        ("target_by_group", [0.5], "an object of numbers from 0 to 1"),
        ("views", {"severe": "CT-2"}, "an object of lists of texts"),
        ("licence", None, "text"),
    ],
)
def test_values_of_another_kind_are_refused(key: str, value: Any, kind: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"ours\.about\.json: {key} must be {kind}$"):
        About.of_table(write(tmp_path, {key: value}))


def test_paths_are_relative_to_another_folder_where_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.png").touch()
    table = tmp_path / "table.csv"
    table.write_text("path,label\na.png,1\n")
    cases = read_table(str(table), folder=str(tmp_path / "images"))
    assert [case.path for case in cases.files] == [str(tmp_path / "images/a.png")]
    with pytest.raises(UsageError, match="line 2: no file"):
        read_table(str(table))
