"""A real `edgect listen`, and DCMTK's programs to call it with."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.edgect.scans.dicom_files import ct, write
from tests.volume_inputs import hounsfield

DCMTK = ("echoscu", "storescu", "storescp", "dsrdump")
needs_dcmtk = pytest.mark.skipif(
    not all(map(shutil.which, DCMTK)), reason="needs DCMTK's programs (Debian: dcmtk)"
)
needs_dciodvfy = pytest.mark.skipif(
    not shutil.which("dciodvfy"), reason="needs dciodvfy (Debian: dicom3tools)"
)
WAIT = 240.0  # seconds, for what takes one or two on an idle machine


class Node:
    """`edgect listen` as a process of its own; `start` may be called again after `kill` or `stop`."""

    def __init__(self, folder: Path, *options: object) -> None:
        self.spool, self.out, self.log = folder / "spool", folder / "out", folder / "log"
        self._options = list(map(str, options))
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Node:
        line = [
            sys.executable,
            "-m",
            "edgect",
            "listen",
            "--spool",
            str(self.spool),
            "--port",
            str(self.port),
        ]
        line += ["--backend", "onnxruntime", "--threads", "1", "--min-free", "0", *self._options]
        if "--send-to" not in self._options:
            line += ["--out", str(self.out)]
        before = self.log.read_text() if self.log.exists() else ""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(line, stderr=log, stdout=log)
        until(lambda: "listens on" in self.log_text(before) or self.process.poll() is not None)  # type: ignore[union-attr]
        assert self.process.poll() is None, self.log_text(before)
        self.port = int(self.log_text(before).split("listens on ")[1].split(",")[0].rpartition(":")[2])
        return self

    def log_text(self, before: str = "") -> str:
        return self.log.read_text()[len(before) :]

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT)

    def waiting(self) -> list[Path]:
        return list((self.spool / "waiting").glob("*/*.dcm"))

    def results(self, pattern: str = "report-*.dcm") -> list[Path]:
        return sorted(self.out.glob(pattern))


def until(condition: Callable[[], Any], seconds: float = WAIT) -> Any:
    """What `condition` returns as soon as it is something."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
    return result


def call(
    program: str, node: Node | int, *arguments: object, title: str = "EDGECT"
) -> subprocess.CompletedProcess[str]:
    port = node if isinstance(node, int) else node.port
    line = [program, "-aec", title, "127.0.0.1", str(port), *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=2 * WAIT)


def send(node: Node, files: Sequence[Path], *options: object) -> subprocess.CompletedProcess[str]:
    """By storescu; a file that is refused does not keep the others."""
    return call("storescu", node, "--no-halt", *options, *files)


def series(folder: Path, slices: int, series: str = "1.2.3.4", **changes: Any) -> list[Path]:
    """Files of slices that get answers, 5 mm apart."""
    return [
        save(folder / f"{number}.dcm", image(number, SeriesInstanceUID=series, **changes))
        for number in range(slices)
    ]


def image(number: int, **changes: Any) -> Dataset:
    """A slice as hospitals have it, with a patient and a study."""
    known = {
        "StudyInstanceUID": "1.2.3",
        "StudyDate": "20240102",
        "StudyTime": "030405",
        "StudyID": "7",
        "AccessionNumber": "8",
        "PatientSex": "F",
        "SeriesNumber": 3,
        "SeriesDescription": "Thorax 5.0",
        "ConvolutionKernel": "B60f",
        "SliceThickness": 5,
        "FrameOfReferenceUID": "1.2.3.9",
        "PositionReferenceIndicator": "",
        "InstanceNumber": number + 1,
        "ImagePositionPatient": [0, 0, 5 * number],
    }
    return ct(hounsfield(number), **{**known, **changes})


def save(path: Path, content: Dataset | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else write(content))
    return path


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
