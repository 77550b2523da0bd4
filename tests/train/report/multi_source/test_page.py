from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.train.report.multi_source.reading import rows
from train.report.multi_source import page
from train.report.multi_source.trainings import NOT_MEASURED


@pytest.fixture(scope="module")
def written(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "ACROSS.md"
    page.write(runs, out)
    return out


def test_every_placeholder_is_filled_and_every_picture_exists(written: Path) -> None:
    text = written.read_text()
    assert "$" not in text
    assert NOT_MEASURED not in text
    assert "TODO" not in text
    pictures = [part.split(")")[0] for part in text.split("](plots/")[1:]]
    assert sorted(pictures) == ["ablation.png", "across-sources.png"]
    for picture in pictures:
        assert Image.open(written.parent / "plots" / picture).size[0] > 300


def test_every_table_is_rectangular(written: Path) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", written.read_text(), re.MULTILINE)
    assert len(tables) == len(page.TABLES)
    for table in tables:
        assert len({len(row) for row in rows(table)}) == 1, table


def test_it_is_the_same_every_time(runs: Path, written: Path, tmp_path: Path) -> None:
    page.write(runs, tmp_path / "ACROSS.md")
    assert (tmp_path / "ACROSS.md").read_bytes() == written.read_bytes()
    for picture in (written.parent / "plots").iterdir():
        assert (tmp_path / "plots" / picture.name).read_bytes() == picture.read_bytes()


@pytest.mark.parametrize(
    "gone",
    [
        "*",
        "lungs*",
        "across",
        "across/without-mosmed-*",
        "across/covid-ct-only-*",
        "across/ablation/everything-*",
        "across/ablation/without-lung-crop-*",
        "cnn*",
        "**/test_readings.jsonl",
        "**/validation.json",
    ],
)
def test_runs_may_be_missing(runs: Path, tmp_path: Path, gone: str) -> None:
    copy = tmp_path / "runs"
    shutil.copytree(runs, copy)
    paths = list(copy.glob(gone))
    assert paths
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    page.write(copy, tmp_path / "ACROSS.md")
    assert "$" not in (tmp_path / "ACROSS.md").read_text()


def test_nothing_at_all_is_said_to_be_not_measured(tmp_path: Path) -> None:
    page.write(tmp_path, tmp_path / "ACROSS.md")
    text = (tmp_path / "ACROSS.md").read_text()
    assert text.count(NOT_MEASURED) == len(page.TABLES) - 1  # the recorded parts are known
