"""`--series` with `--resume`: no row of a series is lost, doubled, or named as it was under another salt."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import pytest

from tests.edgect.conftest import Classify
from tests.edgect.scans.dicom_files import ct, enhanced, write
from tests.edgect.synthetic import write_scan
from tests.volume_inputs import hounsfield

FORMS = pytest.mark.parametrize("form", ["csv", "jsonl"])
UIDS = ("--include-identifiers",)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two series slice by slice, their files mixed, one in a single file, a picture and a damaged file."""
    monkeypatch.setenv("EDGECT_SALT", "ward 7")
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(4):
        for series in ("1.2.3", "1.2.4"):
            place = {"ImagePositionPatient": [0, 0, -5 * number], "SeriesInstanceUID": series}
            (folder / f"{number}-{series}").write_bytes(write(ct(hounsfield(number), **place)))
    volume = [hounsfield(number) for number in range(3)]
    (folder / "enhanced.dcm").write_bytes(write(enhanced(volume, SeriesInstanceUID="1.2.5")))
    (folder / "damaged.dcm").write_bytes((folder / "0-1.2.3").read_bytes()[:900])
    write_scan(folder / "picture.png")
    return folder


class Run:
    """One command line, run again and again."""

    def __init__(self, classify: Classify, folder: Path, form: str = "csv") -> None:
        self.out, self.series = folder.parent / "out", folder.parent / "series.csv"
        self._line = (folder, "--backend", "onnxruntime", "--format", form, "-o", self.out)
        self._classify = classify

    def __call__(self, *options: object) -> bytes:
        """The series file."""
        self.series.unlink(missing_ok=True)
        done = self._classify(*self._line, "--series", self.series, *options)
        assert done.exit_code == 1  # damaged.dcm
        return self.series.read_bytes()

    def interrupt(self, kept: int) -> None:
        """Leave what a kill would after `kept` bytes were written."""
        self.out.with_name("out.partial").write_bytes(self.out.read_bytes()[:kept])
        self.out.unlink()

    def rows(self) -> list[dict[str, Any]]:
        return list(csv.DictReader(self.out.open(newline="")))

    def untimed(self) -> list[dict[str, Any]]:
        return [{**row, "milliseconds": ""} for row in self.rows()]


@FORMS
def test_the_series_file_is_that_of_a_run_never_interrupted(
    classify: Classify, folder: Path, form: str
) -> None:
    run = Run(classify, folder, form)
    whole = run()
    series = list(csv.DictReader(whole.decode().splitlines()))
    assert [(row["slices"], row["answered"]) for row in series] == [("4", "4"), ("4", "4"), ("3", "3")]
    size, draw = run.out.stat().st_size, random.Random(0)
    for kept in (0, size, *(draw.randrange(size) for _ in range(5))):
        run.interrupt(kept)
        assert run("--resume") == whole, f"{kept} of {size} bytes kept"


@pytest.mark.parametrize(
    ("before", "after"), [(("ward 7",), ("ward 8",)), (("ward 7",), UIDS), (UIDS, ("ward 7",))]
)
def test_rows_under_other_names_are_answered_anew(
    classify: Classify,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: tuple[str, ...],
    after: tuple[str, ...],
) -> None:
    """before, after: the salt, or the option that does without one."""

    def options(how: tuple[str, ...]) -> tuple[str, ...]:
        monkeypatch.setenv("EDGECT_SALT", how[0])
        return how if how == UIDS else ()

    run = Run(classify, folder)
    run(*options(after))
    wanted_series, wanted = run.series.read_bytes(), run.untimed()
    run(*options(before))
    earlier = run.rows()
    run.interrupt(run.out.stat().st_size)
    assert run(*options(after), "--resume") == wanted_series
    assert run.untimed() == wanted
    now = run.rows()
    # an error is tried again, and may by chance take as long as before
    pairs = [pair for pair in zip(now, earlier, strict=True) if pair[0]["status"] != "error"]
    kept = [row["path"] for row, other in pairs if row == other]
    assert kept == [str(folder / "picture.png")]  # which has no name that could differ
    assert not {row["names"] for row in earlier if row["series"]} & {row["names"] for row in now}


def test_rows_under_the_same_names_are_kept(classify: Classify, folder: Path) -> None:
    run = Run(classify, folder)
    run()
    earlier = [row for row in run.rows() if row["status"] == "ok"]
    run("--resume")
    assert [row for row in run.rows() if row["status"] == "ok"] == earlier
