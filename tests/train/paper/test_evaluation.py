from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import in_process
from train.commands import main
from train.paper.fit import fit
from train.run import Run, TrainingSettings


@pytest.fixture(scope="module")
def run(covid_ct: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("runs") / "run")
    fit(
        TrainingSettings(image_size=67, epochs=1, more_epochs=0, augmentation="none", threads=1),
        covid_ct,
        run,
    )
    return run


def test_prints_five_metrics_with_intervals_and_writes_every_reading_down(run: Run, covid_ct: Path) -> None:
    readings = run.path / "test_readings.jsonl"
    assert not readings.exists()
    printed = [in_process.run(main, "test", run.path, "--data", covid_ct).stdout for _ in range(2)]
    assert printed[0] == printed[1]
    assert "50 slices" in printed[0]
    for name in ("accuracy", "sensitivity", "specificity", "precision", "f1", "auc"):
        assert f"\n{name}" in printed[0]
    rows = [json.loads(line) for line in readings.open()]
    assert len(rows) == 2
    counts = rows[0]["confusion"]
    assert counts["tp"] + counts["fn"] == 26
    assert counts["tn"] + counts["fp"] == 24
    assert rows[0]["metrics"]["accuracy"] == pytest.approx((counts["tp"] + counts["tn"]) / 50)
    low, high = rows[0]["intervals"]["accuracy"]
    assert low <= rows[0]["metrics"]["accuracy"] <= high
    assert rows[0]["date"]
    assert rows[0]["part"] == "test-1"


@pytest.mark.parametrize(
    ("part", "slices", "file"),
    [("test-2", 98 + 24, "test"), ("validation-1", 46, "validation"), ("validation-2", 50, "validation")],
)
def test_other_parts(run: Run, covid_ct: Path, part: str, slices: int, file: str) -> None:
    printed = in_process.run(main, "test", run.path, "--data", covid_ct, "--part", part).stdout
    assert printed.startswith(f"{part}: {slices} slices")
    assert run.readings(file)[-1]["part"] == part  # type: ignore[arg-type]


def test_a_folder_that_is_no_run(tmp_path: Path, covid_ct: Path) -> None:
    done = in_process.run(main, "test", tmp_path, "--data", covid_ct)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
