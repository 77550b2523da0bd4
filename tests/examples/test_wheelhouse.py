"""The list that a wheelhouse is installed by: pip takes it, and refuses a wheel that was changed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

FILE = Path(__file__).parents[2] / "examples/wheelhouse.py"


def wheel(folder: Path, text: str = "") -> None:
    """A package of the smallest kind, `Tiny_Thing`."""
    info = "tiny_thing-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny_thing-1.0-py3-none-any.whl", "w") as file:
        file.writestr("tiny_thing.py", text)
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny_thing\nVersion: 1.0\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(
            f"{info}/RECORD", f"tiny_thing.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
        )


def install(wheelhouse: Path, target: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "pip", "install", "--no-index", "--find-links", str(wheelhouse)]
    line += ["--require-hashes", "-r", str(wheelhouse / "requirements.txt"), "--target", str(target)]
    return subprocess.run(line, capture_output=True, text=True)


def test_a_changed_wheel_is_refused(tmp_path: Path) -> None:
    spec = spec_from_file_location("wheelhouse", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    wheel(tmp_path)
    (tmp_path / "requirements.txt").write_text(module.requirements(tmp_path))
    done = install(tmp_path, tmp_path / "whole")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "whole/tiny_thing.py").exists()
    wheel(tmp_path, "print('another')")
    done = install(tmp_path, tmp_path / "changed")
    assert done.returncode != 0
    assert "HASHES" in done.stderr.upper()
