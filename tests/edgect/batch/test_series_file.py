"""A DICOM series through the command line: its rows, its series' row, and no one's name in either."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.edgect.conftest import Classify
from tests.edgect.scans.dicom_files import CANARY, ct, write
from tests.volume_inputs import hounsfield

BACKEND = ("--backend", "onnxruntime", "--format", "csv")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("EDGECT_SALT", raising=False)
    (tmp_path / "in").mkdir()
    for number in range(4):
        dataset = ct(hounsfield(number), ImagePositionPatient=[0, 0, -5 * number])
        (tmp_path / "in" / f"IM{number}").write_bytes(write(dataset))
    return tmp_path / "in"


def test_a_row_for_every_series(classify: Classify, folder: Path, tmp_path: Path) -> None:
    series, maps = tmp_path / "s.csv", tmp_path / "maps"
    done = classify(folder, *BACKEND, "--series", series, "--cam", maps)
    assert done.exit_code == 0
    (row,) = csv.DictReader(series.open())
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert (row["slices"], row["answered"], row["spacing"]) == ("4", "4", "5.0")
    assert {each["series"] for each in rows} == {row["series"]}
    assert "not a validated diagnosis" in row["rule"]
    everything = done.output + series.read_text() + "".join(path.name for path in maps.iterdir())
    assert not any(secret in everything for secret in (CANARY, "1.2.3.4", "19991231", "1.2.826"))
    again = classify(folder, *BACKEND, "--series", series)
    assert next(csv.DictReader(again.stdout.splitlines()))["series"] == row["series"]
    assert (tmp_path / "state" / "edgect" / "salt").stat().st_mode & 0o777 == 0o600


def test_identifiers_where_asked_for(classify: Classify, folder: Path) -> None:
    done = classify(folder / "IM0", *BACKEND, "--include-identifiers")
    assert next(csv.DictReader(done.stdout.splitlines()))["series"] == "1.2.3.4"


def test_a_salt_that_cannot_be_kept_is_told(
    classify: Classify, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert "of this run only" in classify(folder / "IM0", *BACKEND).stderr
    monkeypatch.setenv("EDGECT_SALT", "ward 7")
    assert "of this run only" not in classify(folder / "IM0", *BACKEND).stderr


def test_noise_in_an_orientation_changes_no_row_of_a_series(
    classify: Classify, folder: Path, tmp_path: Path
) -> None:
    """Rows as they were written before the sixth digit, `-0.0000` among them, are read back alike."""
    clean, noisy = tmp_path / "clean.csv", tmp_path / "noisy.csv"
    classify(folder, *BACKEND, "--series", clean)
    for number in (1, 3):
        dataset = ct(hounsfield(number), ImagePositionPatient=[0, 0, -5 * number])
        dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "2.05103e-10"]
        (folder / f"IM{number}").write_bytes(write(dataset))
    out = tmp_path / "rows.csv"
    classify(folder, *BACKEND, "--series", noisy, "-o", out)
    assert noisy.read_text() == clean.read_text()
    assert {row["normal"] for row in csv.DictReader(out.open())} == {"0.000000 0.000000 1.000000"}
    before = out.read_text().replace("0.000000 0.000000 1.000000", "0.0000 -0.0000 1.0000", 2)
    out.with_name("rows.csv.partial").write_text(before)
    out.unlink()
    noisy.unlink()
    resumed = classify(folder, *BACKEND, "--series", noisy, "-o", out, "--resume")
    assert resumed.exit_code == 0
    assert "-0.0000" in out.read_text()
    assert noisy.read_text() == clean.read_text()
