"""edgect where the calls of POSIX are missing, as on Windows; no such machine is at hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "LOCALAPPDATA": str(folder / "local")}
    line = [sys.executable, "-m", "tests.edgect.like_windows", *arguments]
    return subprocess.run(line, cwd=folder, env=variables, capture_output=True, text=True)


def test_every_module_can_be_imported(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 200


def test_a_folder_is_classified_and_resumed_with_locks_trail_and_report(tmp_path: Path) -> None:
    scans, out, trail = ROOT / "examples/scans", tmp_path / "rows.csv", tmp_path / "trail"
    batch = ["classify", str(scans), "--format", "csv", "-o", str(out), "--backend", "onnxruntime"]
    first = run(tmp_path, *batch, "--report", str(tmp_path / "page.html"), "--audit", str(trail))
    assert (first.returncode, len(out.read_text().splitlines())) == (0, 9), first.stderr
    again = run(tmp_path, *batch, "--resume")
    assert again.returncode == 0, again.stderr
    assert "8 rows are kept" in again.stderr
    assert run(tmp_path, "audit", "verify", str(trail)).returncode == 0


def test_what_is_missing_is_missing(tmp_path: Path) -> None:
    """Else the tests above would show nothing."""
    program = (
        "from tests.edgect import like_windows; like_windows.install(); "
        "exec(compile('import os, sys\\ntry:\\n    import fcntl\\nexcept ImportError:\\n"
        "    print(hasattr(os, \"fork\"), sys.platform)', 'x', 'exec'), {'__name__': 'edgect.x'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "False win32\n", done.stderr
