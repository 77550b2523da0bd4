"""A registry: a folder of bundles, and a file that says which of them is in use.

    REGISTRY/registry.json            {"schema": 1, "used": [names of folders, the last of which is in use]}
    REGISTRY/NAME-DIGEST/             a bundle, named by its name and the first digits of its digest

A folder like this is a `model` wherever a bundle's folder is. What is in use changes in one step.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from pathlib import Path

from edgect.errors import ModelError, UsageError
from edgect.machine import atomic
from edgect.model.bundles.signature import SIGNATURE

FILE = "registry.json"
SCHEMA = 1
_DIGITS = 12


def is_registry(folder: Path) -> bool:
    return (folder / FILE).is_file()


def used(folder: Path) -> list[str]:
    """Names of the bundles that were in use, each once it was; the last one is. Raises ModelError."""
    file = folder / FILE
    try:
        document = json.loads(file.read_bytes())
        names = document["used"]
        if document["schema"] != SCHEMA or not all(map(_is_plain, names)):
            raise ValueError(f"it is not of schema {SCHEMA}, or names what is no folder")
    except OSError as error:
        raise ModelError(f"{file}: cannot be read ({error.strerror})") from error
    except (ValueError, LookupError, TypeError) as error:
        raise ModelError(f"{file}: is no registry of bundles ({error})") from error
    return list(names)


def in_use(folder: Path) -> Path:
    """The folder of the bundle in use. Raises ModelError, also where none is."""
    names = used(folder)
    if not names:
        raise ModelError(f"{folder}: no bundle is in use; choose one by `edgect bundle use {folder} NAME`")
    return folder / names[-1]


def version(folder: Path) -> int:
    """Of the registry's file: another whenever `use` or `roll_back` wrote it. Raises OSError."""
    return (folder / FILE).stat().st_mtime_ns


def entries(folder: Path) -> list[str]:
    """Names of all bundles in the registry. Raises UsageError where it is none."""
    _check(folder)
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and _is_plain(path.name))


def add(folder: Path, bundle: Path, name: str, digest: str) -> str:
    """Copy a bundle into a registry, which is made where there is none; returns the copy's name there.

    Of one that is there already, the signature alone is taken over. name, digest: of the bundle. Raises
    UsageError, OSError.
    """
    entry = f"{name}-{digest[:_DIGITS]}"
    if not _is_plain(entry):
        raise UsageError(f"{bundle}: {name!r} in its manifest cannot be the name of a folder")
    if folder.exists() and not is_registry(folder) and any(folder.iterdir()):
        raise UsageError(f"{folder} exists and is no registry of bundles; name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    if not is_registry(folder):
        _write(folder, [])
    if (folder / entry).exists():
        if (bundle / SIGNATURE).exists():
            atomic.write(folder / entry / SIGNATURE, (bundle / SIGNATURE).read_bytes())
        return entry
    part = folder / f".{secrets.token_hex(8)}.part"
    try:
        shutil.copytree(bundle, part)
        part.rename(folder / entry)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    atomic.sync_folder(folder)
    return entry


def find(folder: Path, name: str) -> str:
    """The one entry of that name or beginning. Raises UsageError for none and for several."""
    names = entries(folder)
    matching = [name] if name in names else [entry for entry in names if entry.startswith(name)]
    if len(matching) != 1:
        problem = "no bundle" if not matching else "several bundles"
        raise UsageError(f"{folder} has {problem} {name}…: there are {', '.join(names) or 'none at all'}")
    return matching[0]


def use(folder: Path, entry: str) -> None:
    """Put a bundle into use; services load it, even if they have it. Raises UsageError, ModelError."""
    _check(folder)
    names = used(folder)
    _write(folder, names if names[-1:] == [entry] else [*names, entry])


def before(folder: Path) -> str:
    """The bundle that was in use before this one. Raises UsageError where there was none; ModelError."""
    _check(folder)
    names = used(folder)
    if len(names) < 2:
        raise UsageError(f"{folder}: no bundle was in use before this one")
    return names[-2]


def roll_back(folder: Path) -> None:
    """Put `before` into use, and forget the present one. Raises UsageError, ModelError, OSError."""
    before(folder)
    _write(folder, used(folder)[:-1])


def _check(folder: Path) -> None:
    if not is_registry(folder):
        raise UsageError(f"{folder} is no registry of bundles: `edgect bundle add` makes one")


def _write(folder: Path, names: list[str]) -> None:
    content = json.dumps({"schema": SCHEMA, "used": names}, indent=1) + "\n"
    atomic.write(folder / FILE, content.encode())


def _is_plain(name: object) -> bool:
    return isinstance(name, str) and name == os.path.basename(name) and name[:1] not in ("", ".")
