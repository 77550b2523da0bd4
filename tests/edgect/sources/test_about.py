"""What is known of a source besides its slices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgect.errors import UsageError
from edgect.sources.about import About


def test_without_a_file_the_table_gives_the_name(tmp_path: Path) -> None:
    assert About.of_table(tmp_path / "ward.v2.csv") == About("ward.v2")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_beside_the_table_is_read(tmp_path: Path, encoding: str) -> None:
    content = {
        "licence": "CC0",
        "citation": "Ärztehaus",
        "patients_are_blocks": True,
        "clear_groups": ["normal"],
        "target_by_group": {"CT-1": 0.5},
        "views": {"grave": ["CT-3", "CT-4"]},
    }
    file = tmp_path / "t.about.json"
    file.write_text(json.dumps(content), encoding=encoding)
    about = About.of_table(tmp_path / "t.csv")
    assert (about.name, about.citation, about.patients_are_blocks) == ("t", "Ärztehaus", True)
    assert about.views["grave"] == ["CT-3", "CT-4"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "must hold a JSON object"),
        ("{", "cannot be read"),
        ('{"license": "CC0"}', "unknown key 'license'; there are name, licence"),
        ('{"licence": 1}', "licence must be text"),
        ('{"patients_are_blocks": "yes"}', "patients_are_blocks must be true or false"),
        ('{"target_by_group": {"a": 2}}', "target_by_group must be an object of numbers from 0 to 1"),
        ('{"clear_groups": "normal"}', "clear_groups must be a list of texts"),
        ('{"views": {"a": "b"}}', "views must be an object of lists of texts"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "t.about.json").write_text(content)
    with pytest.raises(UsageError) as raised:
        About.of_table(tmp_path / "t.csv")
    assert message in str(raised.value)
