"""What edgect was installed from, and what there is to install.

No package index has edgect, so `pip install edgect…` fails, or installs what a stranger called so.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edgect.errors import NotInstalledError

if TYPE_CHECKING:
    from importlib.metadata import Distribution

_NAME, _REINSTALL = "edgect", "pip install --force-reinstall"


@contextmanager
def needing(extra: str, purpose: str) -> Iterator[None]:
    """For imports. Raises NotInstalledError where a package of an extra is missing or broken."""
    try:
        yield
    except ImportError as error:
        raise not_installed_error(extra, purpose, error) from error


def not_installed_error(extra: str, purpose: str, error: ImportError) -> NotInstalledError:
    """Explain a failed import as an error to raise. purpose: what cannot be done.

    Raises the import's error where it is of edgect's own modules: that is a fault of edgect.
    """
    package = (error.name or "").partition(".")[0]
    if package == _NAME:
        raise error
    needed = f"{package}, which is not installed"
    if not isinstance(error, ModuleNotFoundError) or not package:
        needed = f"packages that cannot be imported ({' '.join(str(error).split())})"
    return NotInstalledError(f"{purpose} needs {needed}: {install_command(extra)}")


def install_command(extra: str) -> str:
    """Name the command that installs the packages of an extra, wherever edgect itself came from."""
    requirements = _requirements(rf"""extra\s*==\s*['"]{extra}['"]""")
    return (
        f"pip install {requirements}" if requirements else f"pip install '.[{extra}]' in the clone of edgect"
    )


def reinstall_dependencies_command() -> str:
    """Name the command that installs again what edgect cannot do without."""
    requirements = _requirements("^(?!.*extra)")
    return f"{_REINSTALL} {requirements}" if requirements else f"{_REINSTALL} . in the clone of edgect"


def restore_bundles_command() -> str:
    """Name the command that brings back the bundles that travel with edgect."""
    clone = Path(__file__).parents[2]
    if (clone / "pyproject.toml").exists():  # it runs from there
        return f"restore the files: git -C {shlex.quote(str(clone))} checkout -- edgect/model/bundles"
    origin = _origin()
    if origin is None or not origin.exists():
        return f"install edgect again from its clone or wheel: {_REINSTALL} --no-deps PATH"
    return f"install edgect again: {_REINSTALL} --no-deps {shlex.quote(str(origin))}"


def _requirements(condition: str) -> str:
    """Join the requirements whose marker matches a regular expression, quoted for a shell.

    Markers of platforms stay, for pip to heed; that of an extra is left out.
    """
    installed = _distribution()
    parts = [line.partition(";") for line in (installed and installed.requires) or ()]
    matching = [
        name.strip() if "extra" in marker else f"{name}{sign}{marker}".strip()
        for name, sign, marker in parts
        if re.search(condition, marker.strip())
    ]
    return " ".join(map(shlex.quote, matching))


def _distribution() -> Distribution | None:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return distribution(_NAME)
    except PackageNotFoundError:  # a checkout that was never installed
        return None


def _origin() -> Path | None:
    """Find the clone or the wheel that edgect was installed from, as far as that was noted (PEP 610)."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    installed = _distribution()
    try:
        url = urlsplit(json.loads((installed and installed.read_text("direct_url.json")) or "")["url"])
        return Path(url2pathname(url.path)) if url.scheme == "file" else None
    except (ValueError, KeyError, TypeError):
        return None
