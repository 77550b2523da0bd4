"""What to install is named so that it works wherever edgect came from: no package index has it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import edgect
from tests.edgect.synthetic import write_scan

PACKAGE = Path(edgect.__file__).parent
METADATA = """Metadata-Version: 2.1
Name: edgect
Version: 0.1.0
Requires-Dist: numpy>=2.0.0
Requires-Dist: highdicom>=0.28.2; extra == "dicom"
Requires-Dist: pydicom>=3.0.1 ; extra == 'dicom'
Requires-Dist: nibabel>=5.3.0; extra == "nifti"
Requires-Dist: openvino>=2025.0.0; sys_platform != "linux"
"""


def command(folder: Path, function: str, *arguments: str) -> str:
    """What a function of `edgect.machine.installation` says in the edgect that lies in a folder."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from edgect.machine import installation\n"
        "print(getattr(installation, sys.argv[2])(*sys.argv[3:]))"
    )
    line = [sys.executable, "-I", "-c", program, str(folder), function, *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder as `pip install` leaves it; the wheel or clone it came from is not noted."""
    (tmp_path / "site" / "edgect-0.1.0.dist-info").mkdir(parents=True)
    (tmp_path / "site" / "edgect" / "machine").mkdir(parents=True)
    for name in ("__init__.py", "errors.py", "machine/__init__.py", "machine/installation.py"):
        shutil.copy(PACKAGE / name, tmp_path / "site" / "edgect" / name)
    (tmp_path / "site" / "edgect-0.1.0.dist-info" / "METADATA").write_text(METADATA)
    return tmp_path / "site"


def note(site: Path, origin: Path) -> None:
    """As PEP 610 has it."""
    content = {"url": origin.as_uri(), "archive_info": {}}
    (site / "edgect-0.1.0.dist-info" / "direct_url.json").write_text(json.dumps(content))


def test_an_extra_is_named_by_its_packages(site: Path) -> None:
    assert command(site, "install_command", "dicom") == "pip install 'highdicom>=0.28.2' 'pydicom>=3.0.1'"
    assert command(site, "install_command", "nifti") == "pip install 'nibabel>=5.3.0'"
    needed = "'numpy>=2.0.0' 'openvino>=2025.0.0; sys_platform != \"linux\"'"  # for pip to heed
    assert command(site, "reinstall_dependencies_command") == f"pip install --force-reinstall {needed}"


def test_a_bundle_comes_again_from_where_edgect_came(site: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "a b" / "edgect-0.1.0-py3-none-any.whl"
    assert command(site, "restore_bundles_command").endswith("pip install --force-reinstall --no-deps PATH")
    note(site, wheel)
    assert command(site, "restore_bundles_command").endswith("--no-deps PATH")  # it is gone
    wheel.parent.mkdir()
    wheel.write_bytes(b"")
    assert command(site, "restore_bundles_command").endswith(
        f"pip install --force-reinstall --no-deps '{wheel}'"
    )


def test_a_bundle_of_a_clone_comes_again_by_git(site: Path) -> None:
    (site / "pyproject.toml").write_text("")
    assert (
        command(site, "restore_bundles_command")
        == f"restore the files: git -C {site} checkout -- edgect/model/bundles"
    )


def test_without_metadata_the_clone_is_named(site: Path) -> None:
    program = "import importlib.metadata as m\ndef gone(name): raise m.PackageNotFoundError(name)\n"
    shutil.rmtree(site / "edgect-0.1.0.dist-info")
    with (site / "edgect" / "__init__.py").open("a") as file:
        file.write(f"\n{program}m.distribution = gone\n")
    assert command(site, "install_command", "dicom") == "pip install '.[dicom]' in the clone of edgect"


MISSING = {
    "pynetdicom": ("listen", "--spool", "spool", "--out", "out"),
    "starlette": ("serve",),
    "distributed": ("classify", "scan.png", "--scheduler", "local"),
    "fsspec": ("classify", "s3://bucket/scans"),
    "s3fs": ("classify", "s3://bucket/scans"),
    "matplotlib": ("evaluate", "scans", "--plots", "plots"),
}


@pytest.mark.parametrize("package", MISSING)
def test_a_missing_package_is_one_exit_code(package: str, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.png")
    write_scan(tmp_path / "scans" / "covid" / "scan.png")
    program = f"import sys; sys.modules[{package!r}] = None; from edgect.cli import main; main()"
    line = [sys.executable, "-c", program, *MISSING[package]]
    done = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert package in done.stderr
    assert "nstall" in done.stderr
    assert "edgect[" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_fault_of_edgect_is_no_missing_package() -> None:
    from edgect.errors import NotInstalledError
    from edgect.machine.installation import needing

    with pytest.raises(ModuleNotFoundError), needing("dicom", "listening"):
        import edgect.nothing_of_this_name  # type: ignore[import-not-found]  # noqa: F401
    with pytest.raises(NotInstalledError, match="cannot be imported"), needing("dicom", "listening"):
        raise ImportError("libGL.so.1: cannot open shared object file")
