from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SCANS = EXAMPLES / "scans"
COVID = "covid-saopaulo-0001.webp"


class Kiosk:
    def __init__(self, folder: Path) -> None:
        line = [sys.executable, str(EXAMPLES / "kiosk_loop.py"), str(folder), "2"]
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        self._rows = Queue[dict[str, Any]]()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._rows.put(json.loads(line))

    def row(self) -> dict[str, Any]:
        return self._rows.get(timeout=240)

    def quiet(self) -> bool:
        return self._rows.empty()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def kiosk(folder: Path) -> Iterator[Kiosk]:
    started = Kiosk(folder)
    yield started
    started.process.kill()
    started.process.wait()


@pytest.mark.long
def test_a_row_for_every_new_scan_and_none_for_what_is_half_written(kiosk: Kiosk, folder: Path) -> None:
    shutil.copy(SCANS / COVID, folder / "a.webp")
    first = kiosk.row()
    assert (first["path"], first["status"]) == (str(folder / "a.webp"), "ok")
    assert 0 <= first["probability"] <= 1

    content = (SCANS / "covid-moscow-img10.jpg").read_bytes()
    with (folder / "b.jpg").open("wb") as file:  # slower than the kiosk looks
        for start in range(0, len(content), len(content) // 8):
            file.write(content[start : start + len(content) // 8])
            file.flush()
            time.sleep(0.2)
    (folder / ".c.jpg").write_bytes(content)
    (folder / "d.jpg").write_text("no picture")
    (folder / "self.jpg").symlink_to("self.jpg")
    rows = sorted((Path(row["path"]).name, row["status"]) for row in (kiosk.row(), kiosk.row()))
    assert rows == [("b.jpg", "ok"), ("d.jpg", "error")]

    shutil.copy(SCANS / COVID, folder / "d.jpg")  # a file that changes is another scan
    again = kiosk.row()
    assert (Path(again["path"]).name, again["sha256"]) == ("d.jpg", first["sha256"])
    (folder / "inside").mkdir()
    shutil.copy(SCANS / COVID, folder / "inside" / "e.webp")
    assert Path(kiosk.row()["path"]) == folder / "inside" / "e.webp"
    assert kiosk.quiet()  # of what came before
    assert kiosk.process.poll() is None


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    line = [sys.executable, str(EXAMPLES / "kiosk_loop.py"), str(tmp_path / "mistyped")]
    done = subprocess.run(line, capture_output=True, text=True)
    assert (done.returncode, "no such folder" in done.stderr) == (1, True)
