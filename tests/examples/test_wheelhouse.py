"""The list that a wheelhouse is installed by: pip takes it, and refuses a wheel that was changed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

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


@pytest.fixture
def module() -> ModuleType:
    spec = spec_from_file_location("wheelhouse", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REQUIREMENTS = """\
Requires-Dist: numpy>=2
Requires-Dist: onnxruntime>=1; sys_platform == "linux" and platform_machine == "aarch64"
Requires-Dist: openvino>=2; sys_platform != "linux" or platform_machine != "aarch64"
Requires-Dist: onnxruntime>=1; extra == "onnxruntime"
Requires-Dist: openvino>=2; extra == "openvino"
Requires-Dist: nibabel>=5; extra == "nifti"
Requires-Dist: starlette>=1; extra == "serve"
"""


@pytest.mark.parametrize(
    ("platforms", "extras", "engines"),
    [
        (["manylinux2014_aarch64", "manylinux_2_28_aarch64"], [], ["onnxruntime>=1"]),
        (["manylinux_2_35_aarch64"], ["openvino"], ["onnxruntime>=1", "openvino>=2"]),
        (["win_amd64"], [], ["openvino>=2"]),
        (["macosx_14_0_arm64"], [], ["openvino>=2"]),
    ],
)
def test_machines_of_another_kind_get_their_engine(
    module: ModuleType, tmp_path: Path, platforms: list[str], extras: list[str], engines: list[str]
) -> None:
    with zipfile.ZipFile(tmp_path / "edgect.whl", "w") as file:
        file.writestr("edgect-1.dist-info/METADATA", f"Metadata-Version: 2.1\nName: edgect\n{REQUIREMENTS}")
    found = module.needed(tmp_path / "edgect.whl", ["serve", *extras], platforms)
    assert found == ["numpy>=2", *engines, "starlette>=1"]


def test_a_changed_wheel_is_refused(module: ModuleType, tmp_path: Path) -> None:
    wheel(tmp_path)
    (tmp_path / "requirements.txt").write_text(module.requirements(tmp_path))
    done = install(tmp_path, tmp_path / "whole")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "whole/tiny_thing.py").exists()
    wheel(tmp_path, "print('another')")
    done = install(tmp_path, tmp_path / "changed")
    assert done.returncode != 0
    assert "HASHES" in done.stderr.upper()
