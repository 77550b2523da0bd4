"""The commands of tutorials, in their order, on a small invented hospital."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.edgect.scans import dicom_files
from tests.edgect.synthetic import write_scan

ROOT = Path(__file__).parents[1]
COMMAND = re.compile(r"^\$ (.+)$", re.MULTILINE)
# what makes a command of the tutorial quick; what it does is the same
QUICK = {
    "python -m train finetune": "--steps 2 --every 1 --precision fp32 --threads 1",
    "python -m deploy export": "--steps 2",
}


def commands(tutorial: str) -> list[str]:
    return COMMAND.findall((ROOT / "docs" / tutorial).read_text(encoding="utf-8"))


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    quick = next((options for start, options in QUICK.items() if command.startswith(start)), "")
    words = f"{command} {quick}".split()
    program = ["-m", "edgect"] if words[0] == "edgect" else []
    environment = {name: value for name, value in os.environ.items() if name != "EDGECT_DATA"}
    return subprocess.run(
        [sys.executable, *program, *words[1:]],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def st_anna(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """56 patients, half of them with COVID-19, in folders of DICOM and as PNG."""
    folder = tmp_path_factory.mktemp("tutorial")
    hospital = folder / "hospital"
    lines = ["path,label,patient"]
    for number in range(1, 57):
        patient = f"SA{number:03}"
        if number <= 4:
            path = hospital / "pacs" / patient
            path.mkdir(parents=True)
            (path / "IM0001.dcm").write_bytes(
                dicom_files.write(dicom_files.ct(dicom_files.hounsfield(number)))
            )
        else:
            path = write_scan(hospital / "exports" / f"{patient}.png", number)
        label = "COVID-19" if number % 2 else "not COVID-19"
        lines.append(f"{path.relative_to(hospital)},{label},{patient}")
    (hospital / "st-anna.csv").write_text("\n".join(lines) + "\n")
    (hospital / "st-anna.about.json").write_text('{"name": "St Anna", "licence": "internal"}')
    return folder


def test_a_hospitals_own_data(st_anna: Path) -> None:
    for command in commands("hospital.md"):
        done = run(command, st_anna)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert "Traceback" not in done.stderr
    for bundle in ("calibrated", "tuned"):
        done = run(f"edgect doctor --model hospital/{bundle}", st_anna)
        assert done.returncode == 0, done.stdout
        assert "St Anna" in (st_anna / "hospital" / bundle / "MODEL_CARD.md").read_text(encoding="utf-8")
    rows = (st_anna / "hospital" / "rows.csv").read_text().splitlines()
    assert len(rows) == 53
    assert rows[1].split(",")[1] == "ok"
