"""Standard streams that are full, closed or gone, as shells, services and programs without console have."""

from __future__ import annotations

import fcntl
import os
import select
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.edgect.synthetic import write_scan

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
ORT = ("--backend", "onnxruntime")
SCANS = Path(__file__).parents[3] / "examples" / "scans"
both = pytest.mark.parametrize("unbuffered", ["", "1"])  # nothing is what a user has


def shell(redirected: str, *arguments: object, unbuffered: str = "") -> subprocess.CompletedProcess[str]:
    """`edgect ARGUMENTS` with streams as a shell's words say."""
    words = shlex.join([sys.executable, "-m", "edgect", *map(str, arguments)])
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    return subprocess.run(
        ["sh", "-c", f"{words} {redirected}"], capture_output=True, text=True, env=environment
    )


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    for number, name in enumerate(("COVID-19", "not COVID-19")):
        write_scan(tmp_path / "labelled" / name / "a.png", number)
    return tmp_path / "labelled"


def commands(scan: Path, labelled: Path, unbuffered: str) -> dict[tuple[object, ...], int]:
    """And how many lines there are of each, at least; without a buffer, rows and help alone."""
    rows: dict[tuple[object, ...], int] = {("classify", scan, *ORT, "--format", "csv"): 2, ("--help",): 10}
    return rows if unbuffered else rows | {("classify", scan, *ORT): 1, ("evaluate", labelled, *ORT): 20}


@both
@pytest.mark.parametrize(
    ("redirected", "reason"), [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")]
)
def test_a_stdout_that_takes_nothing_is_2_in_one_line(
    scan: Path, labelled: Path, redirected: str, reason: str, unbuffered: str
) -> None:
    for arguments in commands(scan, labelled, unbuffered):
        done = shell(redirected, *arguments, unbuffered=unbuffered)
        assert done.returncode == 2, arguments
        assert done.stderr == f"Error: stdout: cannot be written ({reason})\n"


@both
def test_a_reader_that_has_enough_ends_the_run_in_silence(unbuffered: str) -> None:
    done = shell("| head -n 1", "classify", SCANS, *ORT, "--format", "csv", unbuffered=unbuffered)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


@pytest.mark.parametrize(("redirected", "unbuffered"), [("2>/dev/full", ""), ("2>&-", ""), ("2>&-", "1")])
def test_rows_come_whatever_becomes_of_stderr(
    scan: Path, labelled: Path, redirected: str, unbuffered: str
) -> None:
    for arguments, lines in commands(scan, labelled, unbuffered).items():
        done = shell(redirected, *arguments, unbuffered=unbuffered)
        assert (done.returncode, done.stderr) == (0, ""), arguments
        assert len(done.stdout.splitlines()) >= lines


def test_doctor_and_its_streams(no_extras: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", no_extras)
    assert shell("2>&-", "doctor", "--json").returncode == 0
    assert shell(">/dev/full", "doctor", "--json").returncode == 2


def test_an_error_that_cannot_be_told_keeps_its_exit_code(tmp_path: Path, scan: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"")
    for redirected in ("2>/dev/full", "2>&-"):
        assert shell(redirected, "classify", tmp_path / "missing.png", *ORT).returncode == 2
        assert shell(redirected, "classify", scan, "--model", "resnet").returncode == 3
        assert shell(redirected, "classify", tmp_path / "bad.png", scan, *ORT).returncode == 1


def test_all_closed_with_a_file_of_rows(scan: Path) -> None:
    out = scan.parent / "out.csv"
    done = shell("<&- >&- 2>&-", "classify", scan, *ORT, "--format", "csv", "-o", out)
    assert done.returncode == 0
    assert len(out.read_text().splitlines()) == 2


@pytest.mark.parametrize("redirected", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_what_libraries_print_gets_into_no_file(scan: Path, tmp_path: Path, redirected: str) -> None:
    """Files are opened at the lowest free numbers, and libraries write to 1 and 2 whatever these are."""
    out, page = tmp_path / "out.csv", tmp_path / "page.html"
    program = (
        "import os, sys\n"
        "from edgect.batch import output\nfrom edgect.cli import main\n"
        "before = output.FileRows.write\n"
        "def write(self, row):\n"
        "    for number in (1, 2):\n"
        "        try: os.write(number, b'LIBRARY')\n"
        "        except OSError: pass\n"
        "    before(self, row)\n"
        "output.FileRows.write = write\n"
        "main(sys.argv[1:])\n"
    )
    words = [sys.executable, "-c", program, "classify", scan, *ORT, "--format", "csv"]
    words += ["-o", out, "--report", page]
    done = subprocess.run(["sh", "-c", f"{shlex.join(map(str, words))} {redirected}"], capture_output=True)
    assert done.returncode == 0
    assert "LIBRARY" not in out.read_text()
    assert "LIBRARY" not in page.read_text()
    assert not list(tmp_path.glob("*.partial"))


def test_a_program_without_console_has_no_streams(scan: Path) -> None:
    """As pythonw starts it: sys.stdout and sys.stderr are None, whoever calls."""
    out = scan.parent / "out.csv"
    program = (
        "import sys; sys.stdin = sys.stdout = sys.stderr = None\n"
        "from edgect.cli import main; main.main(sys.argv[1:])"
    )
    line = [sys.executable, "-c", program, "classify", str(scan), *ORT, "--format", "csv", "-o", str(out)]
    done = subprocess.run(line, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert len(out.read_text().splitlines()) == 2


def test_rows_that_would_go_nowhere_are_2(scan: Path) -> None:
    program = "import sys; sys.stdout = None; from edgect.cli import main; main.main(sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", program, "classify", str(scan), *ORT], capture_output=True)
    assert done.returncode == 2
    assert b"-o" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="makes a small pipe")
def test_a_pipe_that_does_not_wait_loses_no_row(tmp_path: Path) -> None:
    """Whoever reads may have made the pipe so; more rows than it holds have to wait."""
    first = write_scan(tmp_path / "in" / "000.png")
    for number in range(1, 40):
        os.link(first, first.with_name(f"{number:03}.png"))
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writing, False)
    line = [sys.executable, "-m", "edgect", "classify", str(tmp_path / "in"), *ORT, "--format", "jsonl"]
    with subprocess.Popen(line, stdout=writing, stderr=subprocess.PIPE) as process:
        while select.select([], [writing], [], 0)[1]:
            time.sleep(0.02)
        time.sleep(0.5)  # for the rows that do not get in any more
        os.close(writing)
        with open(reading, "rb") as file:
            assert len(file.read().splitlines()) == 40
        process.communicate()
    assert process.returncode == 0
