"""The code that runs, and what it runs on."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from edgect.diagnostics.machine import describe_machine
from edgect.machine.version import __version__
from edgect.model.registry import PACKAGES as ENGINES

# by which figures may differ: arithmetic, decoders of pictures, engines
PACKAGES = (
    "numpy",
    "opencv-python-headless",
    "opencv-python",
    "pillow",
    "simplejpeg",
    "deflate",
    "pydicom",
    *ENGINES.values(),
    "torch",
)


def code() -> dict[str, str]:
    """edgect's version; from a checkout the commit too, with `-dirty` where files differ from it."""
    return {"version": __version__, "commit": _commit(Path(__file__).parents[2])}


def environment() -> dict[str, Any]:
    """Versions of Python and of packages, and the machine."""
    return {
        "python": platform.python_version(),
        "packages": {name: number for name in PACKAGES if (number := _version(name))},
        "machine": asdict(describe_machine()),
    }


def _commit(checkout: Path) -> str:
    """Empty where there is none, or git cannot tell."""
    if not (checkout / ".git").exists():  # a repository above, around an installed edgect, is not edgect's
        return ""
    command = "git --no-optional-locks describe --always --dirty --abbrev=40 --exclude=*"
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        process = subprocess.run(
            command.split(), cwd=checkout, env=variables, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return process.stdout.strip() if process.returncode == 0 else ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
